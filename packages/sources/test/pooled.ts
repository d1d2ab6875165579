// SPDX-License-Identifier: Apache-2.0
// Random tables and questions in a lab, against SQL over the rows of all parties together, in DuckDB; and what of that may
// be shown, by rules that are read off the records one by one.
import { DuckDBInstance } from "@duckdb/node-api";
import { answerText, type DatasetSpec } from "@koplamp/wire";
import fc from "fast-check";
import { expect } from "vitest";
import type { Means } from "../../../test/simulation/compare.ts";
import { rulesThatWithhold } from "../../covenant/test/rows.ts";
import { possibleValues } from "../../covenant/test/tables.ts";
import { readQuestion } from "../../query/src/index.ts";
import { runLab } from "../../sdk/src/index.ts";

const REGIONS = ["coast", "hills"];
const MONTHS = ["2026-01", "2026-02"];
const MEASURES = ["count", "sum(amount)", "mean(amount)"];
const COLUMNS: DatasetSpec["columns"] = {
  region: { kind: "category" },
  month: { kind: "month" },
  amount: { kind: "integer", min: -50, max: 1000 },
  late: { kind: "boolean" },
};

interface Row {
  readonly region: string | null;
  readonly month: string | null;
  readonly amount: number | null;
  readonly late: boolean | null;
}

const row: fc.Arbitrary<Row> = fc.record({
  region: fc.constantFrom(...REGIONS, ...REGIONS, "elsewhere", null),
  month: fc.constantFrom(...MONTHS, ...MONTHS, "2025-12", null),
  amount: fc.option(fc.oneof(fc.integer({ min: -50, max: 90 }), fc.constant(1000)), { freq: 6 }),
  late: fc.option(fc.boolean()),
});

/** A condition as the question has it, and as SQL has it. */
const CONDITIONS = [
  ['{ column: late, op: "=", value: true }', "late"],
  ['{ column: amount, op: ">=", value: 0 }', "amount >= 0"],
  ['{ column: amount, op: "<", value: 60 }', "amount < 60"],
  ["{ column: region, op: in, value: [hills, elsewhere] }", "region IN ('hills', 'elsewhere')"],
  ['{ column: month, op: ">=", value: 2026-02 }', "month >= '2026-02'"],
] as const;

/** A federation's rows and a question about them. */
const world = fc.record({
  tables: fc.array(fc.array(row, { maxLength: 14 }), { minLength: 2, maxLength: 3 }),
  where: fc.subarray([...CONDITIONS], { maxLength: 2 }),
  groupBy: fc.constantFrom(["region"], ["month"], ["region", "month"], ["month", "region"], []),
  measures: fc.subarray(MEASURES, { minLength: 1 }),
  minCount: fc.integer({ min: 1, max: 4 }),
  minContributors: fc.integer({ min: 1, max: 2 }),
  dominance: fc.option(
    fc.record({ largest: fc.integer({ min: 1, max: 2 }), percent: fc.integer({ min: 30, max: 95 }) }),
    {
      nil: undefined,
    },
  ),
  totals: fc.option(fc.constantFrom("total" as const, "margins" as const), { nil: undefined }),
});
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

const PARTIES = ["aa", "bb", "cc"];
const VALUES: Readonly<Record<string, readonly string[]>> = { region: REGIONS, month: MONTHS };

interface PlainCell {
  readonly group: Readonly<Record<string, string>>;
  readonly withheld?: string | readonly string[];
  readonly [measure: string]: unknown;
}
interface PlainTable {
  readonly cells: readonly PlainCell[];
  readonly total?: Omit<PlainCell, "group">;
  readonly margins?: readonly PlainCell[];
}

