// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { type Codec, type Party, type PartyId, simulate } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  conversation,
  exchangeMessages,
  exchangeReady,
  hashCodec,
  hear,
  sha256Of,
  tell,
} from "../src/ready.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
const JOBS = new Map([
  [sha256Of.name, (_vault: unknown, bytes: unknown): unknown => sha256(bytes as Uint8Array)],
]);
const ROOT: Codec<Uint8Array> = hashCodec("R");
const NOTE: Codec<Uint8Array> = hashCodec("commit");
const T = new Uint8Array(32).fill(9);
const bytes = (value: number): Uint8Array => new Uint8Array(32).fill(value);

/** A node that tells everybody `value`, and each neighbour in id order something of its own. */
function* node(
  me: PartyId,
  all: readonly PartyId[],
  value: number,
  private_ = 100,
): Party<ReadonlyMap<PartyId, Uint8Array>> {
  const talk = conversation(me, all);
  const roots = yield* exchangeMessages(talk, { codec: ROOT, mine: bytes(value) });
  for (const peer of talk.others) {
    if (me < peer) yield* tell(talk, peer, NOTE, bytes(private_ + value));
    else yield* hear(talk, peer, NOTE);
  }
  yield* exchangeReady(talk, T);
  return roots;
}

describe("the ready exchange", () => {
  it("ends well for any number of honest nodes, any interleaving and any buffer", () => {
    const arbitrary = fc.record({
      count: fc.integer({ min: 2, max: 6 }),
      buffer: fc.constantFrom(0, 1, Number.POSITIVE_INFINITY),
      picks: fc.infiniteStream(fc.nat()),
    });
    fc.assert(
      fc.property(arbitrary, ({ count, buffer, picks }) => {
        const all = ["a", "b", "c", "d", "e", "f"].slice(0, count);
        const parties = Object.fromEntries(all.map((me, at) => [me, node(me, all, at)]));
        const pick = (enabled: number): number => (picks.next().value ?? 0) % enabled;
        const { outputs } = simulate(parties, { jobs: JOBS, buffer, pick });
        const everybody = new Map(all.map((party, at) => [party, bytes(at)]));
        expect([...outputs.values()]).toEqual(all.map(() => everybody));
      }),
      { numRuns: 50 },
    );
  });

  it("hashes exactly what protocols.md, section 5 says", () => {
    const { transcript } = simulate(
      { a: node("a", ["a", "b"], 1), b: node("b", ["a", "b"], 2) },
      { jobs: JOBS },
    );
    const pair = sha256(concat(sha256(bytes(1)), sha256(bytes(101)), sha256(bytes(2))));
    const common = sha256(concat(sha256(bytes(1)), sha256(bytes(2))));
    const ready = sha256(concat(lp("koplamp/ready/1"), T, lp("a"), lp("b"), pair, common));
    expect(transcript.filter(({ type }) => type === "ready").map(({ bytes: sent }) => sent)).toEqual([
      ready,
      ready,
    ]);
  });

  it("finds a node that told two others different things, each of them consistently", () => {
    function* equivocating(): Party<void> {
      const talks = ["b", "c"].map((peer) => ({ peer, talk: conversation("a", ["a", peer]) }));
      for (const [at, { peer, talk }] of talks.entries()) {
        yield* tell(talk, peer, ROOT, bytes(at), true);
      }
      for (const { talk } of talks) yield* exchangeReady(talk, T);
    }
    function* listening(me: PartyId): Party<void> {
      const talk = conversation(me, ["a", "b", "c"]);
      yield* exchangeMessages(talk, { codec: ROOT, senders: ["a"] });
      yield* exchangeReady(talk, T);
    }
    expect(() =>
      simulate({ a: equivocating(), b: listening("b"), c: listening("c") }, { jobs: JOBS }),
    ).toThrow(/^[bc] saw other messages in this session than [bc]$/);
  });

  it("counts what the coordinator told everybody", () => {
    function* coordinator(second: number): Party<void> {
      yield* tell(conversation("coordinator", ["coordinator"]), "a", ROOT, bytes(1), true);
      yield* tell(conversation("coordinator", ["coordinator"]), "b", ROOT, bytes(second), true);
    }
    function* listening(me: PartyId): Party<void> {
      const talk = conversation(me, ["a", "b"]);
      yield* hear(talk, "coordinator", ROOT, true);
      yield* exchangeReady(talk, T);
    }
    const run = (second: number): unknown =>
      simulate({ a: listening("a"), b: listening("b"), coordinator: coordinator(second) }, { jobs: JOBS });
    expect(run(1)).toBeDefined();
    expect(() => run(2)).toThrow("saw other messages");
  });

  it("is of one session: another transcript does not fit", () => {
    function* other(me: PartyId, transcript: Uint8Array): Party<void> {
      yield* exchangeReady(conversation(me, ["a", "b"]), transcript);
    }
    expect(() => simulate({ a: other("a", T), b: other("b", bytes(8)) }, { jobs: JOBS })).toThrow(
      "saw other messages",
    );
  });
});
