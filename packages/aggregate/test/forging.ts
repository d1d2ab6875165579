// SPDX-License-Identifier: Apache-2.0
// A party or coordinator that deviates in messages of one type and is honest otherwise.
import type { Effect, Party, PartyId } from "@koplamp/protocol";

/** What a party makes of a message: the bytes, to whom, and how many of its kind it sent before. */
export type Forge = (bytes: Uint8Array, to: PartyId, nth: number) => Uint8Array;

/** A party that is honest but for its messages of one type. */
export function* forging(party: Party<unknown>, type: string, forge: Forge): Party<unknown> {
  let nth = 0;
  let step = party.next();
  while (!step.done) {
    step = party.next(yield forged(step.value, type, (bytes, to) => forge(bytes, to, nth++)));
  }
  return step.value;
}

function forged(effect: Effect, type: string, forge: (bytes: Uint8Array, to: PartyId) => Uint8Array): Effect {
  const leaves = effect.kind === "send" || effect.kind === "disclose";
  return leaves && effect.type === type ? { ...effect, bytes: forge(effect.bytes, effect.to) } : effect;
}

/** One bit of a byte changed. */
export function flip(bytes: Uint8Array, at = 0): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
