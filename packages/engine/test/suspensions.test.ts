// SPDX-License-Identifier: Apache-2.0
// An officer halts the own node: it contributes nothing, the others hear why, and an officer lets it go on.
import { type SignedBytes, type Suspending, signSuspension } from "@koplamp/covenant";
import { base64, timeText } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { encodeMessage } from "../src/messages.ts";
import { changedPost, Federation, type Lists, matchOf, primitives, rng, type Wishes } from "./federation.ts";
import { entries, seedOf, until } from "./people.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const LISTS: Lists = { anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"] };
const PARTIES = ["anna", "bert", "cleo"];
const question = matchOf(PARTIES, ["anna"]);
const HALTED = {
  status: "refused",
  party: "cleo",
  message: expect.stringContaining("an officer of cleo has suspended its node"),
};

function open(wishes: Wishes = {}): Federation {
  federation = new Federation(LISTS, { graceMs: 150, ...wishes });
  return federation;
}

interface Choice extends Partial<Suspending> {
  readonly seed?: Uint8Array;
  readonly ahead?: number;
}

/** The next word of an officer of cleo, or what else a test signs. */
function word(all: Federation, { seed, ahead = 0, ...changed }: Choice = {}): SignedBytes {
  const party = changed.party ?? "cleo";
  const last = all.machine(party).node.suspension();
  const action = changed.action ?? (last?.said.action === "suspend" ? "resume" : "suspend");
  return signSuspension(
    {
      party,
      covenantHash: all.membership.covenantHash,
      action,
      previous: last?.hash ?? null,
      reason: action === "suspend" ? { en: "We have found a fault" } : null,
      ...changed,
    },
    {
      seed: seed ?? all.founded.keys[party]?.people.officer ?? rng(32),
      salt: base64(rng(32)),
      now: timeText(all.clock.now() + ahead),
      primitives,
    },
  );
}

/** Waits until both others have heard of cleo what there is to hear. */
async function heard(all: Federation, event: string, times = 1): Promise<void> {
  await until(() =>
    ["anna", "bert"].every(
      (party) => all.machine(party).log.filter((line) => line.event === event).length >= times,
    ),
  );
}

describe("a node that its officer halts", () => {
  it("ends what waits, contributes nothing to what is new, and goes on when an officer says so", async () => {
    const all = open({ people: PARTIES });
    const asked = all.ask("anna", question);
    await until(() => PARTIES.every((party) => all.machine(party).node.inbox().length === 1));
    all.machine("cleo").node.suspend(word(all));
    expect(await asked).toMatchObject(HALTED);
    for (const end of await all.outcomes(["bert", "cleo"])) expect(end).toMatchObject(HALTED);
    await heard(all, "party.suspended");
    for (const asker of PARTIES) {
      const { node } = all.machine(asker);
      expect(await all.ask(asker, matchOf(PARTIES, ["anna"], { id: `by-${asker}` }))).toMatchObject({
        ...HALTED,
        rule: "suspension/cleo",
        hint: expect.stringContaining("koplamp resume"),
      });
      await expect(node.explain(question)).rejects.toMatchObject({ code: "refused", party: "cleo" });
    }
    expect([entries(all, "cleo", "suspend"), entries(all, "cleo", "begin")]).toEqual([1, 0]);
    for (const party of PARTIES) expect(entries(all, party, "disclose")).toBe(0);
    const without = await all.machine("anna").node.explain(matchOf(["anna", "bert"], ["anna"]));
    expect(without.plan.inputs).toHaveLength(2);

    all.machine("cleo").node.suspend(word(all));
    await heard(all, "party.resumed");
    expect((await all.machine("anna").node.explain(question)).plan.inputs).toHaveLength(3);
    expect(entries(all, "cleo", "resume")).toBe(1);
  });

  it.each(["keyset/0", "evaluate/anna/0/0", "evaluate/cleo/0/0", "0/1"])(
    "ends what runs, in the session %s, before anything opens",
    async (label) => {
      let said = false;
      const all = open({
        ports: (ports, { party }) => ({
          ...ports,
          log: (event) => {
            ports.log(event);
            if (said || party !== "cleo" || event.event !== "session.begin" || event.phase !== label) return;
            said = true;
            all.machine("cleo").node.suspend(word(all));
          },
        }),
      });
      const outcome = await all.ask("anna", question);
      if (!said && label.startsWith("evaluate/")) return; // that one had nothing to have evaluated by cleo
      expect(said).toBe(true);
      expect(outcome).toMatchObject(HALTED);
      for (const end of await all.outcomes(["bert", "cleo"])) expect(end).toMatchObject(HALTED);
      expect(entries(all, "cleo", "disclose")).toBe(0);
    },
  );

  it("makes no offer to a node that has not heard of it", async () => {
    const all = open({
      post: (post, party) =>
        changedPost(post, async (to, topic, body) => {
          if (party !== "cleo" || topic !== "suspended/") await post.send(to, topic, body);
        }),
    });
    all.machine("cleo").node.suspend(word(all));
    await expect(all.machine("anna").node.explain(question)).rejects.toMatchObject({
      code: "refused",
      party: "cleo",
      message: HALTED.message,
    });
    const refused = all.machine("cleo").log.filter(({ event }) => event === "offer.refused");
    expect(refused).toMatchObject([{ peer: "anna", code: "refused" }]);
  });

  it("stays halted when it starts again, also after dying before its ledger said so, and so do the others", async () => {
    const all = open();
    const { store } = all.machine("cleo");
    all.machine("cleo").node.suspend(word(all));
    await heard(all, "party.suspended");
    for (const party of ["cleo", "anna"]) {
      await all.machine(party).close();
      all.start(party, LISTS[party], all.machine(party).store);
    }
    expect(await all.ask("anna", question)).toMatchObject(HALTED);
    expect(entries(all, "cleo", "suspend")).toBe(1); // told once, though it was read again
    expect(all.machine("cleo").store).toBe(store);
    all.machine("cleo").node.suspend(word(all));
    await until(() => all.machine("anna").log.some(({ event }) => event === "party.resumed"));
    expect((await all.ask("anna", question)).status).toBe("released");
  });

  it("writes what its ledger lacks, when it died between disk and ledger", async () => {
    let dies = true;
    const all = open({
      ports: (ports, { party }) => ({
        ...ports,
        ledger: new Proxy(ports.ledger, {
          get: (target, name) => {
            const value: unknown = Reflect.get(target, name);
            if (party !== "cleo" || name !== "append" || !dies || typeof value !== "function")
              return typeof value === "function" ? value.bind(target) : value;
            return () => {
              throw new Error("a power cut");
            };
          },
        }),
      }),
    });
    expect(() => all.machine("cleo").node.suspend(word(all))).toThrow("a power cut");
    expect(entries(all, "cleo", "suspend")).toBe(0);
    await all.machine("cleo").close();
    dies = false;
    all.start("cleo", LISTS["cleo"], all.machine("cleo").store);
    expect(entries(all, "cleo", "suspend")).toBe(1);
    await heard(all, "party.suspended");
    expect(await all.ask("anna", question)).toMatchObject(HALTED);
  });

  it("tells whoever was away, when that one is back", async () => {
    const all = open();
    await all.machine("anna").close();
    all.machine("cleo").node.suspend(word(all));
    all.start("anna", LISTS["anna"], all.machine("anna").store);
    await until(() => all.machine("anna").log.some(({ event }) => event === "party.suspended"));
  });
});

