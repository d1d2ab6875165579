// SPDX-License-Identifier: Apache-2.0
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  hash,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { CryptoError, type CryptoErrorCode, type Primitives, wipe } from "@koplamp/crypto";
import { batchHash } from "./batch-hash.ts";
import { nodeGf128 } from "./kernel-gf128.ts";
import { nodePickSums } from "./kernel-picks.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const AES_BLOCK = 16;
const HASH_BYTES = 32;
const HMAC_BLOCK = 64;
const SIGNATURE_BYTES = 64;
const ML_KEM_SEED = 64;
const ML_KEM_PUBLIC = 1184;
const ML_KEM_CIPHERTEXT = 1088;
/** Messages up to this length are copied behind the padded key: two one-shot digests cost 2 µs, an HMAC object 12. */
const SHORT_MESSAGE = 1024;
/** Public keys kept parsed: the members of a federation, and some. Parsing one costs half of verifying with it. */
const MOST_KEYS = 256;
const NO_IV = new Uint8Array(16);

/** The fixed DER before a raw key (RFC 8410; RFC 9935). OpenSSL takes no other form of all of them. */
const DER = {
  ed25519Public: fromHex("302a300506032b6570032100"),
  ed25519Secret: fromHex("302e020100300506032b657004220420"),
  x25519Public: fromHex("302a300506032b656e032100"),
  x25519Secret: fromHex("302e020100300506032b656e04220420"),
  mlKemPublic: fromHex("308204b2300b0609608648016503040402038204a100"),
  mlKemSecret: fromHex("3054020100300b060960864801650304040204428040"),
};

/**
 * The production binding of `Primitives`: OpenSSL through `node:crypto`. It checks every length before OpenSSL sees a
 * key, because OpenSSL ignores bytes that follow one.
 * @throws {CryptoError} `invalid-length` or `invalid-key`, by the functions, never with bytes in the message.
 */
export function nodePrimitives(): Primitives {
  const admitted = publicKeys();
  const x25519Secret = secretKeys("x25519Secret", "X25519 secret key", KEY_BYTES);
  const mlKemSecret = secretKeys("mlKemSecret", "ML-KEM-768 seed", ML_KEM_SEED);
  const ed25519Secret = secretKeys("ed25519Secret", "Ed25519 seed", KEY_BYTES);
  return {
    sha256: (data) => plain(hash("sha256", data, "buffer")),
    sha512: (data) => plain(hash("sha512", data, "buffer")),
    shake256: (data, length) =>
      plain(hash("shake256", data, { outputEncoding: "buffer", outputLength: length })),
    hmacSha256,
    ...batchHash(),
    gf128: nodeGf128(),
    pickSums: nodePickSums(),
    hkdfExtract: (salt, ikm) => hmacSha256(salt, ikm),
    hkdfExpand,
    aes256Ctr,
    aes256Blocks,
    aesGcmSeal,
    aesGcmOpen,
    x25519KeyPair: (secret) => ({
      publicKey: rawPublic(x25519Secret(secret), KEY_BYTES),
      secretKey: secret,
    }),
    x25519(secret, peer) {
      const privateKey = x25519Secret(secret);
      const publicKey = openPublic("x25519Public", peer, KEY_BYTES, "X25519 public key");
      return refusing("an X25519 exchange gave zeros", () => plain(diffieHellman({ privateKey, publicKey })));
    },
    mlKemKeyPair: (seed) => ({
      publicKey: rawPublic(mlKemSecret(seed), ML_KEM_PUBLIC),
      secretKey: seed,
    }),
    mlKemEncapsulate,
    mlKemDecapsulate(seed, ciphertext) {
      expectLength("ML-KEM-768 ciphertext", ciphertext, ML_KEM_CIPHERTEXT);
      return plain(decapsulate(mlKemSecret(seed), ciphertext));
    },
    ed25519PublicKey: (seed) => rawPublic(ed25519Secret(seed), KEY_BYTES),
    ed25519Sign: (seed, message) => plain(sign(null, message, ed25519Secret(seed))),
    ed25519Verify(publicKey, message, signature) {
      const key = admitted(publicKey);
      return signature.length === SIGNATURE_BYTES && verify(null, message, key, signature);
    },
  };
}

function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  if (data.length > SHORT_MESSAGE) return plain(createHmac("sha256", key).update(data).digest());
  const short = key.length > HMAC_BLOCK ? hash("sha256", key, "buffer") : key;
  const inner = padded(short, 0x36, data.length);
  inner.set(data, HMAC_BLOCK);
  const outer = padded(short, 0x5c, HASH_BYTES);
  try {
    outer.set(hash("sha256", inner, "buffer"), HMAC_BLOCK);
    return plain(hash("sha256", outer, "buffer"));
  } finally {
    wipe(inner, outer);
  }
}

/** The key, masked and filled up to one block, with room for `more` bytes after it (RFC 2104, section 2). */
function padded(key: Uint8Array, mask: number, more: number): Uint8Array {
  const block = new Uint8Array(HMAC_BLOCK + more);
  for (let at = 0; at < HMAC_BLOCK; at += 1) block[at] = (key[at] ?? 0) ^ mask;
  return block;
}

