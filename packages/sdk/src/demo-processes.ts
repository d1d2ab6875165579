// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { daemonEnvironment } from "./daemon-environment.ts";
import { DemoError } from "./demo-error.ts";

/** How to start the two daemons: a program and its first arguments. */
export interface Programs {
  readonly node: readonly [string, ...string[]];
  readonly coordinator: readonly [string, ...string[]];
}

/** A daemon that is ready. */
export interface Daemon {
  readonly name: string;
  readonly pid: number;
  /** Where it can be reached: a socket's path, or host and port. */
  readonly address: string;
  /** Resolves with the exit status, or null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Asks it to stop, waits, and insists after `insistMs`. Gives its exit status; null when it was ended. */
  stop(insistMs?: number): Promise<number | null>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

const READY_MS = 30_000;
const STOP_MS = 25_000;

/**
 * Starts a daemon and waits until it is ready. Its log goes to `log.jsonl` in its folder. It ends with this process,
 * however this process ends: its standard input is a pipe from us.
 * @throws {DemoError} with the daemon's own words when it ends before it is ready.
 */
export async function startProcess(
  name: string,
  [program, ...first]: readonly [string, ...string[]],
  dir: string,
): Promise<Daemon> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const args = [
    ...first,
    "start",
    "--with-parent",
    "--config",
    join(dir, name === "coordinator" ? "coordinator.yaml" : "node.yaml"),
  ];
  const child = spawn(program, args, {
    cwd: dir,
    env: daemonEnvironment(),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (code) => resolve(code));
  });
  const address = await readyAddress(name, child, dir, ended);
  return {
    name,
    pid: child.pid ?? 0,
    address,
    ended,
    stop: async (insistMs = STOP_MS) => {
      child.kill("SIGTERM");
      const insist = setTimeout(() => child.kill("SIGKILL"), insistMs);
      const status = await ended;
      clearTimeout(insist);
      return status;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function readyAddress(
  name: string,
  child: ChildProcess,
  dir: string,
  ended: Promise<number | null>,
): Promise<string> {
  const log = createWriteStream(join(dir, "log.jsonl"), { flags: "a", mode: 0o600 });
  const words: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    words.push(text);
    log.write(text);
  });
  child.stdin?.on("error", () => {}); // the daemon is gone: `ended` says so
  const ready = Promise.withResolvers<string>();
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  lines.on("line", (line) => {
    log.write(`${line}\n`);
    const found = /"event":"ready".*"address":"([^"]+)"/.exec(line)?.[1];
    if (found !== undefined) ready.resolve(found);
  });
  void ended.then(() => {
    log.end();
    ready.reject(notReady(name, "ended before it was ready", words.join("")));
  });
  const late = setTimeout(() => {
    child.kill("SIGKILL");
    ready.reject(notReady(name, `was not ready within ${READY_MS / 1000} s`, words.join("")));
  }, READY_MS);
  try {
    return await ready.promise;
  } finally {
    clearTimeout(late);
  }
}

/** Why a daemon did not start, in its own words where it had any. */
function notReady(name: string, what: string, said: string): DemoError {
  const reason = /^error: (.*)$/m.exec(said)?.[1];
  const hint = /^hint: *(.*)$/m.exec(said)?.[1] ?? "";
  return new DemoError(reason === undefined ? `${name} ${what}` : `${name} ${what}: ${reason}`, hint);
}
