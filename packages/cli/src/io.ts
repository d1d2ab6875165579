// SPDX-License-Identifier: Apache-2.0

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
    onInterrupt(handler) {
      for (const signal of SIGNALS) process.once(signal, handler);
      return () => {
        for (const signal of SIGNALS) process.off(signal, handler);
      };
    },
  };
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
