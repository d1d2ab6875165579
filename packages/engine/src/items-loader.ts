// SPDX-License-Identifier: Apache-2.0
import { loadItems, loadSealed, openCache, type SealedPart, sealLoaded } from "@koplamp/psi";
import type { InputList, PackedInputs } from "@koplamp/wire";
import { rememberEvaluated } from "./evaluated-before.ts";
import type { Evaluated } from "./evaluations.ts";
import type { NodePorts } from "./node-ports.ts";
import type { SessionPool } from "./ports.ts";
import { sharedBytes } from "./shared-memory.ts";

const NONCE_BYTES = 12;

/** Brings s_x of a list that goes in one session into its vault. */
export interface ItemsLoader {
  /** As an earlier question has sealed them, or else from the chunks. @throws {PsiError} `not-evaluated`, `cache`. */
  readonly load: (pool: SessionPool) => Promise<void>;
  /** Keeps what was found for the next question over the same list: this one ended well. Not where a chunk has gone since. */
  readonly remember: () => void;
}

export function itemsLoader(
  { store, rng }: NodePorts,
  { scope, chunks, names, part }: Evaluated,
  list: InputList,
  inputs: PackedInputs,
): ItemsLoader {
  const standing = names();
  let found = part;
  const load = async (pool: SessionPool): Promise<void> => {
    if (found !== undefined) return void (await pool.run(loadSealed, [scope, [found]]));
    await pool.run(openCache, [scope, chunks()]);
    await pool.run(loadItems, [inputs]);
    const made = (await pool.run(sealLoaded, [scope, rng(NONCE_BYTES)])) as SealedPart; // safe because the job's type says so
    found = { ...made, sealed: sharedBytes(made.sealed) };
  };
  const remember = (): void => {
    const stands = names().join() === standing.join();
    if (found !== undefined && stands) rememberEvaluated(store, list, { names: standing, part: found });
  };
  return { load, remember };
}
