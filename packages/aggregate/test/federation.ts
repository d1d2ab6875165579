// SPDX-License-Identifier: Apache-2.0
// A small federation for the tests of this package: sums in one thread, on any backend.
import type { Primitives } from "@koplamp/crypto";
import type { HeBackend } from "@koplamp/he";
import {
  type JobTable,
  MemoryVault,
  type Party,
  type PartyId,
  type Rng,
  type Simulated,
  simulate,
  type World,
} from "@koplamp/protocol";
import { concat, utf8 } from "@koplamp/wire";
import { aggregateJobs, type SumNodeSetup, type SumSession, sumCoordinator, sumNode } from "../src/index.ts";

/** A generator of bytes that says the same for the same seed: for tests only. */
export function seeded(primitives: Primitives, seed: string): Rng {
  const key = primitives.sha256(utf8(seed));
  let at = 0;
  return (length) => {
    at += 1;
    return primitives.aes256Ctr(primitives.sha256(concat(key, utf8(`${at}`))), length);
  };
}

/** Interleaving and buffer of a run, and whatever else a test wants of the world. */
export type Weather = Omit<World, "jobs" | "vaults">;

/** What is summed: by contributor its numbers, all in one column. */
export interface Sum {
  readonly values: Readonly<Record<PartyId, readonly number[]>>;
  readonly recipients: readonly PartyId[];
  /** Bounds of every number of every party. */
  readonly least?: number;
  readonly most?: number;
}

/** Parties that sum. */
export class Federation {
  readonly he: HeBackend;
  readonly primitives: Primitives;
  readonly rng: Rng;
  jobs: JobTable;
  #sessions = 0;

  constructor(he: HeBackend, primitives: Primitives, seed = "sums") {
    this.he = he;
    this.primitives = primitives;
    this.rng = seeded(primitives, seed);
    this.jobs = new Map(aggregateJobs({ he, primitives }));
  }

  /** The setups of a new session, one for each node. */
  setups({ values, recipients, least = -1e9, most = 1e9 }: Sum): readonly SumNodeSetup[] {
    this.#sessions += 1;
    const contributors = Object.keys(values).sort();
    const ranges = [Object.fromEntries(contributors.map((party) => [party, { least, most }]))];
    const session: SumSession = {
      contributors,
      recipients: [...recipients].sort(),
      transcript: this.primitives.sha256(utf8(`session ${this.#sessions}`)),
      set: this.he.set,
      numbers: Object.values(values)[0]?.length ?? 0,
    };
    return [...new Set([...contributors, ...recipients])].sort().map((me) => {
      const own = values[me];
      return { ...session, me, ranges, ...(own === undefined ? {} : { values: Float64Array.from(own) }) };
    });
  }

  /** The generators of a session, coordinator included. */
  parties(setups: readonly SumNodeSetup[]): Record<PartyId, Party<unknown>> {
    const [first] = setups;
    if (first === undefined) throw new Error("no node");
    const nodes = setups.map((setup): [PartyId, Party<unknown>] => [setup.me, sumNode(setup, this.rng)]);
    return { ...Object.fromEntries(nodes), coordinator: sumCoordinator(first) };
  }

  vaults(nodes: readonly PartyId[]): Record<PartyId, MemoryVault> {
    const pair = (a: string, b: string): Uint8Array => this.primitives.sha256(utf8([a, b].sort().join("|")));
    return Object.fromEntries(
      nodes.map((party) => {
        const others = nodes.filter((other) => other !== party);
        return [
          party,
          new MemoryVault(
            Object.fromEntries(others.map((other) => [`exporter/${other}`, pair(party, other)])),
          ),
        ];
      }),
    );
  }

  run(parties: Readonly<Record<PartyId, Party<unknown>>>, weather: Weather = {}): Simulated {
    return simulate(parties, { ...weather, jobs: this.jobs, vaults: this.vaults(Object.keys(parties)) });
  }

  sum(sum: Sum, weather: Weather = {}): Simulated {
    return this.run(this.parties(this.setups(sum)), weather);
  }
}

/** What the sum must be. */
export function plainSum({ values }: Sum): number[] {
  const all = Object.values(values);
  return (all[0] ?? []).map((_, at) => all.reduce((sum, own) => sum + (own[at] ?? 0), 0));
}
