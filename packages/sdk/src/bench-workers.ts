// SPDX-License-Identifier: Apache-2.0
// What more cores do for a node: a holder that answers two askers, by one worker and by two, in turn.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Group, POINT_BYTES, SCALAR_BYTES, UNIFORM_BYTES } from "@koplamp/crypto";
import { chooseGroup, startThreads, type Workers } from "@koplamp/pool";
import { evaluateBlock } from "@koplamp/psi";
import { type BenchCase, type BenchGoal, type BenchRun, goal, median } from "./bench-record.ts";
import { benchRng } from "./bench-session.ts";
import { SdkError } from "./errors.ts";

/** Elements of a block: as many as one proof is about. */
const BLOCK = 8192;
/** Two workers do in this part of the time what one does, or in less (performance.md, P9). */
const TIME_GOAL = 1 / 1.8;
/** What the process that answers may be late by while its workers work. */
const LATE_GOAL_MS = 50;
const [ONE, TWO, LATE] = ["one worker", "two workers", "latest answer"];

/**
 * Two sessions, each with `size` elements that a holder multiplies by its key share and proves, in pools of one worker and
 * of two. The phases are the times of both, and the latest that the event loop was. @throws {SdkError} `state` when the
 * answers of the two pools differ.
 */
export async function benchWorkers({ size, runs }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
}> {
  const { group } = await chooseGroup("kernel");
  const work = workOf(group, size);
  const [one, two] = [pool(1), pool(2)];
  try {
    await Promise.all([work(one), work(two)]); // an engine compiles what it sees more than once
    const measured: BenchRun[] = [];
    for (let run = 0; run < runs; run += 1) measured.push(await pairOf(work, one, two));
    return { backend: group.name, parts: { workers: measured } };
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
}

/** The goals of a pair of pools. */
export function workersGoals(runs: readonly BenchRun[]): readonly BenchGoal[] {
  const part = median(runs.map(({ phasesMs }) => (phasesMs[TWO] ?? 0) / (phasesMs[ONE] ?? 1)));
  const late = Math.max(...runs.map(({ phasesMs }) => phasesMs[LATE] ?? 0));
  return [
    goal("part of the time of one worker, by two", TIME_GOAL, part),
    goal("ms that the event loop was late, at most", LATE_GOAL_MS, late),
  ];
}

function pool(size: number): Workers {
  const end = import.meta.url.endsWith(".ts") ? "./jobs.ts" : "./jobs.js";
  return startThreads({ registry: new URL(end, import.meta.url), size, backends: "kernel" });
}

type Work = (workers: Workers) => Promise<readonly Uint8Array[]>;

async function pairOf(work: Work, one: Workers, two: Workers): Promise<BenchRun> {
  const before = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const alone = await timed(() => work(one));
  const both = await timed(() => work(two));
  delay.disable();
  if (alone.value.some((answer, at) => Buffer.compare(answer, both.value[at] ?? new Uint8Array()) !== 0))
    throw new SdkError("state", "two workers gave another answer", "the run is void: report it as a bug");
  const { user, system } = process.cpuUsage(before);
  const phasesMs = { [ONE]: alone.ms, [TWO]: both.ms, [LATE]: delay.max / 1e6 };
  const none = { bytesUp: 0, bytesDown: 0, bytesBefore: 0, bytesAll: 0 };
  return { cpuMs: (user + system) / 1000, wallMs: alone.ms + both.ms, phasesMs, ...none };
}

/** What is asked of a pool: the blocks of each session one after the other, as a protocol does. */
function workOf(group: Group, size: number): Work {
  const [k, seed] = [group.reduce(benchRng(UNIFORM_BYTES)), benchRng(32)];
  const prover = { prover: "holder", key: group.mulBase(k), transcript: new Uint8Array(32) };
  const points = group.hashToGroup(benchRng(Math.min(size, BLOCK) * UNIFORM_BYTES));
  const session = async (workers: Workers): Promise<readonly Uint8Array[]> => {
    const vault = await workers.session({ k: k.slice(0, SCALAR_BYTES) });
    try {
      const answers: Uint8Array[] = [];
      for (let from = 0; from < size; from += BLOCK) {
        const some = points.subarray(0, Math.min(BLOCK, size - from) * POINT_BYTES);
        const answer = await vault.run(evaluateBlock, [prover, from / BLOCK, some, seed]);
        answers.push(answer as Uint8Array); // safe because the job's type says so
      }
      return answers;
    } finally {
      await vault.wipe();
    }
  };
  return async (workers) => (await Promise.all([session(workers), session(workers)])).flat();
}

async function timed<Value>(
  act: () => Promise<Value>,
): Promise<{ readonly ms: number; readonly value: Value }> {
  const begin = performance.now();
  const value = await act();
  return { ms: performance.now() - begin, value };
}
