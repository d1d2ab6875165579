// SPDX-License-Identifier: Apache-2.0
import { parameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { Draws } from "../src/draws.ts";
import {
  type DistinctSetup,
  distinctNode,
  type JoinHubSetup,
  type JoinSession,
  joinHubNode,
} from "../src/index.ts";
import { zeroSumMasks } from "../src/join-hub-jobs.ts";
import {
  chunkOfNumbers,
  chunkOfSelection,
  chunksAt,
  type Geometry,
  geometryOf,
  groupChoices,
  sumsOfBlock,
} from "../src/join-hub-layout.ts";
import { hubOfDistinct, hubOfJoin } from "../src/join-hub-session.ts";
import { layTokens, permutation } from "../src/join-hub-tokens.ts";
import { seeded } from "./federation.ts";

const primitives = nodePrimitives();
const set = parameterSet("bfv-sel-42-pq");
const rng = seeded(primitives, "layout");
const draws = (): Draws => new Draws(primitives, rng(32), new Uint8Array());

function session(
  rowsPadded: Readonly<Record<PartyId, number>>,
  more: Partial<JoinSession> = {},
): JoinSession {
  const contributors = Object.keys(rowsPadded).sort();
  const [groupOwner = ""] = contributors;
  const columns = contributors.slice(1).map((party) => ({ party, ranges: { least: 0, most: 100 } }));
  const transcript = new Uint8Array(32);
  return {
    contributors,
    recipients: contributors,
    transcript,
    set,
    rowsPadded,
    cells: 5,
    groupOwner,
    columns,
    minCount: 10,
    ...more,
  };
}

describe("the number of groups that a selection is for", () => {
  const choices = (own: JoinSession): readonly number[] => groupChoices(hubOfJoin(own));

  it("is a power of two that follows from the plan where that is cheap", () => {
    expect(choices(session({ a: 49_152, b: 49_152 }))).toEqual([8]);
    expect(choices(session({ a: 768, b: 384 }, { cells: 60 }))).toEqual([64]);
    expect(choices(session({ a: 768, b: 384 }, { cells: 3 }))).toEqual([4]);
  });

  it("is no more than could reach the minimum count", () => {
    expect(choices(session({ a: 768, b: 384 }, { cells: 355 }))).toEqual([64]);
    expect(choices(session({ a: 768, b: 384 }, { cells: 355, minCount: 100 }))).toEqual([4]);
  });

  it("is one where nobody has groups", () => {
    const { groupOwner: _, ...without } = session({ a: 768, b: 384 }, { cells: 1 });
    expect(choices(without)).toEqual([1]);
  });

  it("is one of few that the coordinator tells where all could be too many", () => {
    const fronts = session({ a: 32_768, b: 6144, c: 4096 }, { cells: 355 });
    expect(choices(fronts)).toEqual([4, 8, 16, 32, 64, 128, 256]);
    const hub = hubOfJoin(fronts);
    expect([8, 256].map((groups) => chunksAt(hub, "b", groups))).toEqual([7, 199]);
  });

  it("is refused where not even the fewest fit the noise that the set allows", () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`p${at + 10}`, 2 ** 20]));
    expect(() => choices(session(many))).toThrow(expect.objectContaining({ code: "too-large" }));
    const cells = { cells: 9000, minCount: 0 };
    expect(choices(session({ a: 49_152, b: 49_152 }, cells)).at(-1)).toBe(128);
  });
});

