// SPDX-License-Identifier: Apache-2.0
// What a recipient is shown of what its node opened, through a whole lab: rules, totals, and answers that were given before.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReadSource } from "@koplamp/engine";
import { readQuestion } from "@koplamp/query";
import { answerText, type DatasetSpec } from "@koplamp/wire";
import { afterAll, describe, expect, test } from "vitest";
import { toyPrimitives } from "../../../test/toy/primitives.ts";
import { toyWorkers } from "../../../test/toy/workers.ts";
import { runLab } from "../src/lab.ts";

const folder = mkdtempSync(join(tmpdir(), "release-"));
const workers = toyWorkers();
afterAll(async () => {
  await workers.close();
  rmSync(folder, { recursive: true });
});

const PARTIES = ["aa", "bb", "cc"];
const times = (count: number, row: string): readonly string[] => Array.from({ length: count }, () => row);
/** Towns A, C and D have 15 rows each, B has one, E two; D's largest amount is most of what D has. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  aa: [...times(5, "north,A,10"), ...times(5, "north,C,20"), ...times(5, "south,D,10"), "north,B,7"],
  bb: [...times(5, "north,A,11"), ...times(5, "north,C,21"), ...times(5, "south,D,10"), "south,E,3"],
  cc: [
    ...times(5, "north,A,12"),
    ...times(5, "north,C,22"),
    ...times(4, "south,D,10"),
    "south,D,900",
    "south,E,4",
  ],
};
const columns: DatasetSpec["columns"] = {
  region: { kind: "category" },
  town: { kind: "category" },
  x: { kind: "integer", min: 0, max: 1000 },
};
const parties = PARTIES.map((id) => ({ id, name: id, datasets: { list: { file: id, nulls: [], columns } } }));

/** Tables from memory. */
const readSource: ReadSource = async ({ file }, names) => {
  const rows = (ROWS[file] ?? []).map((line) => line.split(","));
  const column = (name: string) => rows.map((row) => row[Object.keys(columns).indexOf(name)] ?? null);
  const table = { rows: rows.length, columns: Object.fromEntries(names.map((name) => [name, column(name)])) };
  return { table, quality: {}, digest: new Uint8Array(32) };
};

const TOWNS = "groupBy: [town], domain: { town: [A, B, C, D] }";
const NORTH = "groupBy: [town], domain: { town: [A, B, C] }";

interface Plain {
  readonly cells: readonly Record<string, unknown>[];
  readonly total?: Record<string, unknown>;
  readonly margins?: readonly Record<string, unknown>[];
  readonly rounding?: number;
}

async function ask(
  groups: string,
  measures: string,
  release: string,
  more = "",
  state?: string,
): Promise<Plain> {
  const from = "from: { aa: list, bb: list, cc: list }";
  const text = `koplamp: query/v1\nid: asked\nask: { kind: aggregate, ${from}, ${groups}, measures: [${measures}]${more} }\nrecipients: [bb]\nrelease: ${release}\n`;
  const { answer } = await runLab({
    federation: { id: "three", covenant: "default", parties },
    question: readQuestion(text, { file: "q", lab: true }),
    readSource,
    workers,
    primitives: toyPrimitives(),
    ...(state === undefined ? {} : { state: join(folder, state) }),
  });
  if (answer.status !== "released") throw new Error(JSON.stringify(answer.refusal));
  return JSON.parse(answerText(answer)).results.bb;
}

const shownIn = ({ cells }: Plain): readonly unknown[] =>
  cells.map(({ count, withheld }) => count ?? withheld);

