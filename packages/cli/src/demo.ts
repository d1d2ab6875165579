// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { runDemo, runUp } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { programs } from "./daemons.ts";
import { EXIT } from "./errors.ts";
import type { Session } from "./session.ts";

/** `koplamp demo`: the story, in a minute, checked as it goes. */
export const DEMO: CommandSpec = {
  name: "demo",
  summary:
    "Four agencies and a relay as real processes: what they can ask each other, and what stays secret.",
  example: "koplamp demo --keep demo",
  flags: [{ flag: "--keep <dir>", text: "leave everything here, for inspection" }],
  run: (session, flags) => {
    const keep = flags.text("keep");
    return interruptible(session, EXIT.interrupted, (stop) =>
      runDemo({
        programs: programs(),
        print: session.print,
        stop,
        ...(keep === undefined ? {} : { keep: resolve(session.io.cwd, keep) }),
      }),
    );
  },
};

/** `koplamp lab up`: a federation as real processes, until interrupted. */
export const LAB_UP: CommandSpec = {
  name: "up",
  summary: "A federation as real processes over mutual TLS, until interrupted.",
  example: "koplamp lab up --federation federation.yaml",
  flags: [
    { flag: "--federation <file>", text: "who takes part (default: a generated country)" },
    { flag: "--purposes <list>", text: "what questions may be for, by comma (default: lab)" },
    { flag: "--out <dir>", text: "where nodes and relay keep their files (default: a temporary folder)" },
  ],
  run: (session, flags) => {
    const [federation, out] = [flags.text("federation"), flags.text("out")];
    return interruptible(session, EXIT.done, (stop) =>
      runUp({
        programs: programs(),
        print: session.print,
        stop,
        ...(federation === undefined ? {} : { federation: resolve(session.io.cwd, federation) }),
        ...(out === undefined ? {} : { out: resolve(session.io.cwd, out) }),
        purposes: (flags.text("purposes") ?? "lab").split(","),
      }),
    );
  },
};

/** Runs something that starts processes; an interrupt stops them, and is not an error. */
async function interruptible(
  session: Session,
  interrupted: number,
  run: (stop: AbortSignal) => Promise<boolean>,
): Promise<number> {
  const stop = new AbortController();
  const listening = session.io.onInterrupt(() => stop.abort());
  try {
    const held = await run(stop.signal);
    if (stop.signal.aborted) return interrupted;
    return held ? EXIT.done : EXIT.verification;
  } catch (reason) {
    if (stop.signal.aborted) return interrupted;
    throw reason;
  } finally {
    listening();
  }
}
