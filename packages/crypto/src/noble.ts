// SPDX-License-Identifier: Apache-2.0

import { hex } from "@koplamp/wire/core";
import { pippenger } from "@noble/curves/abstract/curve.js";
import { ed25519, ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { CryptoError } from "./errors.ts";
import { type Group, POINT_BYTES, SCALAR_BYTES, UNIFORM_BYTES, WEIGHT_BYTES } from "./group.ts";
import {
  checkCount,
  checkEncodings,
  checkScalars,
  countOf,
  invalidElement,
  invalidScalar,
} from "./scalars.ts";

const { Point } = ristretto255;
type Element = InstanceType<typeof Point>;
const Q = Point.Fn.ORDER;

/**
 * The group over noble's BigInt arithmetic: the oracle of the tests, and a last resort. Its time depends on the
 * scalars, so nobody who can measure it may be kept from learning them: never the first choice.
 */
export function nobleGroup(): Group {
  return {
    name: "noble",
    hashToGroup: (uniform) =>
      pack(units(uniform, UNIFORM_BYTES, "uniform inputs").map(oneWayMap), POINT_BYTES),
    decodeCheck(points) {
      decode(points);
    },
    mulSame(secret, points) {
      const k = single(secret);
      return encode(decode(points).map((element) => times(element, k)));
    },
    mulBase: (scalars) => encode(numbers(scalars).map((k) => times(Point.BASE, k))),
    mulPoint(point, scalars) {
      checkCount(point, POINT_BYTES, 1, "elements");
      const factors = numbers(scalars);
      const [element = Point.BASE] = decode(point);
      return encode(factors.map((k) => times(element, k)));
    },
    addEach: (left, right) => combine(left, right, (a, b) => a.add(b)),
    subEach: (left, right) => combine(left, right, (a, b) => a.subtract(b)),
    msm,
    ...nobleScalars,
  };
}

/**
 * Σ weight·point by Pippenger's method, for every backend on ristretto255: `Group.msm`. Variable time.
 * @throws {CryptoError} `invalid-length` for no points, `invalid-element` also when the sum is the identity.
 */
export function msm(weights: Uint8Array, points: Uint8Array): Uint8Array {
  const items = countOf(points, POINT_BYTES, "elements");
  if (items === 0)
    throw new CryptoError("invalid-length", "expected a sum of at least one element, got none");
  checkCount(weights, WEIGHT_BYTES, items, "weights");
  const factors = units(weights, WEIGHT_BYTES, "weights").map(toNumber);
  return encode([pippenger(Point, decode(points), factors)]);
}

/**
 * Whether 32 bytes are the canonical encoding of a point of edwards25519 that is not of small order and has no
 * low-order part: the points that may be Ed25519 public keys. Variable time: public keys are public.
 */
export function isPrimeOrderPoint(bytes: Uint8Array): boolean {
  const name = hex(bytes);
  const known = judged.get(name);
  if (known !== undefined) return known;
  const verdict = hasPrimeOrder(bytes);
  for (const oldest of judged.keys()) {
    if (judged.size < MOST_JUDGED) break;
    judged.delete(oldest);
  }
  judged.set(name, verdict);
  return verdict;
}

/** What was found of a point, by its bytes: the same few hundred keys are asked about with every signature. */
const judged = new Map<string, boolean>();
const MOST_JUDGED = 4096;

function hasPrimeOrder(bytes: Uint8Array): boolean {
  try {
    const point = ed25519.Point.fromBytes(bytes); // RFC 8032, section 5.1.3: strict, y < p
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false; // not on the curve, or not canonical
  }
}

type ScalarPart = Pick<
  Group,
  "reduce" | "scalarAdd" | "scalarSub" | "scalarMul" | "scalarInvert" | "scalarCheck"
>;

const nobleScalars: ScalarPart = {
  reduce(wide) {
    const scalars = units(wide, UNIFORM_BYTES, "wide scalars").map((unit) => toBytes(toNumber(unit) % Q));
    const packed = pack(scalars, SCALAR_BYTES);
    checkScalars(packed, true);
    return packed;
  },
  scalarAdd: (left, right) => toBytes((single(left) + single(right)) % Q),
  scalarSub: (left, right) => toBytes((single(left) + Q - single(right)) % Q),
  scalarMul: (left, right) => toBytes((single(left) * single(right)) % Q),
  scalarInvert(scalar) {
    const value = single(scalar);
    if (value === 0n) throw invalidScalar(true);
    return toBytes(Point.Fn.inv(value));
  },
  scalarCheck: checkScalars,
};

function combine(
  left: Uint8Array,
  right: Uint8Array,
  operation: (left: Element, right: Element) => Element,
): Uint8Array {
  const [lefts, rights] = [decode(left), decode(right)];
  checkCount(right, POINT_BYTES, lefts.length, "elements");
  return encode(lefts.map((element, at) => operation(element, rights[at] ?? Point.ZERO)));
}

function decode(points: Uint8Array): Element[] {
  checkEncodings(points); // noble decodes it
  return units(points, POINT_BYTES, "elements").map((bytes) => {
    try {
      return Point.fromBytes(bytes); // attacker-controlled
    } catch {
      throw invalidElement(); // noble's message quotes the bytes
    }
  });
}

function encode(elements: readonly Element[]): Uint8Array {
  const packed = pack(
    elements.map((element) => element.toBytes()),
    POINT_BYTES,
  );
  checkEncodings(packed);
  return packed;
}

function oneWayMap(uniform: Uint8Array): Uint8Array {
  const element = ristretto255_hasher.deriveToCurve?.(uniform);
  if (element === undefined) throw new CryptoError("backend", "noble has no one-way map of ristretto255");
  const bytes = element.toBytes();
  checkEncodings(bytes);
  return bytes;
}

/** noble's multiplication refuses zero with an error of its own; here it is the identity, refused on encoding. */
function times(element: Element, scalar: bigint): Element {
  return scalar === 0n ? Point.ZERO : element.multiply(scalar);
}

function numbers(scalars: Uint8Array): bigint[] {
  checkScalars(scalars, false);
  return units(scalars, SCALAR_BYTES, "scalars").map(toNumber);
}

function single(scalar: Uint8Array): bigint {
  checkCount(scalar, SCALAR_BYTES, 1, "scalars");
  checkScalars(scalar, false);
  return toNumber(scalar);
}

/** Little-endian; a whole number of 8-byte words, as every unit here is. */
function toNumber(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let at = bytes.length - 8; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(at, true);
  return value;
}

function toBytes(scalar: bigint): Uint8Array {
  let rest = scalar;
  return Uint8Array.from({ length: SCALAR_BYTES }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}

function units(packed: Uint8Array, bytes: number, what: string): Uint8Array[] {
  const count = countOf(packed, bytes, what);
  return Array.from({ length: count }, (_, at) => packed.subarray(at * bytes, (at + 1) * bytes));
}

function pack(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const packed = new Uint8Array(parts.length * bytes);
  parts.forEach((part, at) => {
    packed.set(part, at * bytes);
  });
  return packed;
}
