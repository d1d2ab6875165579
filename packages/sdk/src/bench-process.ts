// SPDX-License-Identifier: Apache-2.0
// How a case of a benchmark is started, and on what.
import { execFile } from "node:child_process";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchCase, BenchResult } from "./bench-record.ts";
import { SdkError } from "./errors.ts";

const MOST_OUTPUT = 2 ** 24;
const execute = promisify(execFile);

/** One case in a process of its own. @throws {SdkError} `state` when an answer is wrong or the case does not end by itself. */
export async function runCase(given: BenchCase): Promise<BenchResult> {
  const fromSource = import.meta.url.endsWith(".ts");
  const program = new URL(fromSource ? "./bench-case.ts" : "./bench-case.js", import.meta.url);
  const flags = fromSource ? ["--conditions=source"] : [];
  try {
    const { stdout } = await execute(
      process.execPath,
      [...flags, fileURLToPath(program), JSON.stringify(given)],
      { env: {}, maxBuffer: MOST_OUTPUT },
    );
    return JSON.parse(stdout) as BenchResult; // our own process
  } catch (error) {
    const said = /SdkError: (.*)/.exec(error instanceof Error ? error.message : "")?.[1];
    throw new SdkError(
      "state",
      `${titleOf(given)}: ${said ?? "the case ended without a result"}`,
      said === undefined ? "there may be too little memory: take fewer items" : "report it as a bug",
    );
  }
}

/** The commit that runs, where there is a checkout. */
export async function commit(): Promise<{ readonly commit?: string }> {
  try {
    const cwd = fileURLToPath(new URL(".", import.meta.url));
    const { stdout } = await execute("git", ["rev-parse", "HEAD"], { cwd });
    return { commit: stdout.trim() };
  } catch {
    return {}; // no checkout, or no git: the version must do
  }
}

/** A case, in a few words. */
export function titleOf({
  suite,
  backend,
  parties,
  size,
}: Pick<BenchCase, "suite" | "backend" | "parties" | "size">): string {
  return `${suite} ${backend}, ${parties} parties of ${size}`;
}

/** One-minute load of the machine, to a hundredth. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}
