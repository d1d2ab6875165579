// SPDX-License-Identifier: Apache-2.0
// A party that leaves is gone at once: what runs with it ends, and what is new is refused by its name.
import { type SignedBytes, signWithdrawal } from "@koplamp/covenant";
import { base64, timeText } from "@koplamp/wire";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { countOf, Federation, type Lists, matchOf, primitives, rng, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const LISTS: Lists = { anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"] };
const PARTIES = ["anna", "bert", "cleo"];
const question = matchOf(PARTIES, ["anna"]);
const GONE = { status: "refused", party: "cleo", rule: "withdrawal/cleo" };

function open(wishes: Wishes = {}): Federation {
  federation = new Federation(LISTS, { graceMs: 150, ...wishes });
  return federation;
}

interface Choice {
  readonly party?: string;
  readonly by?: string;
  readonly covenantHash?: string;
}

/** The withdrawal of cleo, or what else a test signs. */
function withdrawal(all: Federation, { party = "cleo", by, covenantHash }: Choice = {}): SignedBytes {
  const seed = all.founded.keys[by ?? party]?.covenant ?? new Uint8Array(32);
  const reason = { en: "Our minister has decided so" };
  return signWithdrawal(
    { party, covenantHash: covenantHash ?? all.membership.covenantHash, reason },
    { seed, salt: base64(rng(32)), now: timeText(all.clock.now()), primitives },
  );
}

function entries(all: Federation, party: string, type: string): number {
  const { store } = all.machine(party);
  const leaves = Array.from({ length: store.size() }, (_, at) => Buffer.from(store.leaf(at)).toString());
  return leaves.filter((leaf) => leaf.includes(`"type":"${type}"`)).length;
}

async function known(all: Federation, parties: readonly string[] = PARTIES): Promise<void> {
  for (const end = Date.now() + 8000; Date.now() < end; ) {
    if (parties.every((party) => all.machine(party).node.withdrawn().length === 1)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect.fail("not every node has heard of it");
}

async function waiting(all: Federation): Promise<void> {
  for (const end = Date.now() + 8000; Date.now() < end; ) {
    if (
      PARTIES.every((party) =>
        all
          .machine(party)
          .node.inbox()
          .some(({ state }) => state === "waiting"),
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect.fail("the question does not wait");
}

describe("a party that leaves", () => {
  it.each(PARTIES)("ends a question that waits, at every node, when its word comes by %s", async (first) => {
    const all = open({ people: PARTIES });
    const asked = all.ask("anna", question);
    await waiting(all);
    all.machine(first).node.withdraw(withdrawal(all));
    expect(await asked).toMatchObject(GONE);
    for (const end of await all.outcomes(["bert", "cleo"])) expect(end).toMatchObject(GONE);
    await known(all);
    for (const party of PARTIES)
      expect([entries(all, party, "suspend"), entries(all, party, "disclose")]).toEqual([1, 0]);
  });

  it.each(["keyset/0", "evaluate/anna/0/0", "evaluate/cleo/0/0", "0/1"])(
    "ends a question that runs, in the session %s",
    async (label) => {
      let left = false;
      const all = open({
        ports: (ports, { party }) => ({
          ...ports,
          log: (event) => {
            ports.log(event);
            if (left || party !== "bert" || event.event !== "session.begin" || event.phase !== label) return;
            left = true;
            all.machine("cleo").node.withdraw(withdrawal(all));
          },
        }),
      });
      const outcome = await all.ask("anna", question);
      if (!left) expect.fail(`there is no session ${label}: ${sessions(all)}`);
      // By name at every node; some hear of it from another node's stop, before the document comes.
      const ended = {
        status: "refused",
        party: "cleo",
        message: expect.stringContaining("cleo left covenant"),
      };
      expect(outcome).toMatchObject(ended);
      for (const end of await all.outcomes(["bert", "cleo"])) expect(end).toMatchObject(ended);
      expect(entries(all, "cleo", "disclose")).toBe(0);
    },
  );

  it("is refused by its name in every new question, and missed in no other", async () => {
    const all = open();
    all.machine("cleo").node.withdraw(withdrawal(all));
    await known(all);
    for (const asker of PARTIES) {
      const outcome = await all.ask(asker, matchOf(PARTIES, ["anna"], { id: `by-${asker}` }));
      expect(outcome).toMatchObject({ ...GONE, message: expect.stringContaining("cleo left covenant") });
      await expect(all.machine(asker).node.explain(question)).rejects.toMatchObject({
        code: "refused",
        party: "cleo",
      });
    }
    expect(await all.ask("cleo", countOf(["anna", "bert"], ["anna"]))).toMatchObject(GONE);
    expect(await all.ask("anna", matchOf(["anna", "bert"], ["anna"], { id: "two" }))).toMatchObject({
      status: "released",
    });
  });

  it("is refused by whoever has heard, though the asker has not", async () => {
    const all = open({
      post: (post, party) => ({
        ...post,
        send: async (to, topic, body) => {
          if (party === "bert" && topic.startsWith("withdrawn/")) return; // a relay that swallows it
          await post.send(to, topic, body);
        },
      }),
    });
    all.machine("bert").node.withdraw(withdrawal(all));
    const outcome = await all.ask("anna", question);
    expect(outcome).toMatchObject({ status: "refused", party: "cleo" });
    expect(all.machine("anna").node.withdrawn()).toEqual([]);
    for (const party of PARTIES) expect(entries(all, party, "begin")).toBe(0);
  });

  it("stays away when nodes start again, and a node that was away hears of it", async () => {
    const all = open();
    const [anna, bert] = [all.machine("anna"), all.machine("bert")];
    await bert.close();
    all.machine("cleo").node.withdraw(withdrawal(all));
    await known(all, ["anna", "cleo"]);
    await anna.close();
    all.start("anna", LISTS["anna"], anna.store);
    expect(all.machine("anna").node.withdrawn()).toMatchObject([{ party: "cleo" }]);
    all.start("bert", LISTS["bert"], bert.store);
    await known(all);
    expect(await all.ask("bert", question)).toMatchObject(GONE);
    expect(entries(all, "anna", "suspend")).toBe(1);
  });

  it("leaves once, however often it is told", async () => {
    const all = open();
    const signed = withdrawal(all);
    for (const party of [...PARTIES, ...PARTIES]) all.machine(party).node.withdraw(signed);
    all.machine("anna").node.withdraw(withdrawal(all)); // another salt
    await known(all);
    for (const party of PARTIES) expect(entries(all, party, "suspend")).toBe(1);
  });
});

describe("a withdrawal that the party did not sign", () => {
  it("changes nothing: by another party, of another covenant, of a stranger, or unsigned", async () => {
    const all = open();
    const { node } = all.machine("anna");
    const good = withdrawal(all);
    const forged: readonly SignedBytes[] = [
      withdrawal(all, { by: "anna" }),
      withdrawal(all, { covenantHash: `sha256:${"0".repeat(64)}` }),
      withdrawal(all, { party: "dora", by: "cleo" }),
      { bytes: good.bytes, signatures: [] },
      { bytes: good.bytes, signatures: withdrawal(all).signatures },
      { bytes: new Uint8Array([1]), signatures: good.signatures },
    ];
    for (const signed of forged) {
      expect(() => node.withdraw(signed)).toThrow(expect.objectContaining({ code: "refused" }));
    }
    expect(node.withdrawn()).toEqual([]);
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
  });

  it("changes nothing with any bit of it turned", () => {
    const all = open();
    const { node } = all.machine("anna");
    const { bytes, signatures } = withdrawal(all);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const copy = bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit));
        expect(() => node.withdraw({ bytes: copy, signatures })).toThrow();
      }),
      { numRuns: 60 },
    );
    expect(node.withdrawn()).toEqual([]);
  });

  it("is no fault of the node that passes on garbage but its own event", async () => {
    const all = open();
    await all.machine("bert").ports.post.send("anna", "withdrawn/", new Uint8Array([7]));
    for (
      const end = Date.now() + 5000;
      Date.now() < end;
      await new Promise((resolve) => setTimeout(resolve, 5))
    )
      if (all.machine("anna").log.some(({ event }) => event === "withdrawal.refused")) break;
    expect(all.machine("anna").log).toContainEqual(
      expect.objectContaining({ event: "withdrawal.refused", peer: "bert" }),
    );
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
  });
});

function sessions(all: Federation): string {
  const begun = all.machine("bert").log.filter(({ event }) => event === "session.begin");
  return begun.map(({ phase = "" }) => phase).join(", ");
}
