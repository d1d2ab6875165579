// SPDX-License-Identifier: Apache-2.0
// What every backend of `Group` owes, and two backends of one group to each other.
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CryptoError } from "../src/errors.ts";
import type { Group } from "../src/group.ts";

/** How often a property is drawn. */
const RUNS = 15;
const ZERO = new Uint8Array(32);
/** Bytes that neither map to the identity nor reduce to zero, which fast-check's own favourites do. */
const wide = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => bytes.map((byte) => byte ^ 0x5a));

/** A small scalar, in any group. */
export function scalar(value: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** -1 mod the order of the group. */
function minusOne(group: Group): Uint8Array {
  return group.scalarSub(ZERO, scalar(1));
}

/** The code of the refusal, or the bytes of the result. Anything else that is thrown is a failure. */
export function outcome(run: () => Uint8Array | undefined): string {
  try {
    return hex(run() ?? ZERO);
  } catch (error) {
    if (error instanceof CryptoError) return error.code;
    throw error;
  }
}

/** Laws and refusals that hold in every group. */
export function groupContract(group: Group): void {
  const fixed = group.hashToGroup(Uint8Array.from({ length: 4 * 64 }, (_, at) => (at * 151 + 7) & 0xff));
  const [P, Q] = [fixed.subarray(0, 32), fixed.subarray(32, 64)];
  const shift = group.reduce(new Uint8Array(64).fill(0xa5));
  const scalarOf = (bytes: Uint8Array) => group.reduce(bytes);

  describe(`${group.name}: laws`, () => {
    test("multiplication distributes over addition, and is the same by every way", () => {
      fc.assert(
        fc.property(wide, wide, wide, (one, two, uniform) => {
          const [a, b, point] = [scalarOf(one), scalarOf(two), group.hashToGroup(uniform)];
          const both = group.mulSame(group.scalarAdd(a, b), point);
          expect(hex(group.addEach(group.mulSame(a, point), group.mulSame(b, point)))).toBe(hex(both));
          expect(hex(group.mulPoint(point, concat(a, b)))).toBe(
            hex(concat(group.mulSame(a, point), group.mulSame(b, point))),
          );
          expect(hex(group.mulSame(a, group.mulBase(b)))).toBe(hex(group.mulBase(group.scalarMul(a, b))));
        }),
        { numRuns: RUNS },
      );
    });

    test("subtraction undoes addition; the inverse undoes multiplication", () => {
      fc.assert(
        fc.property(wide, wide, wide, (one, left, right) => {
          const [a, x, y] = [scalarOf(one), group.hashToGroup(left), group.hashToGroup(right)];
          expect(hex(group.subEach(group.addEach(x, y), y))).toBe(hex(x));
          expect(hex(group.mulSame(group.scalarInvert(a), group.mulSame(a, x)))).toBe(hex(x));
          expect(hex(group.scalarSub(group.scalarAdd(a, scalar(9)), scalar(9)))).toBe(hex(a));
        }),
        { numRuns: RUNS },
      );
    });

    test("a list gives what its items give, also across the chunks of a batch", () => {
      const items = 1030;
      const base = group.addEach(P, Q);
      const left = concat(...Array.from({ length: items }, (_, at) => (at % 3 === 0 ? P : base)));
      const right = concat(...Array.from({ length: items }, (_, at) => (at % 5 === 0 ? Q : base)));
      const sums = group.addEach(left, right);
      for (const at of [0, 511, 512, 513, 1023, 1024, items - 1]) {
        const [from, to] = [at * 32, at * 32 + 32];
        const one = group.addEach(left.slice(from, to), right.slice(from, to));
        expect(hex(sums.subarray(from, to))).toBe(hex(one));
      }
      expect(sums.length).toBe(items * 32);
    });

    test("a weighted sum is the sum of the products, equal and opposite points included", () => {
      fc.assert(
        fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), (weights) => {
          const points = concat(
            ...weights.map((_, at) => [P, P, Q, group.mulSame(minusOne(group), P)][at % 4] ?? P),
          );
          const packed = concat(...weights.map((weight) => scalar(weight).subarray(0, 16)));
          const coefficients = weights.reduce<readonly [Uint8Array, Uint8Array]>(
            ([p, q], weight, at) => {
              if (at % 4 === 2) return [p, group.scalarAdd(q, scalar(weight))];
              const signed = at % 4 === 3 ? group.scalarSub(ZERO, scalar(weight)) : scalar(weight);
              return [group.scalarAdd(p, signed), q];
            },
            [ZERO, ZERO],
          );
          // k·P + l·Q, both shifted by the same scalar so that neither product on the way is the identity.
          const expected = outcome(() =>
            group.subEach(
              group.addEach(
                group.mulSame(group.scalarAdd(coefficients[0], shift), P),
                group.mulSame(group.scalarAdd(coefficients[1], shift), Q),
              ),
              group.mulSame(shift, group.addEach(P, Q)),
            ),
          );
          expect(outcome(() => group.msm(packed, points))).toBe(expected);
        }),
        { numRuns: 40 },
      );
    });

    test("weights have all their 128 bits", () => {
      const weight = new Uint8Array(16).fill(0xff);
      const product = group.mulSame(group.reduce(concat(weight, new Uint8Array(48))), P);
      expect(hex(group.msm(weight, P))).toBe(hex(product));
    });

    test("empty lists give empty lists, and a view of a larger buffer is read from its start", () => {
      const none = new Uint8Array();
      for (const result of [group.mulSame(scalar(2), none), group.mulBase(none), group.hashToGroup(none)]) {
        expect(result.length).toBe(0);
      }
      expect(group.addEach(none, none).length).toBe(0);
      const inside = concat(new Uint8Array(13), P, scalar(3)).subarray(13);
      const [point, three] = [inside.subarray(0, 32), inside.subarray(32)];
      expect(hex(group.mulSame(three, point))).toBe(hex(group.addEach(group.addEach(P, P), P)));
      expect(hex(inside.subarray(0, 32))).toBe(hex(P));
    });
  });

  describe(`${group.name}: refusals`, () => {
    const refuses = (code: string, run: () => Uint8Array | undefined) => expect(outcome(run)).toBe(code);

    test("the identity as an operand, wherever it stands", () => {
      const weight = concat(scalar(1).subarray(0, 16), scalar(1).subarray(0, 16));
      for (const list of [concat(ZERO, P), concat(P, ZERO)]) {
        refuses("invalid-element", () => void group.decodeCheck(list));
        refuses("invalid-element", () => group.mulSame(scalar(5), list));
        refuses("invalid-element", () => group.addEach(list, concat(P, P)));
        refuses("invalid-element", () => group.addEach(concat(P, P), list));
        refuses("invalid-element", () => group.subEach(list, concat(Q, Q)));
        refuses("invalid-element", () => group.subEach(concat(Q, Q), list));
        refuses("invalid-element", () => group.msm(weight, list));
      }
      refuses("invalid-element", () => group.mulPoint(ZERO, scalar(5)));
    });

    test("an element with its highest bit set, which is another encoding of none", () => {
      const twin = P.with(31, (P[31] ?? 0) | 0x80);
      refuses("invalid-element", () => void group.decodeCheck(twin));
      refuses("invalid-element", () => group.mulSame(scalar(5), twin));
      refuses("invalid-element", () => group.mulPoint(twin, scalar(5)));
      refuses("invalid-element", () => group.addEach(twin, Q));
      refuses("invalid-element", () => group.subEach(Q, twin));
      refuses("invalid-element", () => group.msm(scalar(1).subarray(0, 16), twin));
    });

    test("the identity as a result", () => {
      const opposite = group.mulSame(minusOne(group), P);
      const weight = concat(scalar(1).subarray(0, 16), scalar(1).subarray(0, 16));
      refuses("invalid-element", () => group.subEach(P, P));
      refuses("invalid-element", () => group.addEach(P, opposite));
      refuses("invalid-element", () => group.addEach(concat(Q, P), concat(Q, opposite)));
      refuses("invalid-element", () => group.mulSame(ZERO, P));
      refuses("invalid-element", () => group.mulBase(concat(scalar(1), ZERO)));
      refuses("invalid-element", () => group.mulPoint(P, concat(ZERO, scalar(1))));
      refuses("invalid-element", () => group.msm(weight, concat(P, opposite)));
      refuses("invalid-element", () => group.msm(new Uint8Array(16), P));
      expect(hex(group.addEach(P, P))).toBe(hex(group.mulSame(scalar(2), P)));
    });

    test("elements with a bit in place of none, in every operation", () => {
      const bad = new Uint8Array(32).fill(0xff);
      refuses("invalid-element", () => void group.decodeCheck(concat(P, bad)));
      refuses("invalid-element", () => group.mulSame(scalar(5), bad));
      refuses("invalid-element", () => group.mulPoint(bad, scalar(5)));
      refuses("invalid-element", () => group.addEach(P, bad));
      refuses("invalid-element", () => group.subEach(bad, P));
      refuses("invalid-element", () => group.msm(scalar(1).subarray(0, 16), bad));
    });

    test("scalars that are not below the order, and zero where it has no use", () => {
      const order = minusOne(group);
      order[0] = (order[0] ?? 0) + 1; // the last byte of q - 1 is even: no carry
      for (const bad of [new Uint8Array(32).fill(0xff), order]) {
        refuses("invalid-scalar", () => group.mulSame(bad, P));
        refuses("invalid-scalar", () => group.mulBase(concat(scalar(1), bad)));
        refuses("invalid-scalar", () => group.mulPoint(P, bad));
        refuses("invalid-scalar", () => group.scalarAdd(bad, scalar(1)));
        refuses("invalid-scalar", () => group.scalarMul(scalar(1), bad));
        refuses("invalid-scalar", () => group.scalarInvert(bad));
        refuses("invalid-scalar", () => void group.scalarCheck(concat(scalar(1), bad), false));
      }
      refuses("invalid-scalar", () => group.reduce(new Uint8Array(64)));
      refuses("invalid-scalar", () => group.reduce(concat(order, new Uint8Array(32))));
      refuses("invalid-scalar", () => group.scalarInvert(ZERO));
      refuses("invalid-scalar", () => void group.scalarCheck(concat(scalar(1), ZERO), true));
      group.scalarCheck(concat(ZERO, scalar(1), minusOne(group)), false);
      group.scalarCheck(minusOne(group), true);
      expect(hex(group.scalarSub(scalar(3), scalar(3)))).toBe(hex(ZERO));
    });

    test("lengths that do not fit", () => {
      refuses("invalid-length", () => void group.decodeCheck(P.subarray(1)));
      refuses("invalid-length", () => group.mulSame(scalar(5), P.subarray(1)));
      refuses("invalid-length", () => group.mulSame(concat(scalar(5), scalar(5)), P));
      refuses("invalid-length", () => group.mulPoint(concat(P, Q), scalar(5)));
      refuses("invalid-length", () => group.mulBase(scalar(5).subarray(1)));
      refuses("invalid-length", () => group.addEach(concat(P, Q), P));
      refuses("invalid-length", () => group.subEach(P, concat(P, Q)));
      refuses("invalid-length", () => group.hashToGroup(new Uint8Array(63).fill(1)));
      refuses("invalid-length", () => group.reduce(new Uint8Array(65).fill(1)));
      refuses("invalid-length", () => group.scalarAdd(scalar(1), new Uint8Array()));
      refuses("invalid-length", () => group.msm(new Uint8Array(), new Uint8Array()));
      refuses("invalid-length", () => group.msm(scalar(1), P));
    });
  });
}

