// SPDX-License-Identifier: Apache-2.0
// The kernel against another backend: the same bytes or the same refusal, for many cases and for the odd ones.
import { type Group, hashToGroup, UNIFORM_BYTES, WEIGHT_BYTES } from "@koplamp/crypto";
import { concat, fromHex, hex } from "@koplamp/wire";
import { expect } from "vitest";
import { outcome, scalar } from "../../crypto/test/group-contract.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";

/** p, and 2^255, as numbers; every edge of an encoding is near one of them, near 0 or at a limb of 51 bits. */
const P = 2n ** 255n - 19n;

/** 32 bytes, little-endian. */
export function bytesOf(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, "0")).reverse();
}

/** Encodings around which a reader of bytes may err. */
export const EDGES: readonly Uint8Array[] = [
  ...Array.from({ length: 40 }, (_, at) => BigInt(at)),
  ...Array.from({ length: 40 }, (_, at) => P - 20n + BigInt(at)),
  ...Array.from({ length: 40 }, (_, at) => 2n ** 256n - 1n - BigInt(at)),
  ...Array.from({ length: 16 }, (_, at) => 2n ** 255n + BigInt(at)),
  ...[51n, 102n, 153n, 204n, 250n, 254n].flatMap((bit) => [2n ** bit - 2n, 2n ** bit, 2n ** bit + 2n]),
].map(bytesOf);

const Q = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Scalars at the ends of their range, and with every digit at an end of its own. */
export const SCALARS: readonly Uint8Array[] = [
  ...[1n, 2n, 7n, 8n, 9n, 15n, 16n, Q - 1n, Q - 2n, (Q - 1n) / 2n, (Q + 1n) / 2n, 2n ** 252n, 2n ** 128n],
  ...["7", "8", "9", "f", "78", "87", "f8", "80"].map((digits) =>
    BigInt(`0x0${digits.repeat(63).slice(0, 63)}`),
  ),
].map(bytesOf);

/** Weights at the ends of their range, and with windows of any width at an end of their own. */
const WEIGHTS: readonly Uint8Array[] = [0n, 1n, 2n ** 127n, 2n ** 128n - 1n, 2n ** 128n - 2n ** 64n]
  .concat(["5", "a", "8", "7", "84210"].map((digits) => BigInt(`0x${digits.repeat(32).slice(0, 32)}`)))
  .map((value) => bytesOf(value).subarray(0, WEIGHT_BYTES));

/** The same bytes of both groups, or the same refusal. */
export function same(left: Group, right: Group, run: (group: Group) => Uint8Array | undefined): void {
  expect(outcome(() => run(left))).toBe(outcome(() => run(right)));
}

/** Every operation on `items` random items each, in batches of `batch`, byte for byte. */
export function agreeOnRandom(kernel: Group, other: Group, seed: number, items: number, batch: number): void {
  for (let first = 0; first < items; first += batch) {
    const draw = oraclePrimitives.aes256Ctr(scalar(seed * 2 ** 20 + first), batch * 4 * UNIFORM_BYTES);
    const part = (at: number, unit: number) =>
      draw.slice(at * batch * UNIFORM_BYTES).subarray(0, batch * unit);
    const points = other.hashToGroup(part(0, UNIFORM_BYTES));
    const scalars = other.reduce(part(1, UNIFORM_BYTES));
    const others = other.mulBase(scalars);
    const one = scalars.subarray(0, 32);
    const equal = (run: (group: Group) => Uint8Array) =>
      expect(Buffer.compare(run(kernel), run(other))).toBe(0);
    equal((group) => group.hashToGroup(part(0, UNIFORM_BYTES)));
    equal((group) => group.mulBase(scalars));
    equal((group) => group.mulSame(one, points));
    equal((group) => group.mulPoint(points.subarray(0, 32), scalars));
    equal((group) => group.addEach(points, others));
    equal((group) => group.subEach(points, others));
    equal((group) => group.msm(part(2, WEIGHT_BYTES), points));
    const messages = Array.from({ length: batch }, (_, at) => draw.subarray(at, at + (at % 300)));
    equal((group) => hashToGroup(group, oraclePrimitives, messages));
    kernel.decodeCheck(points);
    agreeOnEncodings(kernel, other, part(3, 32));
  }
}

