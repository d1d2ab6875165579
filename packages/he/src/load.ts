// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { initialize } from "node-seal";
import type { HeBackend } from "./backend.ts";
import { type ParameterSet, parameterSet } from "./parameters.ts";
import { SealBackend } from "./seal.ts";
import { selfTest } from "./self-test.ts";

/** The set that sums take (aggregation.md, section 3). */
const DEFAULT_SET = "bfv-amt-50-pq";

/**
 * SEAL 4.1 as node-seal 7 packs it, behind our interface. Loading takes some 20 ms. The first use makes the context,
 * which takes 0.4 s, and runs the self-test: a worker that never sums pays neither.
 */
export async function loadHe(primitives: Pick<Primitives, "sha256">): Promise<HeBackend> {
  const seal = await initialize();
  const set = parameterSet(DEFAULT_SET);
  let ready: HeBackend | undefined;
  return lazily(set, () => {
    ready ??= selfTest(new SealBackend(seal, set), primitives);
    return ready;
  });
}

function lazily(set: ParameterSet, backend: () => HeBackend): HeBackend {
  return {
    set,
    keyShare: (a) => backend().keyShare(a),
    encrypt: (key, slots) => backend().encrypt(key, slots),
    encryptZero: (key) => backend().encryptZero(key),
    timesSecret: (c1, secret) => backend().timesSecret(c1, secret),
    decrypt: (secret, ciphertext) => backend().decrypt(secret, ciphertext),
  };
}
