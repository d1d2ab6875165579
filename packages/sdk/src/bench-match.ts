// SPDX-License-Identifier: Apache-2.0
import { type Group, MOST_PROVEN, nobleGroup, proveBatch, verifyBatch } from "@koplamp/crypto";
import { chooseGroup, nodePrimitives, type SessionPool } from "@koplamp/pool";
import { bind, type JobTable, type Party, type PartyId } from "@koplamp/protocol";
import {
  cacheScope,
  evaluateAsker,
  evaluateHolder,
  evaluationBatches,
  hubCoordinator,
  hubNode,
  type KeySet,
  keysetParty,
  type Matched,
  matchPairParty,
  matchTokensParty,
  meter,
  type OverlapCounts,
  openShare,
  psiJobs,
  type Spent,
} from "@koplamp/psi";
import {
  bucket,
  concat,
  hex,
  inputEncoder,
  lp,
  NORM_VERSION,
  type PackedInputs,
  packInputs,
  selectInputs,
} from "@koplamp/wire";
import { countedGroup, type Operations } from "./bench-count.ts";
import type { BenchBackend, BenchCase, BenchRun } from "./bench-record.ts";
import { type BenchParty, BenchWorld, benchRng, COORDINATOR, exportersOf } from "./bench-session.ts";
import { SdkError } from "./errors.ts";
import { Seeded } from "./seeded.ts";

/** The jobs of a match, by what they are for. */
const PHASES: readonly (readonly [prefix: string, phase: string])[] = [
  ["psi.keyset", "keys"],
  ["psi.evaluate.blind", "blind"],
  ["psi.evaluate.check", "answer"],
  ["psi.evaluate.block", "answer"],
  ["psi.evaluate.verify", "verify"],
  ["psi.evaluate.unblind", "unblind"],
  ["psi.input-root", "root"],
  ["psi.cache", "cache"],
  ["psi.tokens.make", "tokens"],
  ["psi.tokens.join", "join"],
  ["psi.pair.commit", "tokens"],
  ["psi.pair.check", "answer"],
  ["psi.pair.unblind", "unblind"],
  ["psi.pair.join", "join"],
  ["psi.tokens.hub", "tokens"],
  ["psi.tokens.padding", "tokens"],
  ["psi.tokens.venn", "coordinator"],
];

/** What proofs alone cost, in a match between two, as a phase beside those that it is part of. */
export const PROOFS = "proofs in these";

const KEY_SPEC = "bsn";
const encode = inputEncoder({
  covenantId: "bench",
  purposeId: "bench",
  epoch: "2026-W48",
  keySpec: KEY_SPEC,
  normVersion: NORM_VERSION,
});

/** Canonical nine-digit numbers, all different: a step that shares no factor with their count. */
const NUMBERS = 900_000_000;
const STEP = 7919;

/**
 * `match-tokens/1` of parties that hold `size` items each, half of them in common; everybody is a recipient. `first`
 * is all that it takes the first time: keys, evaluations and a query. `second` is a query after it. Of two parties also
 * `pair`: `match-pair/1`, which has nothing before it and nothing left after it, for the second party alone; what its proofs cost is measured again by itself.
 * Where it is asked for, and after the first query, also `overlap`: `overlap-hub/1` with a histogram, for everybody.
 * @throws {SdkError} when an answer differs from that of the plain lists: the run is void.
 */
export async function benchMatch({ backend, parties, size, seed, runs, only }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
}> {
  const group = await groupOf(backend);
  const federation = new MatchFederation(group, listsOf(parties, size, seed));
  const wanted = (part: string, otherwise: boolean): boolean => only?.includes(part) ?? otherwise;
  const parts: Record<string, BenchRun[]> = {};
  for (let run = 0; run < runs; run += 1) {
    const measured = {
      ...(wanted("first", true) ? await tokenRuns(federation) : {}),
      ...(wanted("overlap", false) ? { overlap: await overlapRun(federation) } : {}),
      ...(wanted("pair", parties === 2) ? { pair: await pairRun(federation) } : {}),
    };
    for (const [part, one] of Object.entries(measured)) parts[part] = [...(parts[part] ?? []), one];
  }
  return { backend: group.name, parts };
}

