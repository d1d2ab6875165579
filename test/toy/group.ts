// SPDX-License-Identifier: Apache-2.0
import {
  CryptoError,
  type Group,
  POINT_BYTES,
  SCALAR_BYTES,
  UNIFORM_BYTES,
  WEIGHT_BYTES,
} from "@koplamp/crypto";
import { type Backends, chooseGroup } from "@koplamp/pool";
import { get, multiply, P, put, type Residues } from "./field.ts";

/** What `npm run properties` puts in the place of the toy group: a backend that nodes take, or an error where it is not there. */
const NAMED = process.env["KOPLAMP_TEST_GROUP"];
const served = NAMED === undefined ? undefined : (await chooseGroup(backendOf(NAMED))).group;

/** The order of the group: a prime of 61 bits. Whoever likes can take logarithms here: for tests only. */
const TOY_ORDER: bigint = (P - 1n) / 2n;

/** Digits of four bits in a scalar. */
const DIGITS = 16;
/** Scalars behind one point from which a table of all its digit multiples pays. */
const WORTH_A_TABLE = 8;

/**
 * A group of prime order q = (p - 1) / 2 in place of ristretto255, some hundred times as fast and worthless as
 * cryptography: classes {x, -x} of residues mod the safe prime p = 2^62 - 10565, which is the group of quadratic
 * residues by another name (x ↦ x²). Each class is written as its member in 1..q, less one, little-endian in 32
 * bytes: so the identity is 32 zero bytes here too, and every refusal of the real group has its counterpart.
 */
export function toyGroup(): Group {
  if (served !== undefined) return served;
  const base = tableOf(decode(encodedBase()));
  return {
    name: "toy",
    hashToGroup: (uniform) => encode(mapEach(uniform)),
    decodeCheck(points) {
      decode(points);
    },
    mulSame(scalar, points) {
      const digits = digitsOf(scalars(scalar, 1), 0);
      return encode(eachPoint(decode(points), (to, at, from) => power(to, at, from, digits)));
    },
    mulBase: (packed) => encode(fromTable(base, scalars(packed))),
    mulPoint(point, packed) {
      const items = scalars(packed);
      const element = decode(point, 1);
      if (items.length >= WORTH_A_TABLE) return encode(fromTable(tableOf(element), items));
      const results = new Float64Array(items.length * 3);
      items.forEach((_, at) => {
        power(results, at * 3, element, digitsOf(items, at), 0);
      });
      return encode(results);
    },
    addEach: (left, right) => encode(productsOf(decode(left), decode(right, left.length / POINT_BYTES))),
    subEach(left, right) {
      return encode(productsOf(decode(left), inverses(decode(right, left.length / POINT_BYTES))));
    },
    msm,
    ...toyScalars,
  };
}

type ScalarPart = Pick<
  Group,
  "reduce" | "scalarAdd" | "scalarSub" | "scalarMul" | "scalarInvert" | "scalarCheck"
>;

const toyScalars: ScalarPart = {
  reduce(wide) {
    const values = BigUint64Array.from({ length: count(wide, UNIFORM_BYTES) }, (_, at) => {
      return wideNumber(wide, at * UNIFORM_BYTES, UNIFORM_BYTES, TOY_ORDER);
    });
    if (values.includes(0n)) throw badScalar();
    return packScalars(values);
  },
  scalarAdd: (left, right) => packScalars([(single(left) + single(right)) % TOY_ORDER]),
  scalarSub: (left, right) => packScalars([(single(left) + TOY_ORDER - single(right)) % TOY_ORDER]),
  scalarMul: (left, right) => packScalars([(single(left) * single(right)) % TOY_ORDER]),
  scalarInvert(scalar) {
    const value = single(scalar);
    if (value === 0n) throw badScalar();
    return packScalars([inverse(value, TOY_ORDER)]);
  },
  scalarCheck(packed, nonZero) {
    if (scalars(packed).includes(0n) && nonZero) throw badScalar();
  },
};

/** Σ weight·point: Pippenger's buckets, four bits at a time. */
function msm(weights: Uint8Array, points: Uint8Array): Uint8Array {
  const residues = decode(points);
  const items = residues.length / 3;
  if (items === 0) throw new CryptoError("invalid-length", "toy: expected at least one element, got none");
  if (count(weights, WEIGHT_BYTES) !== items) throw badLength();
  const reduced = BigUint64Array.from({ length: items }, (_, at) =>
    wideNumber(weights, at * WEIGHT_BYTES, WEIGHT_BYTES, TOY_ORDER),
  );
  const digits = new Uint8Array(items * DIGITS);
  for (let at = 0; at < items; at += 1) digits.set(digitsOf(reduced, at), at * DIGITS);
  const sum = Float64Array.of(1, 0, 0);
  for (let digit = 0; digit < DIGITS; digit += 1) {
    for (let doubling = 0; doubling < 4; doubling += 1) multiply(sum, 0, sum, 0, sum, 0);
    multiply(sum, 0, sum, 0, bucketSum(residues, digits, digit), 0);
  }
  return encode(sum);
}

