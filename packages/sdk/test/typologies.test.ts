// SPDX-License-Identifier: Apache-2.0
// Planted patterns are found by sums alone: each question through a whole lab, and what it shows beside what was planted.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFederation } from "@koplamp/query";
import { readSource } from "@koplamp/sources";
import { answerText } from "@koplamp/wire";
import { afterAll, describe, expect, test } from "vitest";
import { toyWorkers } from "../../../test/toy/workers.ts";
import { newLab } from "../src/generate.ts";
import { type FlowTemplate, flowLab, type PlantedFlows } from "../src/generated-flows.ts";
import { circlesIn, type FlowCell } from "../src/index.ts";
import { runLab } from "../src/lab.ts";
import { readLab } from "../src/read-lab.ts";

const folder = mkdtempSync(join(tmpdir(), "typologies-"));
const workers = toyWorkers();
afterAll(async () => {
  await workers.close();
  rmSync(folder, { recursive: true });
});

interface PlainCell {
  readonly group: Readonly<Record<string, string>>;
  readonly withheld?: unknown;
  readonly "sum(amount)"?: number;
}

async function answer(template: FlowTemplate): Promise<readonly PlainCell[]> {
  const dir = join(folder, template);
  await newLab(dir, { template });
  const lab = await readLab({ federation: join(dir, "federation.yaml"), query: join(dir, "query.yaml") });
  const run = await runLab({ ...lab, workers });
  return JSON.parse(answerText(run.answer)).results.fiod.cells;
}

/** Of what was planted the part that was found, and of what was found the part that was planted. */
function scores(found: readonly string[], planted: readonly string[]): { recall: number; precision: number } {
  const hits = found.filter((one) => planted.includes(one)).length;
  return { recall: hits / planted.length, precision: hits / found.length };
}

const SEED = { parties: 3, rows: 2000, seed: 1 };
const { planted } = flowLab("flow", SEED);
const shownIn = (cells: readonly PlainCell[]): readonly string[] =>
  cells.flatMap(({ group, withheld }) =>
    withheld === undefined ? [JSON.stringify([group["destination"], group["month"]])] : [],
  );
const textsOf = (list: PlantedFlows[keyof PlantedFlows]): readonly string[] =>
  list.map((one) => JSON.stringify(one));

describe("planted patterns", { timeout: 60_000 }, () => {
  test("of smurfing are the cells that are shown, all others are withheld", async () => {
    const found = shownIn(await answer("smurfing"));
    expect(scores(found, textsOf(planted.smurfing))).toEqual({ recall: 1, precision: 1 });
  });

  test("of pass-through are the cells that are shown, all others are withheld", async () => {
    const found = shownIn(await answer("pass-through"));
    expect(scores(found, textsOf(planted.passThrough))).toEqual({ recall: 1, precision: 1 });
  });

  test("of circular flows are the circles in what is shown", async () => {
    const cells = (await answer("circular")).map(({ group, ...cell }): FlowCell => {
      const { origin = "", destination = "", month = "" } = group;
      const value = cell["sum(amount)"];
      return { from: origin, to: destination, period: month, ...(value === undefined ? {} : { value }) };
    });
    expect(cells).toHaveLength(108);
    const found = circlesIn(cells, 3).map(({ places, period }) => JSON.stringify([...places, period]));
    expect(scores(found, textsOf(planted.circular))).toEqual({ recall: 1, precision: 1 });
  });

  test("name no account: neither what is asked nor what is told", () => {
    for (const template of ["flow", "smurfing", "pass-through", "circular"] as const) {
      const { files } = flowLab(template, SEED);
      const query = files.find(({ name }) => name === "query.yaml")?.text ?? "";
      expect(query).toContain("class: A");
      expect(query).not.toMatch(/pay(?:er|ee)/);
    }
    expect(readFileSync(join(folder, "smurfing", "federation.yaml"), "utf8")).toContain("derive");
  });
});

const NAMES = ["origin", "destination", "month", "amount", "deposits", "passed"] as const;
type Row = readonly (string | undefined)[];

/** Every party's rows, with what its node derives. */
async function rowsOf(seed: number): Promise<readonly (readonly [party: string, Row])[]> {
  const dir = mkdtempSync(join(folder, "plain-"));
  for (const { name, text } of flowLab("flow", { ...SEED, seed }).files)
    writeFileSync(join(dir, name.replace("data/", "")), text);
  const { parties } = readFederation(readFileSync(join(dir, "federation.yaml"), "utf8"), { file: "f" });
  const all = parties.map(async ({ id, datasets }) => {
    const spec = { file: "", nulls: [], columns: {}, ...datasets["transfers"] };
    const { table } = await readSource({ ...spec, file: join(dir, `${id}.csv`) }, NAMES);
    return Array.from({ length: table.rows }, (_, row) => {
      const own = NAMES.map((name) => table.columns[name]?.at(row)?.toString());
      return [id, own] as const;
    });
  });
  return (await Promise.all(all)).flat();
}

