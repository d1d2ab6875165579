// SPDX-License-Identifier: Apache-2.0
import type { AggregateAsk, Cell, Condition, Input, Table } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { roundedMean } from "../src/cube.ts";
import { type CubeLayout, cubeLayout, cubeOf, type OpenedCell, openedCells, SumError } from "../src/index.ts";
import { Federation, seeded } from "./federation.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();

const PARAMS = "bfv-amt-50-pq";
const PARTIES = ["alice", "bob", "carol", "dave"];
const KINDS = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const ASK: AggregateAsk = {
  kind: "aggregate",
  from: [],
  where: [],
  groupBy: ["region", "month"],
  domain: [
    { column: "region", values: ["coast", "hills"] },
    { column: "month", values: ["2026-01", "2026-02", "2026-03"] },
  ],
  measures: ["count", "sum(amount)", "mean(amount)"],
};

function input(party: string, more: Partial<Input> = {}): Input {
  const columns = Object.keys(KINDS);
  return {
    party,
    dataset: "reports",
    dataClass: "reports",
    columns,
    kinds: Object.values(KINDS),
    rowsPadded: 256,
    bounds: [{ column: "amount", min: -1000, max: 1000 }],
    maxRowsPerCell: 256,
    snapshot: "",
    ...more,
  };
}

type Row = Readonly<Record<keyof typeof KINDS, Cell>>;

function tableOf(rows: readonly Row[]): Table {
  const column = (name: keyof typeof KINDS): Cell[] => rows.map((row) => row[name]);
  return {
    rows: rows.length,
    columns: {
      region: column("region"),
      month: column("month"),
      settled: column("settled"),
      amount: column("amount"),
    },
  };
}

function layoutFor(ask: AggregateAsk, inputs: readonly Input[], minContributors = 3): CubeLayout {
  return cubeLayout({ ask, inputs, minContributors, params: PARAMS });
}

/** The same question over the rows of all parties, written another way. */
function pooled(rows: Readonly<Record<string, readonly Row[]>>, ask: AggregateAsk): readonly OpenedCell[] {
  const groups = ask.domain.reduce<Record<string, string>[]>(
    (all, { column, values }) =>
      all.flatMap((group) => values.map((value) => ({ ...group, [column]: value }))),
    [{}],
  );
  return groups.map((group) => {
    const inside = Object.entries(rows).map(([, own]) =>
      own.filter(
        (row) =>
          passes(row, ask.where) && ask.groupBy.every((name) => row[name as keyof Row] === group[name]),
      ),
    );
    const amounts = inside.flat().flatMap(({ amount }) => (amount === null ? [] : [Number(amount)]));
    const count = inside.flat().length;
    const sum = amounts.reduce((all, value) => all + value, 0);
    const measures: Record<string, number> = {};
    for (const measure of ask.measures) {
      if (measure === "count") measures[measure] = count;
      if (measure === "sum(amount)") measures[measure] = sum;
      if (measure === "mean(amount)" && amounts.length > 0)
        measures[measure] = halfEven(sum / amounts.length);
    }
    const contributors = BigInt(inside.filter((own) => own.length > 0).length);
    return { group, count: BigInt(count), contributors, measures };
  });
}

/** Safe because the tests' means are far from the limits of doubles. */
function halfEven(mean: number): number {
  const floor = Math.floor(mean);
  if (mean - floor !== 0.5) return Math.round(mean) + 0;
  return (floor % 2 === 0 ? floor : floor + 1) + 0;
}

function passes(row: Row, where: readonly Condition[]): boolean {
  return where.every(({ column, op, value }) => {
    const cell = row[column as keyof Row];
    if (typeof cell !== "string") return false;
    const [own, wanted] = column === "amount" ? [Number(cell), Number(value)] : [cell, String(value)];
    if (op === "=") return own === wanted;
    if (op === "in") return (value as readonly unknown[]).map(String).includes(cell);
    return op === "<" ? own < wanted : own >= wanted;
  });
}

