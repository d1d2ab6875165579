// SPDX-License-Identifier: Apache-2.0
// Random tables and questions, and what they must give: the same question over the rows of all parties together.
import type { AggregateAsk, Cell, Condition, Input, Table } from "@koplamp/wire";
import fc from "fast-check";
import { expect } from "vitest";
import { type CubeLayout, cubeLayout, cubeOf, type OpenedCell, openedCells } from "../src/index.ts";
import type { Federation, Weather } from "./federation.ts";
import { anyWeather } from "./weather.ts";

const PARAMS = "bfv-amt-50-pq";
const PARTIES = ["alice", "bob", "carol", "dave"];
const KINDS = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
/** Six cells, every measure. */
export const ASK: AggregateAsk = {
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

/** What a party's plan input says. */
export function input(party: string, more: Partial<Input> = {}): Input {
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

/** A row of a test table. */
export type Row = Readonly<Record<keyof typeof KINDS, Cell>>;

/** Rows as a source gives them. */
export function tableOf(rows: readonly Row[]): Table {
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

/** The layout of a question. */
export function layoutFor(ask: AggregateAsk, inputs: readonly Input[], minContributors = 3): CubeLayout {
  return cubeLayout({ ask, inputs, release: { minContributors, noise: null }, params: PARAMS });
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
    return { group, count: BigInt(count), contributors, measures, sums: addedIn(ask, sum) };
  });
}

function addedIn({ measures }: AggregateAsk, sum: number): readonly bigint[] {
  return measures.some((measure) => measure.endsWith("(amount)")) ? [BigInt(sum)] : [];
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

/** A federation's tables, a question and how messages travel. */
export interface SummedWorld {
  readonly ask: AggregateAsk;
  readonly weather: Weather;
  readonly minContributors: number;
  readonly parties: Readonly<Record<string, readonly Row[]>>;
}

/** Any of them: 2 to 4 parties, some without a row. */
export const anyWorld: fc.Arbitrary<SummedWorld> = fc.record({
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

/** Sums a world through the protocol and compares with the pooled rows. */
export function expectPooled(
  federation: Federation,
  { ask, weather, minContributors, parties }: SummedWorld,
): void {
  const inputs = Object.keys(parties).map((party) => input(party));
  const layout = layoutFor(ask, inputs, minContributors);
  const values = Object.fromEntries(
    inputs.map((own) => [own.party, cubeOf(tableOf(parties[own.party] ?? []), ask, own, layout).values]),
  );
  const plain = Object.fromEntries(Object.entries(values).map(([party, own]) => [party, Array.from(own)]));
  const setups = federation
    .setups({ values: plain, recipients: ["zoe"] })
    .map((setup) => ({ ...setup, ranges: layout.columns.map(({ ranges }) => ranges) }));
  const run = federation.run(federation.parties(setups), weather);
  const opened = openedCells(run.outputs.get("zoe") as Float64Array, ask, layout, inputs.length);
  const expected = pooled(parties, ask);
  expect(opened.map(({ group, count, measures }) => ({ group, count, measures }))).toEqual(
    expected.map(({ group, count, measures }) => ({ group, count, measures })),
  );
  const judged = opened.map(({ contributors }) => contributors);
  expect(judged).toEqual(expected.map(({ contributors }) => (minContributors > 1 ? contributors : 1n)));
}
