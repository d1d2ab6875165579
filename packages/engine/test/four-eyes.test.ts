// SPDX-License-Identifier: Apache-2.0
// People decide while nodes wait: for days, across restarts, and until the last moment before anything leaves.
import { EXTERNAL } from "@koplamp/covenant";
import { publicKeyText } from "@koplamp/crypto";
import { type AnswerResult, readDocument } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import type { LogEvent, NodePorts, Outcome } from "../src/index.ts";
import { Federation, matchOf, primitives, rng, type Wishes } from "./federation.ts";
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
  restart,
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

/** The other machines' last outcomes. */
function ends(all: Federation, parties = ["bert", "cleo"]): Promise<readonly Outcome<AnswerResult>[]> {
  return all.outcomes(parties);
}

describe("a question", () => {
  it("waits at every node until all have approved, and every ledger and the bundle have all approvals", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    const seen = await Promise.all(PARTIES.map((party) => waiting(all, party)));
    expect(new Set(seen.map(({ contractHash }) => contractHash)).size).toBe(1);
    expect(seen[0]).toMatchObject({ proposer: "anna", class: "F", decisions: [] });
    for (const party of PARTIES) {
      await approve(all, party, ["ethical"]);
      await approve(all, party, ["lawful"]);
      if (party !== "cleo") expectNothing(all);
    }
    const outcome = await asked;
    expect(outcome).toMatchObject({ status: "released", result: { matches: [{ key: ["y"] }] } });
    await ends(all);
    for (const party of PARTIES) expect(entries(all, party, "approval")).toBe(6);
    const bundle = outcome.status === "released" ? Buffer.from(outcome.bundle ?? []).toString("latin1") : "";
    const approvals = [...bundle.matchAll(/\{[^\0]*?"koplamp":"approval\/v1"[^\0]*?\}(?=\0)/g)].map(
      ([text]) => readDocument("approval/v1", new Uint8Array(Buffer.from(text, "latin1"))),
    );
    expect(approvals.map(({ party, role }) => `${party} ${role}`).sort()).toEqual(
      PARTIES.flatMap((party) => [`${party} ethical`, `${party} lawful`]),
    );
    expect(all.machine("anna").progress).toContainEqual({ party: "cleo", phase: "awaits lawful approval" });
  });

  it.each(["anna", "bert"])(
    "outlives a restart of %s, stopped or killed, while people decide",
    async (party) => {
      const all = open();
      const asked = all.ask("anna", question);
      await Promise.all(PARTIES.map((one) => waiting(all, one)));
      await approve(all, party);
      await approve(all, "cleo", ["lawful"]);
      await restart(all, party);
      if (party === "anna") expect(await asked).toMatchObject({ status: "failed", code: "stopped" });
      expect((await waiting(all, party)).decisions.length).toBeGreaterThanOrEqual(2);
      await approve(all, "cleo", ["ethical"]);
      await restart(all, party, true);
      await waiting(all, party);
      const last = party === "anna" ? "bert" : "anna";
      await approve(all, last);
      expect(await (party === "anna" ? until(() => all.machine("anna").outcomes[0]) : asked)).toMatchObject({
        status: "released",
        result: { matches: [{ key: ["y"] }] },
      });
      expect(entries(all, party, "approval")).toBe(6);
    },
  );

  it("waits while a party is away, and that party hears on its return what was decided", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    await Promise.all(PARTIES.map((party) => waiting(all, party)));
    await approve(all, "cleo");
    await until(() => entries(all, "bert", "approval") === 2);
    const cleo = all.machine("cleo");
    await cleo.close();
    await approve(all, "anna");
    await approve(all, "bert");
    await all.clock.sleep(400); // longer than the grace
    expectNothing(all);
    all.start("cleo", LISTS["cleo"], cleo.store);
    expect(await asked).toMatchObject({ status: "released" });
  });

  it("expires while people decide, also when the node was away", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    await Promise.all(PARTIES.map((party) => waiting(all, party)));
    const cleo = all.machine("cleo");
    await cleo.close();
    all.clock.ahead = 3 * 86_400_000;
    expect(await asked).toMatchObject({ status: "failed", code: "expired" });
    const again = all.start("cleo", LISTS["cleo"], cleo.store);
    expect(await until(() => again.outcomes[0])).toMatchObject({ status: "failed", code: "expired" });
    expect(again.store.sealedNames("pending/")).toEqual([]);
    expectNothing(all);
  });
});