describe("an officer's word", () => {
  const refused = (all: Federation, signed: SignedBytes, message: string): void => {
    expect(() => all.machine("cleo").node.suspend(signed)).toThrow(
      expect.objectContaining({ code: "refused", message: expect.stringContaining(message) }),
    );
    expect(entries(all, "cleo", "suspend") + entries(all, "cleo", "resume")).toBe(0);
  };

  it.each(["analyst", "lawful", "ethical"] as const)("is not one by the %s", (role) => {
    const all = open();
    refused(
      all,
      word(all, { seed: seedOf(all, "cleo", role) }),
      "the signature of an officer on the card of cleo",
    );
  });

  it("is not one by another party's officer, about another party, under another covenant, or unsigned", () => {
    const all = open();
    const officer = all.founded.keys["bert"]?.people.officer ?? rng(32);
    refused(all, word(all, { seed: officer }), "an officer on the card of cleo");
    refused(all, word(all, { party: "bert" }), "expected the word of an officer of cleo, got one of bert");
    const other = `sha256:${"0".repeat(64)}` as const;
    refused(all, word(all, { covenantHash: other }), "under our covenant, got one under another");
    refused(all, { ...word(all), signatures: word(all).signatures }, "the signature of an officer");
    refused(all, { ...word(all), signatures: [] }, "the signature of an officer");
    refused(all, word(all, { ahead: 600_000 }), "dated in the future");
  });

  it("follows on the one before: an old one cannot come back", () => {
    const all = open();
    const { node } = all.machine("cleo");
    refused(all, word(all, { action: "resume", previous: all.membership.rosterHash }), "is not suspended");
    const first = word(all);
    node.suspend(first);
    const twice = expect.objectContaining({ message: expect.stringContaining("suspended already") });
    expect(() => node.suspend(first)).toThrow(twice);
    expect(() => node.suspend(word(all, { action: "suspend" }))).toThrow(twice);
    const early = word(all, { previous: all.membership.rosterHash });
    const other = expect.objectContaining({
      message: expect.stringContaining("follows on our officers' last one"),
    });
    expect(() => node.suspend(early)).toThrow(other);
    const resume = word(all);
    node.suspend(resume);
    expect(() => node.suspend(first)).toThrow(other); // the first suspension, replayed
    node.suspend(word(all));
    expect(() => node.suspend(resume)).toThrow(other); // the first release, replayed
    expect([entries(all, "cleo", "suspend"), entries(all, "cleo", "resume")]).toEqual([2, 1]);
  });

  it("is taken of a party's own node only", async () => {
    const all = open();
    const signed = word(all); // a true word of cleo's officer, which bert passes on
    await all
      .machine("bert")
      .ports.post.send("anna", "suspended/", encodeMessage({ documents: [signed], ask: false }));
    await until(() => all.machine("anna").log.some(({ event }) => event === "suspension.refused"));
    expect(all.machine("anna").log.filter(({ event }) => event === "party.suspended")).toEqual([]);
    expect((await all.machine("anna").node.explain(question)).plan.inputs).toHaveLength(3);
  });
});
