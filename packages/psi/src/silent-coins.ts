// SPDX-License-Identifier: Apache-2.0
// Public seeds of a correlation that two parties make by themselves.
import type { Primitives } from "@koplamp/crypto";
import { concat, lp } from "@koplamp/wire/core";
import type { BulkRun } from "./bulk-jobs.ts";
import { kdf } from "./keyed.ts";

/** Seeds that both make of what they said in the first two messages, so that neither chooses them. 32 bytes each. */
export type Coins = (use: "check" | "left" | "right" | "code") => Uint8Array;

/** 32 bytes that tell a run from all others. */
export function sessionOf({ sha256 }: Primitives, { sid, from, to }: BulkRun): Uint8Array {
  return sha256(concat(lp("koplamp/silent/1"), sid, lp(from), lp(to)));
}

/** One hash of the sender's offers and of what the receiver answered, but for the sums, which need it. */
export function saidOf({ sha256 }: Primitives, offers: Uint8Array, answered: Uint8Array): Uint8Array {
  return sha256(concat(sha256(offers), sha256(answered)));
}

/** The seeds that come of what was said. */
export function coinsOf(primitives: Primitives, run: BulkRun, said: Uint8Array): Coins {
  const session = sessionOf(primitives, run);
  return (use) => kdf(primitives, said, session, `silent-${use}`, [], 32);
}
