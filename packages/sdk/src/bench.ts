// SPDX-License-Identifier: Apache-2.0
import { cpus, totalmem } from "node:os";
import { findNativeGroup } from "@koplamp/pool";
import { bulkBytesBetween } from "./bench-bulk.ts";
import { groupGoals, proofGoals } from "./bench-group.ts";
import { LOOKUP_QUESTIONS } from "./bench-lookup.ts";
import { commit, load, runCase, titleOf } from "./bench-process.ts";
import {
  type BenchBackend,
  type BenchCase,
  type BenchGoal,
  type BenchRecord,
  type BenchReference,
  type BenchResult,
  type BenchRun,
  type BenchSuite,
  goal,
  machineText,
  median,
  recordText,
} from "./bench-record.ts";
import { workersGoals } from "./bench-workers.ts";
import { versions } from "./versions.ts";

/** Which cases a benchmark takes. What is absent is as in the whole series. */
export interface BenchArgs {
  readonly suite?: BenchSuite | "all";
  /** Items of each party, or cells, in place of those of the series. */
  readonly sizes?: readonly number[];
  /** Numbers of parties, in place of those of the series. */
  readonly parties?: readonly number[];
  readonly backends?: readonly BenchBackend[];
  readonly runs?: number;
  readonly seed?: number;
  /** Small cases, once each: whether it works, not what it costs. */
  readonly quick?: boolean;
  /** One line of JSON for each row in place of lines for people. */
  readonly json?: boolean;
}

/** All rows of a benchmark. */
export interface BenchReport {
  readonly records: readonly BenchRecord[];
  /** Cases that this machine cannot run, and why. */
  readonly skipped: readonly string[];
}

const SEED = 1;
/** CPU-µs per item and recipient of a query over cached evaluations (performance.md, P4). */
const CACHED_GOAL = 5;
/** At so many cells: CPU seconds of a node, and megabytes that it sends before its release (performance.md, P7). */
const SUM_GOALS = { size: 100_000, cpuS: 2, megabytes: 8 };
/** At so many cells of a masked sum of three parties, the memory of the whole process: more would hold each other's. */
const MASKED_GOAL = { size: 10_000_000, parties: 3, rssMB: 300 };
/** At so many rows of a join of two: CPU seconds of both, bytes a row, and against one encryption a row. */
const JOIN_GOALS = { size: 1_000_000, cpuS: 4, bytes: 40, millionths: 1000 };
/** At so many items of five parties, evaluated before: CPU seconds of the coordinator, and of each party (P8). */
const THRESHOLD_GOALS = { size: 100_000, parties: 5, coordinatorS: 3, partyS: 10 };
/** Against so many tokens: the median of one question, and 200 questions a second in batches (P10). */
const LOOKUP_GOALS = { size: 1_000_000, nativeMs: 50, portableMs: 100, batchedMs: 5 };
/** At so many items of each: CPU seconds of both sides, without a dealer or where nobody deals, and bytes an item between the two (P5). */
const BULK_GOALS = { size: 2 ** 20, bothS: 2.5, undealtS: 5, bytes: 45 };

/** The names of parts that are no query of `match-tokens/1`. */
const CASES: Readonly<Record<string, string>> = {
  bulk: "bulk-pair/1, the coordinator deals",
  undealt: "bulk-pair/1, nobody deals",
  threshold: "match-threshold/1, at least 3",
  sum: "sum-threshold/1",
  masked: "sum-masked/1",
  join: "join-sum-pair/1, homomorphic work",
  pair: "match-pair/1",
  lookup: "lookup/1, one question",
  workers: "two askers at one holder, wall time",
  "lookup-32": "lookup/1, in batches of 32",
};

/** What has as many parties as it has, whatever is asked for. */
const FIXED: ReadonlySet<string> = new Set(["bulk", "join", "lookup", "group", "workers"]);

type Shape = Omit<BenchCase, "seed">;

/** The whole series: about an hour and a quarter of CPU. */
const SERIES: readonly Shape[] = [
  ...cases("psi", ["kernel", "wasm", "native"], [2, 3, 5], 10_000, 5),
  ...cases("psi", ["kernel", "wasm", "native"], [2], 100_000, 1),
  ...cases("psi", ["native"], [5], 100_000, 1),
  ...cases("psi", ["noble"], [2], 1000, 1),
  ...cases("bulk", ["tables"], [2], 2 ** 20, 5),
  ...cases("group", ["kernel"], [1], 8192, 5),
  ...cases("threshold", ["tables"], [5], 100_000, 3),
  ...cases("sum", ["seal"], [2, 3, 5, 10, 20], 100_000, 3),
  ...cases("masked", ["masks"], [3], 10_000_000, 3),
  ...cases("join", ["seal"], [2], 1_000_000, 3),
  ...cases("lookup", ["kernel", "wasm", "native"], [2], 1_000_000, 3),
  ...cases("workers", ["kernel"], [2], 65_536, 5),
];