/** Which of packed encodings are elements: most that are drawn at random are none. */
function agreeOnEncodings(kernel: Group, other: Group, encodings: Uint8Array): void {
  const verdicts = (group: Group) =>
    Array.from({ length: encodings.length / 32 }, (_, at) =>
      outcome(() => void group.decodeCheck(encodings.subarray(at * 32, at * 32 + 32))),
    );
  expect(verdicts(kernel)).toEqual(verdicts(other));
}

/** Every operation on what stands at an edge. */
export function agreeOnEdges(kernel: Group, other: Group): void {
  agreeOnEncodings(kernel, other, concat(...EDGES));
  const P = other.hashToGroup(new Uint8Array(UNIFORM_BYTES).fill(7));
  for (const edge of EDGES) {
    same(kernel, other, (group) => group.addEach(edge, P));
    same(kernel, other, (group) => group.subEach(P, edge));
    same(kernel, other, (group) => group.hashToGroup(concat(edge, EDGES[5] ?? edge)));
    same(kernel, other, (group) => group.hashToGroup(concat(edge, edge)));
  }
  for (const k of SCALARS) {
    same(kernel, other, (group) => group.mulSame(k, P));
    same(kernel, other, (group) => group.mulBase(concat(k, scalar(1))));
    same(kernel, other, (group) => group.mulPoint(P, concat(scalar(1), k)));
  }
  same(kernel, other, (group) => group.mulBase(concat(...SCALARS)));
  same(kernel, other, (group) => group.mulPoint(P, concat(...SCALARS)));
}

/** Sums of every length up to `most` by steps that grow, with weights at an edge, and equal and opposite points. */
export function agreeOnSums(kernel: Group, other: Group, most: number): void {
  const minusOne = bytesOf(Q - 1n);
  const some = other.hashToGroup(oraclePrimitives.aes256Ctr(scalar(9), 40 * UNIFORM_BYTES));
  const opposite = other.mulSame(minusOne, some);
  for (let items = 1; items <= most; items += 1 + (items >> 2)) {
    const pick = <Value>(list: readonly Value[], at: number): Value => list[at % list.length] as Value; // not empty
    const points = concat(
      ...Array.from({ length: items }, (_, at) => {
        const from = at % 3 === 0 ? opposite : some;
        const place = ((at * 7) % 40) * 32;
        return from.subarray(place, place + 32);
      }),
    );
    const weights = concat(...Array.from({ length: items }, (_, at) => pick(WEIGHTS, at + items)));
    same(kernel, other, (group) => group.msm(weights, points));
  }
}

/** What a batch gives is what its items give, for batches beyond the kernel's memory and for odd ones. */
export function batchesAreItems(kernel: Group, items: number): void {
  const draw = oraclePrimitives.aes256Ctr(scalar(11), items * UNIFORM_BYTES);
  const scalars = kernel.reduce(draw);
  const points = kernel.hashToGroup(draw);
  const [k, P] = [scalars.subarray(0, 32), points.subarray(0, 32)];
  const lists = {
    hashed: points,
    product: kernel.mulSame(k, points),
    base: kernel.mulBase(scalars),
    multiple: kernel.mulPoint(P, scalars),
    sum: kernel.addEach(points, kernel.mulBase(scalars)),
  };
  for (const at of [0, 1, items >> 1, 8190, 8191, 8192, 8193, items - 1].filter((place) => place < items)) {
    const of = (list: Uint8Array) => list.slice(at * 32, at * 32 + 32);
    const uniform = draw.subarray(at * UNIFORM_BYTES, (at + 1) * UNIFORM_BYTES);
    expect(hex(of(lists.hashed))).toBe(hex(kernel.hashToGroup(uniform)));
    expect(hex(of(lists.product))).toBe(hex(kernel.mulSame(k, of(points))));
    expect(hex(of(lists.base))).toBe(hex(kernel.mulBase(of(scalars))));
    expect(hex(of(lists.multiple))).toBe(hex(kernel.mulSame(of(scalars), P)));
    expect(hex(of(lists.sum))).toBe(hex(kernel.addEach(of(points), of(lists.base))));
  }
  const weights = draw.subarray(0, items * WEIGHT_BYTES);
  const [head, tail] = [0, 1].map((part) => {
    const [from, to] = part === 0 ? [0, 8000] : [8000, items];
    return kernel.msm(
      weights.subarray(from * WEIGHT_BYTES, to * WEIGHT_BYTES),
      points.subarray(from * 32, to * 32),
    );
  });
  expect(hex(kernel.msm(weights, points))).toBe(hex(kernel.addEach(head ?? P, tail ?? P)));
}
