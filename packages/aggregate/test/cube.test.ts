// SPDX-License-Identifier: Apache-2.0
import type { AggregateAsk, Input } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { cubeOf, openedCells, SumError } from "../src/index.ts";
import { roundedMean } from "../src/opened-cells.ts";
import { Federation, seeded } from "./federation.ts";
import { ASK, anyWorld, expectPooled, input, layoutFor, type Row, tableOf } from "./worlds.ts";

const primitives = nodePrimitives();
const toy = new Federation(tinyBfv(seeded(primitives, "cube")), primitives);

describe("rows, numbers, sums, cells", () => {
  it("equal the question over the pooled rows, through the protocol", () => {
    fc.assert(
      fc.property(anyWorld, (world) => expectPooled(toy, world)),
      { numRuns: 300 },
    );
  });

  it("fits columns that one slot could not hold into limbs, exactly, for any sign", () => {
    const large = Number.MAX_SAFE_INTEGER;
    const ask: AggregateAsk = { ...ASK, groupBy: [], domain: [], measures: ["sum(amount)", "mean(amount)"] };
    const inputs = ["alice", "bob"].map((party) =>
      input(party, { maxRowsPerCell: 16, bounds: [{ column: "amount", min: -large, max: large }] }),
    );
    const layout = layoutFor(ask, inputs, 1);
    expect(layout.columns.map(({ kind }) => kind)).toEqual(["count", "sum", "sum", "values"]);
    const amounts = fc.array(fc.oneof(fc.constantFrom(large, -large, 0, 1, -1), fc.maxSafeInteger()), {
      maxLength: 16,
    });
    fc.assert(
      fc.property(amounts, amounts, (mine, theirs) => {
        const rows = (list: readonly number[]): Row[] =>
          list.map((amount) => ({ region: null, month: null, settled: null, amount: String(amount) }));
        const [alice, bob] = [mine, theirs].map(
          (list, at) => cubeOf(tableOf(rows(list)), ask, inputs[at] ?? input(""), layout).values,
        );
        const opened = Float64Array.from(alice ?? [], (value, at) => value + (bob?.[at] ?? 0));
        const [only] = openedCells(opened, ask, layout, 2);
        const all = [...mine, ...theirs];
        const sum = all.reduce((left, right) => left + BigInt(right), 0n);
        expect(BigInt(only?.measures["sum(amount)"] ?? 0)).toBe(sum);
        if (all.length === 0) expect(only?.measures["mean(amount)"]).toBeUndefined();
        else expect(BigInt(only?.measures["mean(amount)"] ?? 0)).toBe(roundedMean(sum, BigInt(all.length)));
      }),
      { numRuns: 200 },
    );
  });
});

describe("a mean", () => {
  test.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [10n, 3n, 3n],
    [11n, 3n, 4n],
    [-10n, 3n, -3n],
    [-11n, 3n, -4n],
    [-1n, 2n, 0n],
    [0n, 9n, 0n],
  ])("of %s over %s rows is %s: half to even", (sum, rows, mean) => {
    expect(roundedMean(sum, rows)).toBe(mean);
  });
});

describe("one party's numbers", () => {
  const layout = layoutFor(ASK, [input("alice"), input("bob")]);
  const one = (changes: Partial<Row>): Row => ({
    region: "coast",
    month: "2026-01",
    settled: "true",
    amount: "7",
    ...changes,
  });

  it("stand column by column, cells with the last group running fastest", () => {
    const rows = [one({}), one({ region: "hills", month: "2026-03", amount: "-5" }), one({ amount: null })];
    const { values, outside } = cubeOf(tableOf(rows), ASK, input("alice"), layout);
    expect(layout.columns.map(({ kind, of }) => `${kind} ${of}`.trim())).toEqual([
      "count",
      "contributors",
      "sum amount",
      "values amount",
    ]);
    expect(Array.from(values)).toEqual([
      ...[2, 0, 0, 0, 0, 1],
      ...[1, 0, 0, 0, 0, 1],
      ...[7, 0, 0, 0, 0, -5],
      ...[1, 0, 0, 0, 0, 1],
    ]);
    expect(outside).toBe(0);
  });

  it("leave out what is in no group, and count it for the owner alone", () => {
    const rows = [one({ region: "moon" }), one({ month: null }), one({ settled: null, region: "moon" })];
    const { values, outside } = cubeOf(tableOf(rows), ASK, input("alice"), layout);
    expect(values.every((value) => value === 0)).toBe(true);
    expect(outside).toBe(3);
  });

  it("count a row with several groups in each of them, once", () => {
    const rows = [one({ region: ["coast", "hills", "coast"] })];
    const { values } = cubeOf(tableOf(rows), ASK, input("alice"), layout);
    expect(Array.from(values.subarray(0, 6))).toEqual([1, 0, 0, 1, 0, 0]);
  });

  it.each([
    ["above", "1001"],
    ["below", "-1001"],
    ["several in one cell", ["1", "2"]],
    ["no integer", "1.5"],
  ] as const)("refuse a value that is %s its bounds", (_name, amount) => {
    const refused = (): unknown => cubeOf(tableOf([one({ amount })]), ASK, input("alice"), layout);
    expect(refused).toThrow(SumError);
    expect(refused).toThrow(
      expect.objectContaining({ code: "bounds", message: expect.stringContaining("alice") }),
    );
    expect(refused).not.toThrow(String(amount));
  });
});

