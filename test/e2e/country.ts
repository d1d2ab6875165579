// SPDX-License-Identifier: Apache-2.0
// Registers with 10,000 identifiers that nobody but their holders may ever see.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateFederation } from "@koplamp/sdk";
import type { Planted } from "./needles.ts";

const PARTIES = ["belastingdienst", "douane", "politie"];
const ROWS = 950;
const CASES = 400;

/** The identifiers of one dataset, over all agencies, and the question that matches them. */
export interface Register {
  readonly dataset: string;
  readonly question: string;
  readonly identifiers: readonly Planted[];
}

/** What was planted, and what to ask. */
export interface PlantedCountry {
  readonly federation: string;
  /** Files: a question for each register, and a sum. */
  readonly questions: readonly string[];
  readonly registers: readonly Register[];
}

/**
 * Writes three agencies' registers: accounts, companies, persons and ships as `lab generate` makes them, and case
 * numbers in letters that neither ASCII nor Latin-1 has. A question for each register, and a sum.
 */
export async function plantCountry(dir: string): Promise<PlantedCountry> {
  await generateFederation({ parties: PARTIES.length, rows: ROWS, overlap: 0.3, seed: 20 }, dir);
  const federation = join(dir, "federation.yaml");
  const cases = await plantCases(dir, federation);
  const accounts = await readFile(join(dir, "match.yaml"), "utf8");
  const companies = await readFile(join(dir, "overlap.yaml"), "utf8");
  const more = {
    "persons.yaml": accounts.replaceAll("accounts", "persons").replace("[account]", "[person]"),
    "cases.yaml": accounts.replaceAll("accounts", "cases").replace("[account]", "[case]"),
    "ships.yaml": companies.replaceAll("companies", "ships").replace("[company]", "[ship]"),
  };
  for (const [name, text] of Object.entries(more)) await writeFile(join(dir, name), text);
  const generated = async (
    dataset: string,
    question: string,
    written: (canonical: string) => string,
  ): Promise<Register> => {
    const keys = await keysOf(dir, dataset);
    const identifiers = keys.map((canonical) => ({ canonical, written: written(canonical) }));
    return { dataset, question: join(dir, question), identifiers };
  };
  const registers = [
    await generated("accounts", "match.yaml", (iban) => iban.replace(/(.{4})(?=.)/g, "$1 ")),
    await generated("companies", "overlap.yaml", dotted),
    await generated("persons", "persons.yaml", dotted),
    await generated("ships", "ships.yaml", (imo) => `IMO ${imo}`),
    { dataset: "cases", question: join(dir, "cases.yaml"), identifiers: cases },
  ];
  const questions = [...registers.map(({ question }) => question), join(dir, "sum.yaml")];
  return { federation, questions, registers };
}

/** The valid keys of a generated register, from the files themselves. Cells that are no key are left out. */
async function keysOf(dir: string, dataset: string): Promise<readonly string[]> {
  const texts = await Promise.all(
    PARTIES.map((party) => readFile(join(dir, "data", `${party}-${dataset}.csv`), "utf8")),
  );
  const cells = texts.flatMap((text) => text.split("\n").map((line) => line.split(",")[0] ?? ""));
  const keys = cells.map((cell) => cell.replace(/^IMO |[ .]/g, ""));
  return [...new Set(keys.filter((key) => /^(?:NL\d\d[A-Z0-9]{4}\d{10}|[1-9]\d{6,8})$/.test(key)))];
}

function dotted(canonical: string): string {
  return `${canonical.slice(0, 4)}.${canonical.slice(4)}`;
}

/** Each case at one agency, every third at two; every other cell is written with its accents apart. */
async function plantCases(dir: string, federation: string): Promise<readonly Planted[]> {
  const all = Array.from({ length: PARTIES.length * CASES }, (_, at): Planted => {
    const canonical = `Łódź-${(0x51ac_e1 * (at + 1)).toString(36)}/2026`;
    return { canonical, written: canonical.normalize("NFD") };
  });
  for (const [index, party] of PARTIES.entries()) {
    const own = all.filter(
      (_, at) => at % PARTIES.length === index || ((at + 1) % PARTIES.length === index && at % 9 < 3),
    );
    const lines = own.map(({ canonical, written }, at) => (at % 2 === 0 ? canonical : written));
    await writeFile(join(dir, "data", `${party}-cases.csv`), `${["case", ...lines].join("\n")}\n`);
  }
  const text = await readFile(federation, "utf8");
  const dataset = (party: string): string =>
    `      cases:\n        file: data/${party}-cases.csv\n        columns:\n          case: { kind: opaque }\n`;
  const added = text.replace(
    / {6}reports:\n {8}file: data\/(.*)-reports\.csv\n/g,
    (reports, party: string) => `${dataset(party)}${reports}`,
  );
  await writeFile(federation, added);
  return all;
}