describe("what a recipient is shown", { timeout: 60_000 }, () => {
  test("says of a withheld cell by which rule, and what to ask instead", async () => {
    const { cells } = await ask(TOWNS, "count", "{ minCount: 3, minContributors: 2 }");
    expect(cells[1]).toEqual({
      group: { town: "B" },
      withheld: ["minContributors", "minCount"],
      hint: "fewer than 3 rows: group by fewer columns, merge values, or take a longer period",
    });
  });

  test("has a total where nothing follows from it, and withholds one cell more for it where it must", async () => {
    const plain = await ask(TOWNS, "count", "{ minCount: 3 }", ", totals: total");
    expect(shownIn(plain)).toEqual(["derivable", "minCount", 15, 15]);
    expect(plain.total).toEqual({ count: 46 });
    expect(plain.cells[0]).toHaveProperty("hint", expect.stringContaining("ask without totals"));
    const whole = await ask(
      "groupBy: [town], domain: { town: [A, C] }",
      "count",
      "{ minCount: 3 }",
      ", totals: total",
    );
    expect([shownIn(whole), whole.total]).toEqual([[15, 15], { count: 30 }]);
    const none = await ask(
      "groupBy: [town], domain: { town: [B, E] }",
      "count",
      "{ minCount: 3 }",
      ", totals: total",
    );
    expect(none.total).toMatchObject({ withheld: "derivable" });
  });

  test("has margins over each column, that agree with its cells", async () => {
    const both = "groupBy: [region, town], domain: { region: [north, south], town: [A, C, D] }";
    const plain = await ask(both, 'count, "sum(x)", "mean(x)"', "{ minCount: 1 }", ", totals: margins");
    expect(plain.total).toEqual({ count: 45, "sum(x)": 1520, "mean(x)": 34 });
    expect(plain.margins).toContainEqual({
      group: { region: "north" },
      count: 30,
      "sum(x)": 480,
      "mean(x)": 16,
    });
    expect(plain.margins).toContainEqual({
      group: { town: "D" },
      count: 15,
      "sum(x)": 1040,
      "mean(x)": 69,
    });
    expect(plain.margins?.length).toBe(5);
  });

  test("takes public totals into account", async () => {
    const known = "known: [ { group: { town: [A, B] }, measure: count, value: 16 } ]";
    const plain = await ask(TOWNS, "count", `{ minCount: 3, ${known} }`);
    expect(shownIn(plain)).toEqual(["derivable", "minCount", 15, 15]);
    const false_ = await ask(TOWNS, "count", `{ minCount: 3, ${known.replace("16", "12")} }`);
    expect(shownIn(false_)).toEqual([15, "minCount", 15, 15]); // it cannot be of these rows
  });

  test("leaves a recipient that brought rows with those of two others, where a cell must have several", async () => {
    const two = "groupBy: [town], domain: { town: [A, E] }";
    const { cells } = await ask(two, "count", "{ minCount: 2, minContributors: 2 }");
    expect(shownIn({ cells })).toEqual([15, "derivable"]); // of the two in E one is the recipient's, and one cc's
    expect(cells[1]).toHaveProperty("hint", expect.stringContaining("one other party"));
  });

  test("has no sum that one record makes, or one party", async () => {
    const release = "{ minCount: 3, dominance: { percent: 50 } }";
    const plain = await ask(TOWNS, 'count, "sum(x)"', release);
    expect(plain.cells.map((cell) => cell["withheld"])).toEqual([
      undefined,
      ["dominance", "minCount"],
      undefined,
      "dominance",
    ]);
    expect(plain.cells[3]).toHaveProperty("hint", expect.stringContaining("ask for counts"));
    expect(shownIn(await ask(TOWNS, "count", release))).toEqual([15, "minCount", 15, 15]);
  });

  test("is rounded where asked, and says so", async () => {
    const plain = await ask(TOWNS, 'count, "sum(x)"', "{ minCount: 3, rounding: 10 }");
    expect(plain.rounding).toBe(10);
    expect(plain.cells[0]).toEqual({ group: { town: "A" }, count: 20, "sum(x)": 160 }); // 15 and 165: to the even one
  });
});

describe("an answer that was given before", { timeout: 60_000 }, () => {
  test("opens no cell of the next one: what both together would give away is withheld", async () => {
    const regions = "groupBy: [region], domain: { region: [north] }";
    const first = await ask(regions, "count", "{ minCount: 3 }", "", "coarse");
    expect(shownIn(first)).toEqual([31]);
    const second = await ask(NORTH, "count", "{ minCount: 3 }", "", "coarse");
    expect(shownIn(second)).toEqual(["derivable", "minCount", 15]);
    expect(shownIn(await ask(NORTH, "count", "{ minCount: 3 }"))).toEqual([15, "minCount", 15]);
  });

  test("nor does the next one open it: no total beside cells that were told", async () => {
    const first = await ask(NORTH, "count", "{ minCount: 3 }", "", "fine");
    expect(shownIn(first)).toEqual([15, "minCount", 15]);
    const regions = "groupBy: [region], domain: { region: [north] }";
    expect(shownIn(await ask(regions, "count", "{ minCount: 3 }", "", "fine"))).toEqual(["derivable"]);
  });
});
