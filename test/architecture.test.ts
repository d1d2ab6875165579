// SPDX-License-Identifier: Apache-2.0
// The rules that hold the tree together: imports point down, pure packages stay pure, curves stand in one place.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MARKS } from "./crash/points.ts";
import { promises } from "./guarantees/promises.ts";
import { edited } from "./sabotage/edit.ts";
import { SWITCHES } from "./sabotage/switches.ts";

const ROOT = join(import.meta.dirname, "..");
const PURE = [
  "protocol",
  "wire",
  "crypto",
  "he",
  "psi",
  "aggregate",
  "query",
  "covenant",
  "ledger",
  "engine",
];

interface Cruise {
  readonly summary: { readonly error: number };
  readonly modules: readonly { readonly source: string }[];
}

test("imports point down, and the check has seen the packages", { timeout: 60_000 }, () => {
  const run = spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs"),
      ...["--config", ".dependency-cruiser.cjs", "--output-type", "json", "packages", "nodes", "coordinator"],
    ],
    { cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  const { summary, modules } = JSON.parse(run.stdout) as Cruise;
  const sources = modules.filter(({ source }) =>
    /^(packages\/[^/]+|nodes|coordinator)\/src\/.*\.ts$/.test(source),
  );
  expect(summary.error).toBe(0);
  expect(sources.length).toBeGreaterThan(200);
});

test("pure packages name no clock, no randomness, no timer and no Node", () => {
  const files = PURE.flatMap((name) => sourcesOf(`packages/${name}/src`));
  expect(files.length).toBeGreaterThan(120);
  const doors =
    /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|from "node:|\bprocess\./;
  expect(files.filter((file) => doors.test(withoutComments(readFileSync(file, "utf8"))))).toEqual([]);
});

test("a curve library is named in one package, SEAL in another, and their forms in nobody else", () => {
  const files = readdirSync(join(ROOT, "packages")).flatMap((name) => sourcesOf(`packages/${name}/src`));
  const naming = (pattern: RegExp): readonly string[] => {
    const found = files.filter((file) => pattern.test(readFileSync(file, "utf8")));
    return [...new Set(found.map((file) => file.slice(ROOT.length + 1).split("/")[1] ?? ""))];
  };
  expect(naming(/from "(?:@noble\/curves|libsodium)/)).toEqual(["crypto"]);
  expect(naming(/from "node-seal/)).toEqual(["he"]);
  expect(naming(/from "koffi"/)).toEqual(["pool"]);
});

test("a worker thread imports protocols alone: no documents, no kinds of columns, no engine", () => {
  const registries = ["packages/sdk/src/jobs.ts", "nodes/src/jobs.ts", "coordinator/src/jobs.ts"];
  for (const registry of registries) {
    const loaded = modulesOf(join(ROOT, registry));
    expect(loaded.filter((path) => path.startsWith("packages/psi/src/")).length).toBeGreaterThan(30);
    const heavy =
      /^packages\/(?:engine|query|covenant|ledger|transport)\/|node_modules\/(?:zod|libphonenumber-js)\//;
    expect(loaded.filter((path) => heavy.test(path))).toEqual([]);
  }
});

test("no production code takes a weakened part: switches stand in tests only", () => {
  const folders = [
    ...readdirSync(join(ROOT, "packages")).map((name) => `packages/${name}/src`),
    "nodes/src",
    "coordinator/src",
  ];
  const files = folders.flatMap(sourcesOf);
  const weak = /from "[^"]*\/test\/|sabotage|weaken/i;
  expect(files.filter((file) => weak.test(readFileSync(file, "utf8")))).toEqual([]);
});

test("every place of the crash matrix, and every edit of a switch, stands in the source once", () => {
  const sets = [{ id: "crash matrix", edits: MARKS }, ...SWITCHES];
  const lost = sets.flatMap(({ id, edits }) =>
    edits.flatMap(({ file }) => {
      const path = join(ROOT, file);
      try {
        edited(path, readFileSync(path, "utf8"), edits);
        return [];
      } catch (reason) {
        return [`${id}: ${reason}`];
      }
    }),
  );
  expect([...new Set(lost)]).toEqual([]);
});

test("SECURITY.md names every switch under its guarantee, and no test or switch that is not there", () => {
  for (const file of promises().flatMap(({ tests }) => tests)) {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
  }
  const named = promises().flatMap(({ guarantee, switches }) => switches.map((id) => `${guarantee} ${id}`));
  expect(named.sort()).toEqual(SWITCHES.map(({ guarantee, id }) => `${guarantee} ${id}`).sort());
});

/** What Node reads for a module, by paths from the root. */
function modulesOf(module: string): readonly string[] {
  const script = `
    import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => { console.log(url); return next(url, context); } });
    await import(${JSON.stringify(module)});`;
  const args = ["--conditions=source", "--input-type=module", "--eval", script];
  const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  return stdout.split("\n").map((url) => url.replace(`file://${ROOT}/`, ""));
}

function sourcesOf(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}
