// SPDX-License-Identifier: Apache-2.0
// Random tables and trends in a lab, against SQL over the pooled rows: the series by grouping, z-scores and seasons by
// window functions in DuckDB, and cumulative sums by a few lines that know nothing of Koplamp's.
import { DuckDBInstance } from "@duckdb/node-api";
import { answerText, type DatasetSpec } from "@koplamp/wire";
import fc from "fast-check";
import { expect } from "vitest";
import type { Means } from "../../../test/simulation/compare.ts";
import { readQuestion } from "../../query/src/index.ts";
import { runLab } from "../../sdk/src/index.ts";

type Connection = Awaited<ReturnType<DuckDBInstance["connect"]>>;

const PARTIES = ["aa", "bb", "cc"];
const KINDS = ["cash", "wire"];
const COLUMNS: DatasetSpec["columns"] = {
  kind: { kind: "category" },
  month: { kind: "month" },
  amount: { kind: "integer", min: 0, max: 1000 },
};

interface Row {
  readonly kind: string;
  readonly month: string;
  readonly amount: number;
}

/** Months from January on: a few, or a year and a half for rules by season. */
const monthsOf = (count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, at) => `${2025 + Math.trunc(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`,
  );

const RULES = ["zscore", "cusum", "seasonal"] as const;

/** A rule, its threshold in tenths, and how many months there are. */
const alarm = fc.constantFrom(...RULES).chain((rule) =>
  fc.record({
    rule: fc.constant(rule),
    window: rule === "seasonal" ? fc.constant(2) : fc.integer({ min: 2, max: 4 }),
    tenths: fc.integer({ min: 1, max: 25 }),
    months: fc.constant(monthsOf(rule === "seasonal" ? 27 : 9)),
  }),
);

/** A federation's rows month by month, often enough alike that a window may not vary at all. */
const world = alarm.chain(({ rule, window, tenths, months }) =>
  fc.record({
    ...{ rule: fc.constant(rule), window: fc.constant(window), tenths: fc.constant(tenths) },
    months: fc.constant(months),
    tables: fc.array(
      fc.array(
        fc.record({
          kind: fc.constantFrom(...KINDS),
          month: fc.constantFrom(...months),
          amount: fc.oneof(fc.constant(10), fc.integer({ min: 0, max: 30 }), fc.constant(900)),
        }),
        { minLength: 2 * months.length, maxLength: 5 * months.length },
      ),
      { minLength: 2, maxLength: 3 },
    ),
    measure: fc.constantFrom("count", "sum(amount)"),
    minCount: fc.integer({ min: 1, max: 3 }),
    reveal: fc.constantFrom("series" as const, "series" as const, "alarms" as const),
  }),
);
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

interface PlainTrend {
  readonly alarms: readonly { readonly group: { readonly kind: string }; readonly period: string }[];
  readonly unknown?: number;
  readonly series?: readonly (Readonly<Record<string, unknown>> & {
    readonly group: { readonly kind: string };
    readonly period: string;
  })[];
}

async function shownBy(
  { tables, months, measure, minCount, ...drawn }: World,
  means: Means,
): Promise<PlainTrend> {
  const parties = tables.map((_, at) => PARTIES[at] ?? "");
  const { rule, window, tenths, reveal } = drawn;
  const text = `koplamp: query/v1
id: trend
ask:
  kind: trend
  from: { ${parties.map((id) => `${id}: rows`).join(", ")} }
  groupBy: [kind]
  domain: { kind: [${KINDS.join(", ")}], month: [${months.join(", ")}] }
  measures: ["${measure}"]
  period: month
  alarm: { rule: ${rule}, window: ${window}, threshold: ${tenths / 10} }
  reveal: ${reveal}
recipients: [aa]
release: { minCount: ${minCount}, minContributors: 1 }
`;
  const { answer } = await runLab({
    federation: {
      id: "trends",
      covenant: "default",
      parties: parties.map((id) => ({
        ...{ id, name: id },
        datasets: { rows: { file: id, nulls: [], columns: COLUMNS } },
      })),
    },
    question: readQuestion(text, { file: "case", lab: true }),
    ...means,
    readSource: async ({ file }, names) => {
      const rows = tables[PARTIES.indexOf(file)] ?? [];
      const column = (name: string) => rows.map((row) => String(row[name as keyof Row]));
      const columns = Object.fromEntries(names.map((name) => [name, column(name)]));
      return { table: { rows: rows.length, columns }, quality: {}, digest: new Uint8Array(32) };
    },
  });
  if (answer.status !== "released") throw new Error(JSON.stringify(answer.refusal));
  return JSON.parse(answerText(answer)).results.aa;
}

/** A period of a group by SQL: its value where it is shown, and what a window says of it. */
interface Point {
  readonly kind: string;
  readonly month: string;
  readonly value: number | null;
  readonly verdict: "alarm" | "quiet" | "early" | "unknown";
}

/**
 * By SQL alone. Values are shown from the floor on. A window is known if all of it is; a deviation of nothing raises no
 * alarm. Values are whole and small, so that the squares of both sides are compared without rounding.
 */
