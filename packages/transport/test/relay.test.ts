// SPDX-License-Identifier: Apache-2.0
import { i2osp } from "@koplamp/wire";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { Relay, type RelayLimits } from "../src/relay.ts";
import { frameOf, sessionOf } from "./frames.ts";

const open: Relay[] = [];
const relayWith = (limits: Partial<RelayLimits> = {}): Relay => {
  const relay = new Relay(limits);
  open.push(relay);
  return relay;
};
afterEach(() => {
  for (const relay of open.splice(0)) relay.close();
});

const never = new Promise<void>(() => {});
const turns = (count: number) => new Promise((resolve) => setTimeout(resolve, count));

async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = [];
  if (count === 0) return taken;
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

interface TestLink {
  readonly from: string;
  readonly to: string;
  readonly gate: boolean;
  readonly count: number;
}
interface Job {
  readonly link: TestLink;
  readonly frame: Uint8Array;
}

const parties = ["alice", "bob", "carol"];
const someLinks = fc.uniqueArray(
  fc
    .record({
      from: fc.constantFrom(...parties),
      to: fc.constantFrom(...parties),
      gate: fc.boolean(),
      count: fc.integer({ min: 1, max: 12 }),
    })
    .filter(({ from, to }) => from !== to),
  { minLength: 1, maxLength: 6, selector: ({ from, to, gate }) => `${from}${to}${gate}` },
);

function framesOf(link: TestLink): Job[] {
  return Array.from({ length: link.count }, (_, seq) => ({
    link,
    frame: frameOf(link.from, link.to, { seq, gate: link.gate }),
  }));
}

function shuffled<Item>(items: Item[], draw: () => number): Item[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(draw() % rest.length, 1));
}

async function pushAll(relay: Relay, jobs: readonly Job[], draw: () => number): Promise<void> {
  const pushes: Promise<void>[] = [];
  for (const { link, frame } of jobs) {
    pushes.push(relay.line(link.from).push(frame));
    if (draw() % 2 === 0) await Promise.resolve();
  }
  await Promise.all(pushes);
}

describe("control messages", () => {
  it("arrive in order per sender, also those sent before the recipient came", async () => {
    const relay = relayWith();
    const alice = relay.line("alice");
    for (let at = 0; at < 5; at += 1) await alice.post("bob", i2osp(at, 1));
    const got = await take(relay.line("bob").posts(), 5);
    expect(got.map(({ from, envelope }) => [from, envelope[0]])).toEqual(
      [0, 1, 2, 3, 4].map((at) => ["alice", at]),
    );
  });

  it("wait while the recipient's mailbox is full, and only those of that sender", async () => {
    const relay = relayWith({ postBytes: 100 });
    const [alice, carol, bob] = [relay.line("alice"), relay.line("carol"), relay.line("bob")];
    await alice.post("bob", new Uint8Array(90));
    const order: string[] = [];
    const waits = [1, 2, 3].map((at) =>
      alice.post("bob", i2osp(at, 50)).then(() => order.push(`alice ${at}`)),
    );
    await carol.post("bob", new Uint8Array(90)).then(() => order.push("carol"));
    await turns(5);
    expect(order).toEqual(["carol"]);
    const got = await take(bob.posts(), 5);
    await Promise.all(waits);
    expect(order).toEqual(["carol", "alice 1", "alice 2", "alice 3"]);
    expect(got.filter(({ from }) => from === "alice").map(({ envelope }) => envelope.at(-1))).toEqual([
      0, 1, 2, 3,
    ]);
  });

  it("are at most 256 KiB", async () => {
    await expect(relayWith().line("alice").post("bob", new Uint8Array(262_145))).rejects.toThrow(
      "expected a control message of at most 262144 B, got 262145 B from alice",
    );
  });

  it("are dropped when the recipient stays away", async () => {
    const relay = relayWith({ idleMs: 40, postMs: 20 });
    await relay.line("alice").post("bob", i2osp(1, 1));
    await turns(80);
    expect(relay.mailbox("bob").letters.length).toBe(0);
  });
});