const QUICK: readonly Shape[] = [
  ...cases("psi", ["kernel", "wasm", "native"], [2, 3], 500, 1),
  ...cases("bulk", ["tables"], [2], 20_000, 1),
  ...cases("group", ["kernel"], [1], 256, 1),
  ...cases("threshold", ["tables"], [3], 300, 1),
  ...cases("sum", ["seal"], [3], 1000, 1),
  ...cases("masked", ["masks"], [3], 40_000, 1),
  ...cases("join", ["seal"], [2], 10_000, 1),
  ...cases("lookup", ["kernel", "wasm", "native"], [2], 2048, 1),
  ...cases("workers", ["kernel"], [2], 9000, 1),
];

/**
 * What matching and summing cost on this machine: CPU time by phase, bytes and peak memory, one process for each case.
 * Every run is checked against the plain answer. Sessions run in one thread over links in memory: no network, no ledger.
 * Writes each row as soon as it is there.
 * @throws {SdkError} `state` when an answer is wrong or a case does not end by itself.
 */
export async function bench(args: BenchArgs, write: (line: string) => void): Promise<BenchReport> {
  const records: BenchRecord[] = [];
  const skipped: string[] = [];
  const native = findNativeGroup();
  for (const shape of chosen(args)) {
    if (shape.backend === "native" && native.group === undefined) {
      skipped.push(`${titleOf(shape)}: skipped: ${native.reason}`);
      continue;
    }
    records.push(...(await rowsOf({ ...shape, seed: args.seed ?? SEED }, args, write)));
  }
  return { records, skipped };
}

async function rowsOf(
  given: BenchCase,
  { json = false }: BenchArgs,
  write: (line: string) => void,
): Promise<readonly BenchRecord[]> {
  const before = load();
  const result = await runCase(given);
  const machine = {
    load: [before, load()] as const,
    koplamp: (await versions()).koplamp,
    ...(await commit()),
  };
  const rows = Object.entries(result.parts).map(([part, runs]) =>
    recordOf(given, part, runs, result, machine),
  );
  for (const row of rows) {
    for (const line of json ? [JSON.stringify(row)] : [...recordText(row), `  ${machineText(row)}`])
      write(line);
  }
  return rows;
}

/** The cases of the series that fit, with what the arguments put in place of theirs. */
function chosen({
  suite = "all",
  sizes,
  parties,
  backends,
  runs,
  quick = false,
}: BenchArgs): readonly Shape[] {
  const fitting = (quick ? QUICK : SERIES)
    .filter((shape) => suite === "all" || shape.suite === suite)
    .filter(
      ({ suite: of, backend }) =>
        (of !== "psi" && of !== "lookup") ||
        backends === undefined ||
        backends.some((name) => name === backend),
    )
    .flatMap((shape) =>
      (FIXED.has(shape.suite) ? [shape.parties] : (parties ?? [shape.parties])).map((count) => ({
        ...shape,
        parties: count,
      })),
    )
    .flatMap((shape) => (sizes ?? [shape.size]).map((size) => ({ ...shape, size })))
    .map((shape) => ({ ...shape, runs: runs ?? shape.runs }));
  // What was put in place of different sizes is the same case more than once.
  return [...new Map(fitting.map((shape) => [titleOf(shape), shape])).values()];
}

function recordOf(
  given: BenchCase,
  part: string,
  runs: readonly BenchRun[],
  { backend, rssMiB, reference }: BenchResult,
  machine: Pick<BenchRecord, "load" | "koplamp" | "commit">,
): BenchRecord {
  const { suite, size, parties, seed } = given;
  const shared = suite === "join" ? size : LOOKUP_QUESTIONS[part]; // a row of a join, or a question, is the work of both
  const items = shared ?? size * parties;
  const [cpuMs, wallMs] = [median(runs.map((run) => run.cpuMs)), median(runs.map((run) => run.wallMs))];
  const phases = [...new Set(runs.flatMap((run) => Object.keys(run.phasesMs)))];
  const phasesUs = phases.map(
    (phase) => [phase, (median(runs.map((run) => run.phasesMs[phase] ?? 0)) * 1000) / items] as const,
  );
  const { bytesUp = 0, bytesDown = 0, bytesBefore = 0 } = runs[0] ?? {};
  return {
    suite,
    case: suite === "group" ? `ristretto255, ${part}` : (CASES[part] ?? `match-tokens/1, ${part} query`),
    command: `koplamp bench --suite ${suite} --n ${size} --parties ${parties} --runs ${given.runs}`,
    size,
    parties,
    backend,
    node: process.versions.node,
    cpuModel: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    ...machine,
    seed,
    ours: {
      cpuMs: runs.map((run) => run.cpuMs),
      wallMs: runs.map((run) => Math.round(run.wallMs)),
      rssMiB,
      bytesUp,
      bytesDown,
      bytesBefore,
    },
    perItem: {
      cpuUs: (cpuMs * 1000) / items,
      phasesUs: Object.fromEntries(phasesUs),
      bytes: shared === undefined ? bytesUp / size : (bytesUp * parties) / shared,
    },
    ...(reference === undefined ? {} : { reference }),
    goals: goalsOf(given, part, { runs, cpuMs, wallMs, phasesUs, rssMiB, bytesUp, bytesBefore, reference }),
  };
}

