// SPDX-License-Identifier: Apache-2.0
import type { PackedInputs, Primitives } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job } from "@koplamp/protocol";
import { ascending, distinctRows } from "./ascending.ts";
import { keyedInputs } from "./keyed.ts";

/** The root of a session's inputs under the vault's `salt`. A second call in one session gives the first's answer. */
export const inputRoot: Job<[inputs: PackedInputs], Uint8Array> = job("psi.input-root");

const ROOT_HANDLE = "root";

/** The code behind `inputRoot`. */
export function inputRootJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(inputRoot, (vault, inputs) => {
      if (!vault.has(ROOT_HANDLE)) vault.put(ROOT_HANDLE, saltedRoot(primitives, vault.get("salt"), inputs));
      return vault.get(ROOT_HANDLE).slice();
    }),
  ];
}

/**
 * The RFC 6962 tree hash (section 2.1) over the sorted, distinct values HMAC-SHA256(salt, in(x)). It fixes the list
 * and shows neither an item nor, under its fresh salt, whether a list is that of an earlier session.
 */
export function saltedRoot(primitives: Primitives, salt: Uint8Array, inputs: PackedInputs): Uint8Array {
  const values = keyedInputs(primitives, salt, inputs, 32);
  const sorted = distinctRows(values, 32, ascending(values, 32));
  return treeHash(primitives, sorted);
}

/** The positions of inputs in the order of the leaves of their root. */
export function leafOrder(primitives: Primitives, salt: Uint8Array, inputs: PackedInputs): Uint32Array {
  return ascending(keyedInputs(primitives, salt, inputs, 32), 32);
}

/**
 * Level by level, each in the place of the one before: a last odd node moves up unchanged, which is the split at the
 * largest power of two of RFC 6962. Overwrites the leaves.
 */
function treeHash({ sha256, sha256Rows }: Primitives, leaves: Uint8Array): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array());
  let level = sha256Rows(LEAF, leaves, 32, leaves);
  while (level.length > 32) {
    const pairs = level.subarray(0, level.length - (level.length % 64));
    const odd = level.subarray(pairs.length);
    const above = sha256Rows(NODE, pairs, 64, level);
    level.set(odd, above.length);
    level = level.subarray(0, above.length + odd.length);
  }
  return level.slice();
}

/** What stands before a leaf and before a pair of hashes. */
const LEAF = 0;
const NODE = 1;
