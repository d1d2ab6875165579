// SPDX-License-Identifier: Apache-2.0
import type { Rng } from "@koplamp/protocol";
import type { Target } from "../../../test/fuzz/target.ts";
import {
  ciphertextBytes,
  decodeCiphertext,
  decodeSeeded,
  encodeCiphertext,
  encodeSeeded,
  seededBytes,
} from "../src/frames.ts";
import { type ParameterSet, parameterSet, type Ring } from "../src/parameters.ts";
import { checkPolynomial } from "../src/polynomial.ts";

const SETS = ["bfv-amt-50-pq", "bfv-join-46-pq", "bfv-sel-42-pq"].map(parameterSet);

/** Every frame of lattice material in full size, for `inputs` changes each. */
export function decoders(rng: Rng, inputs: number): readonly Target[] {
  return [
    ...SETS.flatMap((set) => [full(set, "coefficients", rng, inputs), full(set, "ntt", rng, inputs)]),
    ...SETS.map((set) => seeded(set, rng, inputs)),
    ...SETS.slice(0, 1).map(({ key }) => polynomial(key, rng, inputs)),
  ];
}

/** Frames that are taken hold residues, and no polynomial of zeros: looked at in another way than `polynomial.ts` does. */
function full(set: ParameterSet, form: "coefficients" | "ntt", rng: Rng, inputs: number): Target {
  const head = Uint8Array.of(set.code, form === "ntt" ? 3 : 1, 2);
  const sample = new Uint8Array(ciphertextBytes(set));
  sample.set(head);
  for (const part of [0, 1]) sample.set(uniform(set.data, rng), 3 + part * set.data.n * 32);
  return {
    name: `a ciphertext of ${set.id}, ${form}`,
    samples: [sample, zeros(sample, 3, 0.5), zeros(sample, 3 + set.data.n * 32, 1)],
    inputs,
    again: (frame) => {
      const ciphertext = decodeCiphertext(set, frame, form);
      expectResidues(set.data, ciphertext.c0);
      expectResidues(set.data, ciphertext.c1);
      return encodeCiphertext(set, ciphertext, form);
    },
  };
}

function seeded(set: ParameterSet, rng: Rng, inputs: number): Target {
  const sample = new Uint8Array(seededBytes(set));
  sample.set(Uint8Array.of(set.code, 2, 2));
  sample.set(rng(32), 3);
  sample.set(uniform(set.data, rng), 35);
  return {
    name: `a seeded ciphertext of ${set.id}`,
    samples: [sample, zeros(sample, 35, 1)],
    inputs,
    again: (frame) => {
      const ciphertext = decodeSeeded(set, frame);
      expectResidues(set.data, ciphertext.c0);
      return encodeSeeded(set, ciphertext);
    },
  };
}

function polynomial(ring: Ring, rng: Rng, inputs: number): Target {
  return {
    name: "a key of bfv-amt-50-pq",
    samples: [uniform(ring, rng)],
    inputs,
    again: (bytes) => {
      const packed = checkPolynomial(ring, bytes);
      expectResidues(ring, packed);
      return packed;
    },
  };
}

/** Residues below their primes, some of them just below. */
function uniform({ n, primes }: Ring, rng: Rng): Uint8Array {
  const drawn = new BigUint64Array(rng(n * primes.length * 8).slice().buffer);
  const residues = drawn.map((word, at) => {
    const prime = BigInt(primes[Math.floor(at / n)] ?? 1);
    return at % 1024 === 0 ? prime - 1n : word % prime;
  });
  return new Uint8Array(residues.buffer);
}

/** The same with zeros from `from` on, over a part of what is there. */
function zeros(sample: Uint8Array, from: number, part: number): Uint8Array {
  return sample.slice().fill(0, from, from + Math.floor((sample.length - from) * part));
}

function expectResidues({ n, primes }: Ring, packed: Uint8Array): void {
  const words = new Uint32Array(packed.slice().buffer);
  let [high, any] = [0, 0];
  primes.forEach((prime, row) => {
    for (let at = row * n; at < (row + 1) * n; at += 1) {
      const residue = (words[2 * at + 1] ?? 0) * 2 ** 32 + (words[2 * at] ?? 0);
      high += Number(residue >= prime);
      any += Number(residue > 0);
    }
  });
  if (high || !any)
    throw new Error("a polynomial was taken that has a residue above its prime, or nothing in it");
}
