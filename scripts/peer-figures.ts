// SPDX-License-Identifier: Apache-2.0
// The arithmetic of bench-peers.mjs: ratios over pairs of runs, CPU time an item, and what the goals of the project come to.

import { OTHER_GOALS, otherVerdict } from "./other-goals.ts";

/** The kinds of runs: our kernel in every process, or the system's libsodium for whatever a key is in. */
export type PeerBackend = "portable" | "native";

/** One run of the peer and one of ours, one after the other. CPU-ms. */
export interface PeerPair {
  readonly theirs: number;
  readonly ours: number;
  /** A count without proofs, of the same lists; with the native backend only, as is `bare`. */
  readonly blind?: number;
  /** What the system's libsodium takes for the hashes and the multiplications of that count, and nothing else. */
  readonly bare?: number;
}

/** A later question over tokens that one of the two parties is told, and one that both are. CPU-ms. */
export interface LaterPair {
  readonly one: number;
  readonly both: number;
}

/** What was measured on one backend, with lists of one size. */
export interface PeerRun {
  readonly backend: PeerBackend;
  /** Items of each of the two lists. */
  readonly items: number;
  /** In order; the warm-up is not among them. */
  readonly pairs: readonly PeerPair[];
  readonly later: readonly LaterPair[];
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
/**
 * CPU-µs of a later question, an item of all lists and a recipient (P4): what the floor is reckoned of is one MAC, and each
 * party makes one of an item of its own for each recipient. `koplamp bench` counts so too.
 */
const LATER = { most: 5, aim: 1 };
const PARTIES = 2;
/** Without proofs so many times less CPU than the peer (P2), and so many times that of bare libsodium (P3). */
const BLIND = { least: 9, overBare: 1.15 };
/** MiB of the relay before what open streams take (M2). */
const RELAY_MIB = 256;

/** A goal, and what this run says of it. */
export interface Verdict {
  /** As in performance.md: `P1`. */
  readonly id: string;
  readonly what: string;
  readonly verdict: "met" | "missed" | "not measured here";
  /** What was measured, also where the goal is for another size. */
  readonly figure?: string;
  /** What measures it. */
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

/** CPU-µs of a later question: an item of all lists and a recipient, and where one is told, an item of each list. */
function laterMicros({ later, items }: Pick<PeerRun, "later" | "items">): {
  readonly both: number;
  readonly one: number;
  readonly oneOfEach: number;
} {
  const [one, both] = [later.map((pair) => pair.one), later.map((pair) => pair.both)];
  return {
    both: microsEach(both, items * PARTIES * PARTIES),
    one: microsEach(one, items * PARTIES),
    oneOfEach: microsEach(one, items),
  };
}

/**
 * Every goal of performance.md, section 4: by these runs, or by what another command printed, or with the command that
 * measures it. `printed`: by the arguments of `npm run` (`OtherGoal.run`).
 */
export function verdictsOf(
  runs: readonly PeerRun[],
  printed: ReadonlyMap<readonly string[], string> = new Map(),
): readonly Verdict[] {
  const own = [
    ratioVerdict("P1", "portable", runs),
    ratioVerdict("P2", "native", runs),
    ...blindVerdicts(runs),
    laterVerdict(runs),
    relayVerdict(runs),
  ];
  const others = OTHER_GOALS.map((goal) => otherVerdict(goal, printed.get(goal.run)));
  return [...own, ...others].sort((left, right) => orderOf(left) - orderOf(right));
}

/** P before M before L, and each by its number. */
function orderOf({ id }: Verdict): number {
  return "PML".indexOf(id.slice(0, 1)) * 100 + Number(id.slice(1));
}

function ratioVerdict(id: string, backend: PeerBackend, runs: readonly PeerRun[]): Verdict {
  const { least, aim } = RATIO[backend];
  const what = `match-pair with proofs, ${backend}: ${least} times less CPU than psi.js (aim ${aim}), ${FULL_BUCKET} items each`;
  const run = atSize(runs, backend);
  const command = `npm run bench:peers -- --backend ${backend}`;
  if (run === undefined || run.pairs.length === 0) return { id, what, verdict: "not measured here", command };
  const { median, least: lowest, most } = ratios(run.pairs);
  const figure = `${median.toFixed(2)}, ${lowest.toFixed(2)} to ${most.toFixed(2)} over ${pairsText(run.pairs.length)}, ${run.items} items`;
  if (run.items !== FULL_BUCKET) return { id, what, verdict: "not measured here", figure, command };
  return { id, what, verdict: median >= least ? "met" : "missed", figure };
}

/** Both backends make tokens from a cache: none of them takes part, and the goal is for each. */
function laterVerdict(runs: readonly PeerRun[]): Verdict {
  const id = "P4";
  const what = `match-tokens, a later question, told to both or to one: at most ${LATER.most} CPU-µs an item of all lists and recipient (aim ${LATER.aim})`;
  const told = atGoal(runs);
  const figures = told.map((run) => ({ ...laterMicros(run), backend: run.backend, items: run.items }));
  const figure = figures
    .map(
      ({ backend, items, both, one, oneOfEach }) =>
        `${both.toFixed(2)} ${backend}, ${items} items (told to one ${one.toFixed(2)}, which is ${oneOfEach.toFixed(2)} an item of each)`,
    )
    .join("; ");
  const command = "npm run bench:peers";
  if (told.length === 0) return { id, what, verdict: "not measured here", command };
  if (told.some(({ items }) => items !== FULL_BUCKET))
    return { id, what, verdict: "not measured here", figure, command };
  return {
    id,
    what,
    verdict: figures.every(({ both, one }) => Math.max(both, one) <= LATER.most) ? "met" : "missed",
    figure,
  };
}

/** A count without proofs, against the peer and against the same operations of the library alone. */
function blindVerdicts(runs: readonly PeerRun[]): readonly Verdict[] {
  const run = atSize(runs, "native");
  const pairs = (run?.pairs ?? []).flatMap(({ theirs, blind, bare }) =>
    blind === undefined || bare === undefined ? [] : [{ theirs, ours: blind, bare }],
  );
  const [beside, over] = [
    ratios(pairs),
    ratios(pairs.map(({ ours, bare }) => ({ theirs: ours, ours: bare }))),
  ];
  const verdict = (id: string, what: string, figure: string, isMet: boolean): Verdict => {
    const command = "npm run bench:peers -- --backend native";
    if (run === undefined || pairs.length === 0) return { id, what, verdict: "not measured here", command };
    const told = `${figure} over ${pairsText(pairs.length)}, ${run.items} items`;
    if (run.items !== FULL_BUCKET) return { id, what, verdict: "not measured here", figure: told, command };
    return { id, what, verdict: isMet ? "met" : "missed", figure: told };
  };
  return [
    verdict(
      "P2",
      `a count without proofs, native: ${BLIND.least} times less CPU than psi.js`,
      beside.median.toFixed(2),
      beside.median >= BLIND.least,
    ),
    verdict(
      "P3",
      `the same: at most ${BLIND.overBare} times the CPU of bare libsodium`,
      over.median.toFixed(2),
      over.median <= BLIND.overBare,
    ),
  ];
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
  const said = command === undefined ? verdict : `${verdict} (${command})`;
  return `${id.padEnd(3)} ${said}: ${what}${figure === undefined ? "" : `; here ${figure}`}`;
}

/** One backend and size, as lines for people. */
export function runText(run: PeerRun): readonly string[] {
  const { backend, items, pairs, nodeMiB, relayMiB } = run;
  const { median, least, most } = ratios(pairs);
  const blind = pairs.flatMap((pair) => (pair.blind === undefined ? [] : [pair.blind]));
  const bare = pairs.flatMap((pair) => (pair.bare === undefined ? [] : [pair.bare]));
  const each = (cpu: readonly number[]): string => microsEach(cpu, items).toFixed(0);
  const { both, one, oneOfEach } = laterMicros(run);
  const beside = [
    `  @openmined/psi.js, raw        ${each(pairs.map(({ theirs }) => theirs))} CPU-µs an item of each`,
    `  match-pair/1, with proofs     ${each(pairs.map(({ ours }) => ours))} CPU-µs an item of each, all processes and the client`,
    `  times less                    ${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
  ];
  return [
    `${items} by ${items} items, ${backend}, ${pairsText(pairs.length)}${pairs.length === 1 ? ", no median" : ", medians"}`,
    ...(pairs.length === 0 ? [] : beside),
    ...(blind.length === 0
      ? []
      : [
          `  a count without proofs        ${each(blind)} CPU-µs an item of each`,
          `  its operations, libsodium     ${each(bare)} CPU-µs an item of each`,
        ]),
    `  match-tokens/1, a later one   ${both.toFixed(2)} CPU-µs an item of all lists and recipient, told to both`,
    `                                ${one.toFixed(2)} told to one, which is ${oneOfEach.toFixed(2)} an item of each`,
    `  peak memory                   a node ${nodeMiB.toFixed(0)} MiB, the relay ${relayMiB.toFixed(0)} MiB`,
  ];
}

function pairsText(count: number): string {
  if (count === 0) return "no pairs";
  return count === 1 ? "one pair" : `${count} pairs`;
}
