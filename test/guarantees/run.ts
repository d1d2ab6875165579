// SPDX-License-Identifier: Apache-2.0
// Runs the tests behind each promise of SECURITY.md and prints what they found.
//
//   npm run guarantees                        all
//   npm run guarantees -- G4 --seed 7         one, with another seed for its properties
//   npm run guarantees -- --out FILE          and as JSON
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Promised, promises, ROOT } from "./promises.ts";

/** How one test file ended. */
interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Cases that its properties tried; a test without a property is one case. */
  readonly cases: number;
}

interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, out: { type: "string" } },
});
const seed = values.seed ?? String(1 + Math.trunc(performance.timeOrigin % 2 ** 31));
const folder = mkdtempSync(join(tmpdir(), "koplamp-guarantees-"));
const outcomes = new Map<string, Promise<Outcome>>();

async function runFile(file: string): Promise<Outcome> {
  const name = file.replaceAll("/", "-");
  const [output, cases] = [join(folder, `${name}.json`), join(folder, `${name}.cases`)];
  writeFileSync(cases, "");
  const vitest = [join(ROOT, "node_modules/vitest/vitest.mjs"), "run"];
  const args = [...vitest, "--config", "test/guarantees/vitest.config.ts", file];
  const child = spawn(process.execPath, [...args, "--reporter=json", `--outputFile=${output}`], {
    cwd: ROOT,
    env: { ...process.env, KOPLAMP_SEED: seed, KOPLAMP_CASES: cases },
    stdio: "ignore",
  });
  await new Promise((resolve) => child.once("close", resolve));
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const count = (status: string): number => tests.filter((one) => one.status === status).length;
  const tried = readFileSync(cases, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  const passed = count("passed");
  return {
    passed,
    failed: count("failed") + broken.length + (tests.length === 0 ? 1 : 0),
    skipped: tests.length - passed - count("failed"),
    cases: Math.max(0, passed - tried.length) + tried.reduce((sum, line) => sum + Number(line), 0),
  };
}

/** Each file runs once, however many promises name it. */
function outcomeOf(file: string): Promise<Outcome> {
  const running = outcomes.get(file) ?? runFile(file);
  outcomes.set(file, running);
  return running;
}

async function check({ guarantee, sentence, tests, switches }: Promised) {
  const all: Outcome[] = [];
  for (const file of tests) all.push(await outcomeOf(file));
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

const wanted = promises().filter(
  ({ guarantee }) => positionals.length === 0 || positionals.includes(guarantee),
);
if (wanted.length === 0) throw new Error(`expected guarantees of SECURITY.md, got ${positionals.join(" ")}`);
try {
  const results = [];
  for (const promise of wanted) results.push(await check(promise));
  if (values.out !== undefined)
    writeFileSync(values.out, `${JSON.stringify({ seed: Number(seed), results }, null, 2)}\n`);
  const bad = results.filter(({ verdict }) => verdict === "FAIL").length;
  process.stdout.write(`\nseed ${seed}\n${results.length - bad} passed, ${bad} failed\n`);
  process.exitCode = bad === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