describe("a no", () => {
  it("ends the question at every node, with its reason on record", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    const at = await waiting(all, "cleo");
    await approve(all, "anna");
    const reason = { en: "Not proportionate" };
    all.machine("cleo").node.decide(decision(all, at, "cleo", "ethical", { decision: "refuse", reason }));
    const outcome = await asked;
    for (const end of [outcome, ...(await ends(all))]) {
      expect(end).toMatchObject({ status: "refused", party: "cleo", rule: "approvals/ethical" });
      expect(end.status === "refused" && end.message).toBe("cleo (ethical) refuses: Not proportionate");
    }
    expectNothing(all);
    for (const party of PARTIES) {
      const { node, store } = all.machine(party);
      const kept = node.question(at.planHash);
      expect(kept).toMatchObject({ state: "ended" });
      expect(kept?.decisions).toContainEqual(expect.objectContaining({ decision: "refuse", reason }));
      expect(store.sealedNames("pending/")).toEqual([]);
    }
  });

  it("reaches a node that was away when it was given", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    const at = await waiting(all, "cleo");
    await waiting(all, "bert");
    const bert = all.machine("bert");
    await bert.close();
    all.machine("cleo").node.decide(decision(all, at, "cleo", "lawful", { ...NO, decision: "refuse" }));
    expect(await asked).toMatchObject({ status: "refused", party: "cleo" });
    const again = all.start("bert", LISTS["bert"], bert.store);
    expect(await until(() => again.outcomes[0])).toMatchObject({ status: "refused", party: "cleo" });
    await until(() => entries(all, "bert", "approval") === 1);
  });

  it("may take an approval back while the others decide", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    const at = await waiting(all, "bert");
    await approve(all, "bert");
    all.machine("bert").node.decide(decision(all, at, "bert", "lawful", NO));
    expect(await asked).toMatchObject({ status: "refused", party: "bert", rule: "approvals/lawful" });
    expectNothing(all);
  });
});

/** Has somebody at bert take back an approval at a step of bert's node. Gives what its node answered. */
function withdrawing(at: (event: LogEvent) => boolean): {
  readonly wishes: Wishes;
  readonly answers: unknown[];
} {
  const answers: unknown[] = [];
  const wishes: Wishes = {
    people: ["bert"],
    ports: (ports, machine) => {
      if (machine.party !== "bert") return ports;
      const log: NodePorts["log"] = (event) => {
        ports.log(event);
        if (answers.length > 0 || !at(event)) return;
        const item = machine.node.inbox()[0];
        const shown = item && machine.node.question(item.planHash);
        if (federation === undefined || shown === undefined) throw new Error("expected a question");
        try {
          answers.push(machine.node.decide(decision(federation, shown, "bert", "lawful", NO)));
        } catch (reason) {
          answers.push(reason);
        }
      };
      return { ...ports, log };
    },
  };
  return { wishes, answers };
}

describe("an approval that is taken back", () => {
  const moments: readonly (readonly [string, (event: LogEvent) => boolean, number])[] = [
    ["between the last approval and the first session", ({ event }) => event === "question.approved", 0],
    ["while the key is made", ({ event }) => event === "session.begin", 0],
    ["between begin and opening", ({ event, phase }) => event === "session.begin" && phase === "0/1", 0],
  ];

  it("ends the question at its own node at once, though no other is there to hear of it", async () => {
    const all = open();
    const asked = all.ask("anna", question);
    const at = await waiting(all, "bert");
    await Promise.all(PARTIES.map((party) => waiting(all, party)));
    await all.machine("cleo").close();
    await all.machine("anna").close();
    await asked;
    const { node, outcomes } = all.machine("bert");
    node.decide(decision(all, at, "bert", "lawful", NO));
    const end = await until(() => outcomes[0]);
    expect(end).toMatchObject({ status: "refused", party: "bert", rule: "approvals/lawful" });
  });

  it.each(moments)("%s stops everything: nothing is disclosed", async (_when, at, disclosed) => {
    const { wishes, answers } = withdrawing(at);
    const all = open(wishes);
    const asked = all.ask("anna", question);
    await approve(all, "bert");
    for (const end of [await asked, ...(await ends(all))]) {
      expect(end).toMatchObject({ status: "refused", party: "bert", rule: "approvals/lawful" });
      expect(end.status === "refused" && end.message).toContain("The ground has gone");
    }
    expect(answers).toEqual([expect.objectContaining({ decision: "withdraw" })]);
    for (const party of PARTIES) {
      expect(entries(all, party, "deliver")).toBe(disclosed);
      await until(() => entries(all, party, "approval") === 7);
    }
  });

  it("between two shards stops those that are still to come", async () => {
    const { wishes, answers } = withdrawing(({ event, phase }) => event === "session.end" && phase === "1/4");
    const all = open(wishes);
    const asked = all.ask("anna", matchOf(PARTIES, ["anna", "bert"], { shards: 4 }));
    await approve(all, "bert");
    for (const end of [await asked, ...(await ends(all))])
      expect(end).toMatchObject({ status: "refused", party: "bert", rule: "approvals/lawful" });
    expect(answers).toEqual([expect.objectContaining({ decision: "withdraw" })]);
    expect(entries(all, "bert", "disclose")).toBe(2); // to anna, in two shards of four
  });

  it("after opening is answered with: too late", async () => {
    const { wishes, answers } = withdrawing(({ event, phase }) => event === "session.end" && phase === "0/1");
    const all = open(wishes);
    const asked = all.ask("anna", question);
    await approve(all, "bert");
    expect(await asked).toMatchObject({ status: "released" });
    expect(answers).toEqual([expect.objectContaining({ name: "EngineError", code: "too-late" })]);
    await ends(all);
    const shown = all.machine("bert").node.question((await asked).planHash ?? "");
    if (shown === undefined) throw new Error("expected the question");
    expect(() => all.machine("bert").node.decide(decision(all, shown, "bert", "lawful", NO))).toThrow(
      expect.objectContaining({ code: "too-late", message: "too late: the question was answered" }),
    );
    expect(entries(all, "bert", "approval")).toBe(6);
  });
});