describe("tokens as they are sent", () => {
  const tokens = rng(16 * 40);
  const listOf = Int32Array.from({ length: 40 }, (_, at) => (at % 5) - 1);
  const layout = { me: "a", lists: 4, rows: 30, listOf, groups: 4 };
  const laid = layTokens(layout, tokens, rng, draws());

  it("stand in their list, each once, among as many random ones as fill it", () => {
    expect(laid.tokens.length).toBe(4 * 30 * 16);
    for (const [row, list] of listOf.entries()) {
      const at = laid.rowsAt.indexOf(row);
      if (list < 0) expect(at).toBe(-1);
      else {
        expect(Math.floor(at / 30)).toBe(list);
        expect(laid.tokens.slice(at * 16, at * 16 + 16)).toEqual(tokens.slice(row * 16, row * 16 + 16));
      }
    }
    expect(laid.rowsAt.filter((row) => row >= 0).length).toBe(32);
  });

  it("are ascending in each list: where one stands says nothing about its row", () => {
    const names = Array.from({ length: 120 }, (_, at) =>
      Buffer.from(laid.tokens.slice(at * 16, at * 16 + 16)).toString("hex"),
    );
    for (let list = 0; list < 4; list += 1) {
      const own = names.slice(list * 30, list * 30 + 30);
      expect(own).toEqual([...own].sort());
    }
  });

  it("carry the group of their row, and dummies any", () => {
    const groupOf = Int32Array.from({ length: 40 }, (_, at) => at % 3);
    const one = layTokens(
      { ...layout, lists: 1, rows: 400, listOf: new Int32Array(40), groupOf },
      tokens,
      rng,
      draws(),
    );
    const groups = one.groups ?? new Uint32Array();
    one.rowsAt.forEach((row, at) => {
      if (row >= 0) expect(groups[at]).toBe(row % 3);
    });
    const dummies = [...groups].filter((_, at) => (one.rowsAt[at] ?? 0) < 0);
    for (const group of [0, 1, 2, 3])
      expect(dummies.filter((own) => own === group).length).toBeGreaterThan(40);
  });

  it("are refused when a key stands twice, in one list or in two", () => {
    const twice = tokens.slice();
    twice.copyWithin(16 * 2, 16, 32); // rows 1 and 2, in lists 0 and 1
    expect(() => layTokens(layout, twice, rng, draws())).toThrow(/a key stands twice at a/);
    expect(() =>
      layTokens({ ...layout, lists: 1, listOf: new Int32Array(40), rows: 40 }, twice, rng, draws()),
    ).toThrow(/twice/);
  });

  it("stand in any order of groups: each of six about as often", () => {
    const counts = new Map<string, number>();
    const own = draws();
    for (let at = 0; at < 6000; at += 1) {
      const order = permutation(3, own).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const squares = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(squares).toBeLessThan(36.1); // chi-square of 5 degrees, one in a million
  });
});

/** Adds the numbers of selected rows to the sum of their group. */
function addChosen(sums: Float64Array, { width }: Geometry, plain: Float64Array, chosen: Float64Array): void {
  const signed = plain.map((number) => (number > set.t / 2 ? number - set.t : number));
  for (const group of sums.keys()) {
    for (let slot = group * width; slot < (group + 1) * width; slot += 1) {
      sums[group] = (sums[group] ?? 0) + (chosen[slot] ?? 0) * (signed[slot] ?? 0);
    }
  }
}

describe("slots", () => {
  it("hold a row at the same place in numbers and in selections, whatever the sizes", () => {
    const sizes = fc.record({
      groups: fc.integer({ min: 1, max: 600 }),
      rows: fc.integer({ min: 1, max: 3000 }),
    });
    fc.assert(
      fc.property(sizes, ({ groups, rows }) => {
        const hub = hubOfJoin(session({ a: rows, b: rows }));
        const geometry = geometryOf(set, groups);
        const rowsAt = Int32Array.from({ length: rows }, (_, at) => (at * 7) % rows);
        const numbers = Float64Array.from({ length: rows }, (_, row) => row - 5);
        const blocks = Int32Array.from({ length: rows }, (_, at) => (at % (groups + 1)) - 1);
        const sums = new Float64Array(groups);
        for (let chunk = 0; chunk < Math.ceil(rows / geometry.width); chunk += 1) {
          const plain = chunkOfNumbers(hub, geometry, rowsAt, numbers, chunk);
          const chosen = chunkOfSelection(hub, geometry, blocks, chunk);
          expect([plain[set.slots - 1], chosen[set.slots - 1], chosen[set.slots - 2]]).toEqual([1, 0, 0]);
          addChosen(sums, geometry, plain, chosen);
        }
        const expected = new Float64Array(groups);
        blocks.forEach((group, at) => {
          if (group >= 0) expected[group] = (expected[group] ?? 0) + (numbers[rowsAt[at] ?? 0] ?? 0);
        });
        expect(sums).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it("are masked so that each group adds up to zero and no slot is zero", () => {
    const slots = new Float64Array(8192);
    zeroSumMasks(slots, { groups: 4, width: 2047 }, set.t, (length) =>
      primitives.aes256Ctr(new Uint8Array(32), length),
    );
    for (let group = 0; group < 4; group += 1) {
      const own = slots.subarray(group * 2047, (group + 1) * 2047);
      expect(own.every((slot) => slot > 0 && slot < set.t)).toBe(true);
      expect(own.reduce((sum, slot) => (sum + slot) % set.t, 0)).toBe(0);
      expect(own.filter((slot) => slot > set.t / 2).length).toBeGreaterThan(850);
    }
    expect(slots.subarray(4 * 2047).every((slot) => slot === 0)).toBe(true);
  });
});

describe("an opened block", () => {
  const hub = hubOfJoin(session({ a: 100, b: 100 }));
  const geometry = geometryOf(set, 8);
  const block = (change: Readonly<Record<number, number>> = {}): Float64Array => {
    const slots = new Float64Array(set.slots);
    slots.set([5, set.t - 7, 9], geometry.width * 2);
    slots[set.slots - 2] = 2;
    for (const [at, slot] of Object.entries(change)) slots[Number(at)] = slot;
    return slots;
  };

  it("gives the sum of each group, below zero too", () => {
    expect(sumsOfBlock(hub, geometry, block())).toEqual(Float64Array.of(0, 0, 7, 0, 0, 0, 0, 0));
    const negative = sumsOfBlock(
      hub,
      geometry,
      block({ [geometry.width * 2]: 0, [geometry.width * 2 + 2]: 0 }),
    );
    expect(negative?.[2]).toBe(-7);
  });

  it("counts every contributor once, and is none where it does not", () => {
    for (const count of [0, 1, 3])
      expect(sumsOfBlock(hub, geometry, block({ [set.slots - 2]: count }))).toBeUndefined();
  });

  it("is none where a slot that no group has is not zero", () => {
    for (const at of [geometry.width * 8, set.slots - 3, set.slots - 1]) {
      expect(sumsOfBlock(hub, geometry, block({ [at]: 1 }))).toBeUndefined();
    }
  });
});

describe("what a hub refuses before anything leaves", () => {
  const inputs = { bytes: Uint8Array.of(1, 2), ends: Uint32Array.of(1, 2) };
  const cache = { scope: new Uint8Array(32), chunks: [] };
  const ranges = { a: { least: -5, most: 5 }, b: { least: 0, most: 9 } };
  const distinct: DistinctSetup = {
    ...{ contributors: ["a", "b"], recipients: ["b"], transcript: new Uint8Array(32), set, cells: 3 },
    ...{ rowsPadded: { a: 4, b: 4 }, columns: [ranges], me: "a", inputs, cache },
    ...{ groupOf: Int32Array.of(2, -1), values: [Float64Array.of(-5, 5)] },
  };
  const join: JoinHubSetup = {
    ...session({ a: 4, b: 4 }),
    me: "a",
    inputs,
    cache,
    groupOf: Int32Array.of(4, -1),
    values: [],
  };

  it("is nothing where all fits", () => {
    expect(distinctNode(distinct, rng).next().done).toBe(false);
    expect(joinHubNode(join, rng).next().done).toBe(false);
    expect(hubOfDistinct(distinct).columns.map(({ total }) => [total.least, total.most])).toEqual([
      [0, 8],
      [-40, 72],
    ]);
  });

  it.each<[string, Partial<DistinctSetup>, string]>([
    ["no cell", { cells: 0 }, "setup"],
    ["a party without bounds", { columns: [{ a: ranges.a }] }, "setup"],
    ["a column too few", { values: [] }, "setup"],
    ["a cell too few", { groupOf: Int32Array.of(1) }, "setup"],
    ["a cell that there is not", { groupOf: Int32Array.of(3, 0) }, "setup"],
    ["rows at somebody who brings none", { me: "zoe" }, "setup"],
    ["no evaluations", { cache: undefined as never }, "setup"],
    ["more rows than the plan states", { rowsPadded: { a: 1, b: 4 } }, "too-large"],
    ["more tokens than a session takes", { rowsPadded: { a: 2 ** 19, b: 4 } }, "too-large"],
    ["a value outside its bounds", { values: [Float64Array.of(-6, 5)] }, "bounds"],
    ["a value that is not whole", { values: [Float64Array.of(0.5, 5)] }, "bounds"],
    ["a sum past 2^53", { columns: [{ a: { least: 0, most: 2 ** 52 }, b: ranges.b }] }, "overflow"],
  ])("is a distinct sum with %s", (_name, change, code) => {
    expect(() => distinctNode({ ...distinct, ...change }, rng)).toThrow(expect.objectContaining({ code }));
  });

  it("is a join without evaluations, or with a bad group", () => {
    const { cache: _, ...without } = join;
    expect(() => joinHubNode(without, rng)).toThrow(expect.objectContaining({ code: "setup" }));
    expect(() => joinHubNode({ ...join, groupOf: Int32Array.of(5, 0) }, rng)).toThrow(
      expect.objectContaining({ code: "setup" }),
    );
  });
});