/** Π point^d over all points, d being one digit of each. */
function bucketSum(residues: Residues, digits: Uint8Array, digit: number): Residues {
  const buckets = new Float64Array(16 * 3);
  for (let bucket = 0; bucket < 16; bucket += 1) buckets[bucket * 3] = 1;
  for (let at = 0; at * 3 < residues.length; at += 1) {
    const bucket = (digits[at * DIGITS + digit] ?? 0) * 3;
    if (bucket !== 0) multiply(buckets, bucket, buckets, bucket, residues, at * 3);
  }
  const running = Float64Array.of(1, 0, 0);
  const sum = Float64Array.of(1, 0, 0);
  for (let bucket = 15; bucket > 0; bucket -= 1) {
    multiply(running, 0, running, 0, buckets, bucket * 3);
    multiply(sum, 0, sum, 0, running, 0);
  }
  return sum;
}

/** Scratch of `power`: the first sixteen powers of its point. */
const POWERS: Residues = Float64Array.of(1, ...new Float64Array(47));

/** `to[at] = from ^ scalar`, the scalar as sixteen digits, highest first. */
function power(to: Residues, at: number, from: Residues, digits: Uint8Array, fromAt: number = at): void {
  const table = POWERS;
  for (let digit = 1; digit < 16; digit += 1) multiply(table, digit * 3, table, digit * 3 - 3, from, fromAt);
  to[at] = 1;
  to[at + 1] = 0;
  to[at + 2] = 0;
  for (let place = 0; place < DIGITS; place += 1) {
    for (let doubling = 0; doubling < 4; doubling += 1) multiply(to, at, to, at, to, at);
    multiply(to, at, to, at, table, (digits[place] ?? 0) * 3);
  }
}

/** point ^ (digit · 16^place) for all digits and places: 16 x 16 residues. */
function tableOf(point: Residues): Residues {
  const table = new Float64Array(DIGITS * 16 * 3);
  const step = point.slice(0, 3);
  for (let place = 0; place < DIGITS; place += 1) {
    const row = place * 48;
    table[row] = 1;
    for (let digit = 1; digit < 16; digit += 1) {
      multiply(table, row + digit * 3, table, row + digit * 3 - 3, step, 0);
    }
    multiply(step, 0, table, row + 45, step, 0);
  }
  return table;
}

function fromTable(table: Residues, items: BigUint64Array): Residues {
  const results = new Float64Array(items.length * 3);
  for (let at = 0; at < items.length; at += 1) {
    const digits = digitsOf(items, at);
    results[at * 3] = 1;
    for (let place = 0; place < DIGITS; place += 1) {
      const digit = digits[DIGITS - 1 - place] ?? 0;
      multiply(results, at * 3, results, at * 3, table, place * 48 + digit * 3);
    }
  }
  return results;
}

function productsOf(left: Residues, right: Residues): Residues {
  for (let at = 0; at < left.length; at += 3) multiply(left, at, left, at, right, at);
  return left;
}

/** All inverses by one: the product of all but one, times the inverse of the product of all. */
function inverses(residues: Residues): Residues {
  const before = new Float64Array(residues.length + 3);
  before[0] = 1;
  for (let at = 0; at < residues.length; at += 3) multiply(before, at + 3, before, at, residues, at);
  const rest = new Float64Array(3);
  put(rest, 0, inverse(get(before, residues.length), P));
  for (let at = residues.length - 3; at >= 0; at -= 3) {
    multiply(before, at, before, at, rest, 0);
    multiply(rest, 0, rest, 0, residues, at);
  }
  return before.subarray(0, residues.length);
}

function eachPoint(residues: Residues, write: (to: Residues, at: number, from: Residues) => void): Residues {
  const results = new Float64Array(residues.length);
  for (let at = 0; at < residues.length; at += 3) write(results, at, residues);
  return results;
}

/** Uniform bytes to residues: 64 bytes mod p, which is zero as good as never. */
function mapEach(uniform: Uint8Array): Residues {
  const residues = new Float64Array(count(uniform, UNIFORM_BYTES) * 3);
  for (let at = 0; at * UNIFORM_BYTES < uniform.length; at += 1) {
    const value = wideNumber(uniform, at * UNIFORM_BYTES, UNIFORM_BYTES, P);
    put(residues, at * 3, value === 0n ? 1n : value);
  }
  return residues;
}