/** What goals are held against. */
interface Figures {
  readonly runs: readonly BenchRun[];
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly phasesUs: readonly (readonly [phase: string, cpuUs: number])[];
  readonly rssMiB: number;
  readonly bytesUp: number;
  readonly bytesBefore: number;
  readonly reference: BenchReference | undefined;
}

/** The goals of this part, where its size is that of a goal. */
function goalsOf(
  { suite, size, parties, backend }: BenchCase,
  part: string,
  { runs, cpuMs, wallMs, phasesUs, rssMiB, bytesUp, bytesBefore, reference }: Figures,
): readonly BenchGoal[] {
  if (suite === "group") return groupGoals(runs);
  if (suite === "workers") return workersGoals(runs);
  if (part === "pair") return proofGoals(size, backend, runs);
  if (LOOKUP_QUESTIONS[part] !== undefined) return lookupGoals(size, backend, part, wallMs);
  if (part === "threshold") return thresholdGoals({ size, parties }, cpuMs, Object.fromEntries(phasesUs));
  if (suite === "bulk") return bulkGoals(part, size, cpuMs, Object.fromEntries(phasesUs));
  if (part === "second") {
    // everybody is a recipient
    return [goal("CPU-µs an item and recipient", CACHED_GOAL, (cpuMs * 1000) / (size * parties * parties))];
  }
  return aggregateGoals({ size, parties }, part, { cpuMs, rssMiB, bytesUp, bytesBefore, reference });
}

/** The goals of sums and joins. */
function aggregateGoals(
  { size, parties }: Pick<BenchCase, "size" | "parties">,
  part: string,
  { cpuMs, rssMiB, bytesUp, bytesBefore, reference }: Omit<Figures, "runs" | "wallMs" | "phasesUs">,
): readonly BenchGoal[] {
  if (part === "sum" && size === SUM_GOALS.size) {
    return [
      goal("CPU seconds a node", SUM_GOALS.cpuS, cpuMs / 1000 / parties),
      goal("MB sent by a node before its release", SUM_GOALS.megabytes, bytesBefore / 1e6),
    ];
  }
  if (part === "join" && size === JOIN_GOALS.size && reference !== undefined) {
    const parts = (cpuMs / (reference.cpuMs * size)) * 1e6;
    return [
      goal("CPU seconds of both parties", JOIN_GOALS.cpuS, cpuMs / 1000),
      goal("bytes a row", JOIN_GOALS.bytes, (bytesUp * parties) / size),
      goal("millionths of one encryption a row", JOIN_GOALS.millionths, parts),
    ];
  }
  if (part !== "masked" || size !== MASKED_GOAL.size || parties > MASKED_GOAL.parties) return [];
  return [goal("MB of memory at the peak", MASKED_GOAL.rssMB, (rssMiB * 2 ** 20) / 1e6)];
}

/** A dealer's share is apart, in CPU and in bytes. */
function bulkGoals(
  part: string,
  size: number,
  cpuMs: number,
  { dealer = 0 }: Readonly<Record<string, number>>,
): readonly BenchGoal[] {
  if (size !== BULK_GOALS.size) return [];
  const most = part === "undealt" ? BULK_GOALS.undealtS : BULK_GOALS.bothS;
  return [
    goal("CPU seconds of both parties", most, (cpuMs * 1000 - dealer * size * 2) / 1e6),
    goal("bytes an item between the two", BULK_GOALS.bytes, bulkBytesBetween(part, size)),
  ];
}

/** Both sides in one thread, without network and ledger: what these add is not in it. */
function lookupGoals(
  size: number,
  backend: BenchCase["backend"],
  part: string,
  wallMs: number,
): readonly BenchGoal[] {
  if (size !== LOOKUP_GOALS.size) return [];
  const each = wallMs / (LOOKUP_QUESTIONS[part] ?? 1);
  const most = backend === "native" ? LOOKUP_GOALS.nativeMs : LOOKUP_GOALS.portableMs;
  return part === "lookup"
    ? [goal("ms of a question, median", most, each)]
    : [goal("ms of a question in batches of 32", LOOKUP_GOALS.batchedMs, each)];
}

/** Everything but the coordinator's search is work of the parties. */
function thresholdGoals(
  { size, parties }: Pick<BenchCase, "size" | "parties">,
  cpuMs: number,
  { coordinator = 0 }: Readonly<Record<string, number>>,
): readonly BenchGoal[] {
  if (size !== THRESHOLD_GOALS.size || parties !== THRESHOLD_GOALS.parties) return [];
  const search = (coordinator * size * parties) / 1e6;
  return [
    goal("CPU seconds of the coordinator", THRESHOLD_GOALS.coordinatorS, search),
    goal("CPU seconds of a party", THRESHOLD_GOALS.partyS, (cpuMs / 1000 - search) / parties),
  ];
}

function cases(
  suite: BenchCase["suite"],
  backends: readonly BenchCase["backend"][],
  parties: readonly number[],
  size: number,
  runs: number,
): readonly Shape[] {
  return parties.flatMap((count) =>
    backends.map((backend) => ({ suite, backend, parties: count, size, runs })),
  );
}
