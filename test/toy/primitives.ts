// SPDX-License-Identifier: Apache-2.0
import type { KeyPair, Primitives } from "@koplamp/crypto";
import { nodePrimitives } from "@koplamp/pool";

const ENCAPSULATION_KEY = 1184;
const CIPHERTEXT = 1088;

/**
 * Primitives whose asymmetric half is a keyed hash: a signature is an HMAC under the public key, a shared secret a hash
 * of both public keys, an encapsulation the secret itself. Whoever can read can forge, and all protocol code runs as it
 * does: for tests that run a whole federation hundreds of times.
 */
export function toyPrimitives(): Primitives {
  const real = nodePrimitives();
  const { sha256, shake256, hmacSha256 } = real;
  const known = new Map<string, Uint8Array>();
  // Public keys stay those of Ed25519, since their form is checked: made once for a seed.
  const ed25519PublicKey = (seed: Uint8Array): Uint8Array => {
    const name = Buffer.from(seed).toString("hex");
    const key = known.get(name) ?? real.ed25519PublicKey(seed);
    known.set(name, key);
    return key.slice();
  };
  const sign = (key: Uint8Array, message: Uint8Array): Uint8Array => {
    const tag = hmacSha256(key, message);
    return Buffer.concat([tag, sha256(tag)]);
  };
  const x25519KeyPair = (secret: Uint8Array): KeyPair => ({
    publicKey: sha256(secret),
    secretKey: Uint8Array.from(secret),
  });
  return {
    ...real,
    ed25519PublicKey,
    ed25519Sign: (seed, message) => Uint8Array.from(sign(ed25519PublicKey(seed), message)),
    ed25519Verify: (key, message, signature) => Buffer.compare(sign(key, message), signature) === 0,
    x25519KeyPair,
    x25519: (secret, peer) => {
      const both = [sha256(secret), peer].sort(Buffer.compare);
      return sha256(Buffer.concat(both));
    },
    mlKemKeyPair: (seed) => ({
      publicKey: shake256(seed, ENCAPSULATION_KEY),
      secretKey: Uint8Array.from(seed),
    }),
    mlKemEncapsulate: (key) => {
      const shared = Uint8Array.from(crypto.getRandomValues(new Uint8Array(32)));
      const ciphertext = new Uint8Array(CIPHERTEXT);
      ciphertext.set(shared);
      ciphertext.set(sha256(key), 32);
      return { ciphertext, shared };
    },
    mlKemDecapsulate: (seed, ciphertext) => {
      const mine = sha256(shake256(seed, ENCAPSULATION_KEY));
      const meant = Buffer.compare(ciphertext.subarray(32, 64), mine) === 0;
      return meant ? ciphertext.slice(0, 32) : sha256(ciphertext);
    },
  };
}
