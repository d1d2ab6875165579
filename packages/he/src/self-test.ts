// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { concat, hex } from "@koplamp/wire/core";
import { accumulate } from "./accumulate.ts";
import type { SetBackend } from "./backend.ts";
import { HeError } from "./errors.ts";
import { addMod, multiplyMod } from "./modular.ts";
import { type ParameterSet, polynomialBytes, type Ring } from "./parameters.ts";
import { addPolynomials, FLOOD_BYTES, flood, type PackedPolynomial } from "./polynomial.ts";
import { seededRandomness, seededUniform } from "./seeded.ts";

/** SHA-256 over what `computed` gives, by set. */
const FROZEN: Readonly<Record<string, string>> = {
  "bfv-amt-50-pq": "9c343e11333efd048596d17620a426443b5dc03d62e08c81e0083bee74b89e83",
  "bfv-join-46-pq": "24767fdb5585577c1baea5b10d36ed3bd3ff0a86a2faa7f43a3185e48c57e38f",
  "bfv-sel-42-pq": "ac8042e64ef04504f6d9214b95b18d3bc5bb01cafbe2397736cf3885c2ddbb12",
};

/** The budget that must remain beyond the noise of the largest sum: 15 bits (aggregation.md, section 3). */
const MARGIN_BITS = 15;

type Tools = Pick<Primitives, "sha256" | "aes256Ctr">;

/**
 * Gives the backend back if it computes what it did when the set was pinned: a fixed pattern decrypts to the frozen
 * slots (transforms, prime order, rounding, slot order); where a set has products, a factor and an encryption from a
 * seed are the frozen bytes too; and the largest sum survives its noise times 2^15.
 * @throws {HeError} `self-test`.
 */
export function selfTest(backend: SetBackend, tools: Tools): SetBackend {
  const { set } = backend;
  const survives = set.products === undefined ? survivesNoise(backend) : productSurvivesNoise(backend, tools);
  if (hex(tools.sha256(computed(backend, tools))) !== FROZEN[set.id] || !survives) {
    throw new HeError("self-test", `expected ${set.id} to compute its frozen vector, got something else`);
  }
  return backend;
}

function computed(backend: SetBackend, tools: Tools): Uint8Array {
  const { data, key, products } = backend.set;
  const opened = backend.decrypt(pattern(key, 3), { c0: pattern(data, 1), c1: pattern(data, 2) });
  const slots = new Uint8Array(BigUint64Array.from(opened, BigInt).buffer);
  if (products === undefined) return slots;
  const randomness = seededRandomness(tools, data, new Uint8Array(32));
  const { c0, c1 } = backend.encryptWith({ b: pattern(key, 4), a: pattern(key, 5) }, opened, randomness);
  return concat(slots, backend.factor(opened), c0, c1, seededUniform(tools, data, new Uint8Array(32)));
}

function survivesNoise(backend: SetBackend): boolean {
  const { set } = backend;
  const a = pattern(set.key, 4);
  const { secret, share } = backend.keyShare(a);
  const slots = numbersOf(set);
  const { c0, c1 } = backend.encrypt({ b: share, a }, slots);
  const opened = backend.decrypt(secret, { c0: addPolynomials(set.data, c0, largestNoise(set)), c1 });
  secret.fill(0);
  return opened.every((slot, at) => slot === slots[at]);
}

/** A product of numbers just below t, once with what `encryptWith` and once with what `encryptUnder` gives. */
function productSurvivesNoise(backend: SetBackend, tools: Tools): boolean {
  const { set } = backend;
  const { t, data } = set;
  const a = pattern(set.key, 4);
  const { secret, share } = backend.keyShare(a);
  const slots = numbersOf(set);
  const factor = backend.factor(slots);
  const seed = tools.sha256(secret);
  const open = backend.encryptWith({ b: share, a }, slots, seededRandomness(tools, data, seed));
  const c1 = seededUniform(tools, data, seed);
  const sum = accumulate(
    set,
    accumulate(set, undefined, open, factor),
    { c0: backend.encryptUnder(secret, c1, slots), c1 },
    factor,
  );
  const product = backend.addPlain(backend.fromNtt(sum), slots);
  const noisy = { c0: addPolynomials(data, product.c0, largestNoise(set)), c1: product.c1 };
  const opened = backend.decrypt(secret, noisy);
  secret.fill(0);
  return opened.every((slot, at) => {
    const number = slots[at] ?? 0;
    const square = multiplyMod(number, number, t, 1 / t);
    return slot === addMod(addMod(square, square, t), number, t);
  });
}

/** Numbers just below t, which are small ones below zero. */
function numbersOf({ slots, t }: ParameterSet): Float64Array {
  return Float64Array.from({ length: slots }, (_, at) => t - 1 - at * at);
}

/** The largest floods of all shares and of all sums of products, times 2^15. */
function largestNoise({ data, floodBits, mostShares, products }: ParameterSet): PackedPolynomial {
  const widths = products === undefined ? [floodBits] : [floodBits, products.floodBits];
  let noise: PackedPolynomial = new Uint8Array(polynomialBytes(data));
  for (const bits of widths) noise = flood(data, noise, bits, new Uint8Array(data.n * FLOOD_BYTES)); // -2^bits each
  return times(data, noise, mostShares * 2 ** MARGIN_BITS);
}

/** A polynomial times a whole number above 0, by doubling and adding. */
function times(ring: Ring, polynomial: PackedPolynomial, factor: number): PackedPolynomial {
  if (factor === 1) return polynomial;
  const half = times(ring, polynomial, Math.floor(factor / 2));
  const double = addPolynomials(ring, half, half);
  return factor % 2 === 0 ? double : addPolynomials(ring, double, polynomial);
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
