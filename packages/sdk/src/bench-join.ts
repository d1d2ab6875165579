// SPDX-License-Identifier: Apache-2.0
import {
  addChunk,
  hideTotal,
  joinPairJobs,
  makeJoinKey,
  openTotal,
  sealChunk,
  takeJoinKey,
} from "@koplamp/aggregate";
import { loadHe } from "@koplamp/he";
import { nodePrimitives } from "@koplamp/pool";
import { type Job, type JobTable, MemoryVault, runJob } from "@koplamp/protocol";
import { SLOT_GROUPS, SLOT_ROWS } from "@koplamp/psi";
import { bucket } from "@koplamp/wire";
import { paillierReference } from "./bench-paillier.ts";
import type { BenchCase, BenchReference, BenchRun } from "./bench-record.ts";
import { benchRng } from "./bench-session.ts";
import { SdkError } from "./errors.ts";
import { Seeded } from "./seeded.ts";

/** The largest value of a row: an amount in cents. */
const MOST = 10_000_000;
const SLOTS = 8192;
const OWNER = "party-1";
/** Encryptions of the yardstick that are measured; the rest is reckoned from them. */
const SAMPLE = 20;

/**
 * The homomorphic work of `join-sum-pair/1` over `size` rows of the owner, one column and one group: its ciphertexts, the
 * other one's selection of half of the rows, the reply, and the total. The matching before it is that of `match-pair/1`,
 * which has rows of its own. The library's context is made before.
 * @throws {SdkError} when a total is wrong: the run is void.
 */
export async function benchJoin({ size, seed, runs }: BenchCase): Promise<{
  readonly backend: string;
  readonly parts: Readonly<Record<string, readonly BenchRun[]>>;
  readonly reference: BenchReference;
}> {
  const primitives = nodePrimitives();
  const table: JobTable = new Map(joinPairJobs({ he: await loadHe(primitives), primitives }));
  const drawn = new Seeded(seed);
  const values = Float64Array.from({ length: size }, () => drawn.below(2 * MOST) - MOST);
  const measured: BenchRun[] = [];
  new PairWork(table, values.subarray(0, Math.min(size, SLOTS))).run(); // once, so that everything is compiled
  for (let run = 0; run < runs; run += 1) measured.push(new PairWork(table, values).run());
  return { backend: "seal", parts: { join: measured }, reference: paillierReference(SAMPLE) };
}

/** Both sides of one join, one after the other. */
class PairWork {
  readonly #table: JobTable;
  readonly #values: Float64Array;
  readonly #chunks: number;
  readonly #owner: MemoryVault;
  readonly #selector: MemoryVault;
  readonly #phases: Record<string, number> = {};
  #bytes = 0;

  constructor(table: JobTable, values: Float64Array) {
    this.#table = table;
    this.#values = values;
    const slots = Math.ceil(bucket(values.length) / SLOTS) * SLOTS;
    this.#chunks = slots / SLOTS;
    // The order of slots does not change what the work costs: row i stands in slot i, and every other row is shared.
    const rows = Uint32Array.from({ length: slots }, (_, slot) => slot);
    const chosen = Int32Array.from({ length: slots }, (_, slot) => (slot < values.length ? -(slot % 2) : -1));
    this.#owner = new MemoryVault({ [SLOT_ROWS]: new Uint8Array(rows.buffer) });
    this.#selector = new MemoryVault({ [SLOT_GROUPS]: new Uint8Array(chosen.buffer) });
  }

  run(): BenchRun {
    const wall = performance.now();
    const cpu = process.cpuUsage();
    const transcript = benchRng(32);
    const key = this.#do("keys", this.#owner, makeJoinKey, transcript, OWNER);
    this.#bytes += key.length;
    let taken = this.#do("keys", this.#selector, takeJoinKey, transcript, OWNER, key);
    for (let chunk = 0; chunk < this.#chunks; chunk += 1) {
      const frame = this.#do("encrypt", this.#owner, sealChunk, chunk, this.#values, undefined, benchRng(32));
      this.#bytes += frame.length;
      taken &&= this.#do("select", this.#selector, addChunk, chunk, 1, 0, [frame]);
    }
    const reply = this.#do("reply", this.#selector, hideTotal, 0, 0, true, benchRng(32));
    this.#bytes += reply.length;
    const total = this.#do("open", this.#owner, openTotal, reply);
    const { user, system } = process.cpuUsage(cpu);
    const right = this.#values.reduce((sum, value, at) => (at % 2 === 0 ? sum + value : sum), 0);
    if (!taken || total !== right) {
      throw new SdkError("state", "a total is wrong", "the run is void: report it as a bug");
    }
    const cpuMs = (user + system) / 1000;
    const counted = Object.values(this.#phases).reduce((sum, ms) => sum + ms, 0);
    const half = Math.round(this.#bytes / 2); // of two parties
    return {
      cpuMs,
      wallMs: performance.now() - wall,
      phasesMs: { ...this.#phases, rest: Math.max(0, cpuMs - counted) },
      bytesUp: half,
      bytesDown: half,
      bytesBefore: this.#bytes - reply.length,
      bytesAll: this.#bytes,
    };
  }

  #do<Args extends readonly unknown[], Value>(
    phase: string,
    vault: MemoryVault,
    work: Job<Args, Value>,
    ...args: Args
  ): Value {
    const start = process.cpuUsage();
    // Safe because a registry entry is made by `bind`, which fixes the value's type to that of the job.
    const value = runJob(this.#table, vault, work.name, args) as Value;
    const { user, system } = process.cpuUsage(start);
    this.#phases[phase] = (this.#phases[phase] ?? 0) + (user + system) / 1000;
    return value;
  }
}
