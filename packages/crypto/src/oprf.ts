// SPDX-License-Identifier: Apache-2.0
// The OPRF of RFC 9497, ristretto255-SHA512 in VOPRF mode, with additive blinding (protocols.md, sections 1 and 3).
import { concat, lp, utf8 } from "@koplamp/wire/core";
import { wipe } from "./bytes.ts";
import { CryptoError } from "./errors.ts";
import { expander, expandMessage } from "./expand.ts";
import {
  type Group,
  type PackedPoints,
  type PackedScalars,
  POINT_BYTES,
  SCALAR_BYTES,
  UNIFORM_BYTES,
} from "./group.ts";
import type { Primitives } from "./primitives.ts";
import { checkCount, countOf } from "./scalars.ts";

/** Bytes of `s_x`: the first half of an output of the OPRF. */
export const SECRET_BYTES = 32;

/** Inputs of varying length, one after the other. Structurally the `PackedInputs` of wire. */
export interface PackedInputs {
  readonly bytes: Uint8Array;
  /** Where each input ends in `bytes`. */
  readonly ends: Uint32Array;
}

const CONTEXT: Uint8Array = concat(utf8("OPRFV1-"), Uint8Array.of(0x01), utf8("-ristretto255-SHA512"));
const TO_GROUP: Uint8Array = concat(utf8("HashToGroup-"), CONTEXT);
const TO_SCALAR: Uint8Array = concat(utf8("HashToScalar-"), CONTEXT);

/** A view of each input, in order. No copies. */
export function inputsOf({ bytes, ends }: PackedInputs): readonly Uint8Array[] {
  return Array.from(ends, (end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
}

/** H1 of each input: elements, in order (RFC 9497, section 4.1). */
export function hashToGroup(
  group: Group,
  primitives: Primitives,
  inputs: readonly Uint8Array[],
): PackedPoints {
  const whole = group.hashMessages?.(inputs, TO_GROUP);
  if (whole !== undefined) return whole;
  const uniform = new Uint8Array(inputs.length * UNIFORM_BYTES);
  const expand = expander(primitives, TO_GROUP, UNIFORM_BYTES);
  try {
    inputs.forEach((input, at) => {
      uniform.set(expand(input), at * UNIFORM_BYTES);
    });
    return group.hashToGroup(uniform);
  } finally {
    wipe(uniform);
  }
}

/** HS of protocols.md, section 1.1: a scalar (RFC 9497, section 4.1). */
export function hashToScalar(group: Group, primitives: Primitives, input: Uint8Array): Uint8Array {
  const wide = expandMessage(primitives, input, TO_SCALAR, UNIFORM_BYTES);
  try {
    return group.reduce(wide);
  } finally {
    wipe(wide);
  }
}

/** H2(in, N), 64 bytes: the last step of RFC 9497, section 3.3.1. */
export function finalize({ sha512 }: Primitives, input: Uint8Array, element: Uint8Array): Uint8Array {
  return sha512(concat(lp(input), lp(element), FINALIZE));
}

const FINALIZE: Uint8Array = utf8("Finalize");

/** `s_x` of each input: `inputs.length * 32` bytes, from the unblinded elements in the same order. */
export function inputSecrets(
  primitives: Primitives,
  inputs: readonly Uint8Array[],
  elements: PackedPoints,
): Uint8Array {
  checkCount(elements, POINT_BYTES, inputs.length, "elements");
  const secrets = new Uint8Array(inputs.length * SECRET_BYTES);
  inputs.forEach((input, at) => {
    const output = finalize(primitives, input, elements.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES));
    secrets.set(output.subarray(0, SECRET_BYTES), at * SECRET_BYTES);
    wipe(output);
  });
  return secrets;
}

/** `count` non-zero scalars of full width: AES-256-CTR under a 32-byte seed, 64 bytes each, mod q. */
export function scalarsFromSeed(
  group: Group,
  primitives: Primitives,
  seed: Uint8Array,
  count: number,
): PackedScalars {
  if (seed.length !== 32)
    throw new CryptoError("invalid-length", `expected a seed of 32 bytes, got ${seed.length}`);
  const wide = primitives.aes256Ctr(seed, count * UNIFORM_BYTES);
  try {
    return group.reduce(wide);
  } finally {
    wipe(wide);
  }
}

/** `M = H1(in) + r·B` for each input: what the asker sends. Uniform for a uniform r, whatever the inputs. */
export function blind(group: Group, hashed: PackedPoints, blinds: PackedScalars): PackedPoints {
  group.scalarCheck(blinds, true);
  return group.addEach(hashed, group.mulBase(blinds));
}

/** What the asker has when all replies are in and proven. */
export interface Evaluated {
  /** H1 of each input. */
  readonly hashed: PackedPoints;
  readonly blinds: PackedScalars;
  /** Σ E over all other holders, element by element; `E_j = k_j·M`. */
  readonly evaluated: PackedPoints;
  /** Σ pk over all other holders: one element. */
  readonly publicKey: Uint8Array;
  /** The asker's own share, if it holds one. */
  readonly share?: Uint8Array;
}

/**
 * `N = ΣE + k·H1(in) - r·PK`, which is the joint key times H1(in). Only for replies whose proof has been verified
 * against the `pk` that is summed here: an unproven one would leave a term of r in N (protocols.md, section 3).
 */
export function unblind(
  group: Group,
  { hashed, blinds, evaluated, publicKey, share }: Evaluated,
): PackedPoints {
  const items = countOf(blinds, SCALAR_BYTES, "blinds");
  for (const points of [hashed, evaluated]) checkCount(points, POINT_BYTES, items, "elements");
  const masks = group.mulPoint(publicKey, blinds);
  const others = group.subEach(evaluated, masks);
  wipe(masks);
  if (share === undefined) return others;
  const own = group.mulSame(share, hashed);
  try {
    return group.addEach(others, own);
  } finally {
    wipe(others, own);
  }
}

/** Σ points. @throws {CryptoError} when it, or a sum on the way, is the identity. */
export function sumPoints(group: Group, points: PackedPoints): Uint8Array {
  group.decodeCheck(points);
  const items = countOf(points, POINT_BYTES, "elements");
  if (items === 0)
    throw new CryptoError("invalid-length", "expected a sum of at least one element, got none");
  let sum = points.slice(0, POINT_BYTES);
  for (let at = 1; at < items; at += 1) {
    sum = Uint8Array.from(group.addEach(sum, points.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES)));
  }
  return sum;
}

/**
 * Refuses a block in which an element stands twice: a repeated one could mark or test an item (protocols.md, 1.3).
 * @throws {CryptoError} `invalid-element`.
 */
export function refuseDuplicates(points: PackedPoints): void {
  const items = countOf(points, POINT_BYTES, "elements");
  const words = new Uint32Array(points.slice().buffer); // equality only: the byte order of the machine is no matter
  const order = Uint32Array.from({ length: items }, (_, at) => at);
  order.sort((left, right) => compareWords(words, left * 8, right * 8));
  for (let at = 1; at < items; at += 1) {
    if (compareWords(words, (order[at - 1] ?? 0) * 8, (order[at] ?? 0) * 8) === 0) {
      throw new CryptoError("invalid-element", "expected different elements in a block, got one twice");
    }
  }
}

function compareWords(words: Uint32Array, left: number, right: number): number {
  for (let word = 0; word < 8; word += 1) {
    const difference = (words[left + word] ?? 0) - (words[right + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
