// SPDX-License-Identifier: Apache-2.0
import { CryptoError, type Primitives } from "@koplamp/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oraclePrimitives as oracle } from "../../crypto/test/oracle-primitives.ts";
import { nodePrimitives } from "../src/primitives.ts";
import { primitivesVectors } from "./primitives-vectors.ts";

const node = nodePrimitives();
primitivesVectors("node:crypto", node);
primitivesVectors("noble", oracle);

const bytes = (most: number) => fc.uint8Array({ maxLength: most });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** The same call on both bindings gives the same bytes. */
function agree<Args>(
  values: fc.Arbitrary<Args>,
  call: (primitives: Primitives, args: Args) => unknown,
): void {
  fc.assert(
    fc.property(values, (args) => {
      expect(call(node, args)).toEqual(call(oracle, args));
    }),
  );
}

describe("node:crypto and noble agree", () => {
  test("digests", () => {
    agree(fc.tuple(bytes(300), fc.integer({ min: 1, max: 300 })), (p, [data, length]) => [
      p.sha256(data),
      p.sha512(data),
      p.shake256(data, length),
    ]);
  });

  test("HMAC, with keys and messages around the block and around the short way's end", () => {
    const edges = fc.constantFrom(0, 1, 63, 64, 65, 1023, 1024, 1025, 3000).chain(exactly);
    agree(fc.tuple(edges, edges), (p, [key, data]) => p.hmacSha256(key, data));
    agree(fc.tuple(bytes(100), bytes(100)), (p, [key, data]) => p.hmacSha256(key, data));
  });

  test("batches, also of nothing, with inputs of any length", () => {
    agree(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 80 }), fc.nat(5)), (p, [prefix, width, rows]) =>
      p.sha256Rows(prefix, new Uint8Array(rows * width).fill(prefix), width),
    );
    agree(fc.tuple(fc.constantFrom(32, 64), fc.constantFrom(1, 63, 64, 1025)), (p, [width, rows]) => {
      const place = Uint8Array.from({ length: rows * width }, (_, at) => (at * 37) >> 3);
      const digests = p.sha256Rows(1, place, width, place).slice();
      return [digests, place.subarray(0, rows * 32).slice()];
    });
    agree(fc.tuple(bytes(100), fc.array(bytes(150), { maxLength: 6 })), (p, [key, inputs]) => {
      const ends = Uint32Array.from(
        inputs,
        (_, at) => inputs.slice(0, at + 1).flatMap((one) => [...one]).length,
      );
      const packed = Uint8Array.from(inputs.flatMap((one) => [...one]));
      return [
        p.hmacSha256Each(key, packed, ends),
        p.hmacSha256Each(key, packed, ends, 0, 8),
        p.sha256Each(key, packed, ends),
      ];
    });
    agree(
      fc.tuple(
        fc.nat(5).chain((keys) => exactly(keys * 32)),
        bytes(200),
      ),
      (p, [keys, message]) => [p.hmacSha256Under(keys, message), p.hmacSha256Under(keys, message, 16)],
    );
  });

  test("HKDF", () => {
    const length = fc.integer({ min: 1, max: 500 });
    agree(fc.tuple(bytes(80), bytes(80), bytes(80), length), (p, [salt, ikm, info, many]) =>
      p.hkdfExpand(p.hkdfExtract(salt, ikm), info, many),
    );
  });

  test("AES", () => {
    agree(fc.tuple(exactly(32), fc.integer({ min: 0, max: 5000 })), (p, [key, length]) =>
      p.aes256Ctr(key, length),
    );
    agree(
      fc.tuple(
        exactly(32),
        fc.nat(20).chain((blocks) => exactly(blocks * 16)),
      ),
      (p, [key, blocks]) => p.aes256Blocks(key, blocks),
    );
    agree(fc.tuple(exactly(32), exactly(12), bytes(100), bytes(500)), (p, [key, nonce, ad, text]) => {
      const sealed = p.aesGcmSeal(key, nonce, ad, text);
      return [sealed, node.aesGcmOpen(key, nonce, ad, sealed), oracle.aesGcmOpen(key, nonce, ad, sealed)];
    });
  });

  test("X25519 and Ed25519", () => {
    const pair = fc.tuple(exactly(32), exactly(32));
    agree(pair, (p, [mine, other]) => p.x25519(mine, p.x25519KeyPair(other).publicKey));
    agree(fc.tuple(exactly(32), bytes(300)), (p, [seed, text]) => [
      p.ed25519PublicKey(seed),
      p.ed25519Sign(seed, text),
    ]);
  });

  test("ML-KEM-768: what one encapsulates the other opens, also under another's key", () => {
    fc.assert(
      fc.property(exactly(64), exactly(64), (seed, other) => {
        for (const [from, to] of [
          [node, oracle],
          [oracle, node],
        ] as const) {
          const { ciphertext, shared } = from.mlKemEncapsulate(to.mlKemKeyPair(seed).publicKey);
          expect(to.mlKemDecapsulate(seed, ciphertext)).toEqual(shared);
          expect(node.mlKemDecapsulate(other, ciphertext)).toEqual(
            oracle.mlKemDecapsulate(other, ciphertext),
          );
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe("what node:crypto would let through", () => {
  const seed = new Uint8Array(32).fill(7);
  const long = (key: Uint8Array) => Uint8Array.of(...key, 0);
  const message = Uint8Array.of(1, 2, 3);

  test("a key with bytes after it, or one short, is refused by its length", () => {
    const publicKey = node.ed25519PublicKey(seed);
    const signature = node.ed25519Sign(seed, message);
    const kem = node.mlKemKeyPair(new Uint8Array(64));
    const wrong: (() => unknown)[] = [long, (key: Uint8Array) => key.subarray(1)].flatMap((change) => [
      () => node.ed25519PublicKey(change(seed)),
      () => node.ed25519Sign(change(seed), message),
      () => node.ed25519Verify(change(publicKey), message, signature),
      () => node.x25519KeyPair(change(seed)),
      () => node.x25519(seed, change(publicKey)),
      () => node.mlKemKeyPair(change(kem.secretKey)),
      () => node.mlKemEncapsulate(change(kem.publicKey)),
      () => node.mlKemDecapsulate(change(kem.secretKey), new Uint8Array(1088)),
      () => node.mlKemDecapsulate(kem.secretKey, change(new Uint8Array(1088))),
      () => node.aes256Ctr(change(seed), 1),
      () => node.aes256Blocks(change(seed), new Uint8Array(16)),
      () => node.aes256Blocks(seed, change(seed)),
      () => node.aesGcmSeal(change(seed), new Uint8Array(12), message, message),
      () => node.aesGcmSeal(seed, change(new Uint8Array(12)), message, message),
      () => node.aesGcmOpen(change(seed), new Uint8Array(12), message, new Uint8Array(20)),
      () => node.aesGcmOpen(seed, change(new Uint8Array(12)), message, new Uint8Array(20)),
    ]);
    for (const call of wrong) expect(call).toThrow(CryptoError);
    expect(node.ed25519Verify(publicKey, message, long(signature))).toBe(false);
  });

  test("an X25519 result of zeros", () => {
    expect(() => node.x25519(seed, new Uint8Array(32))).toThrow(
      new CryptoError("invalid-key", "an X25519 exchange gave zeros"),
    );
  });

  test("more HKDF output than there is", () => {
    expect(node.hkdfExpand(seed, message, 255 * 32).length).toBe(255 * 32);
    expect(() => node.hkdfExpand(seed, message, 255 * 32 + 1)).toThrow(CryptoError);
  });

  test("a seal with one bit changed, one cut short, and one without room for a tag", () => {
    const nonce = new Uint8Array(12);
    const sealed = node.aesGcmSeal(seed, nonce, message, message);
    const changed = sealed.map((byte, at) => (at === 4 ? byte ^ 1 : byte));
    expect(node.aesGcmOpen(seed, nonce, message, changed)).toBeUndefined();
    expect(node.aesGcmOpen(seed, nonce, message, sealed.subarray(0, -1))).toBeUndefined();
    expect(node.aesGcmOpen(seed, nonce, message, sealed.subarray(0, 15))).toBeUndefined();
    expect(node.aesGcmOpen(seed, nonce, sealed, sealed)).toBeUndefined();
  });

  test("results are plain bytes of their own, not views of Node's shared pool", () => {
    for (const result of [
      node.sha256(message),
      node.hmacSha256(seed, message),
      node.aes256Ctr(seed, 40),
      node.aes256Blocks(seed, seed),
      node.ed25519Sign(seed, message),
      node.ed25519PublicKey(seed),
      node.aesGcmSeal(seed, new Uint8Array(12), message, message),
    ]) {
      expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
      expect(result.buffer.byteLength).toBe(result.length);
    }
  });
});

test("more public keys than are kept parsed still verify", () => {
  const message = Uint8Array.of(9);
  const seeds = Array.from({ length: 300 }, (_, at) =>
    new Uint8Array(32).fill(1 + (at % 250)).fill(at >> 8, 0, 1),
  );
  for (const round of [1, 2]) {
    for (const seed of seeds) {
      const publicKey = node.ed25519PublicKey(seed);
      expect(node.ed25519Verify(publicKey, message, node.ed25519Sign(seed, message)), `${round}`).toBe(true);
    }
  }
});
