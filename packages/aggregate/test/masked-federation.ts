// SPDX-License-Identifier: Apache-2.0
// Parties that sum under masks, in one thread, with small chunks.
import { groupSecretJobs, type Primitives, readyJobs } from "@koplamp/crypto";
import {
  type JobTable,
  MemoryVault,
  type Party,
  type PartyId,
  type Rng,
  type Simulated,
  simulate,
} from "@koplamp/protocol";
import { utf8 } from "@koplamp/wire";
import { type MaskedNodeSetup, sumMaskedCoordinator, sumMaskedNode } from "../src/index.ts";
import { maskedJobs } from "../src/sum-masked-jobs.ts";
import { type Sum, seeded, type Weather } from "./federation.ts";

/** One node's side of a masked sum of doubles. */
export type Setup = MaskedNodeSetup<Float64Array>;

/** Numbers in a chunk, in these tests. */
export const PER_CHUNK = 7;

/** Parties that sum under masks. */
export class MaskedFederation {
  readonly primitives: Primitives;
  readonly rng: Rng;
  readonly jobs: JobTable;
  #sessions = 0;

  constructor(primitives: Primitives, seed = "masked") {
    this.primitives = primitives;
    this.rng = seeded(primitives, seed);
    this.jobs = new Map([
      ...readyJobs(primitives),
      ...groupSecretJobs(primitives),
      ...maskedJobs(primitives),
    ]);
  }

  /** The setups of a new session, one for each node. */
  setups({ values, recipients, least = -1e9, most = 1e9 }: Sum): readonly Setup[] {
    this.#sessions += 1;
    const contributors = Object.keys(values).sort();
    const ranges = [Object.fromEntries(contributors.map((party) => [party, { least, most }]))];
    const session = {
      contributors,
      recipients: [...recipients].sort(),
      transcript: this.primitives.sha256(utf8(`masked session ${this.#sessions}`)),
      bits: 64 as const,
      perChunk: PER_CHUNK,
      numbers: Object.values(values)[0]?.length ?? 0,
    };
    return [...new Set([...contributors, ...recipients])].sort().map((me) => {
      const own = values[me];
      return { ...session, me, ranges, ...(own === undefined ? {} : { values: Float64Array.from(own) }) };
    });
  }

  /** The generators of a session, coordinator included. */
  parties(setups: readonly Setup[]): Record<PartyId, Party<unknown>> {
    const [first] = setups;
    if (first === undefined) throw new Error("no node");
    const nodes = setups.map((setup): [PartyId, Party<unknown>] => [
      setup.me,
      sumMaskedNode(setup, this.rng),
    ]);
    return { ...Object.fromEntries(nodes), coordinator: sumMaskedCoordinator(first) };
  }

  /** What the channels of a session export to each. */
  vaults(nodes: readonly PartyId[]): Record<PartyId, MemoryVault> {
    const pair = (a: string, b: string): Uint8Array => this.primitives.sha256(utf8([a, b].sort().join("|")));
    return Object.fromEntries(
      nodes.map((party) => {
        const others = nodes.filter((other) => other !== party);
        const exporters = others.map((other) => [`exporter/${other}`, pair(party, other)] as const);
        return [party, new MemoryVault(Object.fromEntries(exporters))];
      }),
    );
  }

  run(
    parties: Readonly<Record<PartyId, Party<unknown>>>,
    world: Weather & { jobs?: JobTable } = {},
  ): Simulated {
    return simulate(parties, { jobs: this.jobs, ...world, vaults: this.vaults(Object.keys(parties)) });
  }

  sum(sum: Sum, weather: Weather = {}): Simulated {
    return this.run(this.parties(this.setups(sum)), weather);
  }
}
