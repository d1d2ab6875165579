// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementOf, numberAt, product } from "../../crypto/test/gf128.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  addProducts,
  coinSums,
  dealVole,
  receiverBytes,
  receiverVectors,
  SENDER_BYTES,
  senderVectors,
  sumsHold,
} from "../src/vole.ts";
import { wordsOf } from "../src/words.ts";

const primitives = nodePrimitives();
const CELLS = 50;
const COIN = primitives.sha256(Uint8Array.of(1));

function sumsOf(dealt: Uint8Array): Uint8Array {
  return coinSums(primitives, receiverVectors(primitives, dealt), COIN);
}

function holds(dealt: Uint8Array, coin: Uint8Array, sums: Uint8Array): boolean {
  return sumsHold(primitives, senderVectors(primitives, dealt, CELLS), coin, sums);
}

const anyElement = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 2n ** 127n, 2n ** 128n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
);

describe("multiplication in GF(2^128)", () => {
  it("is that of polynomials, for any factor and elements", () => {
    fc.assert(
      fc.property(anyElement, fc.array(anyElement, { maxLength: 5 }), (factor, elements) => {
        const words = new Uint32Array(elements.length * 4);
        elements.forEach((element, at) => {
          words.set(elementOf(element), at * 4);
        });
        primitives.gf128.scale(elementOf(factor), words);
        elements.forEach((element, at) => {
          expect(numberAt(words, 4 * at)).toBe(product(factor, element));
        });
      }),
    );
  });

  it("has inverses: an element to the power 2^128 - 1 is one", () => {
    let power = 1n;
    let base = 0x0123456789abcdef0123456789abcdefn;
    for (let bit = 0; bit < 128; bit += 1) {
      power = product(power, base);
      base = product(base, base);
    }
    expect(power).toBe(1n);
  });
});

describe("a correlation", () => {
  const dealt = dealVole(primitives, CELLS, primitives.sha256(Uint8Array.of(2)));

  it("has the lengths that the messages state", () => {
    expect(dealt.sender).toHaveLength(SENDER_BYTES);
    expect(dealt.receiver).toHaveLength(receiverBytes(CELLS));
  });

  it("is C = A·delta + B in every cell and the mask", () => {
    const { a, c } = receiverVectors(primitives, dealt.receiver);
    const { b, delta } = senderVectors(primitives, dealt.sender, CELLS);
    for (let at = 0; at < CELLS + 1; at += 1) {
      expect(numberAt(c, 4 * at)).toBe(
        product(numberAt(a, 4 * at), numberAt(delta, 0)) ^ numberAt(b, 4 * at),
      );
    }
  });

  it("takes the products of a store into B, in parts as in one", () => {
    const cells = 20_000; // more than are taken at a time
    const long = dealVole(primitives, cells, COIN);
    const half = senderVectors(primitives, long.sender, cells);
    const [before, store] = [half.b.slice(), primitives.aes256Ctr(COIN, cells * 16 + 1).subarray(1)];
    addProducts(primitives, half, store);
    const words = wordsOf(store);
    for (const at of [0, 1, 16_383, 16_384, cells - 1]) {
      const expected = product(numberAt(words, 4 * at), numberAt(half.delta, 0)) ^ numberAt(before, 4 * at);
      expect(numberAt(half.b, 4 * at)).toBe(expected);
    }
    expect(numberAt(half.b, 4 * cells)).toBe(numberAt(before, 4 * cells)); // the mask stays
  });

  it("passes its check", () => {
    const sums = sumsOf(dealt.receiver);
    expect(holds(dealt.sender, COIN, sums)).toBe(true);
  });

  it("does not pass with one bit changed anywhere: in a seed, in delta, in a cell or in the mask", () => {
    const passes = (side: "sender" | "receiver", at: number): boolean => {
      const changed = { sender: dealt.sender.slice(), receiver: dealt.receiver.slice() };
      changed[side][at] = (changed[side][at] ?? 0) ^ 1;
      const sums = sumsOf(changed.receiver);
      return holds(changed.sender, COIN, sums);
    };
    const anywhere = fc.oneof(
      fc.tuple(fc.constant("sender" as const), fc.nat(SENDER_BYTES - 1)),
      fc.tuple(fc.constant("receiver" as const), fc.nat(receiverBytes(CELLS) - 1)),
    );
    fc.assert(
      fc.property(anywhere, ([side, at]) => {
        expect(passes(side, at)).toBe(false);
      }),
    );
  });

  it("does not pass under another coin, and shows sums that differ from session to session", () => {
    const other = primitives.sha256(Uint8Array.of(9));
    const sums = sumsOf(dealt.receiver);
    expect(holds(dealt.sender, other, sums)).toBe(false);
    const again = dealVole(primitives, CELLS, other);
    const words = [...wordsOf(sums), ...wordsOf(sumsOf(again.receiver))];
    expect(new Set(words).size).toBe(words.length);
  });
});
