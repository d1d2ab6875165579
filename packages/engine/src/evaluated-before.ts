// SPDX-License-Identifier: Apache-2.0
// Lists that a question ended well over: every s_x was there, so the next question need neither look each of them up nor
// find it among the chunks.
import type { SealedPart } from "@koplamp/psi";
import type { InputList } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";

/** What a question found of a list: in which chunks every s_x stood, and all of them, sealed, in the order of the list. */
export interface Found {
  readonly names: readonly string[];
  readonly part: SealedPart;
}

type Store = NodePorts["store"];

/** By node, what was found of lists that are still in memory. */
const FOUND = new WeakMap<Store, WeakMap<InputList, Found>>();

/** That a question over this list ended well, with what it found. */
export function rememberEvaluated(store: Store, list: InputList, found: Found): void {
  const all = FOUND.get(store) ?? new WeakMap<InputList, Found>();
  FOUND.set(store, all.set(list, found));
}

/**
 * What the last question over this very list found, where it ended well, and where the chunks are those and no others. It is
 * forgotten with the answer, so that after a question that fails all inputs are looked up again.
 */
export function takeEvaluated(
  store: Store,
  list: InputList,
  names: readonly string[],
): SealedPart | undefined {
  const found = FOUND.get(store)?.get(list);
  FOUND.get(store)?.delete(list);
  return found?.names.join() === names.join() ? found?.part : undefined;
}

/** Erases chunks of caches, and forgets whatever this node found in any. */
export function dropChunks(store: Store, names: readonly string[]): void {
  if (names.length > 0) FOUND.delete(store);
  for (const name of names) store.dropSealed(name);
}
