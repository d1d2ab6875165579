// SPDX-License-Identifier: Apache-2.0
// Where intermediate values are: one region, so that one call overwrites all of it.

/** Bytes of a pair of numbers: five limbs of two. */
export const FE: usize = 80;
/** Bytes of a pair of points: four coordinates. */
export const POINT: usize = 4 * FE;

const SIZE: usize = 8192;
const SCRATCH: usize = memory.data(8192, 16);

/** Each function has places of its own, so that none overwrites what its caller keeps. */
export const IN_FIELD: usize = SCRATCH;
export const IN_ROOT: usize = SCRATCH + 8 * FE;
export const IN_POINT: usize = SCRATCH + 16 * FE;
export const IN_MAP: usize = SCRATCH + 32 * FE;
export const IN_CODEC: usize = SCRATCH + 48 * FE;
export const IN_BATCH: usize = SCRATCH + 64 * FE;
/** Hashing ends before any of the others begins. */
export const IN_HASH: usize = SCRATCH;

/** Overwrites all intermediate values. */
export function wipeScratch(): void {
  memory.fill(SCRATCH, 0, SIZE);
}
