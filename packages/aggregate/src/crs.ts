// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { type PackedPolynomial, polynomialBytes, type Ring } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { fillBelow } from "./streams.ts";

/**
 * The uniform polynomial `a` of a session's keys, from its transcript: SHAKE256 over SHA-256(lp("koplamp/crs/1") ‖
 * transcript), prime by prime, by rejection. Nobody chose it, so nobody knows a trapdoor. A recipient's own key has an
 * `a` of its own (`party`), which it cannot choose either.
 */
export function uniformPolynomial(
  { sha256, shake256 }: Pick<Primitives, "sha256" | "shake256">,
  { n, primes }: Ring,
  transcript: Uint8Array,
  party?: PartyId,
): PackedPolynomial {
  const seed = sha256(concat(lp("koplamp/crs/1"), transcript, ...(party === undefined ? [] : [lp(party)])));
  const stream = (length: number): Uint8Array => shake256(seed, length);
  const words = new Uint32Array(polynomialBytes({ n, primes }) / 4);
  const row = new Float64Array(n);
  let used = 0;
  primes.forEach((prime, at) => {
    used = fillBelow(row, prime, stream, used);
    row.forEach((residue, column) => {
      const high = Math.floor(residue / 2 ** 32);
      words[2 * (at * n + column)] = residue - high * 2 ** 32;
      words[2 * (at * n + column) + 1] = high;
    });
  });
  return new Uint8Array(words.buffer);
}
