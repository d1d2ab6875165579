// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, randomFillSync } from "node:crypto";
import { type Gf128, portableGf128 } from "@koplamp/crypto";
import { expect } from "vitest";
import { kernelGf128 } from "../src/kernel-gf128.ts";

/** Words of an element. */
export const WORDS = 4;
const BLOCK = 16;

/** Random elements. */
export function random(elements: number): Uint32Array {
  return randomFillSync(new Uint32Array(elements * WORDS));
}

/** The elements times a factor, and the value at that factor of the polynomial that they make. */
export function resultsOf(
  gf128: Gf128,
  factor: Uint32Array,
  elements: Uint32Array,
): readonly [products: Uint32Array, value: Uint32Array] {
  const products = elements.slice();
  gf128.scale(factor, products);
  return [products, gf128.evaluate(factor, elements)];
}

/** The kernel gives JavaScript's products and values for so many random factors, each with none to 40 random elements. */
export function agreeOnFactors(count: number): void {
  const kernel = kernelGf128();
  const lengths = randomFillSync(new Uint8Array(count));
  const bytes = (factor: Uint32Array, elements: Uint32Array, gf128: Gf128): string =>
    resultsOf(gf128, factor, elements)
      .map((words) => Buffer.from(words.buffer).toString("latin1"))
      .join();
  for (const length of lengths) {
    const [factor, elements] = [random(1), random(length % 41)];
    if (bytes(factor, elements, kernel) === bytes(factor, elements, portableGf128)) continue;
    expect.unreachable(`${length % 41} elements times ${factor}: ${elements}`);
  }
}

/** Elements of GCM, whose bytes have the coefficient of their lowest power in the highest bit. */
export function ofGcm(blocks: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(blocks, turned).buffer);
}

function turned(byte: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit += 1) result |= ((byte >> bit) & 1) << (7 - bit);
  return result;
}

/** GHASH of so many random blocks, by the polynomial and by what OpenSSL's AES-256-GCM authenticates them with. */
export function ghashOf(gf128: Gf128, blocks: number): { ours: Uint32Array; openssl: Uint32Array } {
  const [key, nonce] = [randomFillSync(new Uint8Array(32)), randomFillSync(new Uint8Array(12))];
  const data = randomFillSync(new Uint8Array(blocks * BLOCK));
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(data);
  cipher.final();
  const tag = cipher.getAuthTag();
  const encrypted = (block: Uint8Array): Uint8Array => createCipheriv("aes-256-ecb", key, null).update(block);
  const mask = encrypted(Uint8Array.of(...nonce, 0, 0, 0, 1));
  const lengths = Buffer.alloc(BLOCK);
  lengths.writeBigUInt64BE(BigInt(blocks * BLOCK * 8));
  const polynomial = ofGcm(Buffer.concat([data, lengths, Buffer.alloc(BLOCK)]));
  return {
    ours: gf128.evaluate(ofGcm(encrypted(new Uint8Array(BLOCK))), polynomial),
    openssl: ofGcm(tag.map((byte, at) => byte ^ (mask[at] ?? 0))),
  };
}
