// SPDX-License-Identifier: Apache-2.0
// An asker's items between request and reply: what takes the blinds off again stays in the vault, and goes with them.
import {
  blind,
  type Evaluated,
  hashToGroup,
  inputSecrets,
  POINT_BYTES,
  scalarsFromSeed,
  unblind,
  wipe,
} from "@koplamp/crypto";
import type { Vault } from "@koplamp/protocol";
import { split } from "./ascending.ts";
import type { PsiBackend } from "./backend.ts";
import { kdf } from "./keyed.ts";

const HASHED = "evaluate/h1";
const BLINDS = "evaluate/blinds";

/** Items of a request, and how many elements it has with its dummies. */
export interface Padded {
  readonly items: readonly Uint8Array[];
  readonly elements: number;
}

/** H1(item) + r·B for each item, then dummies, all from the seed and the transcript alone. Wipes the seed. */
export function blindItems(
  { group, primitives }: PsiBackend,
  vault: Vault,
  { items, elements }: Padded,
  seed: Uint8Array,
  transcript: Uint8Array,
): Uint8Array {
  const dummySeed = kdf(primitives, seed, transcript, "dummies", [], 32);
  try {
    const dummies = primitives.aes256Ctr(dummySeed, (elements - items.length) * 32);
    const hashed = hashToGroup(group, primitives, [...items, ...split(dummies)]);
    const blinds = scalarsFromSeed(group, primitives, seed, elements);
    vault.put(HASHED, hashed);
    vault.put(BLINDS, blinds);
    return blind(group, hashed, blinds);
  } finally {
    wipe(seed, dummySeed);
  }
}

/** s_x of each of the items that were blinded, 32 bytes each, from evaluations that were verified. Their blinds are wiped. */
export function unblindItems(
  { group, primitives }: PsiBackend,
  vault: Vault,
  items: readonly Uint8Array[],
  { evaluated, ...keys }: Pick<Evaluated, "evaluated" | "publicKey" | "share">,
): Uint8Array {
  const real = (points: Uint8Array): Uint8Array => points.subarray(0, items.length * POINT_BYTES);
  const unblinded = unblind(group, {
    hashed: real(vault.get(HASHED)),
    blinds: real(vault.get(BLINDS)),
    evaluated: real(evaluated),
    ...keys,
  });
  try {
    return inputSecrets(primitives, items, unblinded);
  } finally {
    wipe(unblinded);
    for (const handle of [HASHED, BLINDS]) vault.drop(handle);
  }
}
