// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import type * as Seal from "node-seal";
import { initialize } from "node-seal";
import type { HeBackend, SetBackend } from "./backend.ts";
import { type ParameterSet, parameterSet } from "./parameters.ts";
import { SealBackend } from "./seal.ts";
import { selfTest } from "./self-test.ts";

/** The set that sums take (aggregation.md, section 3). */
const DEFAULT_SET = "bfv-amt-50-pq";

type Hashing = Pick<Primitives, "sha256" | "aes256Ctr">;

/**
 * SEAL 4.1 as node-seal 7 packs it, behind our interface, with the set for sums; `forSet` gives the others. Loading
 * takes some 20 ms. The first use of a set makes its context, which takes 0.4 s, and runs its self-test: a worker that
 * never sums pays neither.
 */
export async function loadHe(primitives: Hashing): Promise<HeBackend> {
  return libraryOf(await initialize(), primitives)(DEFAULT_SET);
}

/** Backends by set, each made once. */
function libraryOf(seal: Seal.MainModule, primitives: Hashing): (id: string) => HeBackend {
  const made = new Map<string, HeBackend>();
  const forSet = (id: string): HeBackend => {
    const found = made.get(id) ?? lazily(parameterSet(id), forSet, seal, primitives);
    made.set(id, found);
    return found;
  };
  return forSet;
}

function lazily(
  set: ParameterSet,
  forSet: (id: string) => HeBackend,
  seal: Seal.MainModule,
  primitives: Hashing,
): HeBackend {
  let ready: SetBackend | undefined;
  const backend = (): SetBackend => {
    ready ??= selfTest(new SealBackend(seal, set), primitives);
    return ready;
  };
  return {
    set,
    forSet,
    keyShare: (a) => backend().keyShare(a),
    encrypt: (key, slots) => backend().encrypt(key, slots),
    encryptZero: (key) => backend().encryptZero(key),
    timesSecret: (c1, secret) => backend().timesSecret(c1, secret),
    decrypt: (secret, ciphertext) => backend().decrypt(secret, ciphertext),
    encryptUnder: (secret, a, slots) => backend().encryptUnder(secret, a, slots),
    encryptWith: (key, slots, randomness) => backend().encryptWith(key, slots, randomness),
    factor: (slots) => backend().factor(slots),
    fromNtt: (ciphertext) => backend().fromNtt(ciphertext),
    addPlain: (ciphertext, slots) => backend().addPlain(ciphertext, slots),
  };
}
