// SPDX-License-Identifier: Apache-2.0
// Runs the tests behind each promise of SECURITY.md and prints what they found.
//
//   npm run guarantees                        all
//   npm run guarantees -- G4 --seed 7         one, with another seed for its properties
//   npm run guarantees -- --out FILE          and as JSON
//   npm run guarantees -- --from DIR          what `KOPLAMP_RESULTS=DIR npm test` found; runs nothing
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Promised, promises, ROOT } from "./promises.ts";
import { type Outcome, readResults } from "./results.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, out: { type: "string" }, from: { type: "string" } },
});
const seed =
  values.seed ?? process.env["KOPLAMP_SEED"] ?? String(1 + Math.trunc(performance.timeOrigin % 2 ** 31));
const wanted = promises().filter(
  ({ guarantee }) => positionals.length === 0 || positionals.includes(guarantee),
);
if (wanted.length === 0) throw new Error(`expected guarantees of SECURITY.md, got ${positionals.join(" ")}`);

/** Runs the tests that the promises name, each file once. */
async function run(folder: string): Promise<void> {
  const files = [...new Set(wanted.flatMap(({ tests }) => tests))];
  const vitest = [
    join(ROOT, "node_modules/vitest/vitest.mjs"),
    "run",
    "--project",
    "unit",
    "--project",
    "e2e",
  ];
  const child = spawn(process.execPath, [...vitest, ...files], {
    cwd: ROOT,
    env: { ...process.env, KOPLAMP_SEED: seed, KOPLAMP_RESULTS: folder },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await new Promise((resolve) => child.once("close", resolve));
}

function check(results: ReadonlyMap<string, Outcome>, { guarantee, sentence, tests, switches }: Promised) {
  const all = tests.map((file) => results.get(file) ?? { passed: 0, failed: 1, skipped: 0, cases: 0 });
  const sum = (of: (one: Outcome) => number): number => all.reduce((total, one) => total + of(one), 0);
  const [passed, failed, skipped] = [
    sum((one) => one.passed),
    sum((one) => one.failed),
    sum((one) => one.skipped),
  ];
  const cases = sum((one) => one.cases);
  const verdict = failed > 0 ? "FAIL" : passed === 0 ? "SKIP" : "PASS";
  const tried = `${passed} tests, ${cases} cases${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  process.stdout.write(
    `${verdict}  ${guarantee.padEnd(3)}  ${sentence}\n           ${tried}; switches: ${switches.join(" ")}\n`,
  );
  return { guarantee, sentence, verdict, passed, failed, skipped, cases, tests, switches };
}

const folder = values.from ?? mkdtempSync(join(tmpdir(), "koplamp-guarantees-"));
try {
  if (values.from === undefined) await run(folder);
  const found = readResults(folder);
  const results = wanted.map((promise) => check(found, promise));
  if (values.out !== undefined)
    writeFileSync(values.out, `${JSON.stringify({ seed: Number(seed), results }, null, 2)}\n`);
  const bad = results.filter(({ verdict }) => verdict === "FAIL").length;
  process.stdout.write(`\nseed ${seed}\n${results.length - bad} passed, ${bad} failed\n`);
  process.exitCode = bad === 0 ? 0 : 1;
} finally {
  if (values.from === undefined) rmSync(folder, { recursive: true, force: true });
}
