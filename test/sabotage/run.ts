// SPDX-License-Identifier: Apache-2.0
// Takes each measure out in turn. The test that a switch names must turn red, by an assertion and not by a crash: a
// guarantee whose test stays green without its measure is not tested.
//
//   npm run sabotage                every switch
//   npm run sabotage -- seal.off    some of them
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Switch } from "./switch.ts";
import { SWITCHES } from "./switches.ts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "koplamp-sabotage-"));

interface Assertion {
  readonly fullName: string;
  readonly status: "passed" | "failed" | "skipped" | "pending" | "todo";
  readonly failureMessages: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly Assertion[];
  }[];
}

/** Why the switch is not noticed as it should be, or nothing when its test turns red by an assertion. */
async function unnoticed(one: Switch): Promise<string | undefined> {
  const output = join(folder, `${one.id}.json`);
  const vitest = [
    join(ROOT, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config",
    "test/sabotage/vitest.config.ts",
  ];
  const filter = one.test.name === "" ? [] : ["-t", one.test.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")];
  const args = [...vitest, one.test.file, ...filter, "--reporter=json", `--outputFile=${output}`];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, KOPLAMP_SWITCH: one.id },
    stdio: "ignore",
  });
  await new Promise((resolve) => child.once("close", resolve));
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as Report;
  const ran = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== "skipped");
  if (ran.length === 0)
    return `no test ran: ${testResults
      .map(({ message }) => message)
      .join(" ")
      .slice(0, 300)}`;
  const failed = ran.filter(({ status }) => status === "failed");
  if (failed.length === 0) return `${ran.length} tests stayed green`;
  const asserted = failed.some(({ failureMessages }) =>
    failureMessages.some((text) => /AssertionError|Property failed|instead of rejecting/.test(text)),
  );
  return asserted ? undefined : `red, but by a crash: ${failed[0]?.failureMessages[0]?.slice(0, 300)}`;
}

async function worker(left: Switch[], bad: string[]): Promise<void> {
  for (let one = left.shift(); one !== undefined; one = left.shift()) {
    const why = await unnoticed(one);
    process.stdout.write(
      `${why === undefined ? "red  " : "GREEN"}  ${one.guarantee.padEnd(3)}  ${one.id.padEnd(30)}  ${one.weak}\n`,
    );
    if (why === undefined) continue;
    process.stdout.write(`       ${why}\n`);
    bad.push(one.id);
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((id) => !SWITCHES.some((one) => one.id === id));
if (unknown !== undefined) throw new Error(`expected the id of a switch, got ${unknown}`);
const left = SWITCHES.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
const bad: string[] = [];
try {
  const queue = [...left];
  await Promise.all(Array.from({ length: availableParallelism() }, () => worker(queue, bad)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`\n${left.length - bad.length} passed, ${bad.length} failed\n`);
process.exitCode = bad.length === 0 ? 0 : 1;
