// SPDX-License-Identifier: Apache-2.0
import type { Operations } from "./bench-count.ts";

/** A backend by the name under which a benchmark takes it. */
export type BenchBackend = "kernel" | "wasm" | "native" | "noble";

/** What is measured together. */
export type BenchSuite =
  | "psi"
  | "bulk"
  | "group"
  | "threshold"
  | "sum"
  | "masked"
  | "join"
  | "lookup"
  | "workers";

/** One case: what a child process of its own runs. */
export interface BenchCase {
  readonly suite: BenchSuite;
  /** Which group; a sum has one library, and a masked one none. */
  readonly backend: BenchBackend | "seal" | "masks" | "tables";
  readonly parties: number;
  /** Items of each party, elements or cells. */
  readonly size: number;
  readonly runs: number;
  readonly seed: number;
  /** The parts that are wanted, where it is not all of the suite's: so that the peak of memory is of these alone. */
  readonly only?: readonly string[];
}

/** What one part of a case cost, in one run. */
export interface BenchRun {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** CPU by phase; `rest` is what no job accounts for: codecs, copies, garbage. */
  readonly phasesMs: Readonly<Record<string, number>>;
  /** Bytes of protocol messages that one party sent, and received, on average. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The most that one node sent before it released anything. */
  readonly bytesBefore: number;
  /** Bytes of the messages of all parties and the coordinator together. */
  readonly bytesAll: number;
  /** Elements by operation of the group, where the suite counts them. */
  readonly operations?: Operations;
  /** Bytes that one party keeps on disk afterwards, on average, where the suite knows. */
  readonly bytesKept?: number;
}

/** What the same would cost otherwise, from a sample. */
export interface BenchReference {
  readonly what: string;
  /** So many were measured. */
  readonly sample: number;
  /** CPU of one item. */
  readonly cpuMs: number;
}

/** What a child process reports: its runs, by part of the case. The parts of a match are `first`, `second` and, of two, `pair`. */
export interface BenchResult {
  /** The backend's own name. */
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
  /** Peak of the whole process: all parties together. */
  readonly rssMiB: number;
  readonly reference?: BenchReference;
}

/** One row of a report: a part of a case on this machine. */
export interface BenchRecord {
  readonly suite: string;
  readonly case: string;
  /** What makes this row again. */
  readonly command: string;
  readonly size: number;
  readonly parties: number;
  readonly backend: string;
  readonly koplamp: string;
  /** The commit that ran; absent where there is no checkout. */
  readonly commit?: string;
  readonly node: string;
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryMiB: number;
  /** One-minute load of the machine before and after: above 0.3 a core, other work disturbed the figures. */
  readonly load: readonly [before: number, after: number];
  readonly seed: number;
  readonly ours: {
    readonly cpuMs: readonly number[];
    readonly wallMs: readonly number[];
    readonly rssMiB: number;
    readonly bytesUp: number;
    readonly bytesDown: number;
    readonly bytesBefore: number;
  };
  /** Medians, divided by the items of all parties (cells times parties in a sum). */
  readonly perItem: {
    readonly cpuUs: number;
    readonly phasesUs: Readonly<Record<string, number>>;
    readonly bytes: number;
  };
  readonly reference?: BenchReference;
  /** The goals of the project that this row is about. */
  readonly goals: readonly BenchGoal[];
}

/** A figure, and what it may be at most. */
export interface BenchGoal {
  readonly what: string;
  readonly most: number;
  readonly got: number;
  readonly pass: boolean;
}

/** A goal and whether it is met. */
export function goal(what: string, most: number, got: number): BenchGoal {
  return { what, most, got, pass: got <= most };
}

/** The value in the middle; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** On what a row was measured, and how to measure it again, as a line for people. */
export function machineText({ command, cpuModel, cores, memoryMiB, node, load }: BenchRecord): string {
  return `${command} (${cpuModel}, ${cores} cores, ${memoryMiB} MiB, Node ${node}, load ${load.join(" then ")})`;
}

const UNITS: Readonly<Record<string, string>> = {
  group: "elements",
  sum: "cells",
  masked: "cells",
  join: "rows",
  lookup: "tokens",
  workers: "elements",
};

/** A row as lines for people. */
export function recordText(record: BenchRecord): readonly string[] {
  const { ours, perItem, goals, reference, size } = record;
  const phases = Object.entries(perItem.phasesUs)
    .filter(([, cpu]) => cpu >= 0.005)
    .map(([phase, cpu]) => `${phase} ${figure(cpu)}`);
  return [
    `${record.case}: ${record.parties} parties, ${record.size} ${UNITS[record.suite] ?? "items each"}, ${record.backend}, ${runs(ours.cpuMs.length)}`,
    `  ${figure(perItem.cpuUs)} CPU-µs and ${figure(perItem.bytes)} bytes an item, peak ${ours.rssMiB} MiB with all parties in one process`,
    `  by phase: ${phases.join(", ")}`,
    ...(reference === undefined ? [] : [referenceText(reference, size, median(ours.cpuMs))]),
    ...goals.map(
      ({ what, most, got, pass }) =>
        `  ${what}: ${figure(got)}, goal ${figure(most)}: ${pass ? "met" : "missed"}`,
    ),
  ];
}

function referenceText({ what, sample, cpuMs }: BenchReference, size: number, own: number): string {
  const whole = cpuMs * size;
  const all = `${figure(whole / 1000)} CPU-s for ${size}, reckoned from a sample of ${sample}`;
  return `  ${what}: ${figure(cpuMs)} CPU-ms each, ${all}: ${figure(whole / own)} times as much`;
}

function runs(count: number): string {
  return count === 1 ? "one run" : `median of ${count} runs`;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
