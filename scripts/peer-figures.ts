// SPDX-License-Identifier: Apache-2.0
// The arithmetic of bench-peers.mjs: ratios over pairs of runs, CPU time an item, and what the goals of the project come to.

/** The kinds of runs: our kernel in every process, or the system's libsodium with the kernel's sums. */
export type PeerBackend = "portable" | "native";

/** One run of the peer and one of ours, one after the other. CPU-ms. */
export interface PeerPair {
  readonly theirs: number;
  readonly ours: number;
}

/** What was measured on one backend, with lists of one size. */
export interface PeerRun {
  readonly backend: PeerBackend;
  /** Items of each of the two lists. */
  readonly items: number;
  /** In order; the warm-up is not among them. */
  readonly pairs: readonly PeerPair[];
  /** CPU-ms of later questions over tokens, for one recipient. */
  readonly later: readonly number[];
  /** The most memory that any node, and the relay, ever had. */
  readonly nodeMiB: number;
  readonly relayMiB: number;
}

/** A full bucket: where the goals of a match are. */
export const FULL_BUCKET = 98_304;

/** So many times less CPU than the peer, at a full bucket (performance.md, section 4, P1 and P2). */
const RATIO: Readonly<Record<PeerBackend, { readonly least: number; readonly aim: number }>> = {
  portable: { least: 6, aim: 7.5 },
  native: { least: 7, aim: 8 },
};
/** CPU-µs of a later question, an item and recipient (P4). */
const LATER = { most: 5, aim: 1 };
/** MiB of a node at so many items or more (M1), and of the relay before what open streams take (M2). */
const MEMORY = [
  { items: 10_000_000, most: 1024 },
  { items: 1_000_000, most: 300 },
] as const;
const RELAY_MIB = 256;

/** A goal, and what this run says of it. */
export interface Verdict {
  /** As in performance.md: `P1`. */
  readonly id: string;
  readonly what: string;
  readonly verdict: "met" | "missed" | "not measured here";
  /** What was measured, also where the goal is for another size. */
  readonly figure?: string;
  /** What measures it; absent where nothing does. */
  readonly command?: string;
}

/** The value in the middle; of an even number, the mean of the two. NaN of none. */
export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const [low, high] = [Math.floor((sorted.length - 1) / 2), Math.ceil((sorted.length - 1) / 2)];
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2;
}

/** How many times less CPU ours took: by pair, since both halves of a pair had the same machine to share. */
export function ratios(pairs: readonly PeerPair[]): {
  readonly median: number;
  readonly least: number;
  readonly most: number;
} {
  const all = pairs.map(({ theirs, ours }) => theirs / ours);
  return { median: middle(all), least: Math.min(...all), most: Math.max(...all) };
}

/** CPU-µs an item, of the run in the middle. */
export function microsEach(cpuMs: readonly number[], items: number): number {
  return (middle(cpuMs) * 1000) / items;
}

/** Every goal of performance.md, section 4: by these runs, or by what measures it. */
export function verdictsOf(runs: readonly PeerRun[]): readonly Verdict[] {
  return [
    ratioVerdict("P1", "portable", runs),
    ratioVerdict("P2", "native", runs),
    ...elsewhere([
      ["P2", "native, without proofs: 9 times less CPU than psi.js", undefined],
      ["P3", "at most 1.15 times the CPU of bare libsodium, without proofs", undefined],
    ]),
    laterVerdict(runs),
    ...elsewhere([
      [
        "P5",
        "bulk-pair, 2^20 items each: at most 2.5 CPU-s and 45 bytes an item",
        "npm run bench -- --suite bulk",
      ],
      [
        "P6",
        "join-sum, 10^6 rows: a thousandth of one Paillier encryption a row",
        "npm run bench -- --suite join",
      ],
      [
        "P7",
        "sum-threshold, 10^5 cells, 10 parties: 2 CPU-s and 8 MB a node",
        "npm run bench -- --suite sum --parties 10",
      ],
      [
        "P8",
        "match-threshold, five parties: 3 CPU-s, and 10 s a party",
        "npm run bench -- --suite threshold",
      ],
      ["P9", "two workers against one, by the clock: 1.8 times", "npm run bench -- --suite workers"],
      [
        "P10",
        "lookup, 10^6 entries: 50 ms (native), 100 ms (portable), 200 questions a second",
        "npm run bench:lookup -- --rows 1000000",
      ],
    ]),
    memoryVerdict(runs),
    relayVerdict(runs),
    ...elsewhere([
      ["M3", "10^8 rows prepared in 2 GiB and 48 bytes of disk a row", undefined],
      [
        "L1",
        "frames at most 1.05 times the formula's bytes",
        "npm run bench -- --curves, for messages before they are sealed",
      ],
    ]),
  ];
}

function elsewhere(
  goals: readonly (readonly [id: string, what: string, command: string | undefined])[],
): readonly Verdict[] {
  return goals.map(([id, what, command]) => ({
    id,
    what,
    verdict: "not measured here",
    ...(command === undefined ? {} : { command }),
  }));
}