describe("session frames", () => {
  it("arrive once and in order per sender and key, whatever the interleaving, repeats and room", async () => {
    await fc.assert(
      fc.asyncProperty(
        someLinks,
        fc.infiniteStream(fc.nat(2 ** 20)),
        fc.integer({ min: 130, max: 3000 }),
        async (plan, pick, room) => {
          const draw = (): number => pick.next().value ?? 0;
          const relay = relayWith({ sessionBytes: room, partyBytes: room });
          const sent = plan.flatMap(framesOf);
          const done = Promise.withResolvers<void>();
          const reads = parties.map((to) =>
            take(
              relay.line(to).pull(sessionOf(1), done.promise),
              sent.filter((job) => job.link.to === to).length,
            ),
          );
          await pushAll(relay, shuffled([...sent, ...sent.filter(() => draw() % 3 === 0)], draw), draw);
          const got = (await Promise.all(reads)).flat();
          expect(got).toHaveLength(sent.length);
          for (const link of plan) {
            const mine = new Set(sent.filter((job) => job.link === link).map((job) => job.frame));
            const arrived = got.filter((frame) => mine.has(frame)).map((frame) => frame[63]);
            expect(arrived).toEqual(Array.from({ length: link.count }, (_, seq) => seq));
          }
          expect(relay.heldBytes).toBe(0);
          relay.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it("wait in bounded memory for a slow reader", async () => {
    const relay = relayWith({ sessionBytes: 1000, partyBytes: 1000 });
    const [alice, bob] = [relay.line("alice"), relay.line("bob")];
    let taken = 0;
    const pushes = Array.from({ length: 50 }, (_, seq) =>
      alice.push(frameOf("alice", "bob", { seq, body: 100 })).then(() => (taken += 1)),
    );
    await turns(5);
    expect(relay.heldBytes).toBeLessThanOrEqual(1000);
    expect(taken).toBeLessThan(50);
    await take(bob.pull(sessionOf(1), never), 50);
    await Promise.all(pushes);
  });

  it("of one full link do not stop another link's", async () => {
    const relay = relayWith({ sessionBytes: 250, partyBytes: 250 });
    const [alice, carol] = [relay.line("alice"), relay.line("carol")];
    await alice.push(frameOf("alice", "bob", { seq: 0, body: 200 }));
    const stuck = alice.push(frameOf("alice", "bob", { seq: 1, body: 200 }));
    await carol.push(frameOf("carol", "bob", { seq: 0 }));
    await take(relay.line("bob").pull(sessionOf(1), never), 3);
    await stuck;
  });

  it("under one name with two contents end the session for everybody", async () => {
    const relay = relayWith();
    const [alice, bob, carol] = [relay.line("alice"), relay.line("bob"), relay.line("carol")];
    const reads = [bob, carol].map((line) => take(line.pull(sessionOf(1), never), 9));
    const first = frameOf("alice", "bob", { seq: 0, fill: 1 });
    await alice.push(first);
    await alice.push(first); // a repeat of the same bytes is nothing
    const second = frameOf("alice", "bob", { seq: 0, fill: 2 });
    const why = "expected one frame 0 from alice to bob, got two that differ";
    await expect(alice.push(second)).rejects.toThrow(why);
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: "equivocation" });
    await expect(carol.push(frameOf("carol", "bob", { seq: 0 }))).rejects.toThrow(why);
    expect(relay.evidence).toHaveLength(1);
    expect(new Set(relay.evidence[0]?.hashes).size).toBe(2);
    expect(relay.evidence[0]?.frames[1]).toBe(second);
    await carol.push(frameOf("carol", "bob", { seq: 0, session: 2 })); // other sessions go on
  });

  it("keep both versions of an equivocation while the first is still here", async () => {
    const relay = relayWith();
    const alice = relay.line("alice");
    for (let seq = 0; seq < 4; seq += 1) await alice.push(frameOf("alice", "bob", { seq, fill: seq }));
    const late = frameOf("alice", "bob", { seq: 2, fill: 9 });
    await expect(alice.push(late)).rejects.toMatchObject({ code: "equivocation" });
    expect(relay.evidence[0]?.frames.map((frame) => frame?.at(-1))).toEqual([2, 9]);
    expect(relay.heldBytes).toBe(0);
  });

  it("leave only under the sender's own name, well formed and not too large", async () => {
    const alice = relayWith().line("alice");
    const forged = alice.push(frameOf("bob", "carol", { seq: 0 }));
    await expect(forged).rejects.toThrow(
      "expected a frame from alice itself, got one in the name of another one",
    );
    await expect(alice.push(frameOf("alice", "alice", { seq: 0 }))).rejects.toMatchObject({
      code: "refused",
    });
    await expect(alice.push(new Uint8Array(111))).rejects.toMatchObject({ code: "invalid-frame" });
    await expect(alice.push(new Uint8Array(200))).rejects.toThrow("expected version 1, got 0");
    const large = frameOf("alice", "bob", { seq: 0, body: 262_384 });
    await expect(alice.push(large)).rejects.toMatchObject({ code: "too-large" });
  });
});

describe("a session", () => {
  it("is forgotten when everybody is done, and late frames for it vanish", async () => {
    const relay = relayWith();
    const [alice, bob] = [relay.line("alice"), relay.line("bob")];
    const done = Promise.withResolvers<void>();
    const reads = [alice, bob].map((line) => take(line.pull(sessionOf(1), done.promise), 99));
    await alice.push(frameOf("alice", "bob", { seq: 0 }));
    await alice.push(frameOf("alice", "bob", { seq: 2 })); // its predecessor never comes
    expect(relay.heldBytes).toBeGreaterThan(0);
    done.resolve();
    expect((await Promise.all(reads)).map((got) => got.length)).toEqual([0, 1]);
    expect(relay.heldBytes).toBe(0);
    await bob.push(frameOf("bob", "alice", { seq: 0 }));
    expect(relay.heldBytes).toBe(0);
  });

  it("expires when nobody reads or feeds it, and not while somebody reads", async () => {
    const relay = relayWith({ idleMs: 40 });
    const [alice, bob] = [relay.line("alice"), relay.line("bob")];
    const waiting = take(bob.pull(sessionOf(2), never), 1);
    await alice.push(frameOf("alice", "bob", { seq: 0 }));
    await turns(120);
    expect(relay.heldBytes).toBe(0);
    await expect(take(bob.pull(sessionOf(1), never), 1)).rejects.toMatchObject({ code: "expired" });
    await alice.push(frameOf("alice", "bob", { seq: 0, session: 2 }));
    expect(await waiting).toHaveLength(1);
  });

  it("is one of a bounded number per party", async () => {
    const relay = relayWith({ sessionsPerParty: 2 });
    const alice = relay.line("alice");
    for (const session of [1, 2]) await alice.push(frameOf("alice", "bob", { seq: 0, session }));
    await expect(alice.push(frameOf("alice", "bob", { seq: 0, session: 3 }))).rejects.toMatchObject({
      code: "limit",
    });
    await relay.line("bob").push(frameOf("bob", "alice", { seq: 0, session: 3 }));
  });
});

describe("presence", () => {
  it("is told at once and at each change", async () => {
    const relay = relayWith();
    const alice = relay.line("alice");
    const first = relay.line("bob");
    const seen: string[] = [];
    alice.onPresence((party, online) => seen.push(`${party} ${online}`));
    await first.close();
    const second = relay.line("bob");
    await second.close();
    await second.close();
    expect(seen).toEqual(["bob true", "bob false", "bob true", "bob false"]);
  });

  it("ends with the line: its reads stop and its pushes are refused", async () => {
    const relay = relayWith({ sessionBytes: 150, partyBytes: 150 });
    const alice = relay.line("alice");
    const reads = [take(alice.posts(), 1), take(alice.pull(sessionOf(1), never), 1)];
    await alice.push(frameOf("alice", "bob", { seq: 0 }));
    const stuck = alice.push(frameOf("alice", "bob", { seq: 1 }));
    await turns(2);
    await alice.close();
    expect((await Promise.all(reads)).map((got) => got.length)).toEqual([0, 0]);
    await expect(stuck).rejects.toMatchObject({ code: "closed" });
    await expect(alice.push(frameOf("alice", "bob", { seq: 2 }))).rejects.toMatchObject({ code: "closed" });
  });
});