/** What the first party is shown. */
async function shownBy(drawn: World, means: Means): Promise<PlainTable> {
  const { tables, where, groupBy, measures, minCount, minContributors, dominance, totals } = drawn;
  const parties = tables.map((_, at) => PARTIES[at] ?? "");
  const from = parties.map((id) => `${id}: rows`).join(", ");
  const domain = groupBy.map((column) => `${column}: [${VALUES[column]?.join(", ")}]`).join(", ");
  const rules = dominance === undefined ? "" : `, dominance: ${JSON.stringify(dominance)}`;
  const text = `koplamp: query/v1
id: pooled
ask:
  kind: aggregate
  from: { ${from} }
  where: [ ${where.map(([own]) => own).join(", ")} ]
  groupBy: [${groupBy.join(", ")}]
  ${domain === "" ? "" : `domain: { ${domain} }`}
  measures: [${measures.map((measure) => `"${measure}"`).join(", ")}]
  ${totals === undefined ? "" : `totals: ${totals}`}
recipients: [aa]
release: { minCount: ${minCount}, minContributors: ${minContributors}${rules} }
`;
  const { answer } = await runLab({
    federation: {
      id: "pooled",
      covenant: "default",
      parties: parties.map((id) => ({
        id,
        name: id,
        datasets: { rows: { file: id, nulls: [], columns: COLUMNS } },
      })),
    },
    question: readQuestion(text, { file: "case", lab: true }),
    ...means,
    readSource: async ({ file }, columns) => {
      const rows = tables[PARTIES.indexOf(file)] ?? [];
      const column = (name: string) => rows.map((own) => textOf(own[name as keyof Row]));
      return {
        table: {
          rows: rows.length,
          columns: Object.fromEntries(columns.map((name) => [name, column(name)])),
        },
        quality: {},
        digest: new Uint8Array(32),
      };
    },
  });
  if (answer.status !== "released") throw new Error(JSON.stringify(answer.refusal));
  return JSON.parse(answerText(answer)).results.aa;
}

function textOf(value: Row[keyof Row]): string | null {
  return value === null ? null : String(value);
}

/** The pooled rows in a database of their own. */
class Pooled {
  readonly #connection: Awaited<ReturnType<DuckDBInstance["connect"]>>;

  private constructor(connection: Awaited<ReturnType<DuckDBInstance["connect"]>>) {
    this.#connection = connection;
  }

  static async open(): Promise<Pooled> {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(
      "CREATE TABLE pooled (party TEXT, region TEXT, month TEXT, amount BIGINT, late BOOLEAN)",
    );
    return new Pooled(connection);
  }

  close(): void {
    this.#connection.closeSync();
  }

  async fill(tables: readonly (readonly Row[])[]): Promise<void> {
    await this.#connection.run("DELETE FROM pooled");
    const rows = tables.flatMap((own, at) =>
      own.map(({ region, month, amount, late }) => {
        const text = (value: string | null): string => (value === null ? "NULL" : `'${value}'`);
        return `('${PARTIES[at]}', ${text(region)}, ${text(month)}, ${amount ?? "NULL"}, ${late ?? "NULL"})`;
      }),
    );
    if (rows.length > 0) await this.#connection.run(`INSERT INTO pooled VALUES ${rows.join(", ")}`);
  }

  async rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowObjectsJson();
  }
}

/** The rows of a group, as a condition. */
function conditionOf({ where, groupBy }: World, group: Readonly<Record<string, string>>): string {
  const inside = groupBy.map((column) =>
    group[column] === undefined
      ? `${column} IN (${VALUES[column]?.map((value) => `'${value}'`).join(", ")})`
      : `${column} = '${group[column]}'`,
  );
  return [...where.map(([, sql]) => sql), ...inside, "true"].join(" AND ");
}

/** The measures of a group by SQL alone. */
async function measured(
  pooled: Pooled,
  drawn: World,
  group: Readonly<Record<string, string>>,
): Promise<object> {
  const [found] = await pooled.rows(
    `SELECT count(*) AS n, coalesce(sum(amount), 0)::BIGINT AS s, count(amount) AS v FROM pooled WHERE ${conditionOf(drawn, group)}`,
  );
  const [count, sum, values] = [Number(found?.["n"]), Number(found?.["s"]), Number(found?.["v"])];
  const [half] = await pooled.rows(
    `SELECT round_even(${sum}::DOUBLE / ${values === 0 ? 1 : values}, 0)::BIGINT AS m`,
  );
  const all: Readonly<Record<string, number | undefined>> = {
    count,
    "sum(amount)": sum,
    "mean(amount)": values === 0 ? undefined : Number(half?.["m"]),
  };
  return Object.fromEntries(
    drawn.measures.flatMap((measure) => (all[measure] === undefined ? [] : [[measure, all[measure]]])),
  );
}

/** The records of each party in a group; a row without an amount counts, and brings nothing to a sum. */
async function recordsOf(
  pooled: Pooled,
  drawn: World,
  group: Readonly<Record<string, string>>,
): Promise<number[][]> {
  const rows = await pooled.rows(`SELECT party, amount FROM pooled WHERE ${conditionOf(drawn, group)}`);
  return drawn.tables.map((_, at) =>
    rows.filter(({ party }) => party === PARTIES[at]).map(({ amount }) => Number(amount ?? 0)),
  );
}

