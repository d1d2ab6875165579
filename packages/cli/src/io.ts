// SPDX-License-Identifier: Apache-2.0
import { createInterface } from "node:readline/promises";

/** Where text goes, and what is known about the place. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Everything that the command line takes from the process it runs in. Tests give their own. */
export interface Io {
  /** Results. */
  readonly stdout: Sink;
  /** Progress, warnings, errors. */
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** The lines of standard input, as they come. */
  readonly lines?: () => AsyncIterable<string>;
  /** Calls `handler` at the first Ctrl-C or SIGTERM. Returns a way to stop listening. */
  onInterrupt(handler: () => void): () => void;
}

/** The process itself. */
export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask: askAtTerminal } : {}),
    lines: () => createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY }),
    onInterrupt(handler) {
      for (const signal of SIGNALS) process.once(signal, handler);
      return () => {
        for (const signal of SIGNALS) process.off(signal, handler);
      };
    },
  };
}

async function askAtTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
