// SPDX-License-Identifier: Apache-2.0
// Decisions that do not count: at the own node, from another node, and on disk.
import type { SignedBytes } from "@koplamp/covenant";
import type { Hash, Post } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import type { InboxQuestion, Outcome } from "../src/index.ts";
import { Federation, matchOf, type Wishes } from "./federation.ts";
import {
  approve,
  decision,
  entries,
  expectNothing,
  LISTS,
  NO,
  PARTIES,
  question,
  ROLES,
  seedOf,
  until,
  waiting,
} from "./people.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(wishes: Wishes = {}): Federation {
  federation = new Federation(LISTS, { graceMs: 150, people: PARTIES, ...wishes });
  return federation;
}

/** Changes what bert's node tells the others of decisions. */
function lying(change: (message: Record<string, unknown>) => object): Wishes {
  return {
    people: ["bert"],
    ports: (ports, { party }) => {
      if (party !== "bert") return ports;
      const send: Post["send"] = async (to, topic, body) => {
        const text = Buffer.from(body).toString();
        const told = topic.startsWith("people/") ? JSON.stringify(sorted(change(JSON.parse(text)))) : text;
        await ports.post.send(
          to,
          topic,
          topic.startsWith("people/") ? new Uint8Array(Buffer.from(told)) : body,
        );
      };
      return { ...ports, post: { ...ports.post, send } };
    },
  };
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const wired = ({ bytes, signatures }: SignedBytes): object => ({
  bytes: Buffer.from(bytes).toString("base64"),
  signatures,
});

describe("a node that does not check", () => {
  const lies: readonly (readonly [
    string,
    (all: Federation, at: InboxQuestion) => readonly SignedBytes[],
    string,
  ])[] = [
    ["goes on without approvals", () => [], "bert has no lawful approval"],
    [
      "goes on with one person for both roles",
      (all, at) =>
        ROLES.map((role) => decision(all, at, "bert", role, { seed: seedOf(all, "bert", "lawful") })),
      "by nobody on its card with that role",
    ],
    [
      "goes on with an approval of another plan",
      (all, at) =>
        ROLES.map((role) =>
          decision(all, { ...at, planHash: `sha256:${"0".repeat(64)}` as Hash }, "bert", role),
        ),
      "of this contract",
    ],
    [
      "goes on with approvals of its own making for another agency",
      (all, at) => ROLES.map((role) => decision(all, at, "cleo", role, { seed: seedOf(all, "bert", role) })),
      "by nobody on its card",
    ],
  ];

  it.each(lies)("%s is caught by the others, by name", async (_what, documents, said) => {
    let lie: readonly object[] = [];
    const all = open(lying((message) => ({ ...message, documents: lie, complete: true })));
    const asked = all.ask("anna", question);
    const at = await waiting(all, "bert");
    lie = documents(all, at).map(wired);
    await approve(all, "bert");
    let outcome: Outcome | undefined;
    void asked.then((end) => {
      outcome = end;
    });
    const ended = await until(() => outcome);
    expect(ended).toMatchObject({ status: "failed", code: "integrity", party: "bert" });
    expect(ended.status === "failed" && ended.message).toContain(said);
    expectNothing(all);
  });
});

describe("the own node", () => {
  it("refuses at once what does not count, and says why", async () => {
    const all = open();
    void all.ask("anna", question);
    const at = await waiting(all, "anna");
    const { node } = all.machine("anna");
    const attempts: readonly (readonly [SignedBytes, string])[] = [
      [decision(all, at, "bert", "lawful"), "only people of anna decide at its node"],
      [
        decision(all, at, "anna", "lawful", { seed: seedOf(all, "anna", "ethical") }),
        "by nobody on its card",
      ],
      [
        decision(all, at, "anna", "lawful", { seed: seedOf(all, "anna", "analyst") }),
        "by nobody on its card",
      ],
      [decision(all, at, "anna", "lawful", { role: "operator" }), "by nobody on its card"],
      [decision(all, at, "anna", "lawful", { now: all.clock.now() + 600_000 }), "dated in the future"],
      [
        decision(all, { ...at, contractHash: `sha256:${"0".repeat(64)}` }, "anna", "lawful"),
        "of this contract",
      ],
      [
        decision(all, { ...at, planHash: `sha256:${"0".repeat(64)}` }, "anna", "lawful"),
        "has no such question",
      ],
      [{ bytes: new Uint8Array([123]), signatures: [] }, "expected an approval/v1"],
      [{ ...decision(all, at, "anna", "lawful"), signatures: [] }, "is not signed by the person"],
    ];
    for (const [signed, said] of attempts) {
      expect(() => node.decide(signed)).toThrow(
        expect.objectContaining({
          name: "EngineError",
          code: "refused",
          message: expect.stringContaining(said),
        }),
      );
    }
    expect(entries(all, "anna", "approval")).toBe(0);
    node.decide(decision(all, at, "anna", "lawful"));
    expect(() => node.decide(decision(all, at, "anna", "lawful"))).toThrow("is there already");
    expect(entries(all, "anna", "approval")).toBe(1);
  });

  it("takes one approval of a person who has both roles", async () => {
    const all = open({
      ports: (ports, { party }) => {
        const card = ports.membership.cards.get("anna");
        if (party !== "anna" || card === undefined) return ports;
        const people = card.people.map((person) =>
          person.roles.includes("lawful") ? { ...person, roles: ROLES } : person,
        );
        const cards = new Map([...ports.membership.cards, ["anna", { ...card, people }]]);
        return { ...ports, membership: { ...ports.membership, cards } };
      },
    });
    void all.ask("anna", question);
    const at = await waiting(all, "anna");
    const { node } = all.machine("anna");
    const seed = seedOf(all, "anna", "lawful");
    node.decide(decision(all, at, "anna", "ethical", { seed }));
    expect(() => node.decide(decision(all, at, "anna", "lawful", { seed }))).toThrow(
      "you gave the ethical approval",
    );
    expect(node.question(at.planHash)?.missing).toContainEqual({ party: "anna", roles: ["lawful"] });
  });
});

describe("a message about decisions", () => {
  const empty = { documents: [], complete: false, ask: true, have: [] };
  const bytes = (message: object): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(sorted(message))));

  it("on a plan that a node does not know is answered with an end, and leaves nothing", async () => {
    const all = open({ coordinator: false }); // when it says that it started, every wait for a letter ends
    const stop = all.machine("anna").ports.post.receive("bert", `q/${"0".repeat(32)}/stop`);
    const { post } = all.machine("anna").ports;
    await post.send("bert", `people/${"0".repeat(32)}`, bytes(empty));
    const { code, message } = JSON.parse(Buffer.from(await stop).toString());
    expect([code, message]).toEqual(["stopped", "the question has ended at bert"]);
    expect(all.machine("bert").store.size()).toBe(0);
  });

  it("of another form ends the question, by the name of its sender", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    const at = await waiting(all, "anna");
    await waiting(all, "bert");
    const { post } = all.machine("cleo").ports;
    await post.send("bert", `people/${at.planHash.slice(7, 39)}`, bytes({ ...empty, more: 1 }));
    expect(await asked).toMatchObject({ status: "failed", code: "garbage", party: "cleo" });
  });

  it("of somebody who takes no part is not heard", async () => {
    const all = open();
    void all.ask("anna", matchOf(["anna", "bert"], ["anna"]));
    const at = await waiting(all, "bert");
    const { post } = all.machine("cleo").ports;
    const lie = decision(all, at, "anna", "lawful", { ...NO, seed: seedOf(all, "cleo", "lawful") });
    await post.send(
      "bert",
      `people/${at.planHash.slice(7, 39)}`,
      bytes({ ...empty, documents: [wired(lie)] }),
    );
    await all.clock.sleep(100);
    expect(await waiting(all, "bert")).toMatchObject({ state: "waiting", decisions: [] });
  });

  it("with a flood of valid decisions of one party is that party's fault", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    const at = await waiting(all, "bert");
    const many = Array.from({ length: 17 }, () => wired(decision(all, at, "bert", "lawful")));
    const { post } = all.machine("bert").ports;
    await post.send("anna", `people/${at.planHash.slice(7, 39)}`, bytes({ ...empty, documents: many }));
    expect(await asked).toMatchObject({ status: "failed", code: "limits", party: "bert" });
    expect(entries(all, "anna", "approval")).toBe(0);
  });
});

