// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bind,
  compute,
  disclose,
  job,
  MemoryVault,
  type Party,
  ProtocolError,
  receive,
  type Sent,
  send,
  simulate,
} from "../src/index.ts";
import { ANSWER, byte, bytesOf, HELLO } from "./codecs.ts";

const double = job<[Uint8Array], Uint8Array>("double");
const remember = job<[string, Uint8Array], void>("remember");
const jobs = new Map([
  bind(double, (_vault, [value = 0]) => byte(2 * value)),
  bind(remember, (vault, handle, secret) => vault.put(handle, secret)),
]);

/** Sums one number a party: everybody tells everybody, pairwise in order of id. */
function* talker(me: string, others: readonly string[], value: number): Party<number> {
  let sum = value;
  for (const other of others) {
    if (me < other) yield* send(other, HELLO, byte(value));
    sum += (yield* receive(other, HELLO))[0] ?? 0;
    if (me > other) yield* send(other, HELLO, byte(value));
  }
  return sum;
}

function* asker(peer: string): Party<number> {
  yield* send(peer, HELLO, byte(21));
  return (yield* receive(peer, ANSWER))[0] ?? 0;
}

function* answerer(peer: string): Party<string> {
  const doubled = yield* compute(double, yield* receive(peer, HELLO));
  yield* disclose(peer, "the-answer", ANSWER, doubled);
  return "told";
}

describe("simulate", () => {
  it("gives the outputs and a transcript that marks what was disclosed", () => {
    const { outputs, transcript } = simulate({ alice: asker("bob"), bob: answerer("alice") }, { jobs });
    expect(Object.fromEntries(outputs)).toEqual({ alice: 42, bob: "told" });
    expect(transcript.map(({ from, type, output, release }) => [from, type, output, release])).toEqual([
      ["alice", "hello", undefined, undefined],
      ["bob", "answer", "the-answer", 0],
    ]);
  });

  it("gives the same outputs under any interleaving and any buffer", () => {
    const ids = ["a", "b", "c", "d"];
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.nat()),
        fc.constantFrom(0, 1, Number.POSITIVE_INFINITY),
        (picks, buffer) => {
          const parties = Object.fromEntries(
            ids.map((id, at) => [
              id,
              talker(
                id,
                ids.filter((other) => other !== id),
                at + 1,
              ),
            ]),
          );
          const pick = (count: number): number => (picks.next().value ?? 0) % count;
          expect([...simulate(parties, { pick, buffer }).outputs.values()]).toEqual([10, 10, 10, 10]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("names who waits for what when nobody can go on", () => {
    const waiting = { alice: answerer("bob"), bob: answerer("alice") };
    expect(() => simulate(waiting, { buffer: 1 })).toThrow(
      "alice waits for hello from bob; bob waits for hello from alice",
    );
    const crossed = { alice: asker("bob"), bob: asker("alice") };
    expect(() => simulate(crossed, { buffer: 0 })).toThrow(
      "alice waits for room to send hello to bob; bob waits for room to send hello to alice",
    );
  });

  it("holds a release back behind a shut gate and names its outputs", () => {
    const seen: Sent[] = [];
    const run = (): unknown =>
      simulate(
        { alice: asker("bob"), bob: answerer("alice") },
        { jobs, gate: (party) => party !== "bob", observe: (sent) => seen.push(sent) },
      );
    expect(run).toThrow("alice waits for answer from bob; bob waits for its gate (the-answer)");
    expect(seen.map(({ type }) => type)).toEqual(["hello"]);
  });

  it("opens the gate once for a run of disclosures, and again after a send", () => {
    function* teller(): Party<void> {
      yield* disclose("bob", "one", ANSWER, byte(1));
      yield* compute(double, byte(1));
      yield* disclose("carol", "two", ANSWER, byte(2));
      yield* send("bob", HELLO, byte(0));
      yield* disclose("carol", "three", ANSWER, byte(3));
    }
    function* listener(types: readonly string[]): Party<void> {
      for (const type of types) yield* receive("alice", bytesOf(type));
    }
    const releases: string[][] = [];
    simulate(
      { alice: teller(), bob: listener(["answer", "hello"]), carol: listener(["answer", "answer"]) },
      { jobs, gate: (_party, held) => releases.push(held.map(({ output }) => output ?? "")) > 0 },
    );
    expect(releases).toEqual([["one", "two"], ["three"]]);
  });

  it("refuses a message of another type or length", () => {
    function* liar(type: string, length: number): Party<void> {
      yield* send("alice", bytesOf(type), new Uint8Array(length));
    }
    function* listener(): Party<void> {
      yield* receive("liar", HELLO);
    }
    expect(() => simulate({ alice: listener(), liar: liar("answer", 1) })).toThrow(
      new ProtocolError("unexpected-type", "expected hello from liar, got answer"),
    );
    expect(() => simulate({ alice: listener(), liar: liar("hello", 2) })).toThrow(
      new ProtocolError("invalid-message", "expected 1 bytes of hello, got 2"),
    );
  });

  it("runs every finally and wipes every vault, also when a party throws", () => {
    const ended: string[] = [];
    const secret = byte(7);
    function* keeper(): Party<void> {
      try {
        yield* compute(remember, "key", secret);
        yield* receive("thrower", HELLO);
      } finally {
        ended.push("keeper");
      }
    }
    function* thrower(): Party<void> {
      yield* compute(double, byte(0));
      throw new Error("broken");
    }
    const vault = new MemoryVault();
    expect(() =>
      simulate({ keeper: keeper(), thrower: thrower() }, { jobs, vaults: { keeper: vault } }),
    ).toThrow("broken");
    expect(ended).toEqual(["keeper"]);
    expect(vault.has("key")).toBe(false);
    expect([...secret]).toEqual([0]);
  });

  it("names a job that no code is bound to", () => {
    function* hopeful(): Party<void> {
      yield* compute(double, byte(1));
    }
    expect(() => simulate({ alice: hopeful() })).toThrow('no code is bound to the job "double"');
  });
});
