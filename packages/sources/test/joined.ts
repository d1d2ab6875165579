// SPDX-License-Identifier: Apache-2.0
// Random counts and joins in a lab, against SQL over the tables of all parties, in DuckDB.
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { expect } from "vitest";
import { labResults, type Means } from "../../../test/simulation/compare.ts";
import type { PlainJoin, PlainOverlap, Pool } from "../../../test/simulation/plaintext.ts";

type Connection = Awaited<ReturnType<DuckDBInstance["connect"]>>;

const PARTIES = ["aa", "bb", "cc"];
const GROUPS = ["NL", "BE"];

const row = fc.record({
  name: fc.integer({ min: 1, max: 9 }).map((number) => `n${number}`),
  group: fc.constantFrom(...GROUPS, ...GROUPS, "elsewhere", ""),
  amount: fc.oneof(fc.integer({ min: 0, max: 1000 }).map(String), fc.constant("")),
});
const tables = fc.array(fc.uniqueArray(row, { maxLength: 12, selector: ({ name }) => name }), {
  minLength: 2,
  maxLength: 3,
});

const join = tables.chain((own) => {
  const parties = own.map((_, at) => PARTIES[at] ?? "");
  const party = fc.constantFrom(...parties);
  return fc.record({
    own: fc.constant(own),
    owner: fc.option(party, { nil: undefined }),
    summed: fc.uniqueArray(party, { maxLength: 2 }),
    minCount: fc.integer({ min: 1, max: 4 }),
    mode: fc.constantFrom("hub" as const, null),
  });
});
type Join = typeof join extends fc.Arbitrary<infer Value> ? Value : never;

const count = fc.record({ own: tables, shape: fc.constantFrom("histogram" as const, "pairs" as const) });
type Count = typeof count extends fc.Arbitrary<infer Value> ? Value : never;

/** One group of which enough rows match, and one of which too few do. */
const SHOWN_AND_WITHHELD: Join = {
  own: [
    ["n1 NL 5", "n2 NL 7", "n3 BE 9", "n4 elsewhere 1"].map(rowOf),
    ["n1 BE 10", "n2 NL ", "n3 NL 30", "n5 NL 40"].map(rowOf),
  ],
  owner: "aa",
  summed: ["bb"],
  minCount: 2,
  mode: null,
};

/** Two by themselves, and a hub: no row of one group matches, and where one does its value is zero. */
const NOTHING_TO_ADD: readonly Join[] = [
  { owner: "bb", summed: ["aa"], mode: null },
  { owner: "aa", summed: ["bb"], mode: "hub" as const },
].map((asked) => ({
  own: [["n1 NL 0", "n2 BE 7"].map(rowOf), ["n1 NL 0", "n3 BE 0"].map(rowOf)],
  minCount: 1,
  ...asked,
}));

function rowOf(text: string): Join["own"][number][number] {
  const [name = "", group = "", amount = ""] = text.split(" ");
  return { name, group, amount };
}

/** How often a property saw a group that was withheld, and one that was not. */
export interface SeenGroups {
  readonly withheld: number;
  readonly shown: number;
}

/** Joins by the number, each against SQL over the tables. */
export async function joinsAgree(numRuns: number, means: Means): Promise<SeenGroups> {
  const seen = { withheld: 0, shown: 0 };
  await inDatabase(async (connection) => {
    const property = fc.asyncProperty(join, async (drawn) => {
      const question = questionOf(drawn);
      const result = await labResults({ pool: poolOf(drawn.own), question, mode: drawn.mode }, means);
      const expected = await joinedBySql(connection, drawn, question);
      expect(result).toEqual({ aa: expected });
      for (const cell of Object.values(expected)) seen[cell === "withheld" ? "withheld" : "shown"] += 1;
    });
    const examples = [SHOWN_AND_WITHHELD, ...NOTHING_TO_ADD].map((example): [Join] => [example]);
    await fc.assert(property, { numRuns: numRuns + examples.length, examples });
  });
  return seen;
}

