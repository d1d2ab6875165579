// SPDX-License-Identifier: Apache-2.0
// Tables of very many cells: told in short what the whole table would say, by the same rules.
import { type CubeLayout, cubeLayout, cubeOf, openedCells } from "@koplamp/aggregate";
import type { ReleaseRules } from "@koplamp/covenant";
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import type { AggregateAsk, AggregateCell, AggregateResult, Input, Table } from "@koplamp/wire";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { releaseTable, withholdings } from "../src/release-table.ts";
import { releaseTogether } from "../src/release-together.ts";
import { Federation, rng } from "./federation.ts";

const PARTIES = ["anna", "bert", "cleo"];
const ASK: AggregateAsk = {
  kind: "aggregate",
  from: PARTIES.map((party) => ({ party, dataset: "list" })),
  where: [],
  groupBy: ["from", "to"],
  domain: ["from", "to"].map((column) => ({ column, values: ["a", "b", "c"] })),
  measures: ["count", "sum(n)", "mean(n)", "variance(n)"],
};
const clock = { now: () => 0, sleep: async () => {} };

function inputOf(party: string): Input {
  const bounds = [{ column: "n", min: -9, max: 9 }];
  const kinds = ["category", "category", "integer"];
  const input = { party, dataset: "list", columns: ["from", "to", "n"], kinds, bounds, maxRowsPerCell: 99 };
  return input as unknown as Input; // no more of it is read
}

const place = fc.constantFrom("a", "b", "c", null);
const rows = fc.array(fc.tuple(place, place, fc.integer({ min: -9, max: 9 })), { maxLength: 25 });
const tables = fc.tuple(rows, rows, rows);
const rules: fc.Arbitrary<ReleaseRules> = fc
  .record({
    minCount: fc.integer({ min: 1, max: 5 }),
    minContributors: fc.integer({ min: 1, max: 3 }),
    dominated: fc.boolean(),
  })
  .map(({ minCount, minContributors, dominated }) => ({
    minCount,
    minContributors,
    minOthers: minContributors > 1 ? 2 : 0,
    ...(dominated ? { dominance: { largest: 1, percent: 60 } } : {}),
  }));

function tableOf(list: readonly (readonly [string | null, string | null, number])[]): Table {
  const columns = {
    from: list.map(([from]) => from),
    to: list.map(([, to]) => to),
    n: list.map(([, , n]) => `${n}`),
  };
  return { rows: list.length, columns };
}

function layoutOf({ dominance, minContributors, minCount }: ReleaseRules): CubeLayout {
  const judged = dominance === undefined ? {} : { dominance };
  const release = { minContributors, minCount, noise: null, ...judged };
  return cubeLayout({ ask: ASK, inputs: PARTIES.map(inputOf), release, params: "words-64" });
}

it("says of every cell what the whole table says, to a recipient with rows and to one without", async () => {
  const property = fc.asyncProperty(tables, rules, fc.boolean(), async (lists, terms, receives) => {
    const layout = layoutOf(terms);
    const cubes = lists.map((list, at) => cubeOf(tableOf(list), ASK, inputOf(PARTIES[at] ?? ""), layout));
    const opened = new Float64Array(layout.cells * layout.columns.length);
    for (const { values } of cubes) {
      for (const [at, value] of values.entries()) opened[at] = (opened[at] ?? 0) + value;
    }
    const [own] = cubes;
    const sum = { opened, ask: ASK, layout, contributors: 3, minRows: terms.minCount };
    const columns = [{ lo: -9n, hi: 9n }];
    const mine = receives && own !== undefined ? { own } : {};
    const short = await releaseTogether({ clock }, { sum, rules: terms, columns, ...mine });
    const parts = openedCells(own?.values ?? new Float64Array(), ASK, layout, 1);
    const whole = releaseTable({
      cells: openedCells(opened, ASK, layout, 3, terms.minCount),
      rules: terms,
      columns,
      ...(receives ? { own: parts } : {}),
    });
    const listed = new Map(short.cells.map((cell) => [JSON.stringify(cell.group), cell]));
    const { cells: _, ...other } = short.others;
    const told = whole.cells.map(
      ({ group }): AggregateCell => listed.get(JSON.stringify(group)) ?? { group, ...other },
    );
    expect(told).toEqual(whole.cells);
    expect(short.others.cells + short.cells.length).toBe(9);
    expect(short.withheld).toEqual(withholdings(whole.cells));
    const empty = JSON.stringify(other.withheld);
    expect(short.cells.some((cell) => "withheld" in cell && JSON.stringify(cell.withheld) === empty)).toBe(
      false,
    );
  });
  await fc.assert(property, { numRuns: 300 });
});

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

/** Rows of kind k<n> and number n: 400 kinds by 256 numbers are 102,400 cells. */
function question(id: string, kinds: number): Question {
  const names = Array.from({ length: kinds }, (_, at) => `k${at}`);
  const numbers = Array.from({ length: 256 }, (_, at) => `${at}..${at}`);
  const text = `koplamp: query/v1
id: ${id}
ask:
  kind: aggregate
  from: { anna: list, bert: list, cleo: list }
  groupBy: [kind, n]
  domain: { kind: [${names.join(", ")}], n: [${numbers.join(", ")}] }
  measures: [count, sum(n)]
recipients: [anna, bert]
release: { minCount: 3, minContributors: 2 }
`;
  return readQuestion(text, { file: "query.yaml", lab: true });
}

it("tells 102,400 cells in short, at every recipient, and then no other table of the same rows", {
  timeout: 120_000,
}, async () => {
  const of = (party: string, from: number): readonly string[] =>
    Array.from({ length: 40 }, (_, at) => `${party}${at}@k${(from + at) * 5}@${from + at}`);
  const lists = { anna: of("a", 0), bert: of("b", 10), cleo: [...of("c", 20), "x@k7@3", "y@k7@3", "z@k7@3"] };
  const terms = (all: Terms): Terms => ({
    ...all,
    protocols: all.protocols.filter(({ id }) => id !== "sum-threshold/1"),
  });
  federation = new Federation(lists, { terms, graceMs: 500, he: tinyBfv(rng) });
  const asked = await federation.ask("anna", question("large", 400));
  const told = Array.from({ length: 20 }, (_, at) => ({
    group: { kind: `k${5 * (at + 20)}`, n: `${at + 20}..${at + 20}` },
    measures: { count: 3, "sum(n)": 3 * (at + 20) },
  }));
  for (const outcome of [asked, ...(await federation.outcomes(["bert"]))]) {
    if (outcome.status !== "released") throw new Error(outcome.message);
    const { cells, others } = outcome.result as AggregateResult;
    expect(cells.filter((cell) => "measures" in cell)).toEqual(told);
    // A cell with rows of one party only is withheld by another rule than one that nobody is in.
    expect(cells.find(({ group }) => group["kind"] === "k7")).toMatchObject({
      withheld: ["minContributors"],
    });
    expect(others).toMatchObject({
      cells: 102_400 - cells.length,
      withheld: ["minCount", "minContributors"],
    });
  }
  const more = await federation.ask("anna", question("small", 2));
  expect(more).toMatchObject({ status: "refused", rule: "derivable" });
});
