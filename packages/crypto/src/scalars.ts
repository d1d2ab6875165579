// SPDX-License-Identifier: Apache-2.0
import { CryptoError } from "./errors.ts";
import { POINT_BYTES, SCALAR_BYTES } from "./group.ts";

/** q, the order of ristretto255 (RFC 9496, section 4.4), little-endian. */
const ORDER: Uint8Array = Uint8Array.of(
  ...[0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
);

/**
 * Refuses packed scalars of ristretto255 that are not below q; with `nonZero` also zero. The time depends on their
 * number only: scalars are mostly secret.
 * @throws {CryptoError} `invalid-scalar`, naming no index.
 */
export function checkScalars(scalars: Uint8Array, nonZero: boolean): void {
  countOf(scalars, SCALAR_BYTES, "scalars");
  let bad = 0;
  for (let at = 0; at < scalars.length; at += SCALAR_BYTES) {
    bad |= 1 - belowOrder(scalars, at);
    if (nonZero) bad |= isZero(scalars, at, SCALAR_BYTES);
  }
  if (bad !== 0) throw invalidScalar(nonZero);
}

/** What every backend throws for a scalar that it may not take. */
export function invalidScalar(nonZero: boolean): CryptoError {
  return new CryptoError(
    "invalid-scalar",
    `expected canonical ${nonZero ? "non-zero " : ""}scalars, got one that is not`,
  );
}

/**
 * Refuses packed elements with the identity, 32 zero bytes, or with bit 255 among them. Before any library call and on
 * every result, for libraries are too kind: libsodium's `is_valid_point` and noble's `fromBytes` take the identity for
 * a valid element, and libsodium 1.0.18 does not look at bit 255, so that each element would have two encodings.
 * @throws {CryptoError} `invalid-element`, naming no index.
 */
export function checkEncodings(points: Uint8Array): void {
  countOf(points, POINT_BYTES, "elements");
  let bad = 0;
  for (let at = 0; at < points.length; at += POINT_BYTES) {
    bad |= isZero(points, at, POINT_BYTES) | ((points[at + POINT_BYTES - 1] ?? 0) >> 7);
  }
  if (bad !== 0) throw invalidElement();
}

/** What every backend throws for an element that it may not take or give. */
export function invalidElement(): CryptoError {
  return new CryptoError(
    "invalid-element",
    "expected canonical elements other than the identity, got one that is not",
  );
}

/** How many units of `unit` bytes there are. @throws {CryptoError} `invalid-length` on a broken one. */
export function countOf(packed: Uint8Array, unit: number, what: string): number {
  if (packed.length % unit === 0) return packed.length / unit;
  throw new CryptoError("invalid-length", `expected ${what} of ${unit} bytes, got ${packed.length} bytes`);
}

/** As `countOf`, and the number must be `expected`. @throws {CryptoError} `invalid-length`. */
export function checkCount(packed: Uint8Array, unit: number, expected: number, what: string): void {
  const count = countOf(packed, unit, what);
  if (count !== expected)
    throw new CryptoError("invalid-length", `expected ${expected} ${what}, got ${count}`);
}

/** 1 when the scalar at `at` is below q, else 0: the borrow of a subtraction. */
function belowOrder(scalars: Uint8Array, at: number): number {
  let borrow = 0;
  for (let byte = 0; byte < SCALAR_BYTES; byte += 1) {
    borrow = (((scalars[at + byte] ?? 0) - (ORDER[byte] ?? 0) - borrow) >> 8) & 1;
  }
  return borrow;
}

/** 1 when the `length` bytes at `at` are zero, else 0. */
function isZero(bytes: Uint8Array, at: number, length: number): number {
  let any = 0;
  for (let byte = 0; byte < length; byte += 1) any |= bytes[at + byte] ?? 0;
  return ((any - 1) >> 8) & 1;
}
