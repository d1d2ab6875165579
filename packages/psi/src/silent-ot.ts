// SPDX-License-Identifier: Apache-2.0
// 128 oblivious transfers of random seeds over ristretto255 (Masny and Rindal, "Endemic Oblivious Transfer", CCS 2019, eprint
// 2019/706: the protocol from Diffie-Hellman in one round, with one scalar of the sender for all of them). The chooser sends
// two elements for each; it knows the discrete logarithm of one of them plus a hash of the other, and of no more.
import {
  type Group,
  hashToGroup,
  type PackedPoints,
  type PackedScalars,
  POINT_BYTES,
  type Primitives,
  scalarsFromSeed,
  UNIFORM_BYTES,
  wipe,
} from "@koplamp/crypto";
import { concat, lp } from "@koplamp/wire/core";
import type { PsiBackend } from "./backend.ts";
import { DELTA_BITS, SEED_BYTES } from "./silent-base.ts";

const PAIR_BYTES = 2 * POINT_BYTES;
/** Bytes of what the chooser sends. */
export const OFFERS_BYTES: number = DELTA_BITS * PAIR_BYTES;

/** What a chooser has. */
export interface Choices {
  /** For the other side: two elements for each choice, which say nothing of it. */
  readonly offers: PackedPoints;
  /** One for each choice: secret. */
  readonly scalars: PackedScalars;
}

/** Offers for 128 choices, a bit of `delta` each. `session`: 32 bytes. No branch and no address depends on delta. */
export function offersFor(
  { group, primitives }: PsiBackend,
  session: Uint8Array,
  delta: Uint8Array,
  seed: Uint8Array,
): Choices {
  const seeds = primitives.aes256Ctr(seed, 2 * SEED_BYTES);
  const scalars = scalarsFromSeed(group, primitives, seeds.subarray(0, SEED_BYTES), DELTA_BITS);
  const uniform = primitives.aes256Ctr(seeds.subarray(SEED_BYTES), DELTA_BITS * UNIFORM_BYTES);
  const others = group.hashToGroup(uniform);
  const chosen = group.subEach(group.mulBase(scalars), hashes(group, primitives, session, others));
  wipe(seeds, uniform);
  const offers = new Uint8Array(OFFERS_BYTES);
  for (let at = 0; at < chosen.length; at += 1) {
    const bit = Math.floor(at / POINT_BYTES);
    const swap = -(((delta[bit >>> 3] ?? 0) >>> (bit & 7)) & 1);
    const [one, other] = [chosen[at] ?? 0, others[at] ?? 0];
    const to = at + bit * POINT_BYTES;
    const different = (one ^ other) & swap;
    offers[to] = one ^ different;
    offers[to + POINT_BYTES] = other ^ different;
  }
  return { offers, scalars };
}

/**
 * The other side: an element for the chooser, and both seeds of each transfer, 128 pairs.
 * @throws {CryptoError} `invalid-element` where an offer is none.
 */
export function seedsForOffers(
  { group, primitives }: PsiBackend,
  session: Uint8Array,
  offers: PackedPoints,
  seed: Uint8Array,
): { readonly answer: Uint8Array; readonly seeds: Uint8Array } {
  group.decodeCheck(offers);
  const scalar = scalarsFromSeed(group, primitives, seed, 1);
  const crossed = new Uint8Array(offers.length);
  for (let at = 0; at < offers.length; at += PAIR_BYTES) {
    crossed.set(offers.subarray(at + POINT_BYTES, at + PAIR_BYTES), at);
    crossed.set(offers.subarray(at, at + POINT_BYTES), at + POINT_BYTES);
  }
  const keys = group.addEach(offers, hashes(group, primitives, session, crossed));
  const shared = group.mulSame(scalar, keys);
  const answer = group.mulBase(scalar);
  wipe(scalar);
  const seeds = new Uint8Array(2 * DELTA_BITS * SEED_BYTES);
  for (let at = 0; at < 2 * DELTA_BITS; at += 1) {
    const key = shared.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES);
    seeds.set(seedOf(primitives, session, offers, answer, at >>> 1, at & 1, key), at * SEED_BYTES);
  }
  wipe(shared);
  return { answer, seeds };
}

/** Of each pair the seed that was chosen. @throws {CryptoError} `invalid-element` where the answer is none. */
export function chosenSeeds(
  { group, primitives }: PsiBackend,
  session: Uint8Array,
  { offers, scalars }: Choices,
  delta: Uint8Array,
  answer: Uint8Array,
): Uint8Array {
  group.decodeCheck(answer);
  const shared = group.mulPoint(answer, scalars);
  const seeds = new Uint8Array(DELTA_BITS * SEED_BYTES);
  for (let at = 0; at < DELTA_BITS; at += 1) {
    const choice = ((delta[at >>> 3] ?? 0) >>> (at & 7)) & 1;
    const key = shared.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES);
    seeds.set(seedOf(primitives, session, offers, answer, at, choice, key), at * SEED_BYTES);
  }
  wipe(shared);
  return seeds;
}

/** A hash of each element to another one. The session stands in the input, not in the separator. */
function hashes(
  group: Group,
  primitives: Primitives,
  session: Uint8Array,
  points: PackedPoints,
): PackedPoints {
  const inputs = Array.from({ length: points.length / POINT_BYTES }, (_, at) => {
    return concat(
      lp("koplamp/silent/1/offer"),
      session,
      points.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES),
    );
  });
  return hashToGroup(group, primitives, inputs);
}

/** A seed from the key of a transfer, with all that was said in it. */
function seedOf(
  { sha256 }: Primitives,
  session: Uint8Array,
  offers: PackedPoints,
  answer: Uint8Array,
  at: number,
  side: number,
  key: Uint8Array,
): Uint8Array {
  const pair = offers.subarray(at * PAIR_BYTES, (at + 1) * PAIR_BYTES);
  return sha256(concat(lp("koplamp/silent/1/seed"), session, Uint8Array.of(at, side), pair, answer, key));
}
