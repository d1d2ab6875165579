// SPDX-License-Identifier: Apache-2.0
import type { Job } from "@koplamp/protocol";
import { concat, type PackedInputs, stretchOf } from "@koplamp/wire";
import type { NodeKeys, Workers } from "./ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** Inputs of one job: what others wait for at most where they share a worker. */
const STRETCH = 8192;

/** Whose workers they are, and under which key their vaults open what is sealed. */
interface Owner {
  readonly workers: Workers;
  readonly keys: Pick<NodeKeys, "storage">;
}

/** A job that makes bytes of some inputs, the same whichever others there are. */
interface Rows<Args extends readonly unknown[]> {
  readonly job: Job<Args, Uint8Array>;
  readonly args: (some: PackedInputs) => Args;
}

/**
 * Runs a job over all inputs, a stretch at a time on every worker, and gives what it makes in their order. Each worker has a
 * vault of its own with `cacheKey` alone, which is wiped whatever happens; a question that stops ends it with the stretch.
 */
export async function onAllWorkers<Args extends readonly unknown[]>(
  { workers, keys }: Owner,
  run: Pick<QuestionRun, "stillAllowed">,
  inputs: PackedInputs,
  { job, args }: Rows<Args>,
): Promise<Uint8Array> {
  const made: Uint8Array[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const pool = await workers.session({ cacheKey: keys.storage });
    try {
      for (let from = next; from < inputs.ends.length; from = next) {
        next += STRETCH;
        run.stillAllowed();
        const some = args(stretchOf(inputs, from, from + STRETCH));
        made[from / STRETCH] = (await pool.run(job, some)) as Uint8Array; // safe because the job says so
      }
    } catch (reason) {
      next = inputs.ends.length; // nobody begins another
      throw reason;
    } finally {
      await pool.wipe();
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: workers.size }, work));
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return concat(...made);
}
