// SPDX-License-Identifier: Apache-2.0
// A small federation for joins over the hub and distinct sums. What evaluations would give stands in for them: a secret
// of every key that is the same at each holder, which is all that tokens are made of.
import type { PackedInputs, Primitives } from "@koplamp/crypto";
import type { HeBackend, ParameterSet } from "@koplamp/he";
import {
  bind,
  type JobTable,
  MemoryVault,
  type Party,
  type PartyId,
  type Rng,
  type Simulated,
  simulate,
  type World,
} from "@koplamp/protocol";
import { loadItems, openCache, psiJobs } from "@koplamp/psi";
import { bucket, concat, utf8 } from "@koplamp/wire";
import { toyGroup } from "../../../test/toy/group.ts";
import {
  aggregateJobs,
  type DistinctSession,
  type DistinctSetup,
  distinctCoordinator,
  distinctNode,
  type JoinHubSetup,
  type JoinSession,
  joinHubCoordinator,
  joinHubNode,
} from "../src/index.ts";
import { seeded } from "./federation.ts";

const SET = "bfv-sel-42-pq";

/** A row of a test table: its key, its group (-1 outside) and its values by column. */
export interface HubRow {
  readonly key: string;
  readonly group?: number;
  readonly values?: readonly number[];
}

/** What is joined, or summed once. */
export interface HubWorld {
  readonly rows: Readonly<Record<PartyId, readonly HubRow[]>>;
  readonly recipients: readonly PartyId[];
  readonly cells: number;
  /** In a join: who has groups, and by column who has its values. */
  readonly groupOwner?: PartyId;
  readonly columns: readonly PartyId[];
  readonly minCount?: number;
  /** In a distinct sum: whether the number of parties is told by cell. */
  readonly presence?: boolean;
  readonly least?: number;
  readonly most?: number;
  /** How many rows a party is said to have. */
  readonly pad?: (rows: number) => number;
}

/** Interleaving and buffer of a run, and whatever else a test wants of the world. */
export type Weather = Omit<World, "jobs" | "vaults">;

/** Parties and a coordinator. */
export class HubFederation {
  readonly set: ParameterSet;
  readonly primitives: Primitives;
  readonly rng: Rng;
  jobs: JobTable;
  #sessions = 0;

  constructor(he: HeBackend, primitives: Primitives, seed = "hub") {
    this.set = { ...he.forSet(SET).set, id: SET }; // a toy of the set has another id, and is found by this one
    this.primitives = primitives;
    this.rng = seeded(primitives, seed);
    const common = primitives.sha256(utf8("what all holders together would evaluate"));
    const evaluated = bind(loadItems, (vault, { bytes, ends }: PackedInputs) => {
      vault.put("s", primitives.hmacSha256Each(common, bytes, ends));
    });
    this.jobs = new Map([
      ...psiJobs({ group: toyGroup(), primitives }),
      ...aggregateJobs({ he, primitives }),
      bind(openCache, (_vault, _scope, chunks) => chunks.length),
      evaluated,
    ]);
  }

  transcript(): Uint8Array {
    this.#sessions += 1;
    return this.primitives.sha256(utf8(`session ${this.#sessions}`));
  }

  join(world: HubWorld): readonly JoinHubSetup[] {
    const { columns, groupOwner, cells, minCount = 1, least = -1000, most = 1000 } = world;
    const session: JoinSession = {
      ...this.#common(world),
      cells,
      columns: columns.map((party) => ({ party, ranges: { least, most } })),
      minCount,
      ...(groupOwner === undefined ? {} : { groupOwner }),
    };
    return nodesOf(world).map((me) => {
      const rows = world.rows[me];
      if (rows === undefined) return { ...session, me };
      const values = columns.filter((party) => party === me).map((_, at) => column(rows, at));
      return {
        ...session,
        me,
        ...brought(rows),
        values,
        ...(me === groupOwner ? { groupOf: groups(rows) } : {}),
      };
    });
  }

  distinct(world: HubWorld): readonly DistinctSetup[] {
    const { columns, cells, presence = false, least = -1000, most = 1000 } = world;
    const bounds = Object.fromEntries(Object.keys(world.rows).map((party) => [party, { least, most }]));
    const common = { ...this.#common(world), cells, presence };
    const session: DistinctSession = { ...common, columns: columns.map(() => bounds) };
    return nodesOf(world).map((me) => {
      const rows = world.rows[me];
      if (rows === undefined) return { ...session, me };
      const values = columns.map((_, at) => column(rows, at));
      return { ...session, me, ...brought(rows), values, groupOf: groups(rows) };
    });
  }

  #common({
    rows,
    recipients,
    pad = bucket,
  }: HubWorld): Pick<JoinSession, "contributors" | "recipients" | "transcript" | "set" | "rowsPadded"> {
    return {
      contributors: Object.keys(rows).sort(),
      recipients: [...recipients].sort(),
      transcript: this.transcript(),
      set: this.set,
      rowsPadded: Object.fromEntries(Object.entries(rows).map(([party, own]) => [party, pad(own.length)])),
    };
  }

  joinParties(setups: readonly JoinHubSetup[]): Record<PartyId, Party<unknown>> {
    const nodes = setups.map((setup): [PartyId, Party<unknown>] => [setup.me, joinHubNode(setup, this.rng)]);
    return { ...Object.fromEntries(nodes), coordinator: joinHubCoordinator(firstOf(setups), this.rng) };
  }

  distinctParties(setups: readonly DistinctSetup[]): Record<PartyId, Party<unknown>> {
    const nodes = setups.map((setup): [PartyId, Party<unknown>] => [setup.me, distinctNode(setup, this.rng)]);
    return { ...Object.fromEntries(nodes), coordinator: distinctCoordinator(firstOf(setups), this.rng) };
  }

  vaults(nodes: readonly PartyId[]): Record<PartyId, MemoryVault> {
    const pair = (a: string, b: string): Uint8Array => this.primitives.sha256(utf8([a, b].sort().join("|")));
    return Object.fromEntries(
      nodes.map((party) => {
        const others = nodes.filter((other) => other !== party);
        const exporters = others.map((other) => [`exporter/${other}`, pair(party, other)]);
        return [party, new MemoryVault({ salt: this.rng(32), ...Object.fromEntries(exporters) })];
      }),
    );
  }

  run(parties: Readonly<Record<PartyId, Party<unknown>>>, weather: Weather = {}): Simulated {
    return simulate(parties, { ...weather, jobs: this.jobs, vaults: this.vaults(Object.keys(parties)) });
  }
}

function nodesOf({ rows, recipients }: HubWorld): readonly PartyId[] {
  return [...new Set([...Object.keys(rows), ...recipients])].sort();
}

function firstOf<Setup>(setups: readonly Setup[]): Setup {
  const [first] = setups;
  if (first === undefined) throw new Error("no node");
  return first;
}

function brought(rows: readonly HubRow[]): Pick<JoinHubSetup, "inputs" | "cache"> {
  const inputs = rows.map(({ key }) => utf8(key));
  let end = 0;
  const ends = Uint32Array.from(inputs, ({ length }) => {
    end += length;
    return end;
  });
  return { inputs: { bytes: concat(...inputs), ends }, cache: { scope: new Uint8Array(32), chunks: [] } };
}

function column(rows: readonly HubRow[], at: number): Float64Array {
  return Float64Array.from(rows, ({ values }) => values?.[at] ?? 0);
}

function groups(rows: readonly HubRow[]): Int32Array {
  return Int32Array.from(rows, ({ group }) => group ?? 0);
}
