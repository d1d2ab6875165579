// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { hex } from "@koplamp/wire";
import type { HeBackend } from "./backend.ts";
import { HeError } from "./errors.ts";
import { type ParameterSet, polynomialBytes, type Ring } from "./parameters.ts";
import { addPolynomials, FLOOD_BYTES, flood, type PackedPolynomial } from "./polynomial.ts";

/** SHA-256 over the slots of a fixed ciphertext under a fixed key, by set. */
const FROZEN: Readonly<Record<string, string>> = {
  "bfv-amt-50-pq": "9c343e11333efd048596d17620a426443b5dc03d62e08c81e0083bee74b89e83",
};

/** The budget that must remain beyond the noise of the largest sum: 15 bits (aggregation.md, section 3). */
const MARGIN_BITS = 15;

/**
 * Gives the backend back if it computes what it did when the set was pinned: a fixed pattern decrypts to the frozen
 * slots (transforms, prime order, rounding, slot order), and a fresh encryption survives the noise of the largest sum
 * times 2^15.
 * @throws {HeError} `self-test`.
 */
export function selfTest(backend: HeBackend, { sha256 }: Pick<Primitives, "sha256">): HeBackend {
  const { set } = backend;
  const c0 = pattern(set.data, 1);
  const c1 = pattern(set.data, 2);
  const opened = backend.decrypt(pattern(set.key, 3), { c0, c1 });
  const bytes = new Uint8Array(BigUint64Array.from(opened, BigInt).buffer);
  if (hex(sha256(bytes)) !== FROZEN[set.id] || !survivesNoise(backend)) {
    throw new HeError("self-test", `expected ${set.id} to compute its frozen vector, got something else`);
  }
  return backend;
}

function survivesNoise(backend: HeBackend): boolean {
  const { set } = backend;
  const a = pattern(set.key, 4);
  const { secret, share } = backend.keyShare(a);
  const slots = Float64Array.from({ length: set.slots }, (_, at) => set.t - 1 - at * at);
  const { c0, c1 } = backend.encrypt({ b: share, a }, slots);
  const opened = backend.decrypt(secret, { c0: addPolynomials(set.data, c0, largestNoise(set)), c1 });
  secret.fill(0);
  return opened.every((slot, at) => slot === slots[at]);
}

/** The largest flood of a share, `mostShares · 2^15` times: each doubling is one addition. */
function largestNoise({ data, floodBits, mostShares }: ParameterSet): PackedPolynomial {
  const zero = new Uint8Array(polynomialBytes(data));
  let noise = flood(data, zero, floodBits, new Uint8Array(data.n * FLOOD_BYTES)); // -2^floodBits each
  const doublings = Math.ceil(Math.log2(mostShares)) + MARGIN_BITS;
  for (let doubling = 0; doubling < doublings; doubling += 1) noise = addPolynomials(data, noise, noise);
  return noise;
}

/** A fixed polynomial, by no means random. */
function pattern({ n, primes }: Ring, start: number): PackedPolynomial {
  let state = start;
  const residues = primes.flatMap((prime) =>
    Array.from({ length: n }, () => {
      state = (state * 48_271) % 2_147_483_647; // Lehmer's generator with the multiplier of Park and Miller (1988)
      return BigInt((state * 16_411) % prime);
    }),
  );
  return new Uint8Array(BigUint64Array.from(residues).buffer);
}