describe("a column of numbers in groups", () => {
  const domain = [{ column: "amount", values: ["-5..-1", "0..0", "10..999"], ranges: true as const }];
  const ask: AggregateAsk = { ...ASK, groupBy: ["amount"], domain, measures: ["count"] };
  const inputs = [input("alice"), input("bob")];

  it("counts in the range that holds it, both ends in it, and outside where none does", () => {
    const amounts = ["-6", "-5", "-1", "0", "1", "9", "10", "999", "1000"];
    const rows = amounts.map((amount): Row => ({ region: null, month: null, settled: null, amount }));
    const { values, outside } = cubeOf(tableOf(rows), ask, input("alice"), layoutFor(ask, inputs, 1));
    expect(Array.from(values)).toEqual([2, 1, 2]);
    expect(outside).toBe(4);
  });
});

describe("a layout", () => {
  it("holds cents of 8.7e11 in two parties' padded tables, and the widest federation's counts", () => {
    const cents = { bounds: [{ column: "amount", min: 0, max: 870_000_000_000 }] };
    const kinds = (inputs: readonly Input[]): string[] =>
      layoutFor(ASK, inputs).columns.map(({ kind }) => kind);
    expect(kinds([input("alice", cents), input("bob", cents)])).toEqual([
      "count",
      "contributors",
      "sum",
      "values",
    ]);
    const many = Array.from({ length: 26 }, (_, at) =>
      input(`p${at + 10}`, { bounds: [{ column: "amount", min: 0, max: 10_000_000 }] }),
    );
    expect(kinds(many)).toEqual(["count", "contributors", "sum", "values"]);
    expect(kinds(many.map((own) => ({ ...own, ...cents })))).toEqual([
      ...["count", "contributors", "sum", "sum", "values"],
    ]);
  });

  it("takes as many limbs as public bounds ask for, each within a slot, and the last with the sign", () => {
    const largest = Number.MAX_SAFE_INTEGER;
    const extreme = { maxRowsPerCell: 2 ** 32, bounds: [{ column: "amount", min: -largest, max: largest }] };
    const many = Array.from({ length: 32 }, (_, at) => input(`p${at + 10}`, extreme));
    const { columns } = layoutFor({ ...ASK, measures: ["count", "variance(amount)"] }, many);
    const squares = columns.filter(({ moment }) => moment?.factors.length === 2);
    expect(squares.map(({ limb }) => limb)).toEqual([0, 1, 2, 3, 4, 5].map((at) => ({ at, of: 6 })));
    for (const { ranges } of columns) {
      const most = Object.values(ranges).reduce((sum, range) => sum + Math.max(-range.least, range.most), 0);
      expect(most).toBeLessThan(2 ** 49);
    }
  });

  it("is refused when it is too large, or without bounds", () => {
    const codes: readonly [() => unknown, string][] = [
      [() => layoutFor(ASK, [input("alice", { bounds: [] }), input("bob")]), "bounds"],
      [() => layoutFor({ ...ASK, domain: wide(1000, 200) }, [input("alice"), input("bob")]), "too-large"],
    ];
    for (const [make, code] of codes) expect(make).toThrow(expect.objectContaining({ code }));
  });
});

function wide(...sizes: readonly number[]): AggregateAsk["domain"] {
  return sizes.map((size, at) => ({
    column: `c${at}`,
    values: Array.from({ length: size }, (_, value) => `${value}`),
  }));
}
