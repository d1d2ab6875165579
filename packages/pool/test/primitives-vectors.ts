// SPDX-License-Identifier: Apache-2.0
// Published vectors that every binding of `Primitives` must pass: Wycheproof and FIPS 203.
import type { Primitives } from "@koplamp/crypto";
import { fromHex, hex } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { hasShared, sharedJson } from "../../../test/shared.ts";

/** The fields that the files used here have between them; one that a file lacks fails its test. */
interface Case {
  readonly tcId: number;
  readonly result: Outcome | "acceptable";
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly salt: string;
  readonly ikm: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
  readonly sig: string;
  readonly private: string;
  readonly public: string;
  readonly shared: string;
  readonly seed: string;
  readonly ek: string;
  readonly c: string;
  readonly K: string;
}

interface Cases {
  readonly keySize?: number;
  readonly ivSize?: number;
  readonly publicKey?: { readonly pk: string };
  readonly tests: readonly Case[];
}

type Outcome = "valid" | "invalid";
/** One vector: what the binding made of it. Bytes that differ from the file's count as invalid. */
type Check = (values: Case, group: Cases) => Outcome;

/** Runs the published vectors over a binding. */
export function primitivesVectors(name: string, primitives: Primitives): void {
  describe.skipIf(!hasShared)(`published vectors over ${name} (needs ../shared)`, () => {
    symmetric(primitives);
    asymmetric(primitives);
    keyEncapsulation(primitives);
  });
}

function symmetric(primitives: Primitives): void {
  vectors("hmac_sha256_test.json", 174, (v) =>
    same(primitives.hmacSha256(fromHex(v.key), fromHex(v.msg)), v.tag, true),
  );

  vectors("hkdf_sha256_test.json", 86, (v) => {
    const prk = primitives.hkdfExtract(fromHex(v.salt), fromHex(v.ikm));
    return same(primitives.hkdfExpand(prk, fromHex(v.info), Number(v.size)), v.okm);
  });

  vectors(
    "aes_gcm_test.json",
    66,
    (v) => {
      const [key, nonce, ad] = [fromHex(v.key), fromHex(v.iv), fromHex(v.aad)];
      const sealed = fromHex(`${v.ct}${v.tag}`);
      const opened = primitives.aesGcmOpen(key, nonce, ad, sealed);
      if (opened === undefined) return "invalid";
      expect(hex(primitives.aesGcmSeal(key, nonce, ad, fromHex(v.msg)))).toBe(hex(sealed));
      return same(opened, v.msg);
    },
    // Keys are 32 bytes and nonces 12: the binding refuses all else before it calls.
    (group) => group.keySize === 256 && group.ivSize === 96,
  );
}

function asymmetric(primitives: Primitives): void {
  vectors("x25519_test.json", 518, (v) =>
    same(primitives.x25519(fromHex(v.private), fromHex(v.public)), v.shared),
  );

  vectors("ed25519_test.json", 151, (v, group) => {
    const publicKey = fromHex(group.publicKey?.pk ?? "");
    const held = primitives.ed25519Verify(publicKey, fromHex(v.msg), fromHex(v.sig));
    return held ? "valid" : "invalid";
  });
}

function keyEncapsulation(primitives: Primitives): void {
  vectors("mlkem_768_keygen_seed_test.json", 100, (v) =>
    same(primitives.mlKemKeyPair(fromHex(v.seed)).publicKey, v.ek),
  );

  vectors("mlkem_768_test.json", 193, (v) => {
    const pair = primitives.mlKemKeyPair(fromHex(v.seed));
    if ("ek" in v) expect(hex(pair.publicKey)).toBe(v.ek);
    return same(primitives.mlKemDecapsulate(pair.secretKey, fromHex(v.c)), v.K);
  });

  // The port takes no randomness, so a valid key is one that encapsulates at all.
  vectors("mlkem_768_encaps_test.json", 265, (v) => {
    const { ciphertext, shared } = primitives.mlKemEncapsulate(fromHex(v.ek));
    return ciphertext.length === 1088 && shared.length === 32 ? "valid" : "invalid";
  });
}

function vectors(
  file: string,
  count: number,
  check: Check,
  chosen: (group: Cases) => boolean = () => true,
): void {
  test(file, () => {
    // Wycheproof's shape; a missing field fails the test.
    const { testGroups } = sharedJson(`vectors/wycheproof/${file}`) as { testGroups: readonly Cases[] };
    let seen = 0;
    const wrong: number[] = [];
    for (const group of testGroups.filter(chosen)) {
      for (const values of group.tests) {
        seen += 1;
        const got = outcome(() => check(values, group));
        if (got !== expected(values)) wrong.push(values.tcId);
      }
    }
    expect({ seen, wrong }).toEqual({ seen: count, wrong: [] });
  });
}

/** "Acceptable" is Wycheproof's word for our choice: an all-zero X25519 result is refused, the rest is taken. */
function expected(values: Case): Outcome {
  if (values.result !== "acceptable") return values.result;
  return /^0+$/.test(values.shared) ? "invalid" : "valid";
}

function outcome(run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    if (error instanceof Error && error.name === "AssertionError") throw error;
    return "invalid";
  }
}

function same(bytes: Uint8Array, text: string | undefined, truncated = false): Outcome {
  const got = hex(bytes);
  return text !== undefined && (truncated ? got.startsWith(text) : got === text) ? "valid" : "invalid";
}
