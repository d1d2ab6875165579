// SPDX-License-Identifier: Apache-2.0
// Keys of the epoch for a list that goes in several sessions: looked up, evaluated and cut a bucket of it at a time.
import {
  bucketsOf,
  chunkBuckets,
  foundShards,
  loadSealed,
  notFound,
  type SealedPart,
  type ShardCut,
  sealFound,
  seekKnown,
  seekShards,
} from "@koplamp/psi";
import { fromHex, joinInputs, type PackedInputs, stretchOf } from "@koplamp/wire";
import { CutList, type Part } from "./cut-list.ts";
import { type Cache, cacheOf, evaluate, seek, type Take } from "./evaluations.ts";
import type { Stretches } from "./items.ts";
import { agreedKeySet } from "./key-set.ts";
import type { NodePorts } from "./node-ports.ts";
import type { SessionPool } from "./ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** Inputs of a bucket, about: a worker holds 70 bytes of each. */
const BUCKET = 2 ** 17;
/** Some at least, so that a short list in shards goes the way of a long one. */
const LEAST_BUCKETS = 2 ** 3;
const MOST_BUCKETS = 2 ** 12;

/** A list in the shards of a question, with s_x of every input sealed beside it. */
export interface EvaluatedShards {
  /** What the cache is of. */
  readonly scope: Uint8Array;
  /** How many inputs each shard has. */
  readonly sizes: Uint32Array;
  /** The shard of each input, in the order of the list. */
  readonly shardAt: Uint16Array;
  readonly part: (shard: number) => Part;
  /** Puts s_x of a shard's inputs in a session's vault. */
  readonly load: (pool: SessionPool, shard: number) => Promise<void>;
  close(): void;
}

/**
 * Brings every party's s_x up to date, as `evaluated` does, and cuts the own list by them. Neither the list nor its s_x are ever
 * in memory as a whole: the list is put into buckets by the first bits of its indices first, and of the cache only chunks
 * are opened in which a bucket may stand. Those of one evaluation are in order of index, so each is in one or two.
 */
export async function evaluatedShards(
  node: NodePorts,
  run: QuestionRun,
  list: Stretches,
): Promise<EvaluatedShards> {
  const keySet = await agreedKeySet(node, run);
  const cache = cacheOf(node, run, keySet);
  const bucketed = await Bucketed.of(node, cache, list);
  try {
    const news = await bucketed.news();
    try {
      const take = takeFrom(news);
      await evaluate(node, run, { keySet, cache, news: news.count, take });
    } finally {
      news.close();
    }
    return await bucketed.shards(run);
  } finally {
    await bucketed.close();
  }
}

/** Gives the inputs of a list in the order of its parts. */
function takeFrom(list: CutList): Take {
  let [part, held] = [0, joinInputs([])];
  return (most) => {
    const taken: PackedInputs[] = [];
    for (let wanted = most; wanted > 0; ) {
      const some = stretchOf(held, 0, Math.min(wanted, held.ends.length));
      taken.push(some);
      wanted -= some.ends.length;
      held = stretchOf(held, some.ends.length, held.ends.length);
      if (held.ends.length > 0) continue;
      if (part === list.sizes.length) break;
      held = list.part(part).inputs;
      part += 1;
    }
    return joinInputs(taken);
  };
}

/** A list in buckets, beside a cache of which it is known in which buckets each chunk is. */
class Bucketed {
  readonly #node: NodePorts;
  readonly #cache: Cache;
  readonly #pool: SessionPool;
  readonly #head: Uint8Array;
  readonly #list: CutList;
  readonly #buckets: number;
  /** First and last bucket of each chunk that was looked into. */
  readonly #bounds = new Map<string, readonly [number, number]>();

