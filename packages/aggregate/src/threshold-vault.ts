// SPDX-License-Identifier: Apache-2.0
// Where a session under a collective key keeps what it has, and what all its jobs do with it.
import type { Primitives } from "@koplamp/crypto";
import {
  addPolynomials,
  type Ciphertext,
  type HeBackend,
  HeError,
  type PackedPolynomial,
  type PublicKey,
  type Ring,
} from "@koplamp/he";
import type { Handle, PartyId, Vault } from "@koplamp/protocol";
import { concat, fromUtf8 } from "@koplamp/wire/core";
import { uniformPolynomial } from "./crs.ts";

/** What the jobs compute with. */
export interface AggregateBackend {
  readonly he: HeBackend;
  readonly primitives: Primitives;
}

/** The id of the session's parameter set, where it is not the one for sums. */
export const SET: Handle = "sum/set";
/** This node's share of the collective secret. */
export const SECRET: Handle = "sum/secret";
/** A recipient's own secret. */
export const OWN_KEY: Handle = "sum/own-key";
/** b of the collective key, as far as it has been added up. */
export const COLLECTIVE: Handle = "sum/collective";
/** At the coordinator: the sum of the c0 of a block. */
export const firstOf = (block: number): Handle => `sum/c0/${block}`;
/** This node's own c1 of a block. */
export const ownOf = (block: number): Handle => `sum/c1/${block}`;

/** The backend of the session's parameter set. */
export function heOf(vault: Vault, { he }: AggregateBackend): HeBackend {
  return vault.has(SET) ? he.forSet(fromUtf8(vault.get(SET))) : he;
}

/** The collective key of the session. */
export function collectiveKeyOf(
  vault: Vault,
  he: HeBackend,
  primitives: Primitives,
  transcript: Uint8Array,
): PublicKey {
  return { b: vault.get(COLLECTIVE), a: uniformPart(vault, primitives, he.set.key, transcript) };
}

/** The uniform part of a key, made once a session. */
export function uniformPart(
  vault: Vault,
  primitives: Primitives,
  ring: Ring,
  transcript: Uint8Array,
  party?: PartyId,
): PackedPolynomial {
  const handle = party === undefined ? "sum/a" : `sum/a/${party}`;
  if (!vault.has(handle)) vault.put(handle, uniformPolynomial(primitives, ring, transcript, party));
  return vault.get(handle);
}

/** H(c0) ‖ H(c1). */
export function hashesOf({ sha256 }: Primitives, { c0, c1 }: Ciphertext): Uint8Array {
  return concat(sha256(c0), sha256(c1));
}

/** The sum of two ciphertexts of one form. */
export function addCiphertexts(
  { set: { data } }: HeBackend,
  left: Ciphertext,
  right: Ciphertext,
): Ciphertext {
  return { c0: addPolynomials(data, left.c0, right.c0), c1: addPolynomials(data, left.c1, right.c1) };
}

/** What a check on a peer's material throws inside `accepted`. */
export function refusal(): HeError {
  return new HeError("refused", "expected lattice material of the agreed form, got something else");
}

/** Runs a check on what a peer sent: whether it passed. Faults of our own still throw. */
export function accepted(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (reason) {
    if (reason instanceof HeError) return false;
    throw reason;
  }
}
