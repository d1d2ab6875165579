// SPDX-License-Identifier: Apache-2.0
// What a correlation without a dealer is put together from, each part against its definition.
import { CryptoError, loadSodium } from "@koplamp/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { type BaseShape, elementsOf, maskRows, openRows, rowBytes } from "../src/silent-base.ts";
import type { SilentShape } from "../src/silent-code.ts";
import { chosenSeeds, offersFor, seedsForOffers } from "../src/silent-ot.ts";
import { chosenSums, maskSums, treesBytes } from "../src/silent-transfer.ts";
import { growPunctured, growTrees, siblingSides, sumOfLeaves } from "../src/silent-trees.ts";
import { coinSums, sumsHold } from "../src/vole.ts";
import { bytesOf, wordsOf } from "../src/words.ts";

const primitives = nodePrimitives();
const sodium = await loadSodium();
const bytes = (seed: number, length: number): Uint8Array =>
  primitives.aes256Ctr(primitives.sha256(Uint8Array.of(seed, seed >> 8)), length);
const words = (seed: number, elements: number): Uint32Array => wordsOf(bytes(seed, elements * 16));
const elementAt = (vector: Uint32Array, at: number): readonly number[] => [
  ...vector.subarray(4 * at, 4 * at + 4),
];
const sum = (...vectors: readonly Uint32Array[]): Uint32Array =>
  Uint32Array.from(vectors[0] ?? [], (_, at) => vectors.reduce((all, vector) => all ^ (vector[at] ?? 0), 0));

/** A·delta + B. */
function product(a: Uint32Array, delta: Uint32Array, b: Uint32Array): Uint32Array {
  const scaled = a.slice();
  primitives.gf128.scale(delta, scaled);
  return sum(scaled, b);
}

