// SPDX-License-Identifier: Apache-2.0
// A long list and its cache, chunk by chunk: what is found is what stands there, and the cut is the same at every party.
import { type Job, MemoryVault, runJob } from "@koplamp/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import {
  bucketsOf,
  chunkBuckets,
  fewestShards,
  foundShards,
  loadItems,
  loadSealed,
  MOST_ROWS,
  notFound,
  openCache,
  type SealedPart,
  sealFound,
  sealLoaded,
  seekInputs,
  seekKnown,
  seekShards,
  shardRows,
} from "../src/index.ts";
import { kdf } from "../src/keyed.ts";
import { Federation, inputsOf } from "./federation.ts";

const LIST = Array.from({ length: 90 }, (_, at) => `item ${at}`);
const PLAN = new Uint8Array(32).fill(5);

/** Two parties with the same list, evaluated in three sessions: a chunk for each. */
const federation = new Federation(toyGroup(), primitives, ["alice", "bob"]);
federation.ceremony();
for (const party of federation.parties)
  for (const from of [0, 30, 60]) federation.evaluate(party, inputsOf(LIST.slice(from, from + 30)));

/** Runs jobs in one session of a party, and gives what the last one gives. */
function inSession<Value>(
  party: string,
  jobs: readonly (readonly [Job<never, unknown>, readonly unknown[]])[],
) {
  const vault = new MemoryVault({ cacheKey: federation.site(party).cacheKey.slice() });
  const values = jobs.map(([job, args]) => runJob(federation.jobs, vault, job.name, args));
  return { vault, value: values.at(-1) as Value };
}

const scope = federation.items("alice", inputsOf([])).scope;
const chunksOf = (party: string) => federation.site(party).chunks.map((chunk) => [scope, [chunk]] as const);

/** A list that comes in stretches of four. */
function seeking(list: readonly string[]): readonly (readonly [typeof seekInputs, readonly unknown[]])[] {
  const count = list.length;
  return Array.from({ length: Math.max(1, Math.ceil(count / 4)) }, (_, at) => {
    return [seekInputs, [inputsOf(list.slice(4 * at, 4 * at + 4)), 4 * at, count]];
  });
}

/** The names of the items of each shard, by one party's cache. */
function cutAt(party: string, list: readonly string[], shards: number, planHash = PLAN) {
  const { value } = inSession<readonly Uint32Array[]>(party, [
    ...seeking(list),
    ...chunksOf(party).map((args) => [seekShards, [...args, { planHash, shards }]] as const),
    [foundShards, [shards]],
  ]);
  return value.map((positions) => Array.from(positions, (at) => list[at]));
}

const SEED = new Uint8Array(32).fill(7);

/** s_x of each shard of a list, sealed for its session, and the list as the shards have it. */
function sealedAt(list: readonly string[], shards: number) {
  const cut = { planHash: PLAN, shards };
  const { value } = inSession<readonly SealedPart[]>("alice", [
    ...seeking(list),
    ...chunksOf("alice").map((args) => [seekShards, [...args, cut]] as const),
    [sealFound, [scope, shards, SEED]],
  ]);
  return { parts: value, names: cutAt("alice", list, shards) };
}

