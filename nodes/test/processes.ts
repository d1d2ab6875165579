// SPDX-License-Identifier: Apache-2.0
// Federations as real processes, for tests.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Folders,
  foundFolders,
  generateFederation,
  type Programs,
  type RunningFederation,
  readLab,
  startFederation,
  trialTerms,
} from "@koplamp/sdk";

const NODE = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const COORDINATOR = fileURLToPath(new URL("../../coordinator/src/main.ts", import.meta.url));
/** The command line, as this checkout has it. */
const CLI = fileURLToPath(new URL("../../packages/cli/bin/koplamp.js", import.meta.url));

/** The daemons as this checkout has them. */
export const PROGRAMS: Programs = {
  node: [process.execPath, "--conditions=source", NODE],
  coordinator: [process.execPath, "--conditions=source", COORDINATOR],
};

/** What a program gave. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number | null;
}

/** Runs the node's program to its end. */
export function runNode(...args: readonly string[]): Promise<Ran> {
  return run([NODE, ...args]);
}

/** Runs the command line to its end. */
export function runCli(...args: readonly string[]): Promise<Ran> {
  return run([CLI, ...args]);
}

/** Runs the command line as somebody with another environment. */
export function runCliAs(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ran> {
  return run([CLI, ...args], env);
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, ["--conditions=source", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once("close", (exit) => resolve({ stdout, stderr, exit })));
}

/** A command that runs in the background, and what it has said so far. */
export class Background {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said = "";

  constructor(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
    const child = spawn(process.execPath, ["--conditions=source", CLI, ...args], {
      stdio: "pipe",
      env: { ...process.env, ...env },
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
    }
    this.ended = new Promise((resolve) => child.once("close", resolve));
  }

  /** Waits until it says something of this form. */
  async says(form: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = form.exec(this.said);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended with:\n${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A federation with generated registers, as files. */
export interface Country {
  readonly dir: string;
  /** Its federation file, for a lab over the same data. */
  readonly file: string;
  readonly folders: Folders;
  question(name: string): Promise<{ readonly file: string; readonly text: string }>;
  remove(): Promise<void>;
}

/** Founds one; nothing runs yet. `people`: parties whose people approve with keys of their own. */
export async function foundCountry(
  parties: number,
  covenant = "trial-2026",
  people: readonly string[] = [],
  graceSeconds = 2,
): Promise<Country> {
  const dir = await mkdtemp(join(tmpdir(), "koplamp-nodes-"));
  const data = join(dir, "country");
  await generateFederation({ parties, rows: 30, overlap: 0.3, seed: 11 }, data);
  const file = join(data, "federation.yaml");
  const { federation } = await readLab({ federation: file, query: join(data, "match.yaml") });
  const terms = trialTerms(federation.parties, ["lab"], 4096);
  const folders = await foundFolders({ dir, federation, covenant, terms, graceSeconds, people });
  return {
    dir,
    file,
    folders,
    question: async (name) => ({ file: name, text: await readFile(join(data, name), "utf8") }),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Starts every process of it. */
export function startCountry({ folders }: Country): Promise<RunningFederation> {
  return startFederation(folders, PROGRAMS);
}

/** The lines of a daemon's log. */
export async function logOf(dir: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = await readFile(join(dir, "log.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
