// SPDX-License-Identifier: Apache-2.0
// Products and polynomials over GF(2^128) in the kernel, in JavaScript, schoolbook over BigInt, and as GHASH by OpenSSL.
import { type Gf128, portableGf128 } from "@koplamp/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { kernelExports } from "../src/kernel.ts";
import { kernelGf128, nodeGf128 } from "../src/kernel-gf128.ts";
import { agreeOnFactors, ghashOf, ofGcm, random, resultsOf, WORDS } from "./gf128-cases.ts";

const anyElement = fc.oneof(
  fc.constantFrom([0, 0, 0, 0], [1, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0x80000000], [-1, -1, -1, -1]),
  fc.array(fc.integer(), { minLength: WORDS, maxLength: WORDS }),
);

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

  // McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B, test case 2: H, C, X1, len and GHASH.
  test("gives the product and the value of the published test case of GCM", () => {
    const [h, c, x1, lengths, ghash] = [
      "66e94bd4ef8a2c3b884cfa59ca342b2e",
      "0388dace60b6a392f328c2b971b2fe78",
      "5e2ec746917062882c85b0685353deb7",
      "00000000000000000000000000000080",
      "f38cbb1ad69223dcc3457ae5b6b0f885",
    ].map((hex) => ofGcm(Buffer.from(hex, "hex"))) as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    const products = c.slice();
    gf128.scale(h, products);
    expect(products).toEqual(x1);
    expect(gf128.evaluate(h, Uint32Array.of(...c, ...lengths, 0, 0, 0, 0))).toEqual(ghash);
  });

  test.each([0, 1, 14, 15, 16, 300, 5000])("authenticates %i random blocks as OpenSSL does", (blocks) => {
    const { ours, openssl } = ghashOf(gf128, blocks);
    expect(ours).toEqual(openssl);
  });
});

describe("the kernel's GF(2^128)", () => {
  test("agrees with JavaScript on random factors", () => {
    agreeOnFactors(2000);
  });

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