/** What a table shows, and whether it may: by SQL, by the records, and by every table that an outsider cannot rule out. */
async function expectPooled(pooled: Pooled, drawn: World, shown: PlainTable): Promise<Seen> {
  await pooled.fill(drawn.tables);
  const counts: number[] = [];
  const own: number[] = [];
  for (const cell of shown.cells) {
    const records = await recordsOf(pooled, drawn, cell.group);
    expectJudged(drawn, cell, records);
    counts.push(records.flat().length);
    own.push(records[0]?.length ?? 0); // the first party is told
  }
  const lines = [
    ...(shown.margins ?? []),
    ...(shown.total === undefined ? [] : [{ group: {}, ...shown.total }]),
  ];
  for (const line of [...shown.cells, ...lines]) {
    if (rulesIn(line).length > 0) continue;
    expect(numbersIn(line)).toEqual(await measured(pooled, drawn, line.group));
  }
  const nothing = counts.map(() => 0);
  for (const brought of [nothing, own]) expectUntold(drawn, shown.cells, counts, { lines, brought });
  return { withheld: shown.cells.filter((cell) => rulesIn(cell).length > 0).length, lines: lines.length };
}

/** A cell is withheld by the rules that its records break; besides, for a total only, to protect others. */
function expectJudged(drawn: World, cell: PlainCell, records: readonly (readonly number[])[]): void {
  const { minCount, minContributors, dominance, measures, totals } = drawn;
  const sums = measures.some((measure) => measure !== "count");
  const rules = rulesThatWithhold(records, {
    minCount,
    minContributors: minContributors === 1 ? 0 : minContributors, // one is what every row has
    ...(sums && dominance !== undefined ? { dominance } : {}),
  });
  const broken = rulesIn(cell);
  const others = records.slice(1).filter((rows) => rows.length > 0).length;
  // Who is told takes its own rows away: those of one other party must not be left, unless there is only one.
  const alone = minContributors > 1 && records.length > 2 && others < 2;
  if (alone && rules.length === 0) expect(broken, JSON.stringify(cell.group)).toEqual(["derivable"]);
  else if (broken.includes("derivable")) expect([totals === undefined, rules]).toEqual([false, []]);
  else expect(broken, JSON.stringify(cell.group)).toEqual([...rules].sort());
}

/** What a property has seen, so that it is not about nothing. */
export interface Seen {
  readonly withheld: number;
  readonly lines: number;
}

/** Every cell below the floor may still be anything below it, also for who brought some of its rows. */
function expectUntold(
  { minCount, minContributors }: World,
  cells: readonly PlainCell[],
  counts: readonly number[],
  { lines, brought }: { readonly lines: readonly PlainCell[]; readonly brought: readonly number[] },
): void {
  const table = {
    cells: counts.map((count, at) => ({
      key: `${at}`,
      facts: { count: BigInt(count), contributors: 0n },
      sums: [],
    })),
    lines: lines.map(({ group }, at) => ({
      key: `${at}`,
      cells: cells.flatMap((cell, place) => (isIn(cell.group, group) ? [place] : [])),
    })),
    rules: { minCount, minContributors },
    columns: [],
    overlays: [],
  };
  const told = (all: readonly PlainCell[]) => all.map((one) => rulesIn(one) as readonly "minCount"[]);
  const most = Math.max(0, ...counts) + 2 * minCount;
  const values = possibleValues(table, { cells: told(cells), lines: told(lines) }, most, {
    least: (at) => brought[at] ?? 0,
  });
  for (const [at, found] of values) {
    if (!rulesIn(cells[at]).includes("minCount")) continue;
    expect([...found].sort(), JSON.stringify(cells[at]?.group)).toEqual(
      Array.from(Array(minCount).keys()).slice(brought[at]),
    );
  }
}

function isIn(group: PlainCell["group"], line: PlainCell["group"]): boolean {
  return Object.entries(line).every(([column, value]) => group[column] === value);
}

function rulesIn(cell: Omit<PlainCell, "group"> | undefined): readonly string[] {
  const rules = cell?.["withheld"];
  return rules === undefined ? [] : [rules].flat().map(String);
}

function numbersIn({ group: _group, ...numbers }: PlainCell): object {
  return numbers;
}

/** Labs by the number, each against SQL over its rows. */
export async function agrees(numRuns: number, means: Means): Promise<Seen> {
  const pooled = await Pooled.open();
  let [withheld, lines] = [0, 0];
  try {
    await fc.assert(
      fc.asyncProperty(world, async (drawn) => {
        const seen = await expectPooled(pooled, drawn, await shownBy(drawn, means));
        withheld += seen.withheld;
        lines += seen.lines;
      }),
      { numRuns },
    );
  } finally {
    pooled.close();
  }
  return { withheld, lines };
}
