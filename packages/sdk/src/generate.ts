// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SdkError } from "./errors.ts";
import { matchAnswer, overlapAnswer, sumAnswer } from "./generated-answers.ts";
import {
  federationFile,
  questionFile,
  TEMPLATES,
  type Template,
  type TextFile,
  tables,
} from "./generated-files.ts";
import { FLOW_TEMPLATES, flowLab } from "./generated-flows.ts";
import { type GeneratedCountry, type GenerateOptions, plant } from "./generated-registers.ts";

const ANSWERS: Readonly<Record<Template, (country: GeneratedCountry) => object>> = {
  match: matchAnswer,
  overlap: overlapAnswer,
  sum: sumAnswer,
};

/**
 * Writes a federation with generated registers into an empty or new folder: federation.yaml, its tables, a question a
 * template (`match.yaml`, …) and `expected.json` with the answers that were planted. The same options give the same
 * bytes on any machine.
 * @returns the names of the files, sorted.
 * @throws {SdkError} `usage` for numbers that make no federation, `file` for a folder in use.
 */
export async function generateFederation(options: GenerateOptions, dir: string): Promise<readonly string[]> {
  checkOptions(options);
  const country = plant(options);
  const expected = Object.fromEntries(
    TEMPLATES.map((template) => [`${template}.yaml`, ANSWERS[template](country)]),
  );
  return write(dir, [
    { name: "federation.yaml", text: federationFile("generated", country) },
    ...tables(country),
    ...TEMPLATES.map((template) => ({ name: `${template}.yaml`, text: questionFile(template, country) })),
    { name: "expected.json", text: `${JSON.stringify(expected, null, 1)}\n` },
  ]);
}

/** Transfers of each party in a new lab: enough for flows between six places that pass the floor. */
const FLOW_ROWS = 2000;

/**
 * Writes a small federation and one question to start from into an empty or new folder.
 * @returns the names of the files, sorted.
 * @throws {SdkError} `usage` or `file`.
 */
export async function newLab(
  dir: string,
  { template, parties = 3 }: { readonly template: string; readonly parties?: number },
): Promise<readonly string[]> {
  const flow = FLOW_TEMPLATES.find((name) => name === template);
  if (flow !== undefined) {
    checkOptions({ parties, rows: FLOW_ROWS, overlap: 0, seed: 1 });
    return write(dir, flowLab(flow, { parties, rows: FLOW_ROWS, seed: 1 }).files);
  }
  const known = TEMPLATES.find((name) => name === template);
  if (known === undefined) {
    const all = [...TEMPLATES, ...FLOW_TEMPLATES].join(", ");
    throw new SdkError("usage", `there is no template "${template}"`, `templates: ${all}`);
  }
  const options = { parties, rows: 200, overlap: 0.2, seed: 1 };
  checkOptions(options);
  const country = plant(options);
  return write(dir, [
    { name: "federation.yaml", text: federationFile("first-lab", country) },
    ...tables(country),
    { name: "query.yaml", text: questionFile(known, country) },
  ]);
}

function checkOptions({ parties, rows, overlap, seed }: GenerateOptions): void {
  const integers = [
    ["parties", parties, 2, 64],
    ["rows", rows, 1, 100_000],
    ["seed", seed, 0, 2 ** 32 - 1],
  ] as const;
  for (const [name, value, least, most] of integers) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new SdkError(
      "usage",
      `expected ${name} from ${least} to ${most}, got ${value}`,
      "koplamp lab generate --help",
    );
  }
  if (overlap >= 0 && overlap <= 1) return;
  throw new SdkError("usage", `expected an overlap from 0 to 1, got ${overlap}`, "0.2 plants a fifth");
}

async function write(dir: string, files: readonly TextFile[]): Promise<readonly string[]> {
  await mkdir(dir, { recursive: true });
  if ((await readdir(dir)).length > 0) {
    throw new SdkError("file", `the folder "${dir}" is not empty`, "name a new one: nothing is overwritten");
  }
  for (const { name, text } of files) {
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return files.map(({ name }) => name).sort();
}
