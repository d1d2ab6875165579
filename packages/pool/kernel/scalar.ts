// SPDX-License-Identifier: Apache-2.0
// Secret scalars below q: fixed numbers of steps, no branch and no address that depends on them.

const Q0: u64 = 0x5812631a5cf5d3ed;
const Q1: u64 = 0x14def9dea2f79cd6;
const Q3: u64 = 0x1000000000000000;

/** Digits of a scalar in base 16. */
export const DIGITS: i32 = 64;
/** Bytes of a digit of two scalars. */
export const DIGIT: usize = 16;

/** out = scalar/2 mod q, both 32 bytes. */
export function halve(out: usize, scalar: usize): void {
  const w0 = load<u64>(scalar);
  const odd: u64 = 0 - (w0 & 1);
  const s0 = w0 + (Q0 & odd);
  const c0 = u64(s0 < w0);
  const t1 = load<u64>(scalar, 8) + c0;
  const s1 = t1 + (Q1 & odd);
  const c1 = u64(t1 < c0) | u64(s1 < t1);
  const s2 = load<u64>(scalar, 16) + c1;
  const c2 = u64(s2 < c1);
  const s3 = load<u64>(scalar, 24) + (Q3 & odd) + c2;
  store<u64>(out, (s0 >> 1) | (s1 << 63));
  store<u64>(out, (s1 >> 1) | (s2 << 63), 8);
  store<u64>(out, (s2 >> 1) | (s3 << 63), 16);
  store<u64>(out, s3 >> 1, 24);
}

/** out = 64 digits from -8 to 7 of two scalars, least first: one in each half of a v128. */
export function recode(out: usize, first: usize, second: usize): void {
  let carry = i64x2.splat(0);
  for (let at: i32 = 0; at < DIGITS; at++) {
    const byte: usize = at >> 1;
    const shift = (at & 1) << 2;
    const pair = i64x2.replace_lane(i64x2.splat(load<u8>(first + byte)), 1, load<u8>(second + byte));
    const digit = i64x2.add(v128.and(i64x2.shr_u(pair, shift), i64x2.splat(15)), carry);
    carry = i64x2.shr_u(i64x2.add(digit, i64x2.splat(8)), 4);
    v128.store(out + at * DIGIT, i64x2.sub(digit, i64x2.shl(carry, 4)));
  }
}