describe("a question on disk", () => {
  it("that was changed there does not go on", async () => {
    const all = open();
    void all.ask("anna", question);
    await Promise.all(PARTIES.map((party) => waiting(all, party)));
    const { store } = all.machine("bert");
    await all.machine("bert").close();
    const [name = ""] = store.sealedNames("pending/");
    const sealed = Uint8Array.from(store.sealed(name) ?? []);
    sealed[3] = (sealed[3] ?? 0) ^ 1;
    store.putSealed(name, sealed);
    const again = all.start("bert", LISTS["bert"], store);
    expect(await until(() => again.outcomes[0])).toMatchObject({
      status: "failed",
      code: "integrity",
      party: "bert",
    });
    expect(store.sealedNames("pending/")).toEqual([]);
    expect(again.node.inbox()).toEqual([]);
  });

  it("does not go on under another roster than it was asked under", async () => {
    let moved = false;
    const all = open({
      ports: (ports, { party }) => {
        if (party !== "bert" || !moved) return ports;
        return { ...ports, membership: { ...ports.membership, rosterHash: `sha256:${"0".repeat(64)}` } };
      },
    });
    const asked = all.ask("anna", question);
    await Promise.all(PARTIES.map((party) => waiting(all, party)));
    const { store } = all.machine("bert");
    await all.machine("bert").close();
    moved = true;
    const again = all.start("bert", LISTS["bert"], store);
    expect(await until(() => again.outcomes[0])).toMatchObject({ status: "failed", code: "integrity" });
    expect(store.sealedNames("pending/")).toEqual([]);
    all.clock.ahead = 3 * 86_400_000;
    expect(await asked).toMatchObject({ status: "failed" }); // nobody goes on without bert
    expectNothing(all);
  });
});
