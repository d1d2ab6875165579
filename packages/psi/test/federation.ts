// SPDX-License-Identifier: Apache-2.0
// A small federation for the tests of this package: keys, caches and setups, on any group.
import type { Group, PackedInputs, Primitives } from "@koplamp/crypto";
import {
  bind,
  type JobTable,
  MemoryVault,
  type Party,
  type PartyId,
  type Rng,
  runJob,
  type Simulated,
  simulate,
  type World,
} from "@koplamp/protocol";
import { concat, lp, selectInputs, utf8 } from "@koplamp/wire";
import {
  type Allowance,
  type AskerSetup,
  type CachedItems,
  evaluateAsker,
  evaluateHolder,
  evaluationBatches,
  type HubNodeSetup,
  type KeySet,
  keysetParty,
  type MatchTokensSetup,
  type MeterRequest,
  meter,
  newInputs,
  type OverlapShape,
  openCache,
  psiJobs,
} from "../src/index.ts";
import { bucket, packInputs } from "./packed.ts";

/** A generator of bytes that says the same for the same seed: for tests only. */
function seeded(primitives: Primitives, seed: string): Rng {
  const key = primitives.sha256(utf8(seed));
  let at = 0;
  return (length) => {
    at += 1;
    return primitives.aes256Ctr(primitives.sha256(concat(key, utf8(`${at}`))), length);
  };
}

/** What a party keeps between sessions. */
export interface Site {
  readonly cacheKey: Uint8Array;
  k: Uint8Array;
  chunks: Uint8Array[];
}

/** Interleaving and buffer of a run, and whatever else a test wants of the world. */
export type Weather = Omit<World, "jobs" | "vaults">;

const SCOPE = new Uint8Array(32).fill(7);

/** Parties with a common key, and their sessions one after the other. */
export class Federation {
  readonly parties: readonly PartyId[];
  readonly primitives: Primitives;
  readonly jobs: JobTable;
  readonly metered: (MeterRequest & { readonly holder?: PartyId })[] = [];
  readonly sites: Record<PartyId, Site> = {};
  keySet: KeySet | undefined;
  quota: number = Number.POSITIVE_INFINITY;
  readonly rng: Rng;
  /** How many elements are asked for so many new items. */
  pad: (rows: number) => number = bucket;
  #sessions = 0;

  constructor(group: Group, primitives: Primitives, parties: readonly PartyId[], seed = "federation") {
    this.parties = [...parties].sort();
    this.primitives = primitives;
    this.rng = seeded(primitives, seed);
    for (const party of parties)
      this.sites[party] = { cacheKey: this.rng(32), k: new Uint8Array(), chunks: [] };
    const metering = bind(meter, (_vault, request) => {
      const before = this.metered.reduce(
        (sum, { asker, elements }) => (asker === request.asker ? sum + elements : sum),
        0,
      );
      if (before + request.elements > this.quota) throw new Error("quota");
      this.metered.push(request);
    });
    this.jobs = new Map([...psiJobs({ group, primitives }), metering]);
  }

  site(party: PartyId): Site {
    const site = this.sites[party];
    if (site === undefined) throw new Error(`no site ${party}`);
    return site;
  }

  transcript(): Uint8Array {
    this.#sessions += 1;
    return this.primitives.sha256(utf8(`session ${this.#sessions}`));
  }

  sid(transcript: Uint8Array): Uint8Array {
    return this.primitives.sha256(concat(lp("koplamp/sid/1"), transcript));
  }

  vaults(nodes: readonly PartyId[] = this.parties): Record<PartyId, MemoryVault> {
    const pair = (a: string, b: string): Uint8Array => this.primitives.sha256(utf8([a, b].sort().join("|")));
    return Object.fromEntries(
      nodes.map((party) => {
        const site = this.sites[party];
        const others = nodes.filter((other) => other !== party);
        return [
          party,
          new MemoryVault({
            ...(site === undefined ? {} : { cacheKey: site.cacheKey.slice(), k: site.k.slice() }),
            salt: this.rng(32),
            ...Object.fromEntries(others.map((other) => [`exporter/${other}`, pair(party, other)])),
          }),
        ];
      }),
    );
  }

  run(parties: Readonly<Record<PartyId, Party<unknown>>>, weather: Weather = {}): Simulated {
    return simulate(parties, { ...weather, jobs: this.jobs, vaults: this.vaults(Object.keys(parties)) });
  }