describe("a cache that is read in parts", () => {
  it("gives each s_x to its own input, as one that is open as a whole does", () => {
    const item = fc.constantFrom(...LIST);
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), fc.array(item, { maxLength: 60 }), (one, two) => {
        const lists = [sealedAt(one, 4), sealedAt(two, 4)];
        for (let shard = 0; shard < 4; shard += 1) {
          const names = lists.flatMap((list) => list.names[shard] ?? []) as readonly string[];
          const whole = inSession("alice", [
            [openCache, [scope, federation.site("alice").chunks]],
            [loadItems, [inputsOf(names)]],
          ]).vault;
          const { vault } = inSession("alice", [
            [loadSealed, [scope, lists.map((list) => list.parts[shard])]],
          ]);
          expect(vault.get("s")).toEqual(whole.get("s"));
          const distinct = lists.reduce((sum, list) => sum + new Set(list.names[shard]).size, 0);
          expect([...vault.get("distinct")]).toEqual([0, 0, 0, distinct]);
        }
      }),
      { numRuns: 10 },
    );
  });

  it("says nothing of s_x outside, and seals nothing twice alike", () => {
    const { parts } = sealedAt(LIST, 2);
    const { vault } = inSession("alice", [
      [openCache, [scope, federation.site("alice").chunks]],
      [loadItems, [inputsOf(LIST)]],
    ]);
    const outside = Buffer.concat(parts.map(({ sealed }) => sealed)).toString("hex");
    for (let at = 0; at < LIST.length; at += 1)
      expect(outside).not.toContain(
        Buffer.from(vault.get("s").subarray(at * 32, at * 32 + 32)).toString("hex"),
      );
    const nonces = sealedAt(LIST, 8).parts.map(({ sealed }) =>
      Buffer.from(sealed.subarray(0, 12)).toString("hex"),
    );
    expect(new Set(nonces).size).toBe(8);
  });

  it("gives what one session found to the next, sealed", () => {
    const inputs = inputsOf(["item 7", "item 3", "item 7"]);
    const { vault: first, value } = inSession<SealedPart>("alice", [
      [openCache, [scope, federation.site("alice").chunks]],
      [loadItems, [inputs]],
      [sealLoaded, [scope, SEED.subarray(0, 12)]],
    ]);
    const { vault: next } = inSession("alice", [[loadSealed, [scope, [value]]]]);
    for (const handle of ["s", "distinct"]) expect(next.get(handle)).toEqual(first.get(handle));
    expect(value).toMatchObject({ distinct: 2, sealed: { length: 12 + 3 * 32 + 16 } });
    const secret = Buffer.from(first.get("s").subarray(0, 32));
    expect(Buffer.from(value.sealed).includes(secret)).toBe(false);
  });

  it("refuses a part that is not what was sealed, or of another use", () => {
    const { parts } = sealedAt(LIST, 1);
    const [{ sealed = new Uint8Array(), distinct = 0 } = {}] = parts;
    const turned = sealed.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    const [chunk = new Uint8Array()] = federation.site("alice").chunks;
    for (const wrong of [turned, sealed.subarray(0, 20), chunk])
      expect(() => inSession("alice", [[loadSealed, [scope, [{ sealed: wrong, distinct }]]]])).toThrow(
        expect.objectContaining({ code: "cache" }),
      );
  });

  it("has nothing to give to an empty list, not even where there is no cache", () => {
    const { value } = inSession<readonly SealedPart[]>("alice", [
      ...seeking([]),
      [sealFound, [scope, 4, SEED]],
    ]);
    const { vault } = inSession("alice", [[loadSealed, [scope, value.slice(0, 1)]]]);
    expect([vault.get("s").length, ...vault.get("distinct")]).toEqual([0, 0, 0, 0, 0]);
    expect(inSession<readonly unknown[]>("alice", [...seeking([]), [foundShards, [4]]]).value).toEqual(
      Array.from({ length: 4 }, () => new Uint32Array()),
    );
  });

  it("is looked up by buckets: whatever stands in a chunk is in one of those that it says", () => {
    for (const buckets of [1, 2, 16, 4096]) {
      const bounds = inSession<Uint16Array>("alice", [
        [chunkBuckets, [scope, federation.site("alice").chunks, buckets]],
      ]).value;
      expect(bounds).toHaveLength(2 * 3);
      for (const at of [0, 1, 2]) {
        const own = inSession<Uint16Array>("alice", [
          [bucketsOf, [inputsOf(LIST.slice(30 * at, 30 * at + 30)), buckets]],
        ]);
        expect([Math.min(...own.value), Math.max(...own.value)]).toEqual([
          ...bounds.subarray(2 * at, 2 * at + 2),
        ]);
      }
    }
  });

  it("names what no part has, each different input once", () => {
    const list = ["new", "item 3", "newer", "new", "item 80"];
    const { value } = inSession<Uint32Array>("alice", [
      ...seeking(list),
      ...chunksOf("alice").map((args) => [seekKnown, args] as const),
      [notFound, []],
    ]);
    expect(Array.from(value, (at) => list[at]).sort()).toEqual(["new", "newer"]);
  });

  it("says so when an item was never evaluated", () => {
    expect(() => cutAt("alice", ["item 1", "new"], 4)).toThrow(
      expect.objectContaining({ code: "not-evaluated" }),
    );
    expect(() => inSession("alice", [...seeking(["new"]), [sealFound, [scope, 1, SEED]]])).toThrow(
      expect.objectContaining({ code: "not-evaluated" }),
    );
  });
});

describe("the cut of a list", () => {
  it("is the same at every party, item by item, and leaves every list in its order", () => {
    const [alice, bob] = [cutAt("alice", LIST, 8), cutAt("bob", [...LIST].reverse(), 8)];
    expect(bob.map((names) => [...names].reverse())).toEqual(alice);
    expect(alice.flat().sort()).toEqual([...LIST].sort());
    expect(alice.filter(({ length }) => length > 0).length).toBeGreaterThan(4);
  });

  it("follows from KDF(s_x, planHash, shard), by its first bits", () => {
    const { vault } = inSession("alice", [
      [openCache, [scope, federation.site("alice").chunks]],
      [loadItems, [inputsOf(LIST)]],
    ]);
    const expected = LIST.map((_, at) => {
      const secret = vault.get("s").subarray(at * 32, at * 32 + 32);
      return (kdf(primitives, secret, PLAN, "shard", [], 32)[0] ?? 0) >>> 5;
    });
    const found = cutAt("alice", LIST, 8);
    expect(LIST.map((name) => found.findIndex((names) => names.includes(name)))).toEqual(expected);
  });

  it("into half as many shards puts two together", () => {
    const [four, eight] = [cutAt("alice", LIST, 4), cutAt("alice", LIST, 8)];
    for (const [at, names] of four.entries())
      expect([...(eight[2 * at] ?? []), ...(eight[2 * at + 1] ?? [])].sort()).toEqual([...names].sort());
  });

  it("is another in every question: nobody can fill a shard beforehand", () => {
    expect(cutAt("alice", LIST, 8, new Uint8Array(32).fill(6))).not.toEqual(cutAt("alice", LIST, 8));
  });
});

describe("what a shard is padded to", () => {
  it("lets in the mean and eight deviations, and is never more than the whole list", () => {
    fc.assert(
      fc.property(fc.integer({ min: 256, max: 2 ** 27 }), fc.integer({ min: 0, max: 12 }), (rows, bits) => {
        const [size, mean] = [shardRows(rows, 2 ** bits), rows / 2 ** bits];
        expect(size).toBeLessThanOrEqual(rows);
        expect(size).toBeGreaterThanOrEqual(Math.min(rows, mean + 8 * Math.sqrt(mean)));
        expect(size === rows || size % 256 === 0).toBe(true);
      }),
    );
  });

  it("fits a session with as few shards as can be", () => {
    expect(fewestShards([256, MOST_ROWS], MOST_ROWS)).toBe(1);
    expect(fewestShards([256, MOST_ROWS + 1], MOST_ROWS)).toBe(2);
    expect(fewestShards([2 * MOST_ROWS], MOST_ROWS)).toBe(4);
    expect(shardRows(2 * MOST_ROWS, 2)).toBeGreaterThan(MOST_ROWS);
  });
});
