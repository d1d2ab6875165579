// SPDX-License-Identifier: Apache-2.0
// What matches by several keys find among labelled persons, and how often they are wrong: the table of
// docs/matching-persons.md. The keys and bands are those of examples/persons. They were chosen on the records with an even
// label; what is asserted is measured on the others, through whole labs on the toy group.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ReadSource } from "@koplamp/engine";
import { type Federation, type Question, readFederation, readQuestion } from "@koplamp/query";
import { runLab } from "@koplamp/sdk";
import { readSource } from "@koplamp/sources";
import type { Cell, DatasetSpec, Match, MatchAsk, MatchResult, Table } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../shared.ts";
import { toyPrimitives } from "../toy/primitives.ts";
import { toyWorkers } from "../toy/workers.ts";

/** Columns of the example, and how Febrl calls them; the others have the same name, or are derived. */
const IN_FEBRL: Readonly<Record<string, string>> = {
  given: "given_name",
  birth: "date_of_birth",
  street: "address_1",
  house: "street_number",
  place: "suburb",
  number: "soc_sec_id",
};

const example = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../examples/persons/${file}`, import.meta.url)), "utf8");

function febrl(): Federation {
  const { parties, ...rest } = readFederation(example("federation.yaml"), { file: "federation.yaml" });
  const files = { permits: "data/febrl/lab/dataset4a.csv", register: "data/febrl/lab/dataset4b.csv" };
  return {
    ...rest,
    parties: parties.map((party) => {
      const file = sharedPath(party.id === "permits" ? files.permits : files.register);
      const columns = Object.fromEntries(
        Object.entries(party.datasets["persons"]?.columns ?? {}).map(([name, spec]) => {
          const from = IN_FEBRL[name];
          return [name, from === undefined ? spec : { ...spec, from }];
        }),
      );
      const persons: DatasetSpec = {
        file,
        nulls: [],
        columns: { ...columns, label: { kind: "opaque", from: "rec_id" } },
      };
      return { ...party, datasets: { persons } };
    }),
  };
}

/** Which records of each party take part, by their label. */
type Half = (label: number, file: string) => boolean;

const labelOf = (cell: Cell | undefined): number => Number(/\d+/.exec(String(cell))?.[0]);

async function tableOf(spec: DatasetSpec, columns: readonly string[], half: Half): Promise<Table> {
  const { table } = await readSource(spec, [...new Set([...columns, "label"])]);
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter((row) =>
    half(labelOf(table.columns["label"]?.at(row)), spec.file),
  );
  const cells = Object.entries(table.columns).map(([name, column]) => [
    name,
    rows.map((row) => column.at(row) ?? null),
  ]);
  return { rows: rows.length, columns: Object.fromEntries(cells) };
}

function questionOf(file: string, text = example(file)): Question {
  return readQuestion(text, { file, lab: true });
}

/** Keys of fewer columns, as a contrast: more is found, and more of it is wrong. */
function looser(): Question {
  const anyKey = [
    ["birth", "place4"],
    ["surname2", "postcode3", "street4"],
    ["names", "house"],
    ["given3", "birth"],
    ["given1", "place4", "street4"],
    ["birth", "street4"],
  ];
  const text = example("without-number.yaml");
  const [from, to] = [text.indexOf("  anyKey:"), text.indexOf("  bands:")];
  return questionOf("looser", `${text.slice(0, from)}  anyKey: ${JSON.stringify(anyKey)}\n${text.slice(to)}`);
}

/** What the recipient is told of its records. */
async function told(question: Question, half: Half): Promise<readonly Match[]> {
  const source: ReadSource = async (spec, columns) => ({
    table: await tableOf(spec, columns, half),
    quality: {},
    digest: new Uint8Array(32),
  });
  const { answer } = await runLab({
    federation: febrl(),
    question,
    workers: toyWorkers(),
    primitives: toyPrimitives(),
    readSource: source,
  });
  expect(answer.refusal).toBeUndefined();
  return (answer.results["permits"] as MatchResult).matches;
}

interface Counted {
  readonly right: number;
  readonly wrong: number;
}

/** Of every band: pairs of records that agree, right where both have one label. */
interface Calibration {
  readonly bands: ReadonlyMap<string, Counted>;
  readonly records: number;
  readonly recall: number;
  readonly precision: number;
}

/** Own records and those of the other, for the keys of a question. */
interface Pair {
  readonly own: Table;
  readonly theirs: Table;
  readonly anyKey: readonly (readonly string[])[];
}

async function pairOf({ ask }: Question, half: Half): Promise<Pair> {
  const { anyKey = [] } = ask as MatchAsk;
  const { parties } = febrl();
  const table = async (id: string): Promise<Table> => {
    const spec = parties.find((party) => party.id === id)?.datasets["persons"];
    if (spec === undefined) throw new Error(`expected persons at ${id}`);
    return await tableOf(spec, anyKey.flat(), half);
  };
  return { own: await table("permits"), theirs: await table("register"), anyKey };
}

/** The key of a record; nothing where a column is empty. */
function keyOf(table: Table, row: number, columns: readonly string[]): readonly Cell[] | undefined {
  const values = columns.map((name) => table.columns[name]?.at(row) ?? null);
  return values.includes(null) ? undefined : values;
}

/** For each own record, alternative by alternative, the records of the other that agree with it. */
function agreements({ own, theirs, anyKey }: Pair): readonly (readonly (readonly number[])[])[] {
  const indices = anyKey.map((columns) => {
    const index = new Map<string, number[]>();
    for (let row = 0; row < theirs.rows; row += 1) {
      const key = JSON.stringify(keyOf(theirs, row, columns));
      if (key !== undefined) index.set(key, [...(index.get(key) ?? []), row]);
    }
    return index;
  });
  return Array.from({ length: own.rows }, (_, row) =>
    anyKey.map((columns, at) => indices[at]?.get(JSON.stringify(keyOf(own, row, columns))) ?? []),
  );
}

/**
 * Who is meant by what was told. A match names a key, which alternatives agree, and a band: it is of every own record of
 * which the same is so, and means every record of the other that agrees with one of these under some alternative.
 */
async function calibrated(question: Question, half: Half): Promise<Calibration> {
  const pair = await pairOf(question, half);
  const matches = await told(question, half);
  const bandOf = new Map(matches.map(({ key, agreed, band }) => [JSON.stringify([key, agreed]), band]));
  const bands = new Map<string, Counted>();
  const seen = new Set<string>();
  for (const [row, found] of agreements(pair).entries()) {
    const agreed = found.flatMap((rows, at) => (rows.length > 0 ? [at] : []));
    if (agreed.length === 0) continue;
    const name = JSON.stringify([keyOf(pair.own, row, pair.anyKey[agreed[0] ?? 0] ?? []), agreed]);
    const band = bandOf.get(name) ?? "not told";
    seen.add(name);
    bands.set(band, counted(pair, row, found.flat(), bands.get(band)));
  }
  expect([seen.size, bands.has("not told")]).toEqual([bandOf.size, false]); // the lab tells what is so in the clear
  const sum = (which: keyof Counted): number => [...bands.values()].reduce((all, one) => all + one[which], 0);
  return {
    bands: new Map([...bands].sort()),
    records: pair.own.rows,
    recall: sum("right") / pair.own.rows,
    precision: sum("right") / (sum("right") + sum("wrong")),
  };
}

function counted(
  { own, theirs }: Pair,
  row: number,
  others: readonly number[],
  before: Counted = { right: 0, wrong: 0 },
): Counted {
  const label = labelOf(own.columns["label"]?.at(row));
  const meant = [...new Set(others)];
  const right = meant.filter((other) => labelOf(theirs.columns["label"]?.at(other)) === label).length;
  return { right: before.right + right, wrong: before.wrong + meant.length - right };
}

const odd: Half = (label) => label % 2 === 1;
const all: Half = () => true;
/** Own records that the other register does not have: whatever is told of them is wrong. */
const strangers: Half = (label, file) => (label % 2 === 1) === file.includes("4a");

function report(name: string, { bands, records, recall, precision }: Calibration): void {
  const lines = [...bands].map(
    ([band, { right, wrong }]) =>
      `  ${band}: ${right} right, ${wrong} wrong, precision ${(right / (right + wrong)).toFixed(4)}`,
  );
  const head = `${name}: ${records} records, recall ${recall.toFixed(4)}, precision ${precision.toFixed(4)}`;
  process.stdout.write(`${[head, ...lines].join("\n")}\n`);
}

/** The page says what was measured: the cells of a line of its table, from the share that is found to band C. */
function expectOnPage({ bands, recall, precision }: Calibration): void {
  const page = readFileSync(
    fileURLToPath(new URL("../../docs/matching-persons.md", import.meta.url)),
    "utf8",
  );
  const counts = [...bands.values()].map(({ right, wrong }) => `${right.toLocaleString("en")}, ${wrong}`);
  const lines = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const measured = [recall.toFixed(4), precision.toFixed(4), ...counts];
  expect(lines.map((cells) => cells.slice(3, 8))).toContainEqual(measured);
}

describe.skipIf(!hasShared)("persons by several keys (needs ../shared)", () => {
  it.each([
    ["with-number.yaml", 0.995, 0.998],
    ["without-number.yaml", 0.95, 0.99],
  ])(
    "%s finds at least %f at a precision of %f, on records that its keys were not chosen on",
    async (file, recall, precision) => {
      const half = await calibrated(questionOf(file), odd);
      report(`${file}, odd labels`, half);
      expectOnPage(half);
      expect(half.records).toBe(2500);
      expect(half.recall).toBeGreaterThanOrEqual(recall);
      expect(half.precision).toBeGreaterThanOrEqual(precision);
      const whole = await calibrated(questionOf(file), all);
      report(`${file}, all`, whole);
      expectOnPage(whole);
      expect(whole.recall).toBeGreaterThanOrEqual(recall);
      expect(whole.precision).toBeGreaterThanOrEqual(precision);
    },
  );

  it("finds more by looser keys, and tells of strangers in the worst band", async () => {
    const loose = await calibrated(looser(), all);
    report("looser keys, all", loose);
    expectOnPage(loose);
    expect(loose.recall).toBeGreaterThan(0.98);
    expect(loose.precision).toBeLessThan(1);
    const matches = await told(looser(), strangers);
    process.stdout.write(`looser keys, 2500 strangers: ${matches.map(({ band }) => band).join(" ")}\n`);
    expect(new Set(matches.map(({ band }) => band))).toEqual(new Set(["C"]));
  });

  it.each(["with-number.yaml", "without-number.yaml"])(
    "%s tells next to nothing of strangers",
    async (file) => {
      const matches = await told(questionOf(file), strangers);
      process.stdout.write(`${file}, 2500 strangers: ${matches.length} told\n`);
      expect(matches.length).toBeLessThanOrEqual(3);
    },
  );
});
