// SPDX-License-Identifier: Apache-2.0
// Long lists in shards, here of a few hundred rows: the answer of the whole, and sizes that say nothing.
import { bind } from "@koplamp/protocol";
import { stretchOf } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import {
  type Cutting,
  cutParty,
  evaluatedRows,
  type Matched,
  matchPair,
  matchPairParty,
  pairCountBlind,
} from "../src/index.ts";
import { cutOf } from "../src/pair-cut.ts";
import { MOST_PAIR_ROWS } from "../src/session.ts";
import { expectDescribed } from "./described.ts";
import { Federation, padded } from "./federation.ts";
import { countSetups, type Lists, matchSetups, packed, pairOf, runCount } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const BOTH = ["alice", "bob"];
const MOST = 512;
const numbered = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) => `item ${from + at}`);
const LISTS: Lists = { alice: numbered(0, 700), bob: numbered(400, 1000) };
const SHARED = 300;

function matched(lists: Lists, recipients: readonly string[], mostRows?: number, weather = {}) {
  const federation = pairOf(toyGroup(), primitives);
  const setups = matchSetups(federation, lists, recipients).map((setup) =>
    mostRows === undefined ? setup : { ...setup, mostRows },
  );
  const nodes = setups.map((setup) => [setup.me, matchPairParty(setup, federation.rng)]);
  return { federation, run: federation.run(Object.fromEntries(nodes), weather) };
}

