// SPDX-License-Identifier: Apache-2.0
import { bench } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";

/** `koplamp bench`: what a match and a sum cost on this machine. */
export const BENCH: CommandSpec = {
  name: "bench",
  summary: "CPU time per item and phase, bytes per item, peak memory, on this machine.",
  example: "koplamp bench --n 10000 --json",
  flags: [{ flag: "--n <items>", text: "items of each party, in place of the whole series" }],
  run: async (session, flags) => {
    const n = flags.integer("n", 1, 1_000_000);
    const report = await bench({ ...(n === undefined ? {} : { n }), note: session.note });
    session.print(session.json ? JSON.stringify(report) : report.text);
    return EXIT.done;
  },
};
