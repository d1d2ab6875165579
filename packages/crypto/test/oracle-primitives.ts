// SPDX-License-Identifier: Apache-2.0
// The tests' oracle: every primitive from noble, independent of what production binds.
import { ctr, ecb, gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { SUMS_AT_ONCE } from "../src/pick-sums.ts";
import type { Primitives } from "../src/primitives.ts";
import { elementOf, numberAt, product } from "./gf128.ts";

/** `Primitives` from noble. Its time depends on secrets: for tests only. */
export const oraclePrimitives: Primitives = {
  sha256: (data) => sha256(data),
  sha512: (data) => sha512(data),
  shake256: (data, length) => shake256(data, { dkLen: length }),
  hmacSha256: (key, data) => hmac(sha256, key, data),
  sha256Rows: (prefix, rows, width, into) => {
    const digests = eachOf(rows.length / width, (at) =>
      sha256(Uint8Array.of(prefix, ...rows.subarray(at * width, (at + 1) * width))),
    );
    into?.set(digests);
    return digests;
  },
  sha256Each: (prefix, bytes, ends, _head, taken = 32) =>
    eachOf(
      ends.length,
      (at) =>
        sha256(Uint8Array.of(...prefix, ...bytes.subarray(at === 0 ? 0 : ends[at - 1], ends[at]))).subarray(
          0,
          taken,
        ),
      taken,
    ),
  hmacSha256Each: (key, bytes, ends, _head, taken = 32) =>
    eachOf(
      ends.length,
      (at) => hmac(sha256, key, bytes.subarray(at === 0 ? 0 : ends[at - 1], ends[at])).subarray(0, taken),
      taken,
    ),
  hmacSha256Under: (keys, message, taken = 32) =>
    eachOf(
      keys.length / 32,
      (at) => hmac(sha256, keys.subarray(at * 32, (at + 1) * 32), message).subarray(0, taken),
      taken,
    ),
  hkdfExtract: (salt, ikm) => extract(sha256, ikm, salt),
  hkdfExpand: (prk, info, length) => expand(sha256, prk, info, length),
  aes256Ctr: (key, length) => ctr(key, new Uint8Array(16)).encrypt(new Uint8Array(length)),
  aes256Blocks: (key, blocks) => ecb(key, { disablePadding: true }).encrypt(blocks),
  gf128: {
    scale(factor, elements) {
      for (let at = 0; at < elements.length; at += 4) {
        elements.set(elementOf(product(numberAt(factor, 0), numberAt(elements, at))), at);
      }
    },
    evaluate(point, elements) {
      let value = 0n;
      for (let at = 0; at < elements.length; at += 4) {
        value = product(numberAt(point, 0), value) ^ numberAt(elements, at);
      }
      return elementOf(value);
    },
  },
  pickSums: (vectors, bands, count, picks) =>
    vectors.map((vector) => {
      const length = vector.length / 4 / bands;
      const sums = new Uint32Array(count * 4);
      for (let band = 0; band < bands; band += 1) {
        for (let sum = 0; sum < count; sum += 1) {
          const from = sum - (sum % SUMS_AT_ONCE);
          const picked = BigInt(picks(band, from, Math.min(count, from + SUMS_AT_ONCE))[sum - from] ?? 0);
          const place = band * length + Number((picked * BigInt(length)) >> 32n);
          for (let word = 0; word < 4; word += 1) {
            sums[sum * 4 + word] = (sums[sum * 4 + word] ?? 0) ^ (vector[place * 4 + word] ?? 0);
          }
        }
      }
      return sums;
    }),
  aesGcmSeal: (key, nonce, ad, plaintext) => gcm(key, nonce, ad).encrypt(plaintext),
  aesGcmOpen(key, nonce, ad, sealed) {
    try {
      return gcm(key, nonce, ad).decrypt(sealed);
    } catch {
      return undefined;
    }
  },
  x25519KeyPair: (secret) => ({ publicKey: x25519.getPublicKey(secret), secretKey: secret }),
  x25519: (secret, peer) => x25519.getSharedSecret(secret, peer),
  mlKemKeyPair: (seed) => ({ publicKey: ml_kem768.keygen(seed).publicKey, secretKey: seed }),
  mlKemEncapsulate(publicKey) {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey);
    return { ciphertext: cipherText, shared: sharedSecret };
  },
  mlKemDecapsulate: (seed, ciphertext) => ml_kem768.decapsulate(ciphertext, ml_kem768.keygen(seed).secretKey),
  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  // As RFC 8032 has it: noble's own default is the laxer ZIP 215.
  ed25519Verify: (publicKey, message, signature) =>
    ed25519.verify(signature, message, publicKey, { zip215: false }),
};

function eachOf(count: number, digest: (at: number) => Uint8Array, width = 32): Uint8Array {
  const all = new Uint8Array(count * width);
  for (let at = 0; at < count; at += 1) all.set(digest(at), at * width);
  return all;
}
