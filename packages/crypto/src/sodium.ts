// SPDX-License-Identifier: Apache-2.0
import { type Group, POINT_BYTES, SCALAR_BYTES, UNIFORM_BYTES } from "./group.ts";
import { msm } from "./noble.ts";
import {
  checkCount,
  checkEncodings,
  checkScalars,
  countOf,
  invalidElement,
  invalidScalar,
} from "./scalars.ts";

/** What a libsodium function takes, bytes of the result first, and what it gives for success. */
export interface SodiumShape {
  /** 0: it has no output and its first argument is its first operand. */
  readonly outBytes: number;
  readonly operands: 1 | 2;
  /** `undefined`: it returns nothing and cannot fail. */
  readonly success: number | undefined;
}

const point = (operands: 1 | 2): SodiumShape => ({ outBytes: POINT_BYTES, operands, success: 0 });
const scalar = (operands: 1 | 2, success?: number): SodiumShape => ({
  outBytes: SCALAR_BYTES,
  operands,
  success,
});
/** The libsodium functions that a backend must offer. */
export type SodiumFunction =
  | "crypto_core_ristretto255_from_hash"
  | "crypto_core_ristretto255_is_valid_point"
  | "crypto_scalarmult_ristretto255"
  | "crypto_scalarmult_ristretto255_base"
  | "crypto_core_ristretto255_add"
  | "crypto_core_ristretto255_sub"
  | "crypto_core_ristretto255_scalar_reduce"
  | "crypto_core_ristretto255_scalar_add"
  | "crypto_core_ristretto255_scalar_sub"
  | "crypto_core_ristretto255_scalar_mul"
  | "crypto_core_ristretto255_scalar_invert";

/** How each of them is called. */
export const SODIUM_FUNCTIONS: Readonly<Record<SodiumFunction, SodiumShape>> = {
  crypto_core_ristretto255_from_hash: point(1),
  crypto_core_ristretto255_is_valid_point: { outBytes: 0, operands: 1, success: 1 },
  crypto_scalarmult_ristretto255: point(2),
  crypto_scalarmult_ristretto255_base: point(1),
  crypto_core_ristretto255_add: point(2),
  crypto_core_ristretto255_sub: point(2),
  crypto_core_ristretto255_scalar_reduce: scalar(1),
  crypto_core_ristretto255_scalar_add: scalar(2),
  crypto_core_ristretto255_scalar_sub: scalar(2),
  crypto_core_ristretto255_scalar_mul: scalar(2),
  crypto_core_ristretto255_scalar_invert: scalar(1, 0),
};

/** Operands of a batch: `items * stride` packed bytes, or with stride 0 one value for all items. */
export interface SodiumOperand {
  readonly bytes: Uint8Array;
  readonly stride: number;
}

/** Calls one libsodium function for each of `items` items: all results packed, or undefined when one call failed. */
export type SodiumBatch = (
  name: SodiumFunction,
  items: number,
  operands: readonly SodiumOperand[],
) => Uint8Array | undefined;

/**
 * The group over libsodium's ristretto255, wherever its functions come from. Multi-scalar sums, which libsodium does
 * not have, are noble's: they are of public data only.
 */
export function sodiumGroup(name: string, batch: SodiumBatch): Group {
  return {
    name,
    hashToGroup(uniform) {
      const items = countOf(uniform, UNIFORM_BYTES, "uniform inputs");
      return elements(batch("crypto_core_ristretto255_from_hash", items, [each(uniform, UNIFORM_BYTES)]));
    },
    decodeCheck(points) {
      checkEncodings(points);
      const items = points.length / POINT_BYTES;
      const valid = batch("crypto_core_ristretto255_is_valid_point", items, [each(points, POINT_BYTES)]);
      if (valid === undefined) throw invalidElement();
    },
    mulSame: (secret, points) => multiply(batch, [same(one(secret)), each(points, POINT_BYTES)], points),
    mulBase(scalars) {
      checkScalars(scalars, false);
      const items = scalars.length / SCALAR_BYTES;
      return elements(batch("crypto_scalarmult_ristretto255_base", items, [each(scalars, SCALAR_BYTES)]));
    },
    mulPoint(base, scalars) {
      checkCount(base, POINT_BYTES, 1, "elements");
      checkScalars(scalars, false);
      return multiply(batch, [each(scalars, SCALAR_BYTES), same(base)], base);
    },
    addEach: (left, right) => combine(batch, "crypto_core_ristretto255_add", left, right),
    subEach: (left, right) => combine(batch, "crypto_core_ristretto255_sub", left, right),
    msm,
    ...sodiumScalars(batch),
  };
}

type ScalarPart = Pick<
  Group,
  "reduce" | "scalarAdd" | "scalarSub" | "scalarMul" | "scalarInvert" | "scalarCheck"
>;

function sodiumScalars(batch: SodiumBatch): ScalarPart {
  const binary = (name: SodiumFunction) => (left: Uint8Array, right: Uint8Array) =>
    scalars(batch(name, 1, [same(one(left)), same(one(right))]), false);
  return {
    reduce(wide) {
      const items = countOf(wide, UNIFORM_BYTES, "wide scalars");
      return scalars(
        batch("crypto_core_ristretto255_scalar_reduce", items, [each(wide, UNIFORM_BYTES)]),
        true,
      );
    },
    scalarAdd: binary("crypto_core_ristretto255_scalar_add"),
    scalarSub: binary("crypto_core_ristretto255_scalar_sub"),
    scalarMul: binary("crypto_core_ristretto255_scalar_mul"),
    scalarInvert(value) {
      const operands = [same(one(value, true))];
      return scalars(batch("crypto_core_ristretto255_scalar_invert", 1, operands), true);
    },
    scalarCheck: checkScalars,
  };
}

/** libsodium's own check of each point comes with its call: -1 for what is not canonical. */
function multiply(batch: SodiumBatch, operands: readonly SodiumOperand[], points: Uint8Array): Uint8Array {
  checkEncodings(points);
  const items = Math.max(...operands.map(({ bytes, stride }) => (stride === 0 ? 0 : bytes.length / stride)));
  return elements(batch("crypto_scalarmult_ristretto255", items, operands));
}

function combine(batch: SodiumBatch, name: SodiumFunction, left: Uint8Array, right: Uint8Array): Uint8Array {
  checkEncodings(left);
  checkEncodings(right);
  const items = left.length / POINT_BYTES;
  checkCount(right, POINT_BYTES, items, "elements");
  return elements(batch(name, items, [each(left, POINT_BYTES), each(right, POINT_BYTES)]));
}

function elements(result: Uint8Array | undefined): Uint8Array {
  if (result === undefined) throw invalidElement();
  checkEncodings(result);
  return result;
}

function scalars(result: Uint8Array | undefined, nonZero: boolean): Uint8Array {
  if (result === undefined) throw invalidScalar(nonZero);
  checkScalars(result, nonZero);
  return result;
}

function one(value: Uint8Array, nonZero = false): Uint8Array {
  checkCount(value, SCALAR_BYTES, 1, "scalars");
  checkScalars(value, nonZero);
  return value;
}

function each(bytes: Uint8Array, stride: number): SodiumOperand {
  return { bytes, stride };
}

function same(bytes: Uint8Array): SodiumOperand {
  return { bytes, stride: 0 };
}
