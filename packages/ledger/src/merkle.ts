// SPDX-License-Identifier: Apache-2.0
// Merkle trees of RFC 6962, section 2.1; proofs are verified as RFC 9162, sections 2.1.3.2 and 2.1.4.2, spells out.
import { equal, type Primitives } from "@koplamp/crypto";
import { concat } from "@koplamp/wire";

/** The hash function, as an argument. */
export type Sha256 = Primitives["sha256"];

export const HASH_BYTES = 32;

/** SHA-256(0x00 ‖ leaf). */
export function leafHash(sha256: Sha256, leaf: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), leaf));
}

/** SHA-256(0x01 ‖ left ‖ right). */
function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/**
 * A tree that only grows. It keeps the hash of every complete subtree, so that a root or a proof of any size up to now
 * costs the logarithm of it.
 */
export class MerkleTree {
  readonly #sha256: Sha256;
  /** At level k the hashes of the complete subtrees of 2^k leaves. */
  readonly #levels: Uint8Array[][] = [[]];

  constructor(sha256: Sha256, leafHashes: readonly Uint8Array[] = []) {
    this.#sha256 = sha256;
    for (const hash of leafHashes) this.append(hash);
  }

  get size(): number {
    return this.#levels[0]?.length ?? 0;
  }

  append(hash: Uint8Array): void {
    let carried: Uint8Array | undefined = hash;
    for (let at = 0; carried !== undefined; at += 1) {
      const level: Uint8Array[] = this.#levels[at] ?? [];
      this.#levels[at] = level;
      level.push(carried);
      const left: Uint8Array | undefined = level.length % 2 === 0 ? level.at(-2) : undefined;
      carried = left === undefined ? undefined : nodeHash(this.#sha256, left, carried);
    }
  }

  /** The root over the first `size` leaves. @throws {RangeError} beyond the tree. */
  root(size: number = this.size): Uint8Array {
    this.#within(size);
    return size === 0 ? this.#sha256(new Uint8Array()) : this.#range(0, size);
  }

  /** The hashes that lead from the leaf at `index` to the root over `size` leaves. @throws {RangeError} */
  inclusion(index: number, size: number): readonly Uint8Array[] {
    this.#within(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size)
      throw new RangeError("expected the index of a leaf");
    return this.#path(index, 0, size);
  }

  /** The hashes that show that the first `size` leaves begin with the first `oldSize`; none for 0. @throws {RangeError} */
  consistency(oldSize: number, size: number): readonly Uint8Array[] {
    this.#within(size);
    if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > size)
      throw new RangeError("expected an earlier size");
    return oldSize === 0 ? [] : this.#subproof(oldSize, 0, size, true);
  }

  #within(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size)
      throw new RangeError("expected a size of the tree");
  }

  #range(from: number, to: number): Uint8Array {
    const level = Math.log2(to - from);
    const complete = Number.isInteger(level) ? this.#levels[level]?.[from / (to - from)] : undefined;
    if (complete !== undefined) return complete; // safe because splits keep `from` a multiple of what follows
    const middle = from + splitOf(to - from);
    return nodeHash(this.#sha256, this.#range(from, middle), this.#range(middle, to));
  }

  #path(index: number, from: number, to: number): readonly Uint8Array[] {
    if (to - from === 1) return [];
    const middle = from + splitOf(to - from);
    return index < middle
      ? [...this.#path(index, from, middle), this.#range(middle, to)]
      : [...this.#path(index, middle, to), this.#range(from, middle)];
  }

  #subproof(oldTo: number, from: number, to: number, whole: boolean): readonly Uint8Array[] {
    if (oldTo === to) return whole ? [] : [this.#range(from, to)];
    const middle = from + splitOf(to - from);
    return oldTo <= middle
      ? [...this.#subproof(oldTo, from, middle, whole), this.#range(middle, to)]
      : [...this.#subproof(oldTo, middle, to, false), this.#range(from, middle)];
  }
}

/** The largest power of two below a count of at least 2. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** What a proof of inclusion claims. Index and size may pass 2^53. */
export interface Inclusion {
  readonly index: number | bigint;
  readonly size: number | bigint;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the leaf stands at `index` of the tree with this size and root. */
export function verifyInclusion(sha256: Sha256, { index, size, leafHash, root, proof }: Inclusion): boolean {
  // attacker-controlled
  let [at, last] = [BigInt(index), BigInt(size) - 1n];
  if (at < 0n || at > last || ![leafHash, ...proof].every((hash) => hash.length === HASH_BYTES)) return false;
  let hash = leafHash;
  for (const other of proof) {
    if (last === 0n) return false;
    const isRight = at === last || (at & 1n) === 1n;
    hash = isRight ? nodeHash(sha256, other, hash) : nodeHash(sha256, hash, other);
    if (isRight) [at, last] = climb(at, last);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && equal(hash, root);
}

/** What a proof of consistency claims. Sizes may pass 2^53. */
export interface Consistency {
  readonly oldSize: number | bigint;
  readonly size: number | bigint;
  readonly oldRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the tree of `size` begins with the tree of `oldSize`. An old size of 0 proves nothing and is refused here: a
 * witness that has seen nothing yet decides before it asks.
 */
export function verifyConsistency(sha256: Sha256, claim: Consistency): boolean {
  // attacker-controlled
  const { oldRoot, root, proof } = claim;
  const [oldSize, size] = [BigInt(claim.oldSize), BigInt(claim.size)];
  if (oldSize <= 0n || oldSize > size || !proof.every((hash) => hash.length === HASH_BYTES)) return false;
  if (oldSize === size) return proof.length === 0 && equal(oldRoot, root);
  if (proof.length === 0) return false;
  const isComplete = (oldSize & (oldSize - 1n)) === 0n;
  const [first, ...rest] = isComplete ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  return joins(sha256, { oldSize, size, oldRoot, root, proof: rest }, first);
}

function joins(
  sha256: Sha256,
  { oldSize, size, oldRoot, root, proof }: Consistency,
  first: Uint8Array,
): boolean {
  let [at, last] = [BigInt(oldSize) - 1n, BigInt(size) - 1n];
  while ((at & 1n) === 1n) [at, last] = [at >> 1n, last >> 1n];
  let [oldHash, hash] = [first, first];
  for (const other of proof) {
    if (last === 0n) return false;
    const isRight = at === last || (at & 1n) === 1n;
    if (isRight) [oldHash, hash] = [nodeHash(sha256, other, oldHash), nodeHash(sha256, other, hash)];
    else hash = nodeHash(sha256, hash, other);
    if (isRight) [at, last] = climb(at, last);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && equal(oldHash, oldRoot) && equal(hash, root);
}

/** Up to the level at which a node on the right edge is a right child again, or the root. */
function climb(at: bigint, last: bigint): readonly [bigint, bigint] {
  let [node, edge] = [at, last];
  while (node !== 0n && (node & 1n) === 0n) [node, edge] = [node >> 1n, edge >> 1n];
  return [node, edge];
}
