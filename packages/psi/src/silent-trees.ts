// SPDX-License-Identifier: Apache-2.0
// Trees of seeds of which one party knows all leaves and the other all but one (Goldreich, Goldwasser, Micali 1986; as a
// correlation: Boyle et al., "Efficient Two-Round OT Extension and Silent Non-Interactive Secure Computation", CCS 2019,
// eprint 2019/1159, section 3; Schoppmann et al., "Distributed Vector-OLE", CCS 2019, eprint 2019/1084, section 4).
// All trees have one shape and grow together: a level holds the first node of each tree, then the second of each.
import type { Primitives } from "@koplamp/crypto";
import { CELL_WORDS } from "./okvs-layout.ts";
import type { SilentShape } from "./silent-code.ts";
import { addElement, addElements, bytesOf, wordsOf } from "./words.ts";

/** Keys of the two permutations of a session, 32 bytes each: a child is π(parent) + parent. */
export interface TreeKeys {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

/** What the party with all leaves has. */
export interface Grown {
  /** For each level of each tree the sum of all left nodes; then the same of right ones. */
  readonly sums: readonly (readonly [left: Uint32Array, right: Uint32Array])[];
  readonly leaves: Uint32Array;
}

/** Words of a call of the cipher: what it works on stays in the processor's cache. */
const STEP: number = 2 ** 16;

/** Whole trees from one root each. */
export function growTrees(
  primitives: Primitives,
  keys: TreeKeys,
  shape: SilentShape,
  roots: Uint32Array,
): Grown {
  const sums: Level["sides"][] = [];
  let leaves = roots;
  for (let level = 1; level <= shape.levels; level += 1) {
    const { nodes, sides } = childrenOf(primitives, keys, leaves, nodesAt(shape, level), shape.trees);
    leaves.fill(0);
    leaves = nodes;
    sums.push(sides);
  }
  return { sums, leaves };
}

/**
 * The same trees but for one leaf of each, which stays zero: `places` says which one in each tree. `hear(level)` gives for
 * each tree the sum of those nodes of a level, left or right, among which is the sibling of the path to that leaf.
 */
export function growPunctured(
  primitives: Primitives,
  keys: TreeKeys,
  shape: SilentShape,
  places: Uint32Array,
  hear: (level: number) => Uint32Array,
): Uint32Array {
  const { trees, levels } = shape;
  let leaves: Uint32Array = new Uint32Array(trees * CELL_WORDS); // the roots, which nobody here knows
  for (let level = 1; level <= levels; level += 1) {
    const next = childrenOf(primitives, keys, leaves, nodesAt(shape, level), trees);
    const sums = hear(level);
    mendPaths(
      next,
      places.map((place) => place >>> (levels - level)),
      sums,
    );
    for (const secret of [leaves, sums, ...next.sides]) secret.fill(0);
    leaves = next.nodes;
  }
  return leaves;
}

/**
 * What came of nodes on a path, which nobody here knows, is taken out: the next one on each path becomes zero, its sibling
 * what is missing of the sum of its side. At the end of a tree there may be no sibling.
 */
function mendPaths({ nodes, sides }: Level, path: Uint32Array, sums: Uint32Array): void {
  for (const [tree, node] of path.entries()) {
    const of = tree * CELL_WORDS;
    for (const child of [node, node ^ 1]) {
      const at = (child * path.length + tree) * CELL_WORDS;
      if (at >= nodes.length) continue;
      const side = sides[(child & 1) === 0 ? 0 : 1];
      addElement(side, of, nodes, at);
      nodes.fill(0, at, at + CELL_WORDS);
      if (child === node) continue;
      addElement(nodes, at, side, of);
      addElement(nodes, at, sums, of);
    }
  }
}

/** The bits of the path to a place that say on which side the sibling is: one for right. In the order of levels, then trees. */
export function siblingSides({ levels, trees }: SilentShape, places: Uint32Array): Uint8Array {
  const sides = new Uint8Array(levels * trees);
  for (let level = 1; level <= levels; level += 1) {
    places.forEach((place, tree) => {
      sides[(level - 1) * trees + tree] = ((place >>> (levels - level)) & 1) ^ 1;
    });
  }
  return sides;
}

/** For each tree the sum of all its leaves. */
export function sumOfLeaves(leaves: Uint32Array, trees: number): Uint32Array {
  const sum = new Uint32Array(trees * CELL_WORDS);
  for (let from = 0; from < leaves.length; from += sum.length) addElements(sum, leaves.subarray(from));
  return sum;
}

/** Nodes of a tree at a level: the last ones that lead to no leaf are left out. */
function nodesAt({ block, levels }: SilentShape, level: number): number {
  return Math.ceil(block / 2 ** (levels - level));
}

/** A level of all trees, with the sums of its left and of its right nodes for each tree. */
interface Level {
  readonly nodes: Uint32Array;
  readonly sides: readonly [left: Uint32Array, right: Uint32Array];
}

/** The next level of all trees, of `count` nodes each. The last node of each tree may have a left child only. */
function childrenOf(
  primitives: Primitives,
  keys: TreeKeys,
  parents: Uint32Array,
  count: number,
  trees: number,
): Level {
  const run = trees * CELL_WORDS;
  const nodes = new Uint32Array(count * run);
  const sides = [new Uint32Array(run), new Uint32Array(run)] as const;
  const step = Math.max(1, Math.floor(STEP / run)) * run;
  for (let from = 0; from < parents.length; from += step) {
    const some = parents.subarray(from, from + step);
    for (const [side, key] of [keys.left, keys.right].entries()) {
      const hashed = wordsOf(primitives.aes256Blocks(key, bytesOf(some)));
      putChildren(nodes.subarray(2 * from + side * run), hashed, some, sides[side === 0 ? 0 : 1]);
      hashed.fill(0);
    }
  }
  return { nodes, sides };
}

/** π(parent) + parent in every other place, for each tree, and in the sum of their side. */
function putChildren(nodes: Uint32Array, hashed: Uint32Array, parents: Uint32Array, sum: Uint32Array): void {
  for (let from = 0; from < parents.length && 2 * from < nodes.length; from += sum.length) {
    const [child, parent] = [hashed.subarray(from, from + sum.length), parents.subarray(from)];
    addElements(child, parent);
    addElements(sum, child);
    nodes.set(child, 2 * from);
  }
}
