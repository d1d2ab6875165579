// SPDX-License-Identifier: Apache-2.0
// Lists that a question ended well over: every s_x was there, so the next question need not look each of them up twice.
import type { InputList } from "@koplamp/wire";

/**
 * The chunks that had s_x of every input of a list which is still in memory. Nothing rests on it: a session takes its s_x
 * from the chunks as they are, and ends with `not-evaluated` where one lacks.
 */
const EVALUATED = new WeakMap<InputList, readonly string[]>();

/** That a question over this list found every s_x in these chunks, by name. */
export function rememberEvaluated(list: InputList, chunks: readonly string[]): void {
  EVALUATED.set(list, chunks);
}

/**
 * Whether the last question over this very list ended well, with these chunks and no others. It is forgotten with the
 * answer, so that after a question that fails, as where a chunk is damaged, all inputs are looked up again.
 */
export function wereEvaluated(list: InputList, chunks: readonly string[]): boolean {
  const before = EVALUATED.get(list);
  EVALUATED.delete(list);
  return before?.length === chunks.length && chunks.every((name, at) => name === before[at]);
}