async function tokenRuns(federation: MatchFederation): Promise<Readonly<Record<string, BenchRun>>> {
  const first = await federation.measure(() => federation.fromTheStart());
  const second = await federation.measure(() => federation.query());
  for (const { value } of [first, second]) federation.check(value);
  return { first: { ...first.run, bytesKept: federation.keptBytes() }, second: second.run };
}

async function overlapRun(federation: MatchFederation): Promise<BenchRun> {
  const { value, run } = await federation.measure(() => federation.overlap());
  federation.checkCounts(value);
  return run;
}

async function pairRun(federation: MatchFederation): Promise<BenchRun> {
  const { value, run } = await federation.measure(() => federation.pair());
  federation.check(new Map([...value].filter(([, { holders }]) => holders !== undefined)));
  return { ...run, phasesMs: { ...run.phasesMs, [PROOFS]: federation.proofsMs() } };
}

/** The group that a case names. */
export async function groupOf(backend: BenchCase["backend"]): Promise<Group> {
  if (backend === "noble") return nobleGroup();
  const named: Exclude<BenchBackend, "noble"> =
    backend === "native" || backend === "kernel" ? backend : "wasm";
  return (await chooseGroup(named)).group;
}

function phaseOf(job: string): string {
  return PHASES.find(([prefix]) => job.startsWith(prefix))?.[1] ?? "rest";
}

/** By party, the numbers of its items: the first half is everybody's. */
function listsOf(parties: number, size: number, seed: number): ReadonlyMap<PartyId, readonly string[]> {
  const offset = new Seeded(seed).below(NUMBERS);
  const common = Math.floor(size / 2);
  const itemAt = (place: number): string => `${100_000_000 + ((offset + place * STEP) % NUMBERS)}`;
  return new Map(
    Array.from({ length: parties }, (_, party) => {
      const own = (at: number): number => (at < common ? at : at + party * (size - common));
      return [`party-${party + 1}`, Array.from({ length: size }, (_item, at) => itemAt(own(at)))] as const;
    }),
  );
}

/** What a party keeps between sessions. */
interface Site {
  readonly cacheKey: Uint8Array;
  readonly inputs: PackedInputs;
  chunks: readonly Uint8Array[];
  keySet?: KeySet;
}

class MatchFederation {
  readonly #lists: ReadonlyMap<PartyId, readonly string[]>;
  readonly #sites: ReadonlyMap<PartyId, Site>;
  readonly #parties: readonly PartyId[];
  readonly #world: BenchWorld;
  readonly #primitives = nodePrimitives();
  readonly #group: Group;
  readonly #operations: () => Operations;
  readonly #scope: Uint8Array;