/** The sums of the cells that pass the floor, in plain code; rows without a name are in none. */
function shown(
  rows: readonly (readonly [string, Row])[],
  nameOf: (row: Row) => readonly unknown[] | undefined,
): ReadonlyMap<string, number> {
  const cells = new Map<string, { rows: number; sum: number; readonly parties: Set<string> }>();
  for (const [party, row] of rows) {
    const name = JSON.stringify(nameOf(row));
    const cell = cells.get(name) ?? { rows: 0, sum: 0, parties: new Set<string>() };
    cells.set(name, {
      rows: cell.rows + 1,
      sum: cell.sum + Number(row[3]),
      parties: cell.parties.add(party),
    });
  }
  const passing = [...cells].filter(([, cell]) => cell.rows >= 10 && cell.parties.size === 3);
  return new Map(passing.flatMap(([name, { sum }]) => (name === undefined ? [] : [[name, sum] as const])));
}

/** What the three questions show over all rows together: the same conditions and floors. */
async function shownPlainly(seed: number): Promise<Readonly<Record<keyof PlantedFlows, readonly string[]>>> {
  const rows = await rowsOf(seed);
  const smurfing = shown(rows, ([, to, month, , deposits]) =>
    Number(deposits ?? 0) >= 5 ? [to, month] : undefined,
  );
  const passThrough = shown(rows, ([, to, month, amount, , passed]) =>
    Number(passed ?? 0) >= 96 && Number(amount) >= 1_000_000 ? [to, month] : undefined,
  );
  const flows = [...shown(rows, ([origin, to, month]) => [origin, to, month])].map(
    ([name, value]): FlowCell => {
      const [from = "", to = "", period = ""] = JSON.parse(name) as readonly string[];
      return { from, to, period, value };
    },
  );
  const circular = circlesIn(flows, 3).map(({ places, period }) => JSON.stringify([...places, period]));
  return { smurfing: [...smurfing.keys()], passThrough: [...passThrough.keys()], circular };
}

test("the same patterns in other data are found at a recall and a precision of nine in ten or more", async () => {
  const [found, there]: [string[], string[]] = [[], []];
  for (const seed of [2, 3]) {
    const told = await shownPlainly(seed);
    const hidden = flowLab("flow", { ...SEED, seed }).planted;
    for (const kind of ["smurfing", "passThrough", "circular"] as const) {
      found.push(...told[kind].map((name) => `${seed} ${kind} ${name}`));
      there.push(...textsOf(hidden[kind]).map((name) => `${seed} ${kind} ${name}`));
    }
  }
  expect(there).toHaveLength(16);
  const { recall, precision } = scores(found, there);
  expect(recall).toBeGreaterThanOrEqual(0.9);
  expect(precision).toBeGreaterThanOrEqual(0.9);
}, 60_000);

describe("circles", () => {
  const flow = (from: string, to: string, value?: number): FlowCell => ({
    from,
    to,
    period: "2026-01",
    ...(value === undefined ? {} : { value }),
  });
  const usual = ["a", "b", "c", "d"].flatMap((from) =>
    ["a", "b", "c", "d"].filter((to) => to !== from).map((to) => flow(from, to, 10)),
  );
  const changed = (...large: readonly FlowCell[]): readonly FlowCell[] => [
    ...usual.filter((one) => !large.some(({ from, to }) => from === one.from && to === one.to)),
    ...large,
  ];

  test("are found once, in their direction, by their least flow", () => {
    expect(circlesIn(changed(flow("c", "b", 50), flow("b", "d", 40), flow("d", "c", 60)), 3)).toEqual([
      { places: ["b", "d", "c"], period: "2026-01", least: 40 },
    ]);
  });

  test("are none where a flow is small, withheld, or stays in its place", () => {
    expect(circlesIn(changed(flow("c", "b", 50), flow("b", "d", 29), flow("d", "c", 60)), 3)).toEqual([]);
    expect(circlesIn(changed(flow("c", "b", 50), flow("b", "d"), flow("d", "c", 60)), 3)).toEqual([]);
    expect(circlesIn([...usual, flow("a", "a", 500)], 3)).toEqual([]);
    expect(circlesIn([], 3)).toEqual([]);
  });
});