  /** The key ceremony; every site keeps its share. */
  ceremony(weather: Weather = {}): Simulated {
    const context = this.transcript();
    const vaults = this.vaults();
    const parties = Object.fromEntries(
      this.parties.map((me) => [me, keysetParty({ me, parties: this.parties, context }, this.rng)]),
    );
    const run = simulate(parties, { ...weather, jobs: this.jobs, vaults });
    for (const me of this.parties) {
      const keySet = run.outputs.get(me) as KeySet;
      const vault = new MemoryVault({ cacheKey: this.site(me).cacheKey.slice() });
      runJob(this.jobs, vault, "psi.keyset.open", [context, keySet.sealedShare]);
      this.site(me).k = vault.get("k").slice();
      this.keySet = keySet;
    }
    return run;
  }

  /** The positions of inputs that are not in a party's cache. */
  news(party: PartyId, inputs: PackedInputs): Uint32Array {
    const vault = new MemoryVault({ cacheKey: this.site(party).cacheKey.slice() });
    runJob(this.jobs, vault, openCache.name, [SCOPE, this.site(party).chunks]);
    return runJob(this.jobs, vault, newInputs.name, [inputs]) as Uint32Array;
  }

  askerSetup(asker: PartyId, inputs: PackedInputs): AskerSetup {
    const elements = this.pad(inputs.ends.length);
    const keys = this.keySet?.keys ?? {};
    const transcript = this.transcript();
    return {
      me: asker,
      parties: this.parties,
      transcript,
      asker,
      keys,
      elements,
      allowance: allowance(asker, elements),
      inputs,
      scope: SCOPE,
    };
  }

  /** Has a party's new items evaluated, and keeps what it gets. Gives the runs. */
  evaluate(asker: PartyId, inputs: PackedInputs, weather: Weather = {}): readonly Simulated[] {
    return evaluationBatches(this.news(asker, inputs)).map((positions) => {
      const setup = this.askerSetup(asker, selectInputs(inputs, positions));
      const { inputs: _inputs, scope: _scope, ...common } = setup;
      const run = this.run(
        Object.fromEntries(
          this.parties.map((me) => [
            me,
            me === asker ? evaluateAsker(setup, this.rng) : evaluateHolder({ ...common, me }, this.rng),
          ]),
        ),
        weather,
      );
      this.site(asker).chunks.push(...(run.outputs.get(asker) as Uint8Array[]));
      return run;
    });
  }

  items(party: PartyId, inputs: PackedInputs): CachedItems {
    return { inputs, scope: SCOPE, chunks: this.site(party).chunks };
  }

  matchSetups(
    lists: Readonly<Record<PartyId, PackedInputs>>,
    recipients: readonly PartyId[],
  ): readonly MatchTokensSetup[] {
    const transcript = this.transcript();
    const rowsPadded = padded(lists);
    return this.parties.map((me) => {
      const items = this.items(me, listOf(lists, me));
      return {
        me,
        parties: this.parties,
        recipients,
        transcript,
        sid: this.sid(transcript),
        rowsPadded,
        items,
      };
    });
  }

  overlapSetups(
    lists: Readonly<Record<PartyId, PackedInputs>>,
    recipients: readonly PartyId[],
    shape: OverlapShape,
    minCount = 0,
  ): readonly HubNodeSetup[] {
    const transcript = this.transcript();
    const common = {
      parties: this.parties,
      recipients,
      transcript,
      sid: this.sid(transcript),
      rowsPadded: padded(lists),
      ...shape,
      minCount,
    };
    const nodes = [...new Set([...this.parties, ...recipients])].sort();
    return nodes.map((me) =>
      this.parties.includes(me)
        ? { ...common, me, items: this.items(me, listOf(lists, me)) }
        : { ...common, me },
    );
  }
}

/** The allowance of a test session. */
export function allowance(asker: PartyId, ceiling: number): Allowance {
  return {
    asker,
    ceiling,
    plan: `sha256:${"a".repeat(64)}`,
    session: "b".repeat(32),
    validUntil: "2026-11-24T12:00:00Z",
  };
}

/** Inputs for a list of names. */
export function inputsOf(names: readonly string[]): PackedInputs {
  return packInputs(names.map((name) => concat(lp("koplamp/in/1"), lp("test"), lp(name))));
}

/** The plan's bucket for each list. */
export function padded(lists: Readonly<Record<PartyId, PackedInputs>>): Record<PartyId, number> {
  return Object.fromEntries(Object.entries(lists).map(([party, { ends }]) => [party, bucket(ends.length)]));
}

function listOf(lists: Readonly<Record<PartyId, PackedInputs>>, party: PartyId): PackedInputs {
  return lists[party] ?? inputsOf([]);
}
