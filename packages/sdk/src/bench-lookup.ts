// SPDX-License-Identifier: Apache-2.0
import type { Group } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";
import { bind, type JobTable } from "@koplamp/protocol";
import {
  batchesOf,
  type GotIndex,
  type KeptIndex,
  lookupAsker,
  lookupHolder,
  meter,
  openShare,
  psiJobs,
  publishIndex,
  subscribeIndex,
} from "@koplamp/psi";
import { inputEncoder, NORM_VERSION, type PackedInputs, packInputs } from "@koplamp/wire";
import { countedGroup, type Operations } from "./bench-count.ts";
import { groupOf } from "./bench-match.ts";
import type { BenchCase, BenchRun } from "./bench-record.ts";
import { BenchWorld, benchRng } from "./bench-session.ts";
import { SdkError } from "./errors.ts";

/** Items of the list that are evaluated; the others are dummies, which no question can tell from them. */
const REAL = 512;
/** The part that publishes. */
const INDEX = "index";
/** Questions of each part. */
export const LOOKUP_QUESTIONS: Readonly<Record<string, number>> = { lookup: 1, "lookup-32": 32 * 16 };

const PHASES: readonly (readonly [prefix: string, phase: string])[] = [
  ["psi.lookup.open", "index"],
  ["psi.lookup.blind", "blind"],
  ["psi.lookup.answer", "verify"],
  ["psi.pair.check", "answer"],
  ["psi.evaluate.block", "answer"],
];

const encode = inputEncoder({
  covenantId: "bench",
  purposeId: "bench",
  epoch: "2026-W48",
  keySpec: "opaque",
  normVersion: NORM_VERSION,
});

/** The questions from `from`: what is below the number of listed items is in the list. */
function inputsFrom(from: number, count: number): PackedInputs {
  return packInputs(Array.from({ length: count }, (_, at) => encode([`${from + at}`])));
}

const ASKER = "asker";
const HOLDER = "holder";
const PARTIES: readonly string[] = [ASKER, HOLDER];

/**
 * `lookup/1` against an index of `size` tokens that is there already: `lookup`, a session of one question, and
 * `lookup-32`, one of many in batches of 32; half of them hit. `index`, alone and where it is asked for: publishing an index
 * of which all are items.
 * @throws {SdkError} when an answer differs from that of the plain list: the run is void.
 */
export async function benchLookup({ backend, size, runs, only }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
}> {
  const group = await groupOf(backend);
  const desk = new BenchDesk(group);
  if (only?.includes(INDEX))
    return { backend: group.name, parts: { [INDEX]: [await desk.publish(size, size)] } };
  await desk.publish(size);
  const parts: Record<string, BenchRun[]> = {};
  for (const [part, questions] of Object.entries(LOOKUP_QUESTIONS)) {
    parts[part] = [];
    const times = questions === 1 ? runs * SINGLES : runs;
    for (let run = 0; run < times; run += 1) parts[part].push(await desk.ask(questions));
  }
  return { backend: group.name, parts };
}

/** Sessions of one question are short: so many of them for each run. */
const SINGLES = 9;

class BenchDesk {
  readonly #world: BenchWorld;
  readonly #operations: () => Operations;
  readonly #context = benchRng(32);
  readonly #keys = { asker: benchRng(32), holder: benchRng(32) };
  #kept: KeptIndex | undefined;
  #listed = 0;
  #got: GotIndex | undefined;

  constructor(group: Group) {
    const unmetered = bind(meter, (_vault, _request) => {});
    const counted = countedGroup(group);
    this.#operations = counted.taken;
    const jobs = psiJobs({ group: counted.group, primitives: nodePrimitives() });
    const table: JobTable = new Map([...jobs, unmetered]);
    this.#world = new BenchWorld(
      table,
      (job) => PHASES.find(([prefix]) => job.startsWith(prefix))?.[1] ?? "rest",
    );
  }

  /** An index of `rows` tokens, so many of them of items. */
  async publish(rows: number, real = Math.min(REAL, rows)): Promise<BenchRun> {
    const common = { ...this.#common(), publication: { kind: "index", rows } } as const;
    this.#listed = real;
    const inputs = inputsFrom(0, this.#listed);
    const { value, run } = await this.#measure(() =>
      this.#world.session<KeptIndex | GotIndex>({
        [ASKER]: {
          secrets: { cacheKey: this.#keys.asker.slice() },
          start: async () => subscribeIndex({ ...common, me: ASKER }, benchRng),
        },
        [HOLDER]: {
          secrets: { cacheKey: this.#keys.holder.slice() },
          start: async () => publishIndex({ ...common, me: HOLDER, inputs }, benchRng),
        },
      }),
    );
    // Safe because each side gives what its generator says.
    const [kept, got] = [value.get(HOLDER) as KeptIndex, value.get(ASKER) as GotIndex];
    this.#kept = kept;
    this.#got = got;
    return { ...run, bytesKept: (kept.rows.length + got.sealed.length) / PARTIES.length };
  }

  async #measure<Value>(work: () => Promise<Value>): Promise<{ value: Value; run: BenchRun }> {
    this.#operations(); // what came before is not of this
    const { value, run } = await this.#world.measure(PARTIES.length, work);
    return { value, run: { ...run, operations: this.#operations() } };
  }

  /** What a session of so many questions costs both. */
  async ask(questions: number): Promise<BenchRun> {
    const [kept, got] = [this.#kept, this.#got];
    if (kept === undefined || got === undefined) throw new Error("expected an index");
    const from = this.#listed - Math.ceil(questions / 2);
    const inputs = inputsFrom(from, questions);
    const setup = { ...this.#common(), ...this.#right(questions), key: got.key };
    const { value, run } = await this.#measure(() =>
      this.#world.session<unknown>({
        [ASKER]: {
          secrets: { cacheKey: this.#keys.asker.slice(), salt: benchRng(32) },
          start: async () => lookupAsker({ ...setup, me: ASKER, inputs, index: got }, benchRng),
        },
        [HOLDER]: {
          secrets: { cacheKey: this.#keys.holder.slice() },
          start: async (pool) => {
            await pool.run(openShare, [this.#context, kept.share]);
            return lookupHolder({ ...setup, me: HOLDER, inputs, index: kept }, benchRng);
          },
        },
      }),
    );
    const hits = value.get(ASKER) as Uint8Array; // safe as above
    const right = hits.every((hit, at) => hit === (from + at >= 0 && from + at < this.#listed ? 1 : 0));
    if (right && hits.length === questions) return run;
    throw new SdkError("state", "an answer is not that of the plain list", "the run is void");
  }

  #common() {
    const context = this.#context;
    return { parties: PARTIES, transcript: benchRng(32), context, holder: HOLDER, asker: ASKER };
  }

  #right(questions: number) {
    const batches = batchesOf(questions);
    const ceiling = batches.reduce((sum, elements) => sum + elements, 0);
    const plan = `sha256:${"0".repeat(64)}`;
    const right = { asker: ASKER, ceiling, plan, session: "0".repeat(32) };
    const allowance = { ...right, validUntil: "2030-01-01T00:00:00Z", unit: "lookups" } as const;
    return { batches, allowance, tell: "asker" } as const;
  }
}