/** Counts of keys by the number, each against SQL over the tables. */
export async function countsAgree(numRuns: number, means: Means): Promise<void> {
  await inDatabase(async (connection) => {
    const property = fc.asyncProperty(count, async (drawn) => {
      const question: PlainOverlap = {
        ...{ kind: "overlap-count", key: ["name"], shape: drawn.shape, atLeast: 1, recipients: ["aa"] },
      };
      const result = await labResults({ pool: poolOf(drawn.own), question, mode: null }, means);
      expect(result).toEqual({ aa: await countedBySql(connection, drawn) });
    });
    await fc.assert(property, { numRuns });
  });
}

function questionOf({ owner, summed, minCount }: Join): PlainJoin {
  const column = owner === undefined ? undefined : `${owner}.group`;
  return {
    kind: "join-aggregate",
    key: ["name"],
    groupBy: column === undefined ? [] : [column],
    domain: column === undefined ? {} : { [column]: GROUPS },
    measures: ["count", ...summed.map((party) => `sum(${party}.amount)`)],
    minCount,
    recipients: ["aa"],
  };
}

function poolOf(own: Join["own"]): Pool {
  return Object.fromEntries(
    own.map((rows, at) => [
      PARTIES[at] ?? "",
      rows.map((one) => ({ ...one, ship: "", month: "2026-01", open: "true" })),
    ]),
  );
}

async function inDatabase(act: (connection: Connection) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    for (const party of PARTIES) {
      await connection.run(`CREATE TABLE ${party} (name TEXT, "group" TEXT, amount BIGINT)`);
    }
    await act(connection);
  } finally {
    connection.closeSync();
  }
}

async function fill(connection: Connection, own: Join["own"]): Promise<readonly string[]> {
  const text = (value: string): string => (value === "" ? "NULL" : `'${value}'`);
  for (const [at, party] of PARTIES.entries()) {
    await connection.run(`DELETE FROM ${party}`);
    const rows = (own[at] ?? []).map(
      ({ name, group, amount }) => `('${name}', ${text(group)}, ${amount === "" ? "NULL" : amount})`,
    );
    if (rows.length > 0) await connection.run(`INSERT INTO ${party} VALUES ${rows.join(", ")}`);
  }
  return own.map((_, at) => PARTIES[at] ?? "");
}

async function joinedBySql(
  connection: Connection,
  drawn: Join,
  { measures, minCount }: PlainJoin,
): Promise<Readonly<Record<string, unknown>>> {
  const [first = "", ...others] = await fill(connection, drawn.own);
  const { owner, summed } = drawn;
  const from = [first, ...others.map((party) => `JOIN ${party} ON ${party}.name = ${first}.name`)].join(" ");
  const sums = summed.map((party) => `, coalesce(sum(${party}.amount), 0)::BIGINT`).join("");
  const cells: Record<string, unknown> = {};
  for (const group of owner === undefined ? [undefined] : GROUPS) {
    const where = group === undefined ? "" : `WHERE ${owner}."group" = '${group}'`;
    const [found = []] = (
      await connection.runAndReadAll(`SELECT count(*)${sums} FROM ${from} ${where}`)
    ).getRowsJson();
    const numbers = Object.fromEntries(measures.map((measure, at) => [measure, String(found[at])]));
    cells[JSON.stringify(group === undefined ? [] : [group])] =
      Number(found[0]) < minCount ? "withheld" : numbers;
  }
  return cells;
}

async function countedBySql(
  connection: Connection,
  { own, shape }: Count,
): Promise<Readonly<Record<string, number>>> {
  const parties = await fill(connection, own);
  const number = async (sql: string): Promise<number> =>
    Number((await connection.runAndReadAll(sql)).getRowsJson()[0]?.[0]);
  const all = parties.map((party) => `SELECT name, '${party}' AS party FROM ${party}`).join(" UNION ALL ");
  const counts: Record<string, number> = {};
  if (shape === "histogram") {
    for (const holders of parties.map((_, at) => at + 1)) {
      const held = `SELECT name FROM (${all}) GROUP BY name HAVING count(DISTINCT party) = ${holders}`;
      counts[holders] = await number(`SELECT count(*) FROM (${held})`);
    }
    return counts;
  }
  for (const [at, one] of parties.entries()) {
    for (const other of parties.slice(at + 1)) {
      counts[`${one}&${other}`] = await number(`SELECT count(*) FROM ${one} JOIN ${other} USING (name)`);
    }
  }
  return counts;
}
