// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFederation, readQuestion } from "@koplamp/query";
import { readSource } from "@koplamp/sources";
import { canonicalise, type DatasetSpec } from "@koplamp/wire";
import { afterAll, describe, expect, test } from "vitest";
import { SdkError } from "../src/errors.ts";
import { generateFederation, newLab } from "../src/generate.ts";
import { asWritten, identifiers } from "../src/generated-identifiers.ts";
import { Seeded } from "../src/seeded.ts";

const folder = mkdtempSync(join(tmpdir(), "generate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const OPTIONS = { parties: 3, rows: 120, overlap: 0.25, seed: 7 };

/** The distinct companies of a table, after a check of what was planted beside them. */
async function companies(dir: string, spec: DatasetSpec | undefined): Promise<ReadonlySet<string>> {
  if (spec === undefined) throw new Error("expected companies");
  const { table, quality } = await readSource({ ...spec, file: join(dir, spec.file) }, ["company"]);
  const keys = new Set([...(table.columns["company"] ?? [])].flatMap((cell) => cell ?? []));
  expect(keys.size).toBe(OPTIONS.rows);
  expect(quality["company"]).toMatchObject({ accepted: 123, duplicates: 3, separatorsRemoved: 3 });
  return keys;
}

describe("generated data", () => {
  test("identifiers pass the checks of their kind, also as people write them", () => {
    for (const kind of ["iban", "imo", "kvk", "bsn"] as const) {
      const made = identifiers(kind, 500, new Seeded(3));
      expect(new Set(made).size).toBe(500);
      for (const value of made) {
        expect(canonicalise({ kind }, value)).toMatchObject({ kind: "value", value });
        expect(canonicalise({ kind }, asWritten(kind, value))).toMatchObject({ kind: "value", value });
      }
    }
  });

  test("a seed gives the same bytes everywhere, another seed others", async () => {
    const digest = async (seed: number) => {
      const dir = join(folder, `seed-${seed}-${Math.trunc(performance.now() * 1000)}`);
      const names = await generateFederation({ ...OPTIONS, seed }, dir);
      const hash = createHash("sha256");
      for (const name of names) hash.update(name).update(readFileSync(join(dir, name)));
      return hash.digest("hex");
    };
    const first = await digest(7);
    expect(await digest(7)).toBe(first);
    expect(await digest(8)).not.toBe(first);
    expect(first).toBe("cd9cb8993041b743717c4a2a1bd4397945d3ef4e9b20d9201a5dcfb7830a91f3");
  });

  test("what is in the files is what was planted", async () => {
    const dir = join(folder, "planted");
    await generateFederation(OPTIONS, dir);
    const federation = readFederation(readFileSync(join(dir, "federation.yaml"), "utf8"), { file: "f" });
    const expected = JSON.parse(readFileSync(join(dir, "expected.json"), "utf8"));
    const held = new Map<string, number>();
    for (const { datasets } of federation.parties) {
      for (const key of await companies(dir, datasets["companies"])) held.set(key, (held.get(key) ?? 0) + 1);
    }
    const histogram: Record<string, number> = { "1": 0, "2": 0, "3": 0 };
    for (const holders of held.values()) histogram[holders] = (histogram[holders] ?? 0) + 1;
    expect(expected["overlap.yaml"].results.politie.histogram).toEqual(histogram);
    expect(histogram["2"]).toBeGreaterThan(0);
    const cells = expected["sum.yaml"].results.politie.cells;
    expect(cells.filter((cell: object) => "withheld" in cell).length).toBeGreaterThanOrEqual(2);
    expect(cells.filter((cell: object) => "count" in cell).length).toBeGreaterThanOrEqual(4);
  });

  test("every file can be read, outside a lab as well", async () => {
    const dir = join(folder, "readable");
    const names = await generateFederation({ ...OPTIONS, parties: 12 }, dir);
    for (const name of ["match.yaml", "overlap.yaml", "sum.yaml"]) {
      expect(names).toContain(name);
      const question = readQuestion(readFileSync(join(dir, name), "utf8"), { file: name, lab: false });
      expect(question.sources.length).toBe(12);
      expect(question.warnings).toEqual([]);
    }
    for (const template of ["match", "overlap", "sum"]) {
      const lab = join(folder, `lab-${template}`);
      expect(await newLab(lab, { template })).toContain("query.yaml");
      readQuestion(readFileSync(join(lab, "query.yaml"), "utf8"), { file: "query.yaml", lab: true });
      const federation = readFederation(readFileSync(join(lab, "federation.yaml"), "utf8"), { file: "f" });
      expect(federation.parties.length).toBe(3);
    }
  });

  test("numbers that make no federation, unknown templates and folders in use are refused", async () => {
    const dir = join(folder, "refused");
    for (const wrong of [
      { parties: 1 },
      { rows: 0 },
      { overlap: 1.5 },
      { overlap: Number.NaN },
      { seed: -1 },
    ]) {
      await expect(generateFederation({ ...OPTIONS, ...wrong }, dir)).rejects.toThrow(SdkError);
    }
    await expect(newLab(dir, { template: "join" })).rejects.toThrow('there is no template "join"');
    await newLab(dir, { template: "sum" });
    await expect(newLab(dir, { template: "sum" })).rejects.toThrow("is not empty");
  });
});
