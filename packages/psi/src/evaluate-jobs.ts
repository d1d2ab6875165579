// SPDX-License-Identifier: Apache-2.0
import { type Job, job, type PartyId } from "@koplamp/protocol";
import type { PackedInputs } from "./session.ts";

/** Whose proof: the holder, its public share of the key, and the session that the proof belongs to. */
export interface Prover {
  readonly prover: PartyId;
  readonly key: Uint8Array;
  readonly transcript: Uint8Array;
}

/** A debit of `elements` evaluations that `asker` has from this node. */
export interface MeterRequest {
  readonly asker: PartyId;
  readonly elements: number;
  /** The number of the block in this session. */
  readonly block: number;
}

/**
 * The host's own: debits the quota durably before it returns, and throws when it is spent. No code is bound to it
 * here; a driver that does not bind it cannot answer.
 */
export const meter: Job<[request: MeterRequest], void> = job("psi.evaluate.meter");

/**
 * The request of a session: H1(in(x)) + r_x·B for every input, in the order of the leaves of its root, then dummies up
 * to `elements`. Blinds and dummies come from the vault's `salt` and the transcript alone, so that its owner can make
 * the request again for an auditor. H1 and blinds stay in the vault.
 */
export const blindRequest: Job<[inputs: PackedInputs, elements: number, transcript: Uint8Array], Uint8Array> =
  job("psi.evaluate.blind");

/** Checks every proof of a reply and only then adds it to the sum in the vault. @throws if one proof fails. */
export const verifyReply: Job<[prover: Prover, request: Uint8Array, reply: Uint8Array], void> =
  job("psi.evaluate.verify");

/** s_x of every input from the verified sum, as sealed chunks for the cache. Blinds are wiped. */
export const unblindAndSeal: Job<
  [inputs: PackedInputs, otherKeys: Uint8Array, scope: Uint8Array, seed: Uint8Array],
  readonly Uint8Array[]
> = job("psi.evaluate.unblind");

/** Refuses a request with an invalid, identical or identity element in a block. */
export const checkRequest: Job<[request: Uint8Array], void> = job("psi.evaluate.check");

/** One block multiplied by the vault's `k`, and its proof of 64 bytes. */
export const evaluateBlock: Job<
  [prover: Prover, block: number, points: Uint8Array, seed: Uint8Array],
  Uint8Array
> = job("psi.evaluate.block");
