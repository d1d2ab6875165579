// SPDX-License-Identifier: Apache-2.0
import { bench } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";

const SUITES = ["psi", "bulk", "group", "threshold", "sum", "masked", "join", "lookup", "all"] as const;

/** `koplamp bench`: what a match and a sum cost on this machine. */
export const BENCH: CommandSpec = {
  name: "bench",
  summary: "CPU time per item and phase, bytes per item, peak memory, on this machine.",
  example: "koplamp bench --quick",
  flags: [
    {
      flag: "--suite <name>",
      text: "psi, bulk, group, threshold, sum, masked, join, lookup or all (default: all)",
    },
    { flag: "--n <items>", text: "items of each party, or cells, in place of the whole series" },
    { flag: "--parties <n>", text: "parties, in place of the whole series" },
    { flag: "--runs <n>", text: "runs of each case; the median counts" },
    { flag: "--quick", text: "small cases, once each: whether it works, not what it costs" },
  ],
  run: async (session, flags) => {
    const given = flags.text("suite") ?? "all";
    const suite = SUITES.find((name) => name === given);
    if (suite === undefined)
      throw new UsageError(`there is no suite "${given}"`, `one of: ${SUITES.join(", ")}`);
    const [n, parties, runs] = [
      flags.integer("n", 1, 10_000_000),
      flags.integer("parties", 2, 26),
      flags.integer("runs", 1, 100),
    ];
    const args = {
      suite,
      ...(n === undefined ? {} : { sizes: [n] }),
      ...(parties === undefined ? {} : { parties: [parties] }),
      ...(runs === undefined ? {} : { runs }),
      quick: flags.has("quick"),
      json: session.json,
    };
    const { skipped } = await bench(args, (line) => session.print(line));
    session.note(...skipped);
    return EXIT.done;
  },
};