function encodedBase(): Uint8Array {
  const bytes = new Uint8Array(POINT_BYTES);
  bytes[0] = 1; // the class of 2
  return bytes;
}

function decode(points: Uint8Array, expected?: number): Residues {
  const items = count(points, POINT_BYTES);
  if (expected !== undefined && items !== expected) throw badLength();
  const view = viewOf(points);
  const residues = new Float64Array(items * 3);
  for (let at = 0; at < items; at += 1) {
    const value = lowWord(view, at * POINT_BYTES) ?? 0n;
    if (value === 0n || value >= TOY_ORDER) throw badElement();
    put(residues, at * 3, value + 1n);
  }
  return residues;
}

function encode(residues: Residues): Uint8Array {
  const items = residues.length / 3;
  const points = new Uint8Array(items * POINT_BYTES);
  const view = viewOf(points);
  for (let at = 0; at < items; at += 1) {
    const value = get(residues, at * 3);
    const least = value > TOY_ORDER ? P - value : value;
    if (least === 1n) throw badElement();
    view.setBigUint64(at * POINT_BYTES, least - 1n, true);
  }
  return points;
}

function scalars(packed: Uint8Array, expected?: number): BigUint64Array {
  const items = count(packed, SCALAR_BYTES);
  if (expected !== undefined && items !== expected) throw badLength();
  const view = viewOf(packed);
  const values = new BigUint64Array(items);
  for (let at = 0; at < items; at += 1) {
    const value = lowWord(view, at * SCALAR_BYTES);
    if (value === undefined || value >= TOY_ORDER) throw badScalar();
    values[at] = value;
  }
  return values;
}

function single(scalar: Uint8Array): bigint {
  return scalars(scalar, 1)[0] ?? 0n;
}

function packScalars(values: ArrayLike<bigint>): Uint8Array {
  const packed = new Uint8Array(values.length * SCALAR_BYTES);
  const view = viewOf(packed);
  for (let at = 0; at < values.length; at += 1) view.setBigUint64(at * SCALAR_BYTES, values[at] ?? 0n, true);
  return packed;
}

/** Sixteen digits of four bits, highest first. */
function digitsOf(values: BigUint64Array, at: number): Uint8Array {
  const value = values[at] ?? 0n;
  const high = Number(value >> 32n);
  const low = Number(value & 0xffffffffn);
  const digits = new Uint8Array(DIGITS);
  for (let digit = 0; digit < 8; digit += 1) {
    digits[digit] = (high >>> (28 - 4 * digit)) & 15;
    digits[digit + 8] = (low >>> (28 - 4 * digit)) & 15;
  }
  return digits;
}

/** The number in the first 8 of 32 bytes, or undefined when the other 24 are not zero. */
function lowWord(view: DataView, at: number): bigint | undefined {
  for (let word = 8; word < 32; word += 4) if (view.getUint32(at + word) !== 0) return undefined;
  return view.getBigUint64(at, true);
}

function wideNumber(bytes: Uint8Array, from: number, length: number, modulus: bigint): bigint {
  const view = viewOf(bytes);
  let value = 0n;
  for (let at = length - 8; at >= 0; at -= 8) value = (value << 64n) | view.getBigUint64(from + at, true);
  return value % modulus;
}

/** The inverse mod a prime, by Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [left, right] = [modulus, value];
  let [before, now] = [0n, 1n];
  while (right !== 0n) {
    const quotient = left / right;
    [left, right] = [right, left - quotient * right];
    [before, now] = [now, before - quotient * now];
  }
  return ((before % modulus) + modulus) % modulus;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function count(packed: Uint8Array, bytes: number): number {
  if (packed.length % bytes !== 0) throw badLength();
  return packed.length / bytes;
}

function badLength(): CryptoError {
  return new CryptoError("invalid-length", "toy: expected lists of equal numbers of whole items");
}

function badScalar(): CryptoError {
  return new CryptoError("invalid-scalar", "toy: expected canonical scalars, non-zero where zero has no use");
}

function badElement(): CryptoError {
  return new CryptoError("invalid-element", "toy: expected canonical elements other than the identity");
}

function backendOf(name: string): Backends {
  const found = (["kernel", "native", "wasm"] as const).find((one) => one === name);
  if (found === undefined) throw new Error(`expected kernel, native or wasm, got "${name}"`);
  return found;
}
