// SPDX-License-Identifier: Apache-2.0
import type { Language } from "@koplamp/sdk";
import type { Io } from "./io.ts";
import { type Lanes, lanes } from "./progress.ts";

/** The flags that every command takes. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
  readonly lang: Language;
  readonly verbose: boolean;
}

/** One run of one command: where it writes and how. */
export interface Session extends GlobalOptions {
  readonly io: Io;
  /** Lines of the result, on standard output. */
  print(...lines: readonly string[]): void;
  /** Lines for a person who watches, on standard error; nothing with `--quiet`. */
  note(...lines: readonly string[]): void;
  readonly lanes: Lanes;
  /** Characters in a line of prose. */
  readonly width: number;
}

/** A session of the command line over the process's streams. */
export function openSession(io: Io, options: GlobalOptions): Session {
  return {
    ...options,
    io,
    print: (...lines) => void io.stdout.write(lines.map((line) => `${line}\n`).join("")),
    note: (...lines) => {
      if (!options.quiet) io.stderr.write(lines.map((line) => `${line}\n`).join(""));
    },
    lanes: lanes(io, options.quiet || options.json),
    width: Math.min(Math.max(io.stdout.columns ?? 100, 60), 120),
  };
}