function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 255 * HASH_BYTES) {
    throw new CryptoError("invalid-length", `HKDF expands to at most ${255 * HASH_BYTES} bytes`);
  }
  const output = new Uint8Array(length);
  let previous = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += HASH_BYTES, counter += 1) {
    const message = new Uint8Array(previous.length + info.length + 1);
    message.set(previous);
    message.set(info, previous.length);
    message[message.length - 1] = counter;
    previous = new Uint8Array(hmacSha256(prk, message));
    output.set(previous.subarray(0, length - at), at);
    wipe(message);
  }
  wipe(previous);
  return output;
}

function aes256Ctr(key: Uint8Array, length: number): Uint8Array {
  expectLength("AES key", key, KEY_BYTES);
  return plain(createCipheriv("aes-256-ctr", key, NO_IV).update(zerosOf(length)));
}

/** What a stream is added to: never written, so that its pages take no memory, and kept, so that none of it is collected. */
let zeros: Uint8Array = new Uint8Array();

function zerosOf(length: number): Uint8Array {
  if (zeros.length < length) zeros = new Uint8Array(length);
  return zeros.subarray(0, length);
}

function aes256Blocks(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  expectLength("AES key", key, KEY_BYTES);
  if (blocks.length % AES_BLOCK !== 0) {
    throw new CryptoError(
      "invalid-length",
      `expected blocks of ${AES_BLOCK} bytes, got ${blocks.length} bytes`,
    );
  }
  return plain(createCipheriv("aes-256-ecb", key, null).update(blocks));
}

function aesGcmSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  expectLength("AES key", key, KEY_BYTES);
  expectLength("nonce", nonce, NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(ad);
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  sealed.set(cipher.update(plaintext));
  cipher.final(); // a stream mode: it has nothing left, but makes the tag
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  expectLength("AES key", key, KEY_BYTES);
  expectLength("nonce", nonce, NONCE_BYTES);
  if (sealed.length < TAG_BYTES) return undefined;
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(ad);
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = plain(decipher.update(sealed.subarray(0, end)));
  try {
    decipher.final();
    return plaintext;
  } catch {
    wipe(plaintext); // unauthenticated: nobody may read it
    return undefined;
  }
}

function mlKemEncapsulate(publicKey: Uint8Array): { ciphertext: Uint8Array; shared: Uint8Array } {
  const key = openPublic("mlKemPublic", publicKey, ML_KEM_PUBLIC, "ML-KEM-768 encapsulation key");
  const { ciphertext, sharedKey } = refusing("an ML-KEM-768 encapsulation failed", () => encapsulate(key));
  return { ciphertext: plain(ciphertext), shared: plain(sharedKey) };
}

/** Parsed Ed25519 public keys, by their bytes; the oldest makes room. */
function publicKeys(): (raw: Uint8Array) => KeyObject {
  const kept = new Map<string, KeyObject>();
  return (raw) => {
    const name = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("latin1");
    const known = kept.get(name);
    if (known !== undefined) return known;
    const key = openPublic("ed25519Public", raw, KEY_BYTES, "Ed25519 public key");
    for (const oldest of kept.keys()) {
      if (kept.size < MOST_KEYS) break;
      kept.delete(oldest);
    }
    kept.set(name, key);
    return key;
  };
}

/**
 * Parsed secret keys, by the array that holds their bytes: of an ML-KEM seed the whole key is made again each time. A key
 * lives as long as its array, and is parsed again where other bytes stand in that.
 */
function secretKeys(kind: keyof typeof DER, what: string, length: number): (raw: Uint8Array) => KeyObject {
  const kept = new WeakMap<Uint8Array, { readonly digest: Buffer; readonly key: KeyObject }>();
  return (raw) => {
    const digest = hash("sha256", raw, "buffer");
    const known = kept.get(raw);
    if (known?.digest.equals(digest)) return known.key;
    const key = secretKey(kind, raw, what, length);
    kept.set(raw, { digest, key });
    return key;
  };
}

function secretKey(kind: keyof typeof DER, raw: Uint8Array, what: string, length: number): KeyObject {
  expectLength(what, raw, length, "invalid-key");
  const der = behind(DER[kind], raw);
  try {
    return refusing(`the ${what} is not one`, () =>
      createPrivateKey({ key: der, format: "der", type: "pkcs8" }),
    );
  } finally {
    wipe(der);
  }
}

function openPublic(kind: keyof typeof DER, raw: Uint8Array, length: number, what: string): KeyObject {
  expectLength(what, raw, length, "invalid-key");
  return refusing(`the ${what} is not one`, () =>
    createPublicKey({ key: behind(DER[kind], raw), format: "der", type: "spki" }),
  );
}

/** The last `length` bytes of the DER: the key itself. */
function rawPublic(secret: KeyObject, length: number): Uint8Array {
  return new Uint8Array(createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-length));
}

function behind(prefix: Uint8Array, raw: Uint8Array): Buffer {
  const der = Buffer.alloc(prefix.length + raw.length); // of its own, not from Node's pool: it is wiped
  der.set(prefix);
  der.set(raw, prefix.length);
  return der;
}

/** OpenSSL's errors may quote what it was given: ours never do. */
function refusing<Value>(message: string, step: () => Value): Value {
  try {
    return step();
  } catch {
    throw new CryptoError("invalid-key", message);
  }
}

function expectLength(
  what: string,
  bytes: Uint8Array,
  length: number,
  code: CryptoErrorCode = "invalid-length",
): void {
  if (bytes.length !== length) {
    throw new CryptoError(code, `expected a ${what} of ${length} bytes, got ${bytes.length}`);
  }
}

/** The same bytes, not as a `Buffer`: its methods copy, print and slice differently. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}
