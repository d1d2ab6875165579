// SPDX-License-Identifier: Apache-2.0
// The worked example of evidence.md, section 12. It is older than allowances and releases: its plan and contract are no
// documents of today. Hashes, signatures, ledgers and proofs hold.
import { readdirSync, readFileSync } from "node:fs";
import { verifyDocument } from "@koplamp/crypto";
import { type Card, fromHex, fromUtf8, hex, utf8 } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { hasShared, sharedJson, sharedPath } from "../../../test/shared.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { signCheckpoint } from "../src/checkpoint.ts";
import { cosign } from "../src/cosign.ts";
import { leafHash, MerkleTree } from "../src/merkle.ts";
import { readNote, readVerifierKey, signatureLine, verifierKeyText } from "../src/note.ts";
import { type LedgerTrust, proofBytes, readProof, verifyLogged } from "../src/proof.ts";
import { readTrust } from "../src/verify.ts";

const { sha256 } = primitives;
const root = "vectors/koplamp-evidence";
const bytesAt = (path: string): Uint8Array => Uint8Array.from(readFileSync(sharedPath(`${root}/${path}`)));
const textAt = (path: string): string => fromUtf8(bytesAt(path));
const namesIn = (path: string): readonly string[] => readdirSync(sharedPath(`${root}/bundle/${path}`)).sort();

interface Document {
  readonly hash: string;
  readonly type: string;
  readonly value: unknown;
}

function documents(): readonly Document[] {
  return namesIn("documents").map((name) => {
    const bytes = bytesAt(`bundle/documents/${name}`);
    const value = JSON.parse(fromUtf8(bytes)) as { readonly koplamp: string };
    expect(`${hex(sha256(bytes))}.json`).toBe(name);
    return { hash: name.slice(0, -5), type: value.koplamp, value };
  });
}

/** Cards of the example, without the fields that today's reader wants besides. */
function cards(): readonly Pick<Card, "party" | "ledger" | "witness">[] {
  return documents().flatMap(({ type, value }) => (type === "card/v1" ? [value as Card] : []));
}

function trustIn(party: string, quorum: number): LedgerTrust {
  const key = (text: string) => readVerifierKey(sha256, text);
  const [own] = cards().filter((card) => card.party === party);
  if (own === undefined) throw new Error(`expected a card of ${party}`);
  const witnesses = cards().filter((card) => card.party !== party);
  const ledger = key(own.ledger);
  return { origin: ledger.name, ledger, witnesses: witnesses.map(({ witness }) => key(witness)), quorum };
}

function seedOf(name: string): Uint8Array {
  const keys = sharedJson(`${root}/test-keys.json`) as Readonly<Record<string, { readonly seed: string }>>;
  return fromHex(keys[name]?.seed ?? "");
}

describe.skipIf(!hasShared)("the worked example", () => {
  it("has the hashes that its names say, and the trust that was told on paper", () => {
    const all = documents();
    expect(all.length).toBe(20);
    const starts = ["6c7fbfd5", "b8a351b6", "68ed63c4", "ef4efe5e", "99322bb7"];
    for (const start of starts) expect(all.some(({ hash }) => hash.startsWith(start))).toBe(true);
    expect(readTrust(textAt("trust")).covenant).toMatch(/^sha256:6c7fbfd5/);
    expect(textAt("bundle/index")).toMatch(/^99322bb7[0-9a-f]{56}\n$/);
  });

  it("has signatures that hold, under the type that each document has", () => {
    const types = new Map(documents().map(({ hash, type }) => [hash, type]));
    let lines = 0;
    for (const name of namesIn("signatures")) {
      const hash = `sha256:${name.slice(0, -5)}`;
      const type = types.get(name.slice(0, -5)) ?? "";
      for (const line of textAt(`bundle/signatures/${name}`).trimEnd().split("\n")) {
        const keys = [line.split(" ")[0] ?? ""];
        expect(verifyDocument(primitives, { type, hash, line, keys }), name).toBe(true);
        expect(verifyDocument(primitives, { type: "result/v1", hash, line, keys })).toBe(false);
        lines += 1;
      }
    }
    expect(lines).toBeGreaterThanOrEqual(19);
  });

  it("has six entries, each proven and cosigned by two", () => {
    let entries = 0;
    for (const party of namesIn("ledgers")) {
      for (const name of namesIn(`ledgers/${party}`).filter((file) => file.endsWith(".json"))) {
        const path = `bundle/ledgers/${party}/${name.slice(0, -5)}`;
        const [leaf, proof] = [bytesAt(`${path}.json`), bytesAt(`${path}.tlog-proof`)];
        const logged = verifyLogged(primitives, leaf, proof, trustIn(party, 2));
        expect(`${logged.index}.json`).toBe(name);
        expect(logged.cosignatures.map(({ time }) => time)).toEqual(
          Array(2).fill(party === "kmar" ? 1_795_428_043 : 1_795_428_033),
        );
        expect(() => verifyLogged(primitives, leaf, proof, trustIn(party, 3))).toThrow(
          "expected 3 witnesses",
        );
        expect(proofBytes(readProof(proof))).toEqual(proof);
        entries += 1;
      }
    }
    expect(entries).toBe(6);
  });

  it("comes out of our own tree, note and cosignatures, byte for byte", () => {
    const leaves = textAt("douane-ledger.jsonl").trimEnd().split("\n").map(utf8);
    const tree = new MerkleTree(
      sha256,
      leaves.map((leaf) => leafHash(sha256, leaf)),
    );
    const origin = trustIn("douane", 2).origin;
    const signed = signCheckpoint(primitives, seedOf("douane/log"), { origin, size: 13, root: tree.root() });
    const { text } = readNote(signed);
    const cosigned = ["fiod", "kmar"].map((party) => {
      const seed = seedOf(`${party}/witness`);
      const name = `koplamp.example/ships-nl/${party}/witness`;
      const publicKey = primitives.ed25519PublicKey(seed);
      expect(cards().map(({ witness }) => witness)).toContain(verifierKeyText(sha256, name, 4, publicKey));
      return signatureLine(
        sha256,
        { name, type: 4, publicKey },
        cosign(primitives, seed, text, 1_795_428_033),
      );
    });
    const checkpoint = utf8(`${fromUtf8(signed)}${cosigned.join("")}`);
    expect(fromUtf8(checkpoint)).toBe(textAt("bundle/ledgers/douane/checkpoint"));
    for (const index of [11, 12]) {
      const proof = proofBytes({ index, hashes: tree.inclusion(index, 13), checkpoint });
      expect(fromUtf8(proof)).toBe(textAt(`bundle/ledgers/douane/${index}.tlog-proof`));
    }
  });
});
