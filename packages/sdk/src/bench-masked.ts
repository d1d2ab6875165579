// SPDX-License-Identifier: Apache-2.0
import { type MaskedSession, maskedJobs, sumMaskedCoordinator, sumMaskedNode } from "@koplamp/aggregate";
import { groupSecretJobs, readyJobs } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import type { PartyId } from "@koplamp/protocol";
import type { BenchCase, BenchRun } from "./bench-record.ts";
import { type BenchParty, BenchWorld, benchRng, COORDINATOR, exportersOf } from "./bench-session.ts";
import { SdkError } from "./errors.ts";

/** The jobs of a masked sum, by what they are for. */
const PHASES: Readonly<Record<string, string>> = {
  "masked.hash": "commit",
  "masked.hide": "hide",
  "masked.sum": "coordinator",
  "masked.open": "open",
};

/** The largest cell: amounts in cents, and of either sign. */
const MOST = 1_000_000_000;
/** Primes: numbers that look drawn, and can be made again at any place. */
const STEP = 7_919;
const RANGE = 2_000_000_011;

/**
 * `sum-masked/1` over `size` cells of each contributor. All make their numbers when asked, as a node does; the first is the
 * recipient too, and holds the answer, 8 bytes each. The peak of memory is that of the first sum: what one leaves for the
 * collector of garbage is not what the next one needs.
 * @throws {SdkError} when a sum differs from that of the plain numbers: the run is void.
 */
export async function benchMasked({ parties, size, seed, runs }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
  readonly rssMiB: number;
}> {
  const primitives = nodePrimitives();
  const table = new Map(
    [readyJobs, groupSecretJobs, maskedJobs].flatMap((jobsOf) => [...jobsOf(primitives)]), // no lattice is loaded
  );
  const world = new BenchWorld(table, (job) => PHASES[job] ?? "rest");
  const measured: BenchRun[] = [];
  let rssMiB = 0;
  for (let run = 0; run < runs; run += 1) {
    measured.push(await oneRun(world, { parties, size, seed }));
    if (run === 0) rssMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  }
  return { backend: "masks", parts: { masked: measured }, rssMiB };
}

/** One sum, and whether it is right. */
async function oneRun(
  world: BenchWorld,
  { parties, size, seed }: Pick<BenchCase, "parties" | "size" | "seed">,
): Promise<BenchRun> {
  const numberOf = (party: number, place: number): number =>
    ((place * STEP + party * RANGE + seed) % (2 * MOST)) - MOST;
  const session = sessionOf(parties, size);
  const nodes = sessionParties(session, (party) => (from, to) => {
    const numbers = new Float64Array(to - from); // a plain loop: making numbers is not what is measured
    for (let at = 0; at < numbers.length; at += 1) numbers[at] = numberOf(party, from + at);
    return numbers;
  });
  const { value, run } = await world.measure(parties, () => world.session(nodes));
  const opened = value.get(session.recipients[0] ?? "");
  const right = opened?.every((sum, place) => {
    let expected = 0;
    for (let party = 0; party < parties; party += 1) expected += numberOf(party, place);
    return sum === expected;
  });
  if (right === true && opened?.length === size) return run;
  throw new SdkError("state", "a masked sum is wrong", "the run is void: report it as a bug");
}

function sessionOf(parties: number, numbers: number): MaskedSession {
  const contributors = Array.from({ length: parties }, (_, at) => `party-${`${at + 1}`.padStart(2, "0")}`);
  const recipients = contributors.slice(0, 1);
  return { contributors, recipients, transcript: benchRng(32), bits: 64, numbers };
}

function sessionParties(
  session: MaskedSession,
  valuesOf: (party: number) => (from: number, to: number) => Float64Array,
): Readonly<Record<PartyId, BenchParty<Float64Array | undefined>>> {
  const { contributors } = session;
  const exporters = exportersOf([...contributors, COORDINATOR]);
  const bounds = contributors.map((party) => [party, { least: -MOST, most: MOST }] as const);
  const ranges = [Object.fromEntries(bounds)];
  const nodes = contributors.map((me, at) => {
    const start = async () => sumMaskedNode({ ...session, me, ranges, values: valuesOf(at) }, benchRng);
    return [me, { secrets: exporters(me), start }] as const;
  });
  const coordinator: BenchParty<undefined> = {
    secrets: {},
    start: async () => sumMaskedCoordinator(session),
  };
  return { ...Object.fromEntries(nodes), [COORDINATOR]: coordinator };
}
