// SPDX-License-Identifier: Apache-2.0
import {
  aggregateJobs,
  type SumNodeSetup,
  type SumSession,
  sumCoordinator,
  sumNode,
} from "@koplamp/aggregate";
import { type HeBackend, loadHe } from "@koplamp/he";
import { nodePrimitives } from "@koplamp/pool";
import type { Party, PartyId } from "@koplamp/protocol";
import type { BenchCase, BenchRun } from "./bench-record.ts";
import { type BenchParty, BenchWorld, benchRng, COORDINATOR, exportersOf } from "./bench-session.ts";
import { SdkError } from "./errors.ts";
import { Seeded } from "./seeded.ts";

/** The jobs of a sum, by what they are for. */
const PHASES: readonly (readonly [prefix: string, phase: string])[] = [
  ["sum.key-share", "keys"],
  ["sum.recipient-key", "keys"],
  ["sum.add-key-share", "keys"],
  ["sum.contribute", "encrypt"],
  ["sum.take", "coordinator"],
  ["sum.firsts", "coordinator"],
  ["sum.add-seconds", "add"],
  ["sum.release-share", "release"],
  ["sum.open", "open"],
];

/** The largest cell: amounts in cents, and of either sign. */
const MOST = 1_000_000_000;

/**
 * `sum-threshold/1` over `size` cells of each contributor, the first of whom is the recipient. The library's context is
 * made before: a worker makes it once.
 * @throws {SdkError} when a sum differs from that of the plain numbers: the run is void.
 */
export async function benchSum({ parties, size, seed, runs }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
}> {
  const primitives = nodePrimitives();
  const he = await loadHe(primitives);
  const values = valuesOf(parties, size, seed);
  const world = new BenchWorld(new Map(aggregateJobs({ he, primitives })), phaseOf);
  await world.session(sessionOf(he, valuesOf(2, 1, seed)));
  const measured: BenchRun[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { value, run: cost } = await world.measure(parties, () => world.session(sessionOf(he, values)));
    check(value, values);
    measured.push(cost);
  }
  return { backend: "seal", parts: { sum: measured } };
}

function valuesOf(parties: number, size: number, seed: number): ReadonlyMap<PartyId, Float64Array> {
  return new Map(
    Array.from({ length: parties }, (_, at) => {
      const party = `party-${`${at + 1}`.padStart(2, "0")}`;
      const drawn = new Seeded(seed).branch(party);
      return [party, Float64Array.from({ length: size }, () => drawn.below(2 * MOST) - MOST)] as const;
    }),
  );
}

function sessionOf(
  he: HeBackend,
  values: ReadonlyMap<PartyId, Float64Array>,
): Readonly<Record<PartyId, BenchParty<Float64Array | undefined>>> {
  const contributors = [...values.keys()];
  const transcript = benchRng(32);
  const [first = ""] = contributors;
  const numbers = values.get(first)?.length ?? 0;
  const session: SumSession = { contributors, recipients: [first], transcript, set: he.set, numbers };
  const bounds = contributors.map((party) => [party, { least: -MOST, most: MOST }] as const);
  const ranges = [Object.fromEntries(bounds)];
  const exporters = exportersOf([...contributors, COORDINATOR]);
  const node = (me: PartyId, own: Float64Array): Party<Float64Array | undefined> => {
    const setup: SumNodeSetup = { ...session, me, ranges, values: own };
    return sumNode(setup, benchRng);
  };
  const parties = [...values].map(
    ([me, own]) => [me, { secrets: exporters(me), start: async () => node(me, own) }] as const,
  );
  const coordinator: BenchParty<undefined> = { secrets: {}, start: async () => sumCoordinator(session) };
  return { ...Object.fromEntries(parties), [COORDINATOR]: coordinator };
}

function check(
  outputs: ReadonlyMap<PartyId, Float64Array | undefined>,
  values: ReadonlyMap<PartyId, Float64Array>,
): void {
  const [first = ""] = values.keys();
  const sums = outputs.get(first) ?? new Float64Array();
  const all = [...values.values()];
  const right = all[0]?.every((_, at) => sums[at] === all.reduce((sum, own) => sum + (own[at] ?? 0), 0));
  if (right === true && sums.length === all[0]?.length) return;
  throw new SdkError("state", "a sum is wrong", "the run is void: report it as a bug");
}

function phaseOf(job: string): string {
  return PHASES.find(([prefix]) => job.startsWith(prefix))?.[1] ?? "rest";
}
