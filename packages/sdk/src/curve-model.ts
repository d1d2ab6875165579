// SPDX-License-Identifier: Apache-2.0
// What a curve's points say of any other size: CPU time, memory and disk as sums of terms, bytes by the contract's formula.
import { bucket } from "@koplamp/wire";
import type { Operations } from "./bench-count.ts";
import { bytesDown, bytesOf, bytesUp, type Scale } from "./curve-bytes.ts";
import { costOf, type Fit, type FitPoint, fitted } from "./curve-fit.ts";
import type { Curve, Term } from "./curve-protocols.ts";

/** What was measured at one scale, in one run in a process of its own. */
export interface CurvePoint extends Scale {
  /** CPU time of all parties, and of the coordinator. */
  readonly nodesMs: number;
  readonly coordinatorMs: number;
  /** Peak of the whole process: all parties together. */
  readonly rssMiB: number;
  /** Of all messages. */
  readonly bytes: number;
  readonly operations: Operations;
  /** Bytes that a party keeps on its disk afterwards, on average. */
  readonly keptBytes: number;
}

/** A fit, and what its prices are of. */
export interface Priced extends Fit {
  /** The terms by name; the first one is `session`, for what every session costs. */
  readonly terms: readonly string[];
}

/** What a curve's costs are made of. */
export interface CurveModel {
  /** CPU-ms of all parties, and of the coordinator. */
  readonly nodes: Priced;
  readonly coordinator: Priced;
  /** MiB of a process with all parties. */
  readonly memory: Priced;
  /** Bytes on a party's disk. */
  readonly kept: Priced;
}

const SESSION: Term = { name: "session", amount: () => 1 };
const EVERYWHERE: Term = { name: "item of a party", amount: ({ items, parties }) => items * parties };
const HERE: Term = { name: "item", amount: ({ items }) => bucket(items) };

/** The model of a curve's points. */
export function modelOf(
  curve: Pick<Curve, "nodes" | "coordinator">,
  points: readonly CurvePoint[],
): CurveModel {
  const priced = (terms: readonly Term[], measuredOf: (point: CurvePoint) => number): Priced =>
    pricedOf(terms, points, measuredOf);
  return {
    nodes: priced([SESSION, ...curve.nodes], ({ nodesMs }) => nodesMs),
    coordinator: priced([SESSION, ...curve.coordinator], ({ coordinatorMs }) => coordinatorMs),
    memory: priced([SESSION, EVERYWHERE], ({ rssMiB }) => rssMiB),
    kept: priced([SESSION, HERE], ({ keptBytes }) => keptBytes),
  };
}

/** Points where nothing was measured say nothing: a relative error needs something that it is relative to. */
function pricedOf(
  terms: readonly Term[],
  points: readonly CurvePoint[],
  measuredOf: (point: CurvePoint) => number,
): Priced {
  const told = points
    .map((point): FitPoint => ({ terms: amounts(terms, point), value: measuredOf(point) }))
    .filter(({ value }) => value > 0);
  return { terms: terms.map(({ name }) => name), ...fitted(told) };
}

function amounts(terms: readonly Term[], scale: Scale): readonly number[] {
  return terms.map(({ amount }) => amount(scale));
}

/** CPU-ms by the model, at any scale that one session takes: of the parties, and of the coordinator. */
export function cpuAt(
  curve: Pick<Curve, "nodes" | "coordinator">,
  { nodes, coordinator }: CurveModel,
  scale: Scale,
): { readonly nodesMs: number; readonly coordinatorMs: number } {
  return {
    nodesMs: costOf(nodes.prices, amounts([SESSION, ...curve.nodes], scale)),
    coordinatorMs: costOf(coordinator.prices, amounts([SESSION, ...curve.coordinator], scale)),
  };
}

/** MiB by the model, of a process with all parties. */
export function memoryAt({ memory }: CurveModel, scale: Scale): number {
  return costOf(memory.prices, amounts([SESSION, EVERYWHERE], scale));
}

/**
 * CPU-ms of the operations of the group alone, at prices in µs an element: below it no implementation on this backend goes.
 */
export function floorMs(operations: Operations, pricesUs: Readonly<Record<string, number>>): number {
  return (
    Object.entries(operations).reduce((sum, [name, count]) => sum + count * (pricesUs[name] ?? 0), 0) / 1000
  );
}

/** What it takes when so many agencies with so many items each do what a curve is about. */
export interface Prediction {
  readonly agencies: number;
  readonly items: number;
  /** Items of each party in a session, at most, and sessions that all items take: lists are longer than one admits. */
  readonly sessionItems: number;
  readonly sessions: number;
  /** In all. */
  readonly cpuHours: number;
  readonly coordinatorHours: number;
  /** Of an agency, on average. */
  readonly agencyHours: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly diskBytes: number;
  /** MiB of one session with all of its parties in one process. */
  readonly sessionMiB: number;
  /** Hours by the clock where agency and coordinator have so many cores each, all busy, and work one after the other. */
  readonly wallHours: { readonly cores2: number; readonly cores64: number };
}

const HOUR_MS = 3_600_000;

/** The prediction from a model. Everything in it is arithmetic: nothing of this size was run. */
export function predicted(
  curve: Curve,
  model: CurveModel,
  { agencies, items }: { readonly agencies: number; readonly items: number },
): Prediction {
  const parties = curve.parties.length === 0 ? curve.among : agencies;
  const admitted = Math.min(items, mostAdmitted(curve, parties, items));
  const cuts = Math.ceil(items / admitted);
  const scale = { items: Math.min(admitted, bucket(Math.ceil(items / cuts))), parties };
  const sessions = cuts * curve.meetings(agencies);
  const { nodesMs, coordinatorMs } = cpuAt(curve, model, scale);
  const rows = curve.bytes(scale);
  const agencyHours = (sessions * nodesMs) / HOUR_MS / agencies;
  const coordinatorHours = (sessions * coordinatorMs) / HOUR_MS;
  const wall = (cores: number): number => (agencyHours + coordinatorHours) / cores;
  return {
    agencies,
    items,
    sessionItems: scale.items,
    sessions,
    cpuHours: agencyHours * agencies + coordinatorHours,
    coordinatorHours,
    agencyHours,
    bytesUp: (sessions * bytesUp(rows)) / agencies,
    bytesDown: (sessions * bytesDown(rows)) / agencies,
    diskBytes: (sessions * parties * costOf(model.kept.prices, amounts([SESSION, HERE], scale))) / agencies,
    sessionMiB: memoryAt(model, scale),
    wallHours: { cores2: wall(2), cores64: wall(64) },
  };
}

/** The largest bucket that the protocol describes a session of: more is `too-large`. */
function mostAdmitted(curve: Pick<Curve, "bytes" | "most">, parties: number, items: number): number {
  for (let size = bucket(items); ; size = bucketBelow(size)) {
    if (size > (curve.most ?? size)) continue;
    try {
      curve.bytes({ items: size, parties });
      return size;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "too-large")) throw error;
    }
  }
}

/** The bucket before: of 2^k it is 1.5·2^(k-1), of 1.5·2^k it is 2^k. */
function bucketBelow(size: number): number {
  return Number.isInteger(Math.log2(size)) ? (size * 3) / 4 : (size * 2) / 3;
}

/** What the contract says of a scale, beside what was measured there. */
export function contractBytes(curve: Pick<Curve, "bytes">, scale: Scale): number {
  return bytesOf(curve.bytes(scale));
}
