// SPDX-License-Identifier: Apache-2.0

/** Bytes of an encoded element, of a scalar, and of the uniform input of the one-way map. */
export const POINT_BYTES = 32;
export const SCALAR_BYTES = 32;
export const UNIFORM_BYTES = 64;
/** Bytes of a public weight in a multi-scalar sum. */
export const WEIGHT_BYTES = 16;

/** `n * POINT_BYTES` bytes: encoded elements, one after the other. */
export type PackedPoints = Uint8Array;
/** `n * SCALAR_BYTES` bytes: canonical little-endian scalars. */
export type PackedScalars = Uint8Array;

/**
 * A prime-order group over packed bytes: no per-item calls, no objects per element. Every implementation gives the
 * same bytes for the same input. Elements are 32 bytes, canonical and never the identity: an operation whose result
 * is the identity throws, and so does any element that `decodeCheck` would refuse.
 */
export interface Group {
  readonly name: string;
  /** The one-way map of RFC 9496, section 4.3.4, on `n * 64` uniform bytes. Not RFC 9497 H1: that expands first. */
  hashToGroup(uniform: Uint8Array): PackedPoints;
  /**
   * The same of expand_message_xmd with SHA-512 of each message and a separator (RFC 9380, section 5.3.1), where a
   * backend hashes by itself; nothing where it cannot for one of them.
   */
  hashMessages?(messages: readonly Uint8Array[], dst: Uint8Array): PackedPoints | undefined;
  /**
   * Refuses a batch with a non-canonical encoding or the identity in it (RFC 9497, section 3.3).
   * @throws {CryptoError} `invalid-element`, naming no index.
   */
  decodeCheck(points: PackedPoints): void;
  /** One secret scalar times each point. Constant time in the scalar. */
  mulSame(scalar: Uint8Array, points: PackedPoints): PackedPoints;
  /** Each secret scalar times the base point. */
  mulBase(scalars: PackedScalars): PackedPoints;
  /** Each secret scalar times one public point. */
  mulPoint(point: Uint8Array, scalars: PackedScalars): PackedPoints;
  /** The sums and differences of two lists, element by element. */
  addEach(left: PackedPoints, right: PackedPoints): PackedPoints;
  subEach(left: PackedPoints, right: PackedPoints): PackedPoints;
  /** Σ weight·point with `n * 16` bytes of little-endian weights. Public inputs only: variable time is allowed. */
  msm(weights: Uint8Array, points: PackedPoints): Uint8Array;
  /** `n * 64` little-endian bytes to scalars mod q. A zero throws: it is no key and no blind. */
  reduce(wide: Uint8Array): PackedScalars;
  /** Scalar arithmetic mod q on single scalars of 32 bytes. */
  scalarAdd(left: Uint8Array, right: Uint8Array): Uint8Array;
  scalarSub(left: Uint8Array, right: Uint8Array): Uint8Array;
  scalarMul(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** The inverse of a non-zero scalar. */
  scalarInvert(scalar: Uint8Array): Uint8Array;
  /** Refuses scalars that are not canonical (`< q`); with `nonZero` also zero. @throws {CryptoError} `invalid-scalar`. */
  scalarCheck(scalars: PackedScalars, nonZero: boolean): void;
}
