// SPDX-License-Identifier: Apache-2.0
import type { Effect, Rng } from "@koplamp/protocol";
import { wipe } from "./bytes.ts";

/** Draws the 32-byte seed that a job needs for its randomness, and wipes this copy of it when the job is done. */
export function* fresh<Value>(
  rng: Rng,
  work: (seed: Uint8Array) => Generator<Effect, Value, unknown>,
): Generator<Effect, Value, unknown> {
  const seed = rng(32);
  try {
    return yield* work(seed);
  } finally {
    wipe(seed);
  }
}
