// SPDX-License-Identifier: Apache-2.0
// Both bindings of `Primitives`, and randomness that repeats.
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { nodePrimitives } from "../../pool/src/index.ts";
import type { Primitives } from "../src/primitives.ts";
import { oraclePrimitives } from "./oracle-primitives.ts";

/** The production binding, and the oracle's. */
export const PORTS: readonly (readonly [name: string, primitives: Primitives])[] = [
  ["node:crypto", nodePrimitives()],
  ["noble", oraclePrimitives],
];

/** Bytes that look random and are the same in each run. */
export function repeating(label: string): (length: number) => Uint8Array {
  let draws = 0;
  return (length) => {
    draws += 1;
    return oraclePrimitives.shake256(
      new Uint8Array([...label].map((c) => c.charCodeAt(0)).concat(draws)),
      length,
    );
  };
}

/** The same binding, but its encapsulations draw what `random` gives: `node:crypto` lets nobody choose. */
export function withFixedKem(primitives: Primitives, random: (length: number) => Uint8Array): Primitives {
  return {
    ...primitives,
    mlKemEncapsulate(publicKey) {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, random(32));
      return { ciphertext: cipherText, shared: sharedSecret };
    },
  };
}

/** The bytes with one bit of one byte changed. */
export function flipped(bytes: Uint8Array, at: number, bit = 0): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}
