// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { base64, fromHex, hex, utf8 } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { hasShared, sharedJson, sharedPath } from "../../../test/shared.ts";
import type { Primitives } from "../src/primitives.ts";
import {
  admitPublicKey,
  provePossession,
  publicKeyText,
  signDocument,
  verifyDocument,
  verifyPossession,
} from "../src/sign.ts";
import { flipped, PORTS } from "./ports.ts";

const seed = new Uint8Array(32).fill(5);
const hash = `sha256:${"ab".repeat(32)}`;

/** Whether a signature counts: its key is admitted and it verifies. */
function counts(primitives: Primitives, key: string, message: Uint8Array, signature: string): boolean {
  const [raw, bytes] = [fromHex(key), fromHex(signature)];
  try {
    admitPublicKey(primitives, `ed25519:${base64(raw)}`);
  } catch {
    return false;
  }
  return bytes.length === 64 && primitives.ed25519Verify(raw, message, bytes);
}

describe.each(PORTS)("signatures over %s", (_name, primitives) => {
  const key = publicKeyText(primitives.ed25519PublicKey(seed));
  const line = signDocument(primitives, seed, "plan/v1", hash);
  const verdict = (change: object) =>
    verifyDocument(primitives, { type: "plan/v1", hash, line, keys: [key], ...change });

  test("a document's, and nothing that differs in one thing", () => {
    expect(line).toBe(
      "ed25519:bnoc3Smwt4/ROvTFWY/v9O8qlxZuPKby5Pv8zYBQW/E= " +
        "Qg8aAYh5SXA1uvN0KpSkmC+oBPn4kB/yx6byP6mOnTvJnnGfQhPpsehVh6OeQXO/RR1uaDn+ne8n3Z+THOv7DA==",
    );
    expect(verdict({})).toBe(true);
    expect(verdict({ type: "approval/v1" })).toBe(false);
    expect(verdict({ hash: `sha256:${"ac".repeat(32)}` })).toBe(false);
    expect(verdict({ keys: [] })).toBe(false);
    expect(verdict({ keys: [publicKeyText(primitives.ed25519PublicKey(flipped(seed, 0)))] })).toBe(false);
    for (const bad of [
      "",
      key,
      `${line} `,
      ` ${line}`,
      `${line}=`,
      line.replace(" ", "  "),
      line.slice(0, -4),
    ]) {
      expect(verdict({ line: bad })).toBe(false);
    }
  });

  test("no text with a line break can be signed as another", () => {
    expect(() => signDocument(primitives, seed, "plan/v1\nx", hash)).toThrow("line break");
  });

  test("possession, of one key for one party, role and covenant", () => {
    const about = { party: "kmar", role: "covenant", covenantHash: hash };
    const proof = provePossession(primitives, seed, about);
    expect(verifyPossession(primitives, key, about, proof)).toBe(true);
    expect(verifyPossession(primitives, key, { ...about, party: "fiod" }, proof)).toBe(false);
    expect(verifyPossession(primitives, key, { ...about, role: "identity" }, proof)).toBe(false);
    expect(verifyPossession(primitives, key, about, line)).toBe(false);
    const other = publicKeyText(primitives.ed25519PublicKey(flipped(seed, 0)));
    expect(verifyPossession(primitives, other, about, proof)).toBe(false);
  });

  test("a key that may be trusted, and every form that may not", () => {
    const raw = primitives.ed25519PublicKey(seed);
    expect(hex(admitPublicKey(primitives, key))).toBe(hex(raw));
    const identity = `01${"00".repeat(31)}`; // small order
    const notCanonical = `eeffffff${"ff".repeat(27)}7f`; // 1 as p + 1
    const offCurve = `02${"00".repeat(31)}`;
    const withTorsion = "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"; // ZIP-215 edge case 3
    const bad = [identity, notCanonical, offCurve, withTorsion, hex(raw).slice(2), `${hex(raw)}00`];
    const texts = bad.map((digits) => `ed25519:${base64(fromHex(digits))}`);
    for (const text of [...texts, key.slice(8), `x25519:${key.slice(8)}`, key.slice(0, -1), `${key}\n`]) {
      expect(() => admitPublicKey(primitives, text), text).toThrow("prime order");
    }
  });
});

interface Vector {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: readonly string[] | null;
}

interface Group {
  readonly publicKey: { readonly pk: string };
  readonly tests: readonly { tcId: number; msg: string; sig: string; result: string }[];
}

describe.skipIf(!hasShared).each(PORTS)("published signatures over %s", (name, primitives) => {
  test("CCTV: of 914 edge cases one counts, which is no edge case", () => {
    const vectors = sharedJson("vectors/cctv-ed25519/ed25519vectors.json") as readonly Vector[];
    const accepted = vectors.filter(({ key, sig, msg }) => counts(primitives, key, utf8(msg), sig));
    expect(vectors.length).toBe(914);
    // noble verifies with the cofactor, as ZIP-215 asks, and takes 15 more whose R alone has a low-order part
    expect(accepted.length).toBe(name === "node:crypto" ? 1 : 16);
    expect(accepted.map(({ number }) => number)).toContain(305);
    expect(accepted.every(({ flags }) => !flags?.some((flag) => flag.endsWith("_A")))).toBe(true);
  });

  test("ZIP-215: none of the lax ones counts", () => {
    const lax = sharedJson("vectors/zip215-ed25519/zip215.json") as { vk_bytes: string; sig_bytes: string }[];
    expect(lax.length).toBe(196);
    const zcash = utf8("Zcash");
    expect(lax.filter((one) => counts(primitives, one.vk_bytes, zcash, one.sig_bytes))).toEqual([]);
  });

  test("Wycheproof", () => {
    const { testGroups } = sharedJson("vectors/wycheproof/ed25519_test.json") as { testGroups: Group[] };
    for (const { publicKey, tests } of testGroups) {
      for (const { tcId, msg, sig, result } of tests) {
        expect([tcId, counts(primitives, publicKey.pk, fromHex(msg), sig)]).toEqual([
          tcId,
          result === "valid",
        ]);
      }
    }
  });

  test("every signature of a complete query", () => {
    const folder = "vectors/koplamp-evidence/bundle";
    const files = readdirSync(sharedPath(`${folder}/signatures`));
    let checked = 0;
    for (const file of files) {
      const digits = file.replace(".sigs", "");
      const bytes = readFileSync(sharedPath(`${folder}/documents/${digits}.json`));
      const { koplamp: type } = JSON.parse(bytes.toString("utf8")) as { koplamp: string };
      expect(hex(primitives.sha256(new Uint8Array(bytes)))).toBe(digits);
      const lines = readFileSync(sharedPath(`${folder}/signatures/${file}`), "utf8")
        .trim()
        .split("\n");
      for (const line of lines) {
        const about = { type, hash: `sha256:${digits}`, line, keys: [line.split(" ")[0] ?? ""] };
        expect(verifyDocument(primitives, about)).toBe(true);
        expect(verifyDocument(primitives, { ...about, type: "other/v1" })).toBe(false);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(20);
  });
});