function ratioVerdict(id: string, backend: PeerBackend, runs: readonly PeerRun[]): Verdict {
  const { least, aim } = RATIO[backend];
  const what = `match-pair with proofs, ${backend}: ${least} times less CPU than psi.js (aim ${aim}), ${FULL_BUCKET} items each`;
  const run = atSize(runs, backend);
  const command = `npm run bench:peers -- --backend ${backend}`;
  if (run === undefined) return { id, what, verdict: "not measured here", command };
  const { median, least: lowest, most } = ratios(run.pairs);
  const figure = `${median.toFixed(2)}, ${lowest.toFixed(2)} to ${most.toFixed(2)} over ${pairsText(run.pairs.length)}, ${run.items} items`;
  if (run.items !== FULL_BUCKET) return { id, what, verdict: "not measured here", figure, command };
  return { id, what, verdict: median >= least ? "met" : "missed", figure };
}

/** Both backends make tokens from a cache: none of them takes part, and the goal is for each. */
function laterVerdict(runs: readonly PeerRun[]): Verdict {
  const id = "P4";
  const what = `match-tokens, a later question: at most ${LATER.most} CPU-µs an item and recipient (aim ${LATER.aim})`;
  const told = atGoal(runs);
  const figures = told.map(({ backend, later, items }) => ({ backend, items, us: microsEach(later, items) }));
  const figure = figures
    .map(({ backend, items, us }) => `${us.toFixed(2)} ${backend}, ${items} items`)
    .join("; ");
  const command = "npm run bench:peers";
  if (told.length === 0) return { id, what, verdict: "not measured here", command };
  if (told.some(({ items }) => items !== FULL_BUCKET))
    return { id, what, verdict: "not measured here", figure, command };
  return { id, what, verdict: figures.every(({ us }) => us <= LATER.most) ? "met" : "missed", figure };
}

function memoryVerdict(runs: readonly PeerRun[]): Verdict {
  const id = "M1";
  const what = "a node in a match: at most 1 GiB at 10^7 items, 300 MiB at 10^6";
  const items = Math.max(0, ...runs.map((run) => run.items));
  const most = Math.max(0, ...runs.filter((run) => run.items === items).map(({ nodeMiB }) => nodeMiB));
  const figure = `${most.toFixed(0)} MiB at ${items} items`;
  const bound = MEMORY.find((one) => items >= one.items) ?? exceeded(most);
  const command = "npm run bench:peers -- --items 1000000 --pairs 1";
  if (bound === undefined)
    return { id, what, verdict: "not measured here", ...(items > 0 ? { figure } : {}), command };
  return { id, what, verdict: most <= bound.most ? "met" : "missed", figure };
}

/** Fewer items than the goal's take no more memory: what they exceed is missed. */
function exceeded(mib: number): (typeof MEMORY)[number] | undefined {
  return MEMORY.find(({ most }) => mib > most);
}

/** Without the 4 MiB that the goal adds for each open stream: stricter than it. */
function relayVerdict(runs: readonly PeerRun[]): Verdict {
  const id = "M2";
  const what = `the relay in any job: at most ${RELAY_MIB} MiB and 4 MiB an open stream`;
  if (runs.length === 0) return { id, what, verdict: "not measured here", command: "npm run bench:peers" };
  const most = Math.max(...runs.map(({ relayMiB }) => relayMiB));
  const figure = `${most.toFixed(0)} MiB, in these jobs alone`;
  return { id, what, verdict: most <= RELAY_MIB ? "met" : "missed", figure };
}

/** A backend's run at a full bucket, else its first. */
function atSize(runs: readonly PeerRun[], backend: PeerBackend): PeerRun | undefined {
  const own = runs.filter((run) => run.backend === backend);
  return own.find(({ items }) => items === FULL_BUCKET) ?? own[0];
}

function atGoal(runs: readonly PeerRun[]): readonly PeerRun[] {
  return (["portable", "native"] as const).flatMap((backend) => atSize(runs, backend) ?? []);
}

/** One goal, as a line for people. */
export function verdictText({ id, what, verdict, figure, command }: Verdict): string {
  const how = command ?? "nothing does yet";
  const said = verdict === "not measured here" ? `${verdict} (${how})` : verdict;
  return `${id.padEnd(3)} ${said}: ${what}${figure === undefined ? "" : `; here ${figure}`}`;
}

/** One backend and size, as lines for people. */
export function runText({ backend, items, pairs, later, nodeMiB, relayMiB }: PeerRun): readonly string[] {
  const { median, least, most } = ratios(pairs);
  const each = (cpu: readonly number[]): string => microsEach(cpu, items).toFixed(cpu === later ? 2 : 0);
  return [
    `${items} by ${items} items, ${backend}, ${pairsText(pairs.length)}${pairs.length === 1 ? ", no median" : ", medians"}`,
    `  @openmined/psi.js, raw        ${each(pairs.map(({ theirs }) => theirs))} CPU-µs an item of each`,
    `  match-pair/1, with proofs     ${each(pairs.map(({ ours }) => ours))} CPU-µs an item of each, all processes and the client`,
    `  times less                    ${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
    `  match-tokens/1, a later one   ${each(later)} CPU-µs an item and recipient`,
    `  peak memory                   a node ${nodeMiB.toFixed(0)} MiB, the relay ${relayMiB.toFixed(0)} MiB`,
  ];
}

function pairsText(count: number): string {
  return count === 1 ? "one pair" : `${count} pairs`;
}
