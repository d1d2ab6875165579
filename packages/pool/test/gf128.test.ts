// SPDX-License-Identifier: Apache-2.0
// Products and polynomials over GF(2^128) in the kernel, in JavaScript and schoolbook over BigInt.
import { randomFillSync } from "node:crypto";
import { type Gf128, portableGf128 } from "@koplamp/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { kernelExports } from "../src/kernel.ts";
import { kernelGf128, nodeGf128 } from "../src/kernel-gf128.ts";

const WORDS = 4;
const random = (elements: number): Uint32Array => randomFillSync(new Uint32Array(elements * WORDS));

const anyElement = fc.oneof(
  fc.constantFrom([0, 0, 0, 0], [1, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0x80000000], [-1, -1, -1, -1]),
  fc.array(fc.integer(), { minLength: WORDS, maxLength: WORDS }),
);

function resultsOf(gf128: Gf128, factor: Uint32Array, elements: Uint32Array): readonly Uint32Array[] {
  const products = elements.slice();
  gf128.scale(factor, products);
  return [products, gf128.evaluate(factor, elements)];
}

describe.each<[string, Gf128]>([
  ["the kernel", kernelGf128()],
  ["JavaScript", portableGf128],
  ["what is bound", nodeGf128()],
])("GF(2^128) in %s", (_name, gf128) => {
  test("gives what the schoolbook gives, for any factor and elements", () => {
    fc.assert(
      fc.property(anyElement, fc.array(anyElement, { maxLength: 40 }), (factor, elements) => {
        const [point, words] = [Uint32Array.from(factor), Uint32Array.from(elements.flat())];
        expect(resultsOf(gf128, point, words)).toEqual(resultsOf(oraclePrimitives.gf128, point, words));
      }),
    );
  });

  test("gives a product by the polynomials of GCM: x^127 times x is x^7 + x^2 + x + 1", () => {
    const elements = new Uint32Array(17 * WORDS);
    for (let at = 3; at < elements.length; at += WORDS) elements[at] = 0x80000000;
    gf128.scale(Uint32Array.of(2, 0, 0, 0), elements);
    for (let at = 0; at < elements.length; at += WORDS) {
      expect([...elements.subarray(at, at + WORDS)]).toEqual([0x87, 0, 0, 0]);
    }
  });
});

describe("the kernel's GF(2^128)", () => {
  test("agrees with JavaScript on as many elements as fill a call, fewer and more", () => {
    for (const count of [0, 1, 15, 16, 17, 2047, 2048, 2049, 5000]) {
      const [factor, elements] = [random(1), random(count)];
      expect(resultsOf(kernelGf128(), factor, elements), `${count}`).toEqual(
        resultsOf(portableGf128, factor, elements),
      );
    }
  });

  test("leaves nothing of factor, elements and results in its memory", () => {
    const exports = kernelExports();
    const memory = Buffer.from((exports["memory"] as { readonly buffer: ArrayBuffer }).buffer); // a kernel's
    const gf128 = kernelGf128(exports);
    for (const count of [20, 3000]) {
      const [factor, elements, products] = [random(1), random(count), random(count)];
      const left = (secrets: readonly Uint32Array[]): readonly boolean[] =>
        secrets.map(({ buffer, byteOffset }) => memory.includes(Buffer.from(buffer, byteOffset, 16)));
      const before = products.slice();
      gf128.scale(factor, products);
      expect(left([factor, before, products, products.subarray(-WORDS)])).not.toContain(true);
      const value = gf128.evaluate(factor, elements);
      expect(left([factor, elements, elements.subarray(-WORDS), value])).not.toContain(true);
    }
  });

  test("does not serve where it gives something else, or where there is none", () => {
    const wrong: Gf128 = { ...kernelGf128(), evaluate: () => random(1) };
    const none = (): Gf128 => {
      throw new Error("no kernel");
    };
    const [factor, elements] = [random(1), random(100)];
    for (const gf128 of [nodeGf128(() => wrong), nodeGf128(none)]) {
      expect(resultsOf(gf128, factor, elements)).toEqual(resultsOf(portableGf128, factor, elements));
    }
  });
});