describe("a pair in shards", () => {
  it("finds what the whole lists have in common, and sends what it describes", () => {
    const size = fc.integer({ min: 0, max: 760 });
    const cases = fc.record({ alice: size, bob: size, from: size, weather: anyWeather() });
    fc.assert(
      fc.property(cases, ({ alice, bob, from, weather }) => {
        const lists = { alice: numbered(0, alice), bob: numbered(from, from + bob) };
        const [cut, whole] = [matched(lists, BOTH, 384, weather), matched(lists, BOTH)];
        for (const party of BOTH) {
          const holders = (cut.run.outputs.get(party) as Matched).holders;
          expect(holders).toEqual((whole.run.outputs.get(party) as Matched).holders);
        }
        const terms = { parties: BOTH, recipients: BOTH, rowsPadded: padded(packed(lists)), mostRows: 384 };
        expectDescribed(cut.run, matchPair.describe(terms));
      }),
      { numRuns: 6 },
    );
  });

  it("counts for many what the whole lists have in common, each pair in its own shards", () => {
    const lists = { ...LISTS, carol: numbered(650, 1300) };
    const federation = new Federation(toyGroup(), primitives, Object.keys(lists));
    const setups = countSetups(federation, lists, ["zoe"]).map((setup) => ({ ...setup, mostRows: MOST }));
    const run = runCount(federation, "count.blind", setups);
    expect(run.outputs.get("zoe")).toEqual({
      cells: ["alice&bob", "alice&carol", "bob&carol"],
      counts: [SHARED, 50, 350],
    });
    const { parties } = federation;
    const terms = { parties, recipients: ["zoe"], rowsPadded: padded(packed(lists)), mostRows: MOST };
    expectDescribed(run, pairCountBlind.describe(terms));
  });

  it("meters every row of every shard, and no more than the contract says", () => {
    const { federation } = matched(LISTS, ["alice"], MOST);
    const spent = federation.metered.reduce((sum, { elements }) => sum + elements, 0);
    const terms = { parties: BOTH, recipients: ["alice"], rowsPadded: padded(packed(LISTS)), mostRows: MOST };
    expect(spent).toBe(evaluatedRows(terms, "alice"));
    expect(matchPair.describe(terms).debits.map(({ amount }) => amount)).toEqual([spent]);
    expect(spent).toBe(4 * 512);
  });

  it("has sizes that depend on buckets only, wherever the items fall", () => {
    const other = { alice: numbered(5000, 5650), bob: numbered(9000, 9760) };
    const shapes = [LISTS, other].map((lists) =>
      matched(lists, ["bob"], MOST).run.transcript.map(({ from, to, type, bytes }) => [
        from,
        to,
        type,
        bytes.length,
      ]),
    );
    expect(shapes[0]).toEqual(shapes[1]);
  });

  it("has no row in common between shards", () => {
    const { transcript } = matched(LISTS, ["bob"], MOST).run;
    const rows = transcript
      .filter(({ type }) => type === "M")
      .flatMap(({ bytes }) =>
        Array.from({ length: bytes.length / 32 }, (_, at) => bytes.slice(at * 32, at * 32 + 32).join()),
      );
    expect(rows).toHaveLength(4 * 512);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it("cuts otherwise in every session, under a secret of the parties: nobody can fill a shard beforehand", () => {
    const cuts: string[] = [];
    for (const seed of ["one", "two"]) {
      const federation = pairOf(toyGroup(), primitives, seed);
      const honest = federation.jobs.get("psi.pair.cut-inputs");
      const watched = bind({ name: "psi.pair.cut-inputs" }, (vault, ...args: readonly unknown[]) => {
        const cut = honest?.(vault, ...args) as Uint16Array;
        cuts.push(cut.join(" "));
        return cut;
      });
      Object.assign(federation, { jobs: new Map([...federation.jobs, watched]) });
      const setups = matchSetups(federation, LISTS, BOTH).map((setup) => ({ ...setup, mostRows: MOST }));
      federation.run(
        Object.fromEntries(setups.map((setup) => [setup.me, matchPairParty(setup, federation.rng)])),
      );
    }
    expect(new Set(cuts).size).toBe(4); // of two parties, in two sessions
  });

  it("cuts a list that goes to a worker in stretches alike at both, and leaves it in its order", () => {
    const federation = pairOf(toyGroup(), primitives);
    const list = numbered(0, 70_000);
    const lists: Lists = { alice: list, bob: [...list].reverse() };
    const transcript = federation.transcript();
    const inputs = packed(lists);
    const cuts = new Map<string, number[]>();
    const nodes = BOTH.map((me) => {
      const own = inputs[me] ?? { bytes: new Uint8Array(), ends: new Uint32Array() };
      const stretches = [0, 1, 2].map((at) =>
        stretchOf(own, at * 30_000, Math.min(70_000, (at + 1) * 30_000)),
      );
      const put: Cutting = (_stretch, shardAt) =>
        void cuts.set(me, [...(cuts.get(me) ?? []), ...Array.from(shardAt)]);
      return [me, cutParty({ me, parties: BOTH, transcript }, stretches, 8, put, federation.rng)];
    });
    federation.run(Object.fromEntries(nodes));
    const [alice, bob] = BOTH.map((me) => {
      const shardAt = cuts.get(me) ?? [];
      return Array.from(
        { length: 8 },
        (_, shard) => lists[me]?.filter((_name, at) => shardAt[at] === shard) ?? [],
      );
    });
    expect(bob?.map((names) => [...names].reverse())).toEqual(alice);
    expect(alice?.flat()).toHaveLength(list.length);
    expect(new Set(alice?.flat()).size).toBe(list.length);
  });

  it("ends before any token, commitment or request leaves when a shard is over its size", () => {
    const federation = pairOf(toyGroup(), primitives);
    const everything = bind({ name: "psi.pair.cut-inputs" }, (_vault, inputs: { ends: Uint32Array }) => {
      return new Uint16Array(inputs.ends.length);
    });
    const rigged = Object.assign(federation, { jobs: new Map([...federation.jobs, everything]) });
    const left = new Set<string>();
    const setups = matchSetups(rigged, LISTS, BOTH).map((setup) => ({ ...setup, mostRows: MOST }));
    const nodes = setups.map((setup) => [setup.me, matchPairParty(setup, rigged.rng)]);
    const run = (): unknown =>
      rigged.run(Object.fromEntries(nodes), { observe: ({ type }) => void left.add(type) });
    expect(run).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(left).toEqual(new Set(["commit", "echo", "alpha"]));
  });
});

describe("how lists are cut", () => {
  const cut = (alice: number, bob: number) => cutOf({ parties: BOTH, rowsPadded: { alice, bob } });

  it("not at all up to 2^17; above that by public bounds, with room for chance in each shard", () => {
    expect(cut(256, MOST_PAIR_ROWS)).toEqual({ shards: 1, rowsPadded: { alice: 256, bob: MOST_PAIR_ROWS } });
    expect(cut(256, 3 * 2 ** 16)).toEqual({ shards: 2, rowsPadded: { alice: 256, bob: 100_864 } });
    expect(cut(256, 2 ** 18)).toEqual({ shards: 4, rowsPadded: { alice: 256, bob: 67_584 } });
    expect(cut(2 ** 20, 2 ** 20).shards).toBe(16);
    expect(() => cut(256, 3 * 2 ** 19)).toThrow(expect.objectContaining({ code: "too-large" }));
  });

  it("every size lets in the mean and eight deviations", () => {
    fc.assert(
      fc.property(fc.integer({ min: 256, max: 2 ** 20 }), (rows) => {
        const { shards, rowsPadded } = cut(256, rows);
        const [mean, size] = [rows / shards, rowsPadded["bob"] ?? 0];
        expect(size).toBeLessThanOrEqual(MOST_PAIR_ROWS);
        if (shards > 1) expect(size).toBeGreaterThanOrEqual(mean + 8 * Math.sqrt(mean));
      }),
    );
  });
});