describe("an approval that expires", () => {
  /** The approvals of bert hold for a day; the clock goes on by two at a step of bert's. */
  async function expiring(at: (event: LogEvent) => boolean): Promise<Federation> {
    let over = false;
    const all = open({
      people: ["bert"],
      ports: (ports, { party }) => {
        const log: NodePorts["log"] = (event) => {
          ports.log(event);
          if (party === "bert" && !over && at(event) && federation !== undefined) {
            over = true;
            federation.clock.ahead = 86_400_000;
          }
        };
        return { ...ports, log };
      },
    });
    const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
    const asked = all.ask("anna", matchOf(PARTIES, ["anna", "bert"], { expires: day }));
    await approve(all, "bert", ROLES, { validFor: "P1D" });
    for (const end of [await asked, ...(await ends(all))]) {
      expect(end).toMatchObject({ status: "refused", party: "bert" });
      expect(end.status === "refused" && end.message).toContain("approval of bert does not hold any more");
    }
    return all;
  }

  it("before a session begins is none when it would begin", async () => {
    const all = await expiring(({ event, phase }) => event === "session.end" && phase === "keyset/0");
    for (const party of PARTIES) expect(entries(all, party, "begin")).toBe(1);
  });

  it("while hands are shaken is none when a session would begin", async () => {
    let over = false;
    const all = open({
      people: ["bert"],
      ports: (ports, { party }) => {
        const openChannel: NodePorts["openChannel"] = async (request) => {
          const channel = await ports.openChannel(request);
          if (party === "bert" && !over && federation !== undefined) {
            over = true;
            federation.clock.ahead = 86_400_000;
          }
          return channel;
        };
        return { ...ports, openChannel };
      },
    });
    const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
    const asked = all.ask("anna", matchOf(PARTIES, ["anna", "bert"], { expires: day }));
    await approve(all, "bert", ROLES, { validFor: "P1D" });
    expect(await asked).toMatchObject({ status: "refused", party: "bert" });
    expect(entries(all, "bert", "begin")).toBe(0);
  });

  it("while a session runs is none when it would open", async () => {
    const all = await expiring(({ event, phase }) => event === "session.begin" && phase === "0/1");
    for (const party of PARTIES) expect(entries(all, party, "disclose")).toBe(0);
  });
});

describe("an approver outside the agencies", () => {
  it("is awaited for a class that the covenant names, and heard at any node", async () => {
    const prosecutor = rng(32);
    const keys = [publicKeyText(primitives.ed25519PublicKey(prosecutor))];
    const approval = { validFor: "P30D", external: [{ role: "prosecutor", classes: ["F" as const], keys }] };
    const terms: Wishes["terms"] = (own) => ({ ...own, approval });
    const all = open({ people: [], terms, outside: { prosecutor } });
    const asked = all.ask("anna", question);
    const at = await until(() => {
      const [item] = all.machine("cleo").node.inbox();
      return item?.decisions.length === 6 && all.machine("cleo").node.question(item.planHash);
    });
    expect(at.missing).toEqual([{ party: EXTERNAL, roles: ["prosecutor"] }]);
    expectNothing(all);
    const choice = { party: EXTERNAL, role: "prosecutor", seed: prosecutor };
    all.machine("cleo").node.decide(decision(all, at, "cleo", "lawful", choice));
    expect(await asked).toMatchObject({ status: "released" });
    await ends(all);
    for (const party of PARTIES) expect(entries(all, party, "approval")).toBe(7);
  });
});

describe("how a question ended", () => {
  it("is known after a restart too, to the people of each node, and gone when the bytes do not hold", async () => {
    const all = open({ people: [] });
    const { planHash = "", ...first } = await all.ask("anna", question);
    await ends(all);
    const anna = await restart(all, "anna");
    expect(anna.node.outcomeOf(planHash)).toEqual({ planHash, ...first });
    expect(all.machine("cleo").node.outcomeOf(planHash)).toMatchObject({ status: "released" });
    expect(all.machine("cleo").node.outcomeOf(planHash)).not.toHaveProperty("result");
    expect(anna.node.outcomeOf(`sha256:${"0".repeat(64)}`)).toBeUndefined();
    const [name = ""] = anna.store.sealedNames("outcome/");
    const sealed = Uint8Array.from(anna.store.sealed(name) ?? []);
    sealed[20] = (sealed[20] ?? 0) ^ 1;
    anna.store.putSealed(name, sealed);
    expect(anna.node.outcomeOf(planHash)).toBeUndefined();
  });
});