const cell = (...values: readonly string[]): fc.Arbitrary<Cell> => fc.constantFrom<Cell>(null, ...values);
const row: fc.Arbitrary<Row> = fc.record({
  region: cell("coast", "hills", "elsewhere"),
  month: cell("2025-12", "2026-01", "2026-02", "2026-03"),
  settled: cell("true", "false"),
  amount: fc.option(fc.integer({ min: -1000, max: 1000 }).map(String), { nil: null, freq: 5 }),
});

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.boolean().map((value): Condition => ({ column: "settled", op: "=", value })),
  fc.constantFrom(">=", "<").chain((op) =>
    fc.oneof(
      fc
        .integer({ min: -200, max: 200 })
        .map((value): Condition => ({ column: "amount", op: op as "<", value })),
      fc
        .constantFrom("2026-01", "2026-02")
        .map((value): Condition => ({ column: "month", op: op as "<", value })),
    ),
  ),
  fc
    .subarray(["coast", "hills", "moon"], { minLength: 1 })
    .map((value): Condition => ({ column: "region", op: "in", value })),
  fc.subarray([-1, 0, 1, 5]).map((value): Condition => ({ column: "amount", op: "in", value })),
);

const question: fc.Arbitrary<AggregateAsk> = fc
  .record({
    kind: fc.constant("aggregate" as const),
    from: fc.constant([]),
    where: fc.array(condition, { maxLength: 2 }),
    measures: fc.shuffledSubarray(["count", "sum(amount)", "mean(amount)"], { minLength: 1 }),
    groupBy: fc.constant([]),
    domain: fc.shuffledSubarray([...ASK.domain]),
  })
  .map((ask) => ({ ...ask, groupBy: ask.domain.map(({ column }) => column) }));

const world = fc.record({
  ask: question,
  weather: anyWeather(),
  minContributors: fc.constantFrom(1, 3),
  parties: fc
    .integer({ min: 2, max: 4 })
    .chain((count) =>
      fc
        .tuple(...PARTIES.slice(0, count).map(() => fc.array(row, { maxLength: 12 })))
        .map((tables) => Object.fromEntries(tables.map((rows, at) => [PARTIES[at] ?? "", rows]))),
    ),
});

const toy = new Federation(tinyBfv(seeded(primitives, "cube")), primitives);

describe("rows, numbers, sums, cells", () => {
  it("equal the question over the pooled rows, through the protocol", () => {
    fc.assert(
      fc.property(world, ({ ask, weather, minContributors, parties }) => {
        const inputs = Object.keys(parties).map((party) => input(party));
        const layout = layoutFor(ask, inputs, minContributors);
        const values = Object.fromEntries(
          inputs.map((own) => [
            own.party,
            cubeOf(tableOf(parties[own.party] ?? []), ask, own, layout).values,
          ]),
        );
        const plain = Object.fromEntries(
          Object.entries(values).map(([party, own]) => [party, Array.from(own)]),
        );
        const setups = toy
          .setups({ values: plain, recipients: ["zoe"] })
          .map((setup) => ({ ...setup, ranges: layout.columns.map(({ ranges }) => ranges) }));
        const run = toy.run(toy.parties(setups), weather);
        const opened = openedCells(run.outputs.get("zoe") as Float64Array, ask, layout);
        const expected = pooled(parties, ask);
        expect(opened.map(({ group, count, measures }) => ({ group, count, measures }))).toEqual(
          expected.map(({ group, count, measures }) => ({ group, count, measures })),
        );
        const judged = opened.map(({ contributors }) => contributors);
        expect(judged).toEqual(expected.map(({ contributors }) => (minContributors > 1 ? contributors : 1n)));
      }),
      { numRuns: 300 },
    );
  });

  it("fits columns that one slot could not hold into two limbs, exactly, for any sign", () => {
    const large = Number.MAX_SAFE_INTEGER;
    const ask: AggregateAsk = { ...ASK, groupBy: [], domain: [], measures: ["sum(amount)", "mean(amount)"] };
    const inputs = ["alice", "bob"].map((party) =>
      input(party, { maxRowsPerCell: 16, bounds: [{ column: "amount", min: -large, max: large }] }),
    );
    const layout = layoutFor(ask, inputs, 1);
    expect(layout.columns.map(({ kind }) => kind)).toEqual(["count", "low", "high", "values"]);
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
        const [only] = openedCells(opened, ask, layout);
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
      ...["count", "contributors", "low", "high", "values"],
    ]);
  });

  it("is refused when not even limbs would hold it, when it is too large, or without bounds", () => {
    const extreme = { maxRowsPerCell: 2 ** 32, bounds: [{ column: "amount", min: 0, max: 2 ** 52 }] };
    const codes: readonly [() => unknown, string][] = [
      [() => layoutFor(ASK, [input("alice", extreme), input("bob", extreme)]), "overflow"],
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