  constructor(group: Group, lists: ReadonlyMap<PartyId, readonly string[]>) {
    const counted = countedGroup(group);
    this.#group = group;
    this.#operations = counted.taken;
    this.#lists = lists;
    this.#parties = [...lists.keys()].sort();
    const unmetered = bind(meter, (_vault, _request) => {});
    const table: JobTable = new Map([
      ...psiJobs({ group: counted.group, primitives: this.#primitives }),
      unmetered,
    ]);
    this.#world = new BenchWorld(table, phaseOf);
    this.#scope = cacheScope(this.#primitives.sha256, benchRng(32), KEY_SPEC, NORM_VERSION);
    this.#sites = new Map(
      [...lists].map(([party, list]) => [
        party,
        { cacheKey: benchRng(32), inputs: packInputs(list.map((item) => encode([item]))), chunks: [] },
      ]),
    );
  }

  async measure<Value>(work: () => Promise<Value>): Promise<{ value: Value; run: BenchRun }> {
    this.#operations(); // what came before is not of this
    const { value, run } = await this.#world.measure(this.#parties.length, work);
    return { value, run: { ...run, operations: this.#operations() } };
  }

  /** Bytes of the sealed evaluations of a party, on average. */
  keptBytes(): number {
    const kept = [...this.#sites.values()].flatMap(({ chunks }) => chunks.map(({ length }) => length));
    return kept.reduce((sum, bytes) => sum + bytes, 0) / this.#parties.length;
  }

  /** Keys, evaluations, and a query. */
  async fromTheStart(): Promise<ReadonlyMap<PartyId, Matched>> {
    const context = benchRng(32);
    for (const site of this.#sites.values()) delete site.keySet;
    const keySets = await this.#session((me) =>
      keysetParty({ me, parties: this.#parties, context }, benchRng),
    );
    for (const [party, keySet] of keySets) this.#site(party).keySet = keySet;
    for (const party of this.#parties) await this.#evaluateAll(party);
    return this.query();
  }

  query(): Promise<ReadonlyMap<PartyId, Matched>> {
    const transcript = benchRng(32);
    const sid = this.#primitives.sha256(concat(lp("koplamp/sid/1"), transcript));
    const rowsPadded = this.#rowsPadded();
    const common = { parties: this.#parties, recipients: this.#parties, transcript, sid, rowsPadded };
    return this.#session((me) => {
      const { inputs, chunks } = this.#site(me);
      return matchTokensParty({ ...common, me, items: { inputs, scope: this.#scope, chunks } }, benchRng);
    });
  }

  /** A match under a key for one session. */
  pair(): Promise<ReadonlyMap<PartyId, Matched>> {
    const transcript = benchRng(32);
    const sid = this.#primitives.sha256(concat(lp("koplamp/sid/1"), transcript));
    const recipients = this.#parties.slice(1);
    const common = { parties: this.#parties, recipients, transcript, sid, rowsPadded: this.#rowsPadded() };
    return this.#session(
      (me) => matchPairParty({ ...common, me, inputs: this.#site(me).inputs }, benchRng),
      false,
    );
  }

  /** How many parties hold an item, counted by the coordinator over pseudonyms. */
  overlap(): Promise<ReadonlyMap<PartyId, OverlapCounts | undefined>> {
    const transcript = benchRng(32);
    const sid = this.#primitives.sha256(concat(lp("koplamp/sid/1"), transcript));
    const common = { parties: this.#parties, recipients: this.#parties, rowsPadded: this.#rowsPadded() };
    const setup = { ...common, transcript, sid, shape: "histogram", atLeast: null, minCount: 1 } as const;
    const exporters = exportersOf(this.#parties);
    const nodes = this.#parties.map((me) => {
      const { cacheKey, inputs, chunks } = this.#site(me);
      const secrets = { ...exporters(me), cacheKey: Uint8Array.from(cacheKey), salt: benchRng(32) };
      const items = { inputs, scope: this.#scope, chunks };
      const start = async (): Promise<Party<OverlapCounts | undefined>> =>
        hubNode({ ...setup, me, items }, benchRng);
      return [me, { secrets, start }] as const;
    });
    const hub: BenchParty<undefined> = { secrets: {}, start: async () => hubCoordinator(setup) };
    return this.#world.session<OverlapCounts | undefined>({
      ...Object.fromEntries(nodes),
      [COORDINATOR]: hub,
    });
  }

  /** @throws {SdkError} unless the first half is everybody's and the rest one party's. */
  checkCounts(answers: ReadonlyMap<PartyId, OverlapCounts | undefined>): void {
    const size = this.#lists.get(this.#parties[0] ?? "")?.length ?? 0;
    const common = Math.floor(size / 2);
    const expected = this.#parties.map((_, at) =>
      at === 0 ? this.#parties.length * (size - common) : at === this.#parties.length - 1 ? common : 0,
    );
    if (this.#parties.every((party) => answers.get(party)?.counts.join() === expected.join())) return;
    throw new SdkError("state", "a count is wrong", "the run is void: report it as a bug");
  }

  /** CPU of the proofs of one match between two, made and checked: of one block, times the blocks. */
  proofsMs(): number {
    const rows = Math.max(...Object.values(this.#rowsPadded()));
    const items = Math.min(rows, MOST_PROVEN);
    const key = this.#group.reduce(benchRng(64));
    const C = this.#group.hashToGroup(benchRng(items * 64));
    const statement = {
      ctx: benchRng(32),
      pk: this.#group.mulBase(key),
      C,
      D: this.#group.mulSame(key, C),
    };
    const before = process.cpuUsage();
    const proof = proveBatch(this.#group, this.#primitives, key, statement, benchRng(32));
    verifyBatch(this.#group, this.#primitives, statement, proof);
    const { user, system } = process.cpuUsage(before);
    return (((user + system) / 1000) * rows) / items;
  }

  #rowsPadded(): Readonly<Record<PartyId, number>> {
    return Object.fromEntries(
      [...this.#sites].map(([party, { inputs }]) => [party, bucket(inputs.ends.length)]),
    );
  }

  /** @throws {SdkError} unless everybody's answer is that of the plain lists. */
  check(answers: ReadonlyMap<PartyId, Matched>): void {
    const holders = new Map<string, number>();
    this.#parties.forEach((party, bit) => {
      for (const item of this.#lists.get(party) ?? [])
        holders.set(item, (holders.get(item) ?? 0) | (1 << bit));
    });
    for (const [party, { holders: found = [] }] of answers) {
      const list = this.#lists.get(party) ?? [];
      if (found.length === list.length && list.every((item, at) => holders.get(item) === found[at])) continue;
      throw new SdkError("state", `the answer at ${party} is wrong`, "the run is void: report it as a bug");
    }
  }

  async #evaluateAll(asker: PartyId): Promise<void> {
    const site = this.#site(asker);
    const chunks: Uint8Array[] = [];
    for (const positions of evaluationBatches(Uint32Array.from(site.inputs.ends.keys()))) {
      chunks.push(...(await this.#evaluate(asker, selectInputs(site.inputs, positions))));
    }
    site.chunks = chunks;
  }

  async #evaluate(asker: PartyId, inputs: PackedInputs): Promise<readonly Uint8Array[]> {
    const elements = bucket(inputs.ends.length);
    const allowance = {
      asker,
      ceiling: elements,
      plan: `sha256:${"0".repeat(64)}`,
      session: hex(benchRng(16)),
      validUntil: "2026-01-01T00:00:00Z",
    };
    const keys = this.#site(asker).keySet?.keys ?? {};
    const common = { parties: this.#parties, transcript: benchRng(32), asker, keys, elements, allowance };
    const outputs = await this.#session<readonly Uint8Array[] | Spent>((me) =>
      me === asker
        ? evaluateAsker({ ...common, me, inputs, scope: this.#scope }, benchRng)
        : evaluateHolder({ ...common, me }, benchRng),
    );
    const chunks = outputs.get(asker) ?? [];
    return "metered" in chunks ? [] : chunks;
  }

  #session<Output>(
    party: (me: PartyId) => Party<Output>,
    withShare = true,
  ): Promise<ReadonlyMap<PartyId, Output>> {
    return this.#world.session(
      Object.fromEntries(
        this.#parties.map((me) => {
          const { cacheKey, keySet } = this.#site(me);
          const start = async (pool: SessionPool): Promise<Party<Output>> => {
            if (withShare && keySet !== undefined)
              await pool.run(openShare, [keySet.context, keySet.sealedShare]);
            return party(me);
          };
          return [me, { secrets: { cacheKey: Uint8Array.from(cacheKey), salt: benchRng(32) }, start }];
        }),
      ),
    );
  }

  #site(party: PartyId): Site {
    const site = this.#sites.get(party);
    if (site !== undefined) return site;
    throw new SdkError("party", `the benchmark has no party ${party}`, "report it as a bug");
  }
}
