// SPDX-License-Identifier: Apache-2.0
import { type Job, job, type PartyId } from "@koplamp/protocol";

/** A fresh share of a key: what is committed to, and what is opened later. */
export interface FreshShare {
  readonly commitment: Uint8Array;
  /** pk_j ‖ PoP_j ‖ nonce_j. */
  readonly opening: Uint8Array;
}

/** Draws k_j into the vault under `k` and makes its commitment and opening. */
export const createShare: Job<[context: Uint8Array, me: PartyId, seed: Uint8Array], FreshShare> =
  job("psi.keyset.create");
/** The public share in an opening that fits its commitment and proves possession. @throws {PsiError} otherwise. */
export const checkOpening: Job<
  [context: Uint8Array, holder: PartyId, commitment: Uint8Array, opening: Uint8Array],
  Uint8Array
> = job("psi.keyset.check");
/** Refuses public shares that are not all different, or whose sum is the identity. @throws {PsiError} `key`. */
export const checkPublicKeys: Job<[keys: Readonly<Record<PartyId, Uint8Array>>], void> =
  job("psi.keyset.keys");
/** The vault's `k` under AES-256-GCM, for the node's disk. The key comes from `cacheKey`. */
export const sealShare: Job<[context: Uint8Array, seed: Uint8Array], Uint8Array> = job("psi.keyset.seal");
/** Puts a sealed share back into a vault that holds `cacheKey`, under `k`. @throws {PsiError} `key`. */
export const openShare: Job<[context: Uint8Array, sealed: Uint8Array], void> = job("psi.keyset.open");