describe("trees", () => {
  const keys = { left: bytes(1, 32), right: bytes(2, 32) };
  const roots = words(3, 5);

  /** A leaf by its path from the root, one block of the cipher after the other. */
  function leafOf({ levels }: SilentShape, tree: number, place: number): readonly number[] {
    let node: Uint32Array = roots.slice(4 * tree, 4 * tree + 4);
    for (let level = levels - 1; level >= 0; level -= 1) {
      const key = ((place >> level) & 1) === 0 ? keys.left : keys.right;
      node = sum(node, wordsOf(primitives.aes256Blocks(key, bytesOf(node))));
    }
    return [...node];
  }

  const shapes = [4, 5, 8, 11, 16].map((block) => {
    return { elements: 0, trees: 5, block, levels: Math.ceil(Math.log2(block)) };
  });

  it.each(shapes)("of $block leaves have the leaves and the sums of the definition", (shape) => {
    const { leaves, sums } = growTrees(primitives, keys, shape, roots.slice());
    expect(leaves).toHaveLength(shape.block * shape.trees * 4);
    for (let place = 0; place < shape.block; place += 1) {
      for (let tree = 0; tree < shape.trees; tree += 1) {
        expect(elementAt(leaves, place * shape.trees + tree)).toEqual(leafOf(shape, tree, place));
      }
    }
    expect(sums).toHaveLength(shape.levels);
    expect(sumOfLeaves(leaves, shape.trees)).toEqual(sum(...(sums.at(-1) ?? [])));
  });

  it.each(shapes)("of $block leaves, but for one each, are the same: any places", (shape) => {
    const { leaves, sums } = growTrees(primitives, keys, shape, roots.slice());
    const anyPlaces = fc.array(fc.nat(shape.block - 1), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(anyPlaces, (chosen) => {
        const places = Uint32Array.from(chosen);
        const sides = siblingSides(shape, places);
        const punctured = growPunctured(primitives, keys, shape, places, (level) => {
          const both = sums[level - 1] ?? [roots, roots];
          return both[0].map((word, at) => {
            return sides[(level - 1) * 5 + Math.floor(at / 4)] === 1 ? (both[1][at] ?? 0) : word;
          });
        });
        const expected = leaves.slice();
        places.forEach((place, tree) => {
          expected.fill(0, (place * 5 + tree) * 4, (place * 5 + tree) * 4 + 4);
        });
        expect(punctured).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe("the base", () => {
  const delta = words(4, 1);
  const pairs = bytes(5, 2 * 128 * 32);
  const chosen = new Uint8Array(128 * 32);
  for (let bit = 0; bit < 128; bit += 1) {
    const at = (2 * bit + (((delta[bit >> 5] ?? 0) >>> (bit & 31)) & 1)) * 32;
    chosen.set(pairs.subarray(at, at + 32), bit * 32);
  }
  const anyShape = fc.record({ bits: fc.nat(300), values: fc.integer({ min: 1, max: 20 }) });
  const valuesOf = ({ bits, values }: BaseShape, seed: number) => {
    return { bits: bytes(seed, bits).map((byte) => byte & 1), values: words(seed + 1, values) };
  };

  it("is C = A·delta + B for any bits and values, and passes its check", () => {
    fc.assert(
      fc.property(anyShape, fc.nat(1000), (shape, seed) => {
        const a = valuesOf(shape, seed);
        const { rows, c } = maskRows(primitives, shape, pairs, a);
        expect(rows).toHaveLength(128 * rowBytes(shape));
        const b = openRows(primitives, shape, chosen, delta, rows);
        expect(c).toEqual(product(elementsOf(a), delta, b));
        const sums = coinSums(primitives, { a: elementsOf(a), c }, bytes(6, 32));
        expect(sumsHold(primitives, { delta, b }, bytes(6, 32), sums)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("does not pass when a row that delta takes in holds anything else", () => {
    const shape = { bits: 40, values: 3 };
    const a = valuesOf(shape, 7);
    const { rows, c } = maskRows(primitives, shape, pairs, a);
    const taken = [...Array(128).keys()].filter((bit) => ((delta[bit >> 5] ?? 0) >>> (bit & 31)) & 1);
    expect(taken.length).toBeGreaterThan(20);
    for (const row of taken) {
      const changed = rows.slice();
      changed[row * rowBytes(shape)] = (changed[row * rowBytes(shape)] ?? 0) ^ 1;
      const b = openRows(primitives, shape, chosen, delta, changed);
      const sums = coinSums(primitives, { a: elementsOf(a), c }, bytes(6, 32));
      expect(sumsHold(primitives, { delta, b }, bytes(6, 32), sums)).toBe(false);
    }
  });
});

describe.each([
  ["ristretto255", sodium],
  ["the toy group", toyGroup()],
])("oblivious transfers over %s", (_name, group) => {
  const backend = { group, primitives };
  const session = bytes(8, 32);
  const delta = bytes(9, 16);
  const choices = offersFor(backend, session, delta, bytes(10, 32));
  const { answer, seeds } = seedsForOffers(backend, session, choices.offers, bytes(11, 32));

  it("give of each pair the seed that was chosen, and all seeds differ", () => {
    const chosen = chosenSeeds(backend, session, choices, delta, answer);
    for (let bit = 0; bit < 128; bit += 1) {
      const side = ((delta[bit >> 3] ?? 0) >> (bit & 7)) & 1;
      const pair = [0, 1].map((which) => seeds.slice((2 * bit + which) * 32, (2 * bit + which + 1) * 32));
      expect(chosen.slice(bit * 32, bit * 32 + 32)).toEqual(pair[side]);
      expect(pair[0]).not.toEqual(pair[1]);
    }
    const all = Array.from({ length: 256 }, (_, at) => String(seeds.slice(at * 32, at * 32 + 32)));
    expect(new Set(all).size).toBe(256);
  });

  it("offer other elements each time, and as many whatever is chosen", () => {
    const other = offersFor(backend, session, new Uint8Array(16), bytes(12, 32));
    expect(other.offers).toHaveLength(choices.offers.length);
    const points = [...choices.offers, ...other.offers];
    const rows = Array.from({ length: points.length / 32 }, (_, at) =>
      String(points.slice(at * 32, at * 32 + 32)),
    );
    expect(new Set(rows).size).toBe(512);
  });

  it("give other seeds in another session", () => {
    const there = seedsForOffers(backend, bytes(13, 32), choices.offers, bytes(11, 32));
    expect(there.answer).toEqual(answer);
    for (let at = 0; at < 256; at += 1) {
      expect(there.seeds.slice(at * 32, at * 32 + 32)).not.toEqual(seeds.slice(at * 32, at * 32 + 32));
    }
  });

  it("take no offer and no answer that is the identity", () => {
    const none = choices.offers.slice().fill(0, 32, 64);
    expect(() => seedsForOffers(backend, session, none, bytes(11, 32))).toThrow(CryptoError);
    expect(() => chosenSeeds(backend, session, choices, delta, new Uint8Array(32))).toThrow(CryptoError);
  });
});

describe("sums of nodes", () => {
  const shape: SilentShape = { elements: 0, trees: 3, block: 4, levels: 2 };
  const delta = words(14, 1);
  const b = words(15, 6);
  const sums = [
    [words(16, 3), words(17, 3)],
    [words(18, 3), words(19, 3)],
  ] as const;
  const message = maskSums(primitives, shape, { delta, b }, sums, words(20, 3));

  it("are as many bytes as stated, the last values behind them", () => {
    expect(message).toHaveLength(treesBytes(shape));
    expect(wordsOf(message.slice(-48))).toEqual(words(20, 3));
  });

  it("are under a pad of their own each, also where keys are equal", () => {
    const same = new Uint32Array(6 * 4).fill(7);
    const none = new Uint32Array(3 * 4);
    const pads = wordsOf(
      maskSums(
        primitives,
        shape,
        { delta, b: same },
        [
          [none, none],
          [none, none],
        ],
        none,
      ),
    );
    const rows = Array.from({ length: 12 }, (_, at) => String(elementAt(pads, at)));
    expect(new Set(rows).size).toBe(12);
  });

  it("come out as chosen, left or right, and the other one does not", () => {
    for (const sides of [Uint8Array.of(0, 1, 0, 1, 1, 0), new Uint8Array(6), new Uint8Array(6).fill(1)]) {
      const bits = { bits: sides, values: new Uint32Array() };
      const c = product(elementsOf(bits), delta, b);
      for (const level of [1, 2]) {
        const heard = chosenSums(primitives, shape, { sides, c }, wordsOf(message), level);
        const wrong = sides.map((side) => side ^ 1);
        const other = chosenSums(primitives, shape, { sides: wrong, c }, wordsOf(message), level);
        for (let tree = 0; tree < 3; tree += 1) {
          const side = sides[(level - 1) * 3 + tree] ?? 0;
          const both = sums[level - 1]?.map((each) => elementAt(each, tree)) ?? [];
          expect(elementAt(heard, tree)).toEqual(both[side]);
          expect(both).not.toContainEqual(elementAt(other, tree));
        }
      }
    }
  });
});
