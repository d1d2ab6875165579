// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { bench, curvesOnDisk } from "@koplamp/sdk";
import type { CommandSpec, Flags } from "./command.ts";
import { EXIT, UsageError } from "./errors.ts";
import type { Session } from "./session.ts";

const SUITES = [
  "psi",
  "bulk",
  "group",
  "threshold",
  "sum",
  "masked",
  "join",
  "lookup",
  "workers",
  "all",
] as const;

/** `koplamp bench`: what a match and a sum cost on this machine. */
export const BENCH: CommandSpec = {
  name: "bench",
  summary: "CPU time per item and phase, bytes per item, peak memory, on this machine.",
  example: "koplamp bench --quick",
  flags: [
    {
      flag: "--suite <name>",
      text: "psi, bulk, group, threshold, sum, masked, join, lookup, workers or all (default: all)",
    },
    { flag: "--n <items>", text: "items of each party, or cells, in place of the whole series" },
    { flag: "--parties <n>", text: "parties, in place of the whole series" },
    { flag: "--runs <n>", text: "runs of each case; the median counts" },
    { flag: "--quick", text: "small cases, once each: whether it works, not what it costs" },
    {
      flag: "--curves",
      text: "CPU time, memory and bytes over sizes and over parties, with a model, as JSON and pictures",
    },
    { flag: "--sizes <list>", text: "with --curves: items of each party at each point, as in 1024,4096" },
    { flag: "--out <folder>", text: "with --curves: where the files go (default: docs/performance)" },
  ],
  run: async (session, flags) => {
    const given = flags.text("suite") ?? "all";
    const suite = SUITES.find((name) => name === given);
    if (suite === undefined)
      throw new UsageError(`there is no suite "${given}"`, `one of: ${SUITES.join(", ")}`);
    if (flags.has("curves")) return curves(session, flags, suite);
    for (const name of ["sizes", "out"])
      if (flags.text(name) !== undefined) throw new UsageError(`--${name} goes with --curves`);
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

/** Items of a point: no half of one item is common, and more take longer than anybody waits. */
const SIZES = { least: 2, most: 10_000_000 };

async function curves(session: Session, flags: Flags, suite: (typeof SUITES)[number]): Promise<number> {
  for (const name of ["n", "parties", "runs"])
    if (flags.text(name) !== undefined)
      throw new UsageError(`--${name} does not go with --curves`, "take --sizes for other sizes");
  if (suite === "group" || suite === "workers")
    throw new UsageError(`there is no curve of ${suite}`, "take another suite");
  const sizes = sizesIn(flags.text("sizes"));
  const folder = resolve(session.io.cwd, flags.text("out") ?? "docs/performance");
  const args = { suite, ...(sizes === undefined ? {} : { sizes }), quick: flags.has("quick") };
  const names = await curvesOnDisk(args, folder, (line) => session.note(line));
  if (session.json) session.print(JSON.stringify({ folder, files: names }));
  else session.print(`written to ${folder}: ${names.join(", ")}`);
  return EXIT.done;
}

/** Whole numbers with commas between, in order and each once. @throws {UsageError}. */
function sizesIn(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const sizes = text.split(",").map((part) => (/^\d{1,12}$/.test(part) ? Number(part) : Number.NaN));
  if (sizes.every((size) => size >= SIZES.least && size <= SIZES.most))
    return [...new Set(sizes)].sort((left, right) => left - right);
  throw new UsageError(
    `--sizes takes whole numbers from ${SIZES.least} to ${SIZES.most} with commas between, got "${text}"`,
  );
}
