// SPDX-License-Identifier: Apache-2.0
import { type Group, loadSodium, POINT_BYTES, UNIFORM_BYTES, WEIGHT_BYTES } from "@koplamp/crypto";
import { chooseGroup, findNativeGroup } from "@koplamp/pool";
import { PROOFS } from "./bench-match.ts";
import { type BenchCase, type BenchGoal, type BenchRun, goal, median } from "./bench-record.ts";
import { benchRng } from "./bench-session.ts";
import { SdkError } from "./errors.ts";

/** The backend that the kernel has to beat, and what part of its CPU it may take to be shipped (performance.md, section 7). */
const PORTABLE = "sodium-wasm";
const KERNEL_GOAL = 1 / 1.25;
/** What part of a match between two its proofs may cost, of so many items or more. */
const PROOFS_GOAL = { size: 8192, hundredths: 20 };

/** An operation on a batch, and what it is called. */
type Operation = readonly [name: string, run: (group: Group) => Uint8Array | undefined];

/**
 * Each operation of the group on `size` elements, by the kernel, by libsodium in WebAssembly and by the system's, in turn
 * and on the same inputs, so that the runs of a pair have the machine to share alike. The phases are the backends.
 * @throws {SdkError} when two backends differ: the run is void. @throws {PoolError} when the kernel does not serve.
 */
export async function benchGroup({ size, runs }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
}> {
  const portable = await loadSodium();
  const kernel = (await chooseGroup("kernel")).group;
  const native = findNativeGroup().group;
  const groups = [kernel, portable, ...(native === undefined ? [] : [native])];
  const parts = operationsOn(kernel, size).map(([name, run]) => {
    for (const group of groups) cpuMs(() => run(group)); // an engine compiles what it sees more than once
    return [name, Array.from({ length: runs }, () => once(groups, name, run))] as const;
  });
  return { backend: kernel.name, parts: Object.fromEntries(parts) };
}

/** The goal of an operation of the kernel, over its pairs. */
export function groupGoals(runs: readonly BenchRun[]): readonly BenchGoal[] {
  return [goal(`part of the CPU of ${PORTABLE}`, KERNEL_GOAL, against(runs, PORTABLE))];
}

/** The goal of the proofs in a match between two, but of a backend that is there to be compared with. */
export function proofGoals(
  size: number,
  backend: BenchCase["backend"],
  runs: readonly BenchRun[],
): readonly BenchGoal[] {
  if (size < PROOFS_GOAL.size || backend === "wasm" || backend === "noble") return [];
  return [goal("hundredths of it for proofs", PROOFS_GOAL.hundredths, 100 / against(runs, PROOFS))];
}

/** The median of what the runs took as parts of one of their phases. */
function against(runs: readonly BenchRun[], phase: string): number {
  return median(runs.map((run) => run.cpuMs / (run.phasesMs[phase] ?? 0)));
}

function operationsOn(group: Group, size: number): readonly Operation[] {
  const uniform = benchRng(size * UNIFORM_BYTES);
  const weights = benchRng(size * WEIGHT_BYTES);
  const scalars = group.reduce(benchRng(size * UNIFORM_BYTES));
  const [secret, points] = [scalars.subarray(0, POINT_BYTES), group.hashToGroup(uniform)];
  const [point, others] = [points.slice(0, POINT_BYTES), group.mulBase(scalars)];
  return [
    ["hashToGroup", ({ hashToGroup }) => hashToGroup(uniform)],
    ["decodeCheck", ({ decodeCheck }) => void decodeCheck(points)],
    ["mulSame", ({ mulSame }) => mulSame(secret, points)],
    ["mulBase", ({ mulBase }) => mulBase(scalars)],
    ["mulPoint", ({ mulPoint }) => mulPoint(point, scalars)],
    ["addEach", ({ addEach }) => addEach(points, others)],
    ["subEach", ({ subEach }) => subEach(points, others)],
    ["msm", ({ msm }) => msm(weights, points)],
  ];
}

function once(groups: readonly Group[], name: string, run: Operation[1]): BenchRun {
  const begin = performance.now();
  const results: (Uint8Array | undefined)[] = [];
  const phases = groups.map((group) => [group.name, cpuMs(() => results.push(run(group)))] as const);
  const [first = new Uint8Array()] = results;
  if (results.some((result) => Buffer.compare(result ?? first, first) !== 0)) {
    throw new SdkError("state", `backends differ in ${name}`, "the run is void: report it as a bug");
  }
  const phasesMs = Object.fromEntries(phases);
  const wallMs = performance.now() - begin;
  const none = { bytesUp: 0, bytesDown: 0, bytesBefore: 0, bytesAll: 0 };
  return { cpuMs: phases[0]?.[1] ?? 0, wallMs, phasesMs, ...none };
}

function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
