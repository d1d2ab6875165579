// SPDX-License-Identifier: Apache-2.0
// The goals of the project that other commands measure: what these are, and what their JSON comes to.
import type { Verdict } from "./peer-figures.ts";

/** What a command measured of a goal. */
export interface Measured {
  readonly met: boolean;
  readonly figure: string;
}

/** A goal of performance.md, section 4, and the npm script that measures it. */
export interface OtherGoal {
  readonly id: string;
  readonly what: string;
  /** The arguments of `npm run`. */
  readonly run: readonly string[];
  /** From the JSON documents that the script prints, one a line. @throws {Error} when none of them is of this goal. */
  readonly judge: (documents: readonly unknown[]) => Measured;
}

/** MiB of a node at so many items of a list (M1). */
const MEMORY = [
  { items: 10_000_000, most: 1024 },
  { items: 1_000_000, most: 300 },
] as const;
/** ms of one question by backend, and questions a second in batches (P10). */
const LOOKUP = { ms: { portable: 100, native: 50 }, rate: 200 } as const;
/** MiB of a process, and bytes of disk a row, for the local preparation of so many rows (M3). */
const PREPARED = { rows: 100_000_000, mib: 2048, bytes: 48 } as const;

export const OTHER_GOALS: readonly OtherGoal[] = [
  suite("P5", "bulk-pair, 2^20 items each: at most 2.5 CPU-s, 5 where nobody deals, and 45 bytes an item", [
    "bulk",
    "--n",
    "1048576",
  ]),
  suite("P6", "join-sum, 10^6 rows: a thousandth of one Paillier encryption a row", [
    "join",
    "--n",
    "1000000",
  ]),
  suite("P7", "sum-threshold, 10^5 cells, 10 parties: 2 CPU-s and 8 MB a node", [
    "sum",
    "--n",
    "100000",
    "--parties",
    "10",
  ]),
  suite("P8", "match-threshold, five parties: 3 CPU-s, and 10 s a party", [
    "threshold",
    "--n",
    "100000",
    "--parties",
    "5",
  ]),
  suite("P9", "two workers against one, by the clock: 1.8 times", ["workers", "--runs", "5"]),
  lookup("portable"),
  lookup("native"),
  memory("tokens"),
  memory("pair"),
  memory("bulk"),
  {
    id: "M3",
    what: `10^8 rows prepared in ${PREPARED.mib} MiB and ${PREPARED.bytes} bytes of disk a row`,
    run: ["bench:prepare", "--", "--rows", `${PREPARED.rows}`, "--json"],
    judge: (documents) => {
      const [found] = documents as readonly { rows: number; peakMiB: number; diskBytes: number }[];
      if (found?.rows !== PREPARED.rows) throw new Error("expected 10^8 rows that were prepared, got none");
      return {
        met: found.peakMiB <= PREPARED.mib && found.diskBytes <= PREPARED.bytes,
        figure: `${found.peakMiB} MiB, ${found.diskBytes.toFixed(1)} bytes a row`,
      };
    },
  },
  {
    id: "L1",
    what: "frames at most 1.05 times the formula's bytes",
    run: ["bench", "--", "--curves", "--quick", "--out", "dist/curves", "--json"],
    judge: (documents) => ({
      met: documents.length > 0, // it stops at the first message of another length
      figure: "1.00 for messages before they are sealed",
    }),
  },
];

/** The command of a goal, as somebody types it. */
export function commandOf(run: readonly string[]): string {
  return `npm run ${run.filter((part) => part !== "--json").join(" ")}`;
}

/** What is said of a goal: by what its command printed, or which command that is. */
export function otherVerdict({ id, what, run, judge }: OtherGoal, printed: string | undefined): Verdict {
  if (printed === undefined) return { id, what, verdict: "not measured here", command: commandOf(run) };
  const { met, figure } = judge(documentsIn(printed));
  return { id, what, verdict: met ? "met" : "missed", figure };
}

/** JSON documents, one a line; lines that are none are for people. */
function documentsIn(text: string): readonly unknown[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as unknown);
}

interface SuiteGoal {
  readonly what: string;
  readonly got: number;
  readonly pass: boolean;
}

/** A goal that rows of `npm run bench` say themselves. */
function suite(id: string, what: string, args: readonly string[]): OtherGoal {
  const judge = (documents: readonly unknown[]): Measured => {
    const goals = documents.flatMap((row) => (row as { readonly goals?: readonly SuiteGoal[] }).goals ?? []);
    if (goals.length === 0) throw new Error(`expected a row with goals of ${id}, got none`);
    return {
      met: goals.every(({ pass }) => pass),
      figure: goals.map(({ what: of, got }) => `${of} ${Number(got.toPrecision(3))}`).join(", "),
    };
  };
  return { id, what, run: ["bench", "--", "--suite", ...args, "--json"], judge };
}

function lookup(backend: "portable" | "native"): OtherGoal {
  const most = LOOKUP.ms[backend];
  return {
    id: "P10",
    what: `lookup, 10^6 entries, ${backend}: ${most} ms, ${LOOKUP.rate} questions a second in batches of 32`,
    run: ["bench:lookup", "--", "--rows", "1000000", "--workers", "2", "--backend", backend, "--json"],
    judge: (documents) => {
      const parts = documents as readonly { part: string; p50Ms: number; perSecond: number }[];
      const named = (name: string) => parts.find(({ part }) => part === name);
      const [one, batch] = [named("one name in an open look-up"), named("32 names in an open look-up")];
      if (one === undefined || batch === undefined)
        throw new Error("expected questions in an open look-up, got none");
      return {
        met: one.p50Ms < most && batch.perSecond >= LOOKUP.rate,
        figure: `${one.p50Ms.toFixed(1)} ms, ${batch.perSecond.toFixed(0)} a second`,
      };
    },
  };
}

function memory(mode: "tokens" | "pair" | "bulk"): OtherGoal {
  return {
    id: "M1",
    what: `a node in a match by ${mode}: at most 1 GiB at 10^7 items, 300 MiB at 10^6`,
    run: ["bench:long", "--", "--mode", mode, "--items", "1000000,10000000", "--json"],
    judge: (documents) => {
      const runs = documents.flatMap(
        (one) =>
          (one as { readonly runs?: readonly { items: number; peak: Record<string, number> }[] }).runs ?? [],
      );
      const peaks = MEMORY.map(({ items, most }) => {
        const { relay: _relay, ...nodes } = runs.find((run) => run.items === items)?.peak ?? {};
        return { items, most, got: Math.max(...Object.values(nodes)) };
      });
      if (peaks.some(({ got }) => got < 0)) throw new Error("expected both sizes of M1, got fewer");
      return {
        met: peaks.every(({ got, most }) => got <= most),
        figure: peaks.map(({ items, got }) => `${got} MiB at ${items}`).join(", "),
      };
    },
  };
}
