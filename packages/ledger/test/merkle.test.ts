// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { base64, fromBase64, hex, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { leafHash, MerkleTree, verifyConsistency, verifyInclusion } from "../src/merkle.ts";

const { sha256 } = oraclePrimitives;

/** JSON of the vectors; sizes above 2^53 keep all their digits. */
function vectors(folder: string): readonly { readonly name: string; readonly vector: Vector }[] {
  const path = sharedPath(`vectors/merkle-proofs/${folder}`);
  const files = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".json"),
  );
  return files.sort().map((file) => {
    const text = readFileSync(`${path}/${file}`, "utf8").replaceAll(/: (\d+)(,?)$/gm, ': "$1"$2');
    return { name: file, vector: JSON.parse(text) as Vector };
  });
}

interface Vector {
  readonly leafIdx: string;
  readonly treeSize: string;
  readonly size1: string;
  readonly size2: string;
  readonly root: string;
  readonly root1: string;
  readonly root2: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const bytes = (text: string | null): Uint8Array => fromBase64(text ?? "");
const proofOf = ({ proof }: Vector): readonly Uint8Array[] => (proof ?? []).map(bytes);

describe.skipIf(!hasShared)("published proofs", () => {
  it("accepts and refuses 98 proofs of inclusion as the vectors say", () => {
    const all = vectors("inclusion");
    expect(all.length).toBe(98);
    for (const { name, vector } of all) {
      const { leafIdx, treeSize, root, leafHash: hash } = vector;
      const claim = {
        index: BigInt(leafIdx),
        size: BigInt(treeSize),
        leafHash: bytes(hash),
        root: bytes(root),
      };
      expect(verifyInclusion(sha256, { ...claim, proof: proofOf(vector) }), name).toBe(!vector.wantErr);
    }
  });

  // Policy: an old size of 0 proves nothing, so the function refuses it; a witness treats "old 0" before it asks.
  it("accepts and refuses 98 proofs of consistency as the vectors say", () => {
    const all = vectors("consistency");
    expect(all.length).toBe(98);
    for (const { name, vector } of all) {
      const { size1, size2, root1, root2 } = vector;
      const claim = {
        oldSize: BigInt(size1),
        size: BigInt(size2),
        oldRoot: bytes(root1),
        root: bytes(root2),
      };
      const expected = size1 === "0" ? false : !vector.wantErr;
      expect(verifyConsistency(sha256, { ...claim, proof: proofOf(vector) }), name).toBe(expected);
    }
  });
});

const leaves = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => leafHash(sha256, utf8(`${at}`)));

/** MTH of RFC 6962, section 2.1, word for word. */
function rootByDefinition(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return sha256(new Uint8Array());
  const [only] = hashes;
  if (hashes.length === 1 && only !== undefined) return only;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  const [left, right] = [rootByDefinition(hashes.slice(0, split)), rootByDefinition(hashes.slice(split))];
  return sha256(new Uint8Array([1, ...left, ...right]));
}

describe("a tree", () => {
  it("has the roots of RFC 6962 at every size", () => {
    const hashes = leaves(70);
    const tree = new MerkleTree(sha256, hashes);
    for (let size = 0; size <= hashes.length; size += 1)
      expect(hex(tree.root(size))).toBe(hex(rootByDefinition(hashes.slice(0, size))));
  });

  it("proves inclusion of every leaf at every size, and no other leaf", () => {
    const hashes = leaves(20);
    const tree = new MerkleTree(sha256, hashes);
    for (let size = 1; size <= 20; size += 1)
      for (let index = 0; index < size; index += 1) {
        const claim = { index, size, root: tree.root(size), proof: tree.inclusion(index, size) };
        expect(verifyInclusion(sha256, { ...claim, leafHash: hashes[index] ?? new Uint8Array() })).toBe(true);
        expect(
          verifyInclusion(sha256, { ...claim, leafHash: hashes[(index + 1) % 20] ?? new Uint8Array() }),
        ).toBe(false);
      }
  });

  it("proves consistency between every two sizes, and not with another history", () => {
    const tree = new MerkleTree(sha256, leaves(20));
    const other = new MerkleTree(sha256, [...leaves(20)].reverse());
    for (let size = 1; size <= 20; size += 1)
      for (let oldSize = 1; oldSize <= size; oldSize += 1) {
        const claim = { oldSize, size, oldRoot: tree.root(oldSize), root: tree.root(size) };
        const proof = tree.consistency(oldSize, size);
        expect(verifyConsistency(sha256, { ...claim, proof })).toBe(true);
        expect(verifyConsistency(sha256, { ...claim, oldRoot: other.root(oldSize), proof })).toBe(false);
      }
  });

  it("refuses a proof with any bit turned", () => {
    const tree = new MerkleTree(sha256, leaves(100));
    const flip = fc.record({ index: fc.nat(99), oldSize: fc.integer({ min: 1, max: 99 }), bit: fc.nat() });
    fc.assert(
      fc.property(flip, ({ index, oldSize, bit }) => {
        const root = tree.root();
        const inclusion = flipped(tree.inclusion(index, 100), bit);
        const hash = leaves(100)[index] ?? new Uint8Array();
        expect(verifyInclusion(sha256, { index, size: 100, root, leafHash: hash, proof: inclusion })).toBe(
          false,
        );
        const consistency = flipped(tree.consistency(oldSize, 100), bit);
        const claim = { oldSize, size: 100, oldRoot: tree.root(oldSize), root };
        expect(verifyConsistency(sha256, { ...claim, proof: consistency })).toBe(false);
      }),
    );
  });

  it("gives the root of RFC 6962 for no leaf", () => {
    expect(base64(new MerkleTree(sha256).root())).toBe("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  });

  it("refuses sizes and indices that it does not have", () => {
    const tree = new MerkleTree(sha256, leaves(3));
    expect(() => tree.root(4)).toThrow(RangeError);
    expect(() => tree.inclusion(2, 2)).toThrow(RangeError);
    expect(() => tree.consistency(3, 2)).toThrow(RangeError);
  });
});

function flipped(hashes: readonly Uint8Array[], bit: number): readonly Uint8Array[] {
  const copies = hashes.map((hash) => Uint8Array.from(hash));
  const at = bit % (hashes.length * 256);
  const target = copies[at >> 8];
  if (target !== undefined) target[(at & 255) >> 3] = (target[(at & 255) >> 3] ?? 0) ^ (1 << (at & 7));
  return copies;
}
