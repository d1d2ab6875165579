// SPDX-License-Identifier: Apache-2.0
import { fromBase64, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../../test/shared.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { LedgerError } from "../src/errors.ts";
import {
  noteBytes,
  openNote,
  readNote,
  readVerifierKey,
  signatureLine,
  verifierKeyText,
} from "../src/note.ts";

interface Vectors {
  readonly vkeys: readonly { readonly vkey: string; readonly expect: string }[];
  readonly notes: readonly {
    readonly name: string;
    readonly noteBase64: string;
    readonly vkeys: readonly string[];
    readonly expect: string;
    readonly verified?: readonly string[];
  }[];
}

const { sha256 } = primitives;
const readKey = (text: string) => readVerifierKey(sha256, text);

describe.skipIf(!hasShared)("published notes", () => {
  const vectors = hasShared
    ? (sharedJson("vectors/signed-note/notes.json") as Vectors)
    : { vkeys: [], notes: [] };

  it("reads 3 verifier keys, writes them again, and refuses 2", () => {
    expect(vectors.vkeys.length).toBe(5);
    for (const { vkey, expect: expected } of vectors.vkeys) {
      if (expected === "reject") {
        expect(() => readKey(vkey)).toThrow(LedgerError);
        continue;
      }
      const { name, type, publicKey } = readKey(vkey);
      expect(verifierKeyText(sha256, name, type, publicKey)).toBe(vkey);
    }
  });

  it("refuses every part of a verifier key, and every change of one byte", () => {
    const vkey = vectors.vkeys[0]?.vkey ?? "";
    let refused = 0;
    const refuse = (text: string): void => {
      expect(() => readKey(text), text).toThrow(LedgerError);
      refused += 1;
    };
    for (let from = 0; from < vkey.length; from += 1)
      for (let to = from + 1; to <= vkey.length; to += 1)
        if (to - from < vkey.length) refuse(vkey.slice(from, to));
    for (let at = 0; at < vkey.length; at += 1)
      refuse(`${vkey.slice(0, at)}${String.fromCharCode(vkey.charCodeAt(at) + 1)}${vkey.slice(at + 1)}`);
    expect(refused).toBe((vkey.length * (vkey.length + 1)) / 2 - 1 + vkey.length);
  });

  // Policy: a known key with a damaged signature refuses the note; above 100 signatures or 64 KiB it is refused unread.
  it.each(vectors.notes.map((note) => [note.name, note] as const))("%s", (_name, vector) => {
    const open = (): readonly string[] => {
      const keys = vector.vkeys.map(readKey);
      return openNote(primitives, readNote(fromBase64(vector.noteBase64)), keys).map(({ key }) => key.name);
    };
    if (vector.expect === "reject") expect(open).toThrow(LedgerError);
    else expect(open()).toEqual(vector.verified);
  });
});

describe("a note", () => {
  const seed = new Uint8Array(32).fill(7);
  const key = { name: "koplamp.example/a", type: 1, publicKey: primitives.ed25519PublicKey(seed) } as const;
  const vkey = readKey(verifierKeyText(sha256, key.name, 1, key.publicKey));
  const text = "koplamp.example/a\n1\nroot\n";
  const signed = noteBytes(text, [signatureLine(sha256, key, primitives.ed25519Sign(seed, utf8(text)))]);

  it("is read back as it was written", () => {
    const note = readNote(signed);
    expect(note.text).toBe(text);
    expect(openNote(primitives, note, [vkey])).toEqual([{ key: vkey }]);
  });

  it("is refused with any bit turned", () => {
    fc.assert(
      fc.property(fc.nat(signed.length * 8 - 1), (bit) => {
        const damaged = Uint8Array.from(signed);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => openNote(primitives, readNote(damaged), [vkey])).toThrow(LedgerError);
      }),
      { numRuns: 300 },
    );
  });

  it("is not taken from a type of key that did not sign it", () => {
    const witness = readKey(verifierKeyText(sha256, key.name, 4, key.publicKey));
    expect(() => openNote(primitives, readNote(signed), [witness])).toThrow(LedgerError);
  });

  it("never throws anything but a LedgerError", () => {
    const near = fc.array(fc.constantFrom("\n", "—", " ", "a", "+", "0", "AAAAAAAA", "\n\n— a AAAAAAAA\n"));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          near.map((parts) => utf8(parts.join(""))),
        ),
        (bytes) => {
          try {
            const { text: found, signatures } = readNote(bytes);
            expect(found.endsWith("\n") && signatures.length > 0).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(LedgerError);
          }
        },
      ),
    );
  });
});
