// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../src/index.ts";
import type { Io } from "../src/io.ts";

/** What one command line gave. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

/** How the process would look to it. */
export interface Setting {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether standard error is a terminal. */
  readonly terminal?: boolean;
}

/** Runs one command line in this process, with streams that are kept. */
export async function koplamp(argv: readonly string[], setting: Setting = {}): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const io: Io = {
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTTY: setting.terminal ?? false,
      columns: 100,
      write: (text) => {
        stderr += text;
      },
    },
    env: setting.env ?? {},
    cwd: setting.cwd ?? "/nowhere",
    onInterrupt: () => () => {},
  };
  const exit = await main(argv, io);
  return { stdout, stderr, exit };
}

/** The transcript of a command as a person could type it: the command, both streams, the exit status. */
export async function transcript(argv: readonly string[], setting: Setting = {}): Promise<string> {
  const { stdout, stderr, exit } = await koplamp(argv, setting);
  const streams = [stdout, stderr === "" ? "" : `--- stderr\n${stderr}`]
    .filter((text) => text !== "")
    .join("");
  const text = `$ koplamp ${argv.join(" ")}\n${streams}--- exit ${exit}`;
  return (setting.cwd === undefined ? text : text.replaceAll(setting.cwd, "DIR")).replace(
    /\d+\.\d s$/m,
    "T s",
  );
}

/** A new folder that is gone when the test is over. */
export async function withFolder<Value>(use: (dir: string) => Promise<Value>): Promise<Value> {
  const dir = await mkdtemp(join(tmpdir(), "koplamp-cli-"));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