/** Two backends of ristretto255 give the same bytes, or the same refusal, for the same input. */
export function backendsAgree(left: Group, right: Group): void {
  const minus = minusOne(left);
  const scalars = fc.oneof(
    fc.constantFrom(ZERO, scalar(1), scalar(2), minus, new Uint8Array(32).fill(0xff)),
    wide.map((bytes) => left.reduce(bytes)),
  );
  const B = left.mulBase(scalar(1));
  const points = fc.oneof(
    fc.constantFrom(
      ZERO,
      B,
      left.mulSame(minus, B),
      left.mulBase(scalar(2)),
      scalar(1),
      new Uint8Array(32).fill(0xff),
    ),
    { arbitrary: wide.map((bytes) => left.hashToGroup(bytes)), weight: 2 },
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  );
  const same = (run: (group: Group) => Uint8Array | undefined) =>
    expect(outcome(() => run(left))).toBe(outcome(() => run(right)));

  describe(`${left.name} and ${right.name} agree`, () => {
    test("on operations with elements", () => {
      fc.assert(
        fc.property(points, points, scalars, scalars, (p, q, k, l) => {
          same((group) => void group.decodeCheck(p));
          same((group) => group.mulSame(k, p));
          same((group) => group.mulPoint(q, concat(k, l)));
          same((group) => group.mulBase(l));
          same((group) => group.addEach(p, q));
          same((group) => group.subEach(p, q));
          same((group) => group.msm(concat(k.subarray(0, 16), l.subarray(0, 16)), concat(p, q)));
        }),
        { numRuns: 40 },
      );
    });

    test("on scalars and on the one-way map", () => {
      const uniform = fc.oneof(
        wide,
        fc.constantFrom(0, 0xff).map((byte) => new Uint8Array(64).fill(byte)),
      );
      fc.assert(
        fc.property(scalars, scalars, uniform, (k, l, bytes) => {
          same((group) => group.scalarAdd(k, l));
          same((group) => group.scalarSub(k, l));
          same((group) => group.scalarMul(k, l));
          same((group) => group.scalarInvert(k));
          same((group) => void group.scalarCheck(concat(k, l), true));
          same((group) => group.reduce(bytes));
          same((group) => group.hashToGroup(bytes));
        }),
        { numRuns: 40 },
      );
    });
  });
}