  private constructor(node: NodePorts, cache: Cache, pool: SessionPool, { count, head }: Stretches) {
    this.#node = node;
    this.#cache = cache;
    this.#pool = pool;
    this.#head = head;
    const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, count / BUCKET)));
    this.#buckets = Math.min(MOST_BUCKETS, Math.max(LEAST_BUCKETS, wanted));
    this.#list = new CutList(node.scratch, head, this.#buckets);
  }

  static async of(node: NodePorts, cache: Cache, list: Stretches): Promise<Bucketed> {
    const pool = await node.workers.session({ cacheKey: node.keys.storage.slice() });
    const made = new Bucketed(node, cache, pool, list);
    try {
      await made.#fill(list);
      return made;
    } catch (reason) {
      await made.close();
      throw reason;
    }
  }

  /** The inputs that the cache has not, in the order of their indices. */
  async news(): Promise<CutList> {
    const news = new CutList(this.#node.scratch, this.#head, this.#buckets);
    try {
      for (let bucket = 0; bucket < this.#buckets; bucket += 1) {
        const part = await this.#seek(bucket, (chunks) =>
          this.#pool.run(seekKnown, [this.#cache.scope, chunks]),
        );
        const missing = (await this.#pool.run(notFound, [])) as Uint32Array; // safe because the job's type says so
        news.putChosen(bucket, part, missing);
      }
      news.end();
      return news;
    } catch (reason) {
      news.close();
      throw reason;
    }
  }

  /** The list in the shards of a question: every input has its s_x by now. */
  async shards({ plan, planHash }: QuestionRun): Promise<EvaluatedShards> {
    const { shards } = plan.protocol;
    const { scope } = this.#cache;
    const cut: ShardCut = { planHash: fromHex(planHash.slice(7)), shards };
    const made = new CutList(this.#node.scratch, this.#head, shards);
    const shardAt = new Uint16Array(this.#list.count);
    const sealed = Array.from({ length: shards }, (): { at: number; distinct: number }[] => []);
    try {
      for (let bucket = 0; bucket < this.#buckets; bucket += 1) {
        const part = await this.#seek(bucket, (chunks) => this.#pool.run(seekShards, [scope, chunks, cut]));
        const found = await this.#found(shards);
        for (const [shard, { positions, secrets }] of found.entries()) {
          made.putChosen(shard, part, positions);
          for (const at of positions) shardAt[part.positions[at] ?? 0] = shard;
          sealed[shard]?.push({ at: made.keep(secrets.sealed), distinct: secrets.distinct });
        }
      }
      made.end();
    } catch (reason) {
      made.close();
      throw reason;
    }
    const partsOf = (shard: number): readonly SealedPart[] =>
      (sealed[shard] ?? []).map(({ at, distinct }) => ({ sealed: made.kept(at), distinct }));
    return {
      scope,
      sizes: made.sizes,
      shardAt,
      part: (shard) => made.part(shard),
      load: async (pool, shard) => void (await pool.run(loadSealed, [scope, partsOf(shard)])),
      close: () => made.close(),
    };
  }

  async close(): Promise<void> {
    this.#list.close();
    await this.#pool.wipe();
  }

  async #fill(list: Stretches): Promise<void> {
    for (const stretch of list.stretches()) {
      const buckets = await this.#pool.run(bucketsOf, [stretch, this.#buckets]);
      this.#list.put(stretch, buckets as Uint16Array); // safe because the job's type says so
    }
    this.#list.end();
  }

  /** What was found of a bucket, by shard. */
  async #found(
    shards: number,
  ): Promise<readonly { readonly positions: Uint32Array; readonly secrets: SealedPart }[]> {
    const { rng } = this.#node;
    // Safe because the jobs' types say so.
    const cut = (await this.#pool.run(foundShards, [shards])) as readonly Uint32Array[];
    const sealed = (await this.#pool.run(sealFound, [
      this.#cache.scope,
      shards,
      rng(32),
    ])) as readonly SealedPart[];
    return cut.map((positions, shard) => ({ positions, secrets: sealed[shard] ?? NOTHING }));
  }

  /** Looks a bucket up in all chunks in which it may stand. */
  async #seek(bucket: number, look: (chunks: readonly Uint8Array[]) => Promise<unknown>): Promise<Part> {
    await this.#look();
    const part = this.#list.part(bucket);
    await seek(this.#pool, part.inputs);
    const near = [...this.#bounds].flatMap(([name, [first, last]]) =>
      first <= bucket && bucket <= last ? [name] : [],
    );
    for (const chunks of this.#cache.parts(near)) await look(chunks);
    return part;
  }

  /** Looks into chunks that have come since. */
  async #look(): Promise<void> {
    const names = this.#cache.names().filter((name) => !this.#bounds.has(name));
    let at = 0;
    for (const chunks of this.#cache.parts(names)) {
      const job = [this.#cache.scope, chunks, this.#buckets];
      const bounds = (await this.#pool.run(chunkBuckets, job)) as Uint16Array; // safe because the job's type says so
      for (let chunk = 0; chunk < chunks.length; chunk += 1)
        this.#bounds.set(names[at++] ?? "", [bounds[2 * chunk] ?? 0, bounds[2 * chunk + 1] ?? 0]);
    }
  }
}

const NOTHING: SealedPart = { sealed: new Uint8Array(), distinct: 0 };
