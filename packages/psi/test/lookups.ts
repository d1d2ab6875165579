// SPDX-License-Identifier: Apache-2.0
// A holder and an asker of look-ups: what each keeps, and their sessions one after the other.
import type { Group, Primitives } from "@koplamp/crypto";
import {
  bind,
  type JobTable,
  MemoryVault,
  type Party,
  type PartyId,
  runJob,
  type Simulated,
  simulate,
} from "@koplamp/protocol";
import {
  type Answered,
  batchesOf,
  type Changes,
  compareIndex,
  type GotIndex,
  type KeptIndex,
  type LookupAskerSetup,
  type LookupHolderSetup,
  type LookupTell,
  lookupAsker,
  lookupHolder,
  nextQuestions,
  openLookupAsker,
  openLookupHolder,
  openShare,
  type Publication,
  publishIndex,
  subscribeIndex,
  tellAnswers,
} from "../src/index.ts";
import { allowance, Federation, inputsOf, type Weather } from "./federation.ts";

/** Who asks, and who holds the list. */
export const ASKER: PartyId = "asker";
export const HOLDER: PartyId = "holder";

/** Replaces one side by something that deviates. */
export type Turned = (party: Party<unknown>, who: PartyId) => Party<unknown>;

/** Two parties that look things up. */
export class Desk {
  readonly federation: Federation;
  kept: KeptIndex | undefined;
  got: GotIndex | undefined;
  list: readonly string[] = [];
  readonly #context: Uint8Array;

  constructor(group: Group, primitives: Primitives, seed?: string) {
    this.federation = new Federation(group, primitives, [ASKER, HOLDER], seed);
    this.#context = this.federation.transcript();
  }

  get route() {
    return { context: this.#context, holder: HOLDER, asker: ASKER };
  }

  /** Publishes a list, or what has changed in it; both sides keep what they have of it from now on. */
  publish(
    list: readonly string[],
    publication: Publication,
    { weather = {}, turned = (party) => party }: { weather?: Weather; turned?: Turned } = {},
  ): Simulated {
    const { federation, kept, got } = this;
    const common = {
      ...this.route,
      parties: federation.parties,
      transcript: federation.transcript(),
      publication,
    };
    const inputs = inputsOf(list);
    const publish = { ...common, me: HOLDER, inputs, ...(kept === undefined ? {} : { kept }) };
    const subscribe = { ...common, me: ASKER, ...(got === undefined ? {} : { got }) };
    const run = federation.run(
      {
        [ASKER]: turned(subscribeIndex(subscribe, federation.rng), ASKER),
        [HOLDER]: turned(publishIndex(publish, federation.rng), HOLDER),
      },
      weather,
    );
    this.kept = run.outputs.get(HOLDER) as KeptIndex;
    this.got = run.outputs.get(ASKER) as GotIndex;
    this.list = list;
    this.#takeKey(this.kept);
    return run;
  }

  /** How a list differs from what was published. */
  changes(list: readonly string[]): Changes {
    const { federation, kept } = this;
    const vault = new MemoryVault({ cacheKey: federation.site(HOLDER).cacheKey.slice() });
    const args = [this.route, kept?.rows, inputsOf(list)];
    return runJob(federation.jobs, vault, compareIndex.name, args) as Changes;
  }

  setups(
    questions: readonly string[],
    {
      tell = "asker",
      batches = batchesOf(questions.length),
    }: { tell?: LookupTell; batches?: readonly number[] } = {},
  ): readonly [LookupAskerSetup, LookupHolderSetup] {
    const { federation, got, kept } = this;
    const elements = batches.reduce((sum, size) => sum + size, 0);
    const common = {
      ...this.route,
      parties: federation.parties,
      transcript: federation.transcript(),
      batches,
      key: got?.key ?? new Uint8Array(32),
      allowance: { ...allowance(ASKER, elements), unit: "lookups" as const },
      tell,
    };
    return [
      {
        ...common,
        me: ASKER,
        inputs: inputsOf(questions),
        index: { sealed: got?.sealed ?? new Uint8Array() },
      },
      { ...common, me: HOLDER, inputs: inputsOf(this.list), index: { rows: kept?.rows ?? new Uint8Array() } },
    ];
  }

  /** A session of questions. */
  ask(
    [asker, holder]: readonly [LookupAskerSetup, LookupHolderSetup],
    { weather = {}, turned = (party) => party }: { weather?: Weather; turned?: Turned } = {},
  ): Simulated {
    const { federation } = this;
    return federation.run(
      {
        [ASKER]: turned(lookupAsker(asker, federation.rng), ASKER),
        [HOLDER]: turned(lookupHolder(holder, federation.rng), HOLDER),
      },
      weather,
    );
  }

  /** An open session: these questions come one batch after the other, and then no more. */
  askOpen(
    batches: readonly (readonly string[])[],
    {
      tell = "asker",
      elements = 64,
      weather = {},
      turned = (party) => party,
      told = [],
    }: {
      tell?: LookupTell;
      elements?: number;
      weather?: Weather;
      turned?: Turned;
      told?: Uint8Array[];
    } = {},
  ): Simulated & { readonly told: readonly Uint8Array[] } {
    const { federation } = this;
    const [{ batches: _none, inputs: _no, ...asker }, { batches: _, ...holder }] = this.setups([], {
      tell,
      batches: [elements],
    });
    const jobs: JobTable = new Map([
      ...federation.jobs,
      bind(nextQuestions, (_vault, number) =>
        batches[number] === undefined ? undefined : inputsOf(batches[number]),
      ),
      bind(tellAnswers, (_vault, number, hits) => {
        told[number] = hits;
      }),
    ]);
    const run = simulate(
      {
        [ASKER]: turned(openLookupAsker({ ...asker, elements }, federation.rng), ASKER),
        [HOLDER]: turned(openLookupHolder({ ...holder, elements }, federation.rng), HOLDER),
      },
      { ...weather, jobs, vaults: federation.vaults() },
    );
    return { ...run, told };
  }

  /** What the asker learns of each question. */
  answers(questions: readonly string[], options: Parameters<Desk["setups"]>[1] = {}): readonly boolean[] {
    return hitsOf(this.ask(this.setups(questions, options)));
  }

  #takeKey({ share }: KeptIndex): void {
    const site = this.federation.site(HOLDER);
    const vault = new MemoryVault({ cacheKey: site.cacheKey.slice() });
    runJob(this.federation.jobs, vault, openShare.name, [this.#context, share]);
    site.k = vault.get("k").slice();
  }
}

/** The asker's answers of a session. */
export function hitsOf({ outputs }: Simulated): readonly boolean[] {
  return Array.from(outputs.get(ASKER) as Uint8Array, (hit) => hit === 1);
}

/** The holder's items that a report named, in the order of its list. */
export function reportedIn({ outputs }: Simulated, list: readonly string[]): readonly string[] {
  const { reported } = outputs.get(HOLDER) as Answered;
  return Array.from(reported ?? [], (at) => list[at] ?? "");
}
