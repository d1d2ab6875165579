// SPDX-License-Identifier: Apache-2.0
// One proof that one key was used for a whole batch of evaluations (protocols.md, section 2).
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { equal, wipe } from "./bytes.ts";
import { CryptoError } from "./errors.ts";
import { type Group, type PackedPoints, POINT_BYTES, SCALAR_BYTES, WEIGHT_BYTES } from "./group.ts";
import { hashToScalar } from "./oprf.ts";
import type { Primitives } from "./primitives.ts";
import { checkCount, countOf } from "./scalars.ts";

/** Most elements that one proof is about: with its proof a block fills one frame. */
export const MOST_PROVEN = 8192;
/** Bytes of a proof: `c ‖ s`. */
export const PROOF_BYTES: number = 2 * SCALAR_BYTES;

/** The claim: there is a k with `pk = k·B` and `D_i = k·C_i` for every i. All of it is public. */
export interface Statement {
  /** What the proof is bound to; see `dleqContext`. */
  readonly ctx: Uint8Array;
  readonly pk: Uint8Array;
  readonly C: PackedPoints;
  readonly D: PackedPoints;
}

/** `transcript ‖ lp(prover) ‖ I2OSP(block, 4)`: a proof of one block of one prover in one session. */
export function dleqContext(transcript: Uint8Array, prover: string, block: number): Uint8Array {
  if (transcript.length !== 32) {
    throw new CryptoError("invalid-length", `expected a transcript of 32 bytes, got ${transcript.length}`);
  }
  return concat(transcript, lp(prover), i2osp(block, 4));
}

/**
 * The proof, 64 bytes. `random`: 32 bytes drawn for this proof; the nonce also depends on key and batch, so that a
 * repeated draw does not give the key away. `statement.pk` must be `key·B`: a wrong one gives a proof that fails.
 * @throws {CryptoError} `invalid-length` for 0 or more than 8,192 elements, `invalid-element` for a bad one.
 */
export function proveBatch(
  group: Group,
  primitives: Primitives,
  key: Uint8Array,
  statement: Statement,
  random: Uint8Array,
): Uint8Array {
  group.scalarCheck(key, true);
  checkCount(random, 32, 1, "random strings");
  group.decodeCheck(statement.D); // the second sum, which is not made, would do it
  const M = group.msm(weightsOf(primitives, statement), statement.C);
  const sums = { M, Z: group.mulSame(key, M) }; // Σ weight·D, without a second sum: every D is key·C
  const preimage = concat(lp("koplamp/dleq/1/nonce"), key, sums.M, random);
  const u = hashToScalar(group, primitives, preimage);
  try {
    const c = challenge(group, primitives, statement, sums, [group.mulBase(u), group.mulSame(u, sums.M)]);
    const product = group.scalarMul(c, key);
    const proof = concat(c, group.scalarSub(u, product));
    wipe(product);
    return proof;
  } finally {
    wipe(preimage, u);
  }
}

/**
 * Accepts a proof that every D was made with the key behind `pk`; must come before any use of D.
 * @throws {CryptoError} `invalid-proof`; `invalid-element` for a bad element; `invalid-length`.
 */
export function verifyBatch(
  group: Group,
  primitives: Primitives,
  statement: Statement,
  proof: Uint8Array,
): void {
  if (proof.length !== PROOF_BYTES) {
    throw new CryptoError("invalid-length", `expected a proof of ${PROOF_BYTES} bytes, got ${proof.length}`);
  }
  const weights = weightsOf(primitives, statement);
  const sums = { M: group.msm(weights, statement.C), Z: group.msm(weights, statement.D) };
  const [c, s] = [proof.subarray(0, SCALAR_BYTES), proof.subarray(SCALAR_BYTES)]; // attacker-controlled
  const expected = recomputed(group, primitives, statement, sums, c, s);
  if (expected === undefined || !equal(expected, c)) {
    throw new CryptoError("invalid-proof", "a proof that one key was used for a whole batch does not hold");
  }
}

/** The two weighted sums, over C and over D. */
interface Composites {
  readonly M: Uint8Array;
  readonly Z: Uint8Array;
}

/**
 * The weights of the two sums. Their seed covers the whole batch, unlike ComputeComposites of RFC 9497, section 2.2.1:
 * with a weight from each pair alone, replies can be chosen one by one until wrong ones cancel out.
 */
function weightsOf(primitives: Primitives, { ctx, pk, C, D }: Statement): Uint8Array {
  const items = countOf(C, POINT_BYTES, "elements");
  if (items < 1 || items > MOST_PROVEN) {
    throw new CryptoError("invalid-length", `expected 1 to ${MOST_PROVEN} elements in a batch, got ${items}`);
  }
  checkCount(D, POINT_BYTES, items, "elements");
  checkCount(pk, POINT_BYTES, 1, "elements");
  const all = concat(lp("koplamp/dleq/1"), ctx, pk, i2osp(items, 4), C, D);
  return primitives.aes256Ctr(primitives.sha512(all).subarray(0, 32), items * WEIGHT_BYTES);
}

/** The challenge that fits a proof, or undefined where a scalar or a sum is out of range: no honest proof has one. */
function recomputed(
  group: Group,
  primitives: Primitives,
  statement: Statement,
  sums: Composites,
  c: Uint8Array,
  s: Uint8Array,
): Uint8Array | undefined {
  try {
    const first = group.addEach(group.mulBase(s), group.mulPoint(statement.pk, c));
    const second = group.addEach(group.mulSame(s, sums.M), group.mulSame(c, sums.Z));
    return challenge(group, primitives, statement, sums, [first, second]);
  } catch (error) {
    if (error instanceof CryptoError && error.code !== "backend") return undefined;
    throw error;
  }
}

function challenge(
  group: Group,
  primitives: Primitives,
  { ctx, pk }: Statement,
  { M, Z }: Composites,
  commitments: readonly [Uint8Array, Uint8Array],
): Uint8Array {
  return hashToScalar(
    group,
    primitives,
    concat(lp("koplamp/dleq/1/challenge"), ctx, pk, M, Z, ...commitments),
  );
}