async function pointsBySql(connection: Connection, drawn: World): Promise<readonly Point[]> {
  const { rule, window, tenths, measure, minCount } = drawn;
  const step = rule === "seasonal" ? 12 : 1;
  const lags = Array.from({ length: window }, (_, at) => `lag(value, ${(at + 1) * step}) OVER w`);
  const rows = await connection.runAndReadAll(`
    WITH cells AS (
      SELECT k.kind, m.month, m.place, count(r.kind) AS n, coalesce(sum(r.amount), 0) AS s
      FROM kinds k CROSS JOIN months m LEFT JOIN pooled r ON r.kind = k.kind AND r.month = m.month
      GROUP BY ALL
    ), shown AS (
      SELECT kind, month, place, (CASE WHEN n >= ${minCount} THEN ${measure === "count" ? "n" : "s"} END)::BIGINT AS value
      FROM cells
    ), windows AS (
      SELECT kind, month, place, value, list_filter([${lags.join(", ")}], x -> x IS NOT NULL) AS known
      FROM shown WINDOW w AS (PARTITION BY kind ORDER BY place)
    ), sums AS (
      SELECT *, len(known) AS size, list_sum(known) AS total, list_sum(list_transform(known, x -> x * x)) AS squares
      FROM windows
    )
    SELECT kind, month, value, CASE
      WHEN place < ${window * step} THEN 'early'
      WHEN value IS NULL OR size < ${window} THEN 'unknown'
      WHEN size * value > total AND size * squares > total * total
        AND 100 * (size - 1) * (size * value - total) ** 2 > ${tenths * tenths} * size * (size * squares - total * total)
        THEN 'alarm' ELSE 'quiet' END AS verdict
    FROM sums ORDER BY kind, place`);
  const found = rows.getRowObjectsJson().map(
    (row): Point => ({
      ...{ kind: String(row["kind"]), month: String(row["month"]) },
      value: row["value"] === null ? null : Number(row["value"]),
      verdict: row["verdict"] as Point["verdict"],
    }),
  );
  if (rule !== "cusum") return found;
  return KINDS.flatMap((kind) =>
    cusum(
      found.filter((point) => point.kind === kind),
      window,
      tenths / 10,
    ),
  );
}

/** The rule as its text has it, in floating point: mean and sample deviation of the first periods, half of it as slack. */
function cusum(points: readonly Point[], window: number, threshold: number): readonly Point[] {
  const first = points.slice(0, window).map(({ value }) => value);
  const mean = first.reduce<number>((sum, value) => sum + (value ?? 0), 0) / window;
  const deviation = Math.sqrt(
    first.reduce<number>((sum, value) => sum + ((value ?? 0) - mean) ** 2, 0) / (window - 1),
  );
  let [sum, lost] = [0, first.includes(null)];
  return points.map((point, at) => {
    if (at < window) return { ...point, verdict: "early" };
    if (point.value === null) lost = true;
    if (lost) return { ...point, verdict: "unknown" };
    sum = Math.max(0, sum + (point.value ?? 0) - mean - deviation / 2);
    const alarmed = deviation > 0 && sum > threshold * deviation;
    expectClear(sum, threshold * deviation);
    if (alarmed) sum = 0;
    return { ...point, verdict: alarmed ? "alarm" : "quiet" };
  });
}

/** Floating point decides nothing that is nearly equal. */
function expectClear(sum: number, limit: number): void {
  fc.pre(limit === 0 || Math.abs(sum - limit) > 1e-9 * Math.max(1, limit));
}

/** What a property has seen, so that it is not about nothing. */
export interface SeenTrends {
  readonly alarms: number;
  readonly unknown: number;
}

async function fill(connection: Connection, { tables, months }: World): Promise<void> {
  await connection.run("DELETE FROM pooled; DELETE FROM months");
  const rows = tables.flat().map(({ kind, month, amount }) => `('${kind}', '${month}', ${amount})`);
  if (rows.length > 0) await connection.run(`INSERT INTO pooled VALUES ${rows.join(", ")}`);
  await connection.run(
    `INSERT INTO months VALUES ${months.map((month, at) => `('${month}', ${at})`).join(", ")}`,
  );
}

function expectSame(shown: PlainTrend, points: readonly Point[], { reveal }: World): void {
  const alarms = points.filter(({ verdict }) => verdict === "alarm");
  const unknown = points.filter(({ verdict }) => verdict === "unknown").length;
  expect(shown.alarms.map(({ group, period }) => [group.kind, period])).toEqual(
    alarms.map(({ kind, month }) => [kind, month]),
  );
  expect(shown.unknown ?? 0).toBe(unknown);
  if (reveal === "alarms") expect(Object.keys(shown).sort()).not.toContain("series");
  const series = shown.series?.map((one) => [one.group.kind, one.period, one["value"] ?? one["withheld"]]);
  const wanted = points.map(({ kind, month, value }) => [kind, month, value ?? "minCount"]);
  expect(series).toEqual(reveal === "series" ? wanted : undefined);
}

/** Trends by the number, each against SQL over the pooled rows. */
export async function trendsAgree(numRuns: number, means: Means): Promise<SeenTrends> {
  const seen = { alarms: 0, unknown: 0 };
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(`
      CREATE TABLE pooled (kind TEXT, month TEXT, amount BIGINT);
      CREATE TABLE months (month TEXT, place INTEGER);
      CREATE TABLE kinds AS SELECT unnest(['${KINDS.join("', '")}']) AS kind`);
    const property = fc.asyncProperty(world, async (drawn) => {
      await fill(connection, drawn);
      const points = await pointsBySql(connection, drawn);
      expectSame(await shownBy(drawn, means), points, drawn);
      for (const { verdict } of points) {
        if (verdict === "alarm") seen.alarms += 1;
        if (verdict === "unknown") seen.unknown += 1;
      }
    });
    await fc.assert(property, { numRuns, endOnFailure: true }); // a lab a step is too slow to shrink with
  } finally {
    connection.closeSync();
  }
  return seen;
}
