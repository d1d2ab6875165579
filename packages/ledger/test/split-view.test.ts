// SPDX-License-Identifier: Apache-2.0
// An owner shows one history to some witnesses and another to the rest; up to f of them sign whatever they are shown.
import { utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { signCheckpoint } from "../src/checkpoint.ts";
import { leafHash, MerkleTree } from "../src/merkle.ts";
import { readVerifierKey, verifierKeyText } from "../src/note.ts";
import {
  answerWitness,
  type Seen,
  type SeenStore,
  type WitnessParts,
  witnessRequest,
} from "../src/witness.ts";

const primitives = nodePrimitives();
const { sha256 } = primitives;
const origin = "koplamp.example/owner";
const seed = new Uint8Array(32).fill(1);
const vkey = readVerifierKey(sha256, verifierKeyText(sha256, origin, 1, primitives.ed25519PublicKey(seed)));

function storeOf(seen: Map<string, Seen>): SeenStore {
  return {
    witnessState: (name) => seen.get(name),
    replaceWitnessState(name, oldSize, next) {
      if ((seen.get(name)?.size ?? 0) !== oldSize) return false;
      seen.set(name, next);
      return true;
    },
  };
}

/** An honest witness has one memory; a faulty one has another for each history, so that it signs both. */
function witness(at: number, faulty: boolean): (side: number) => WitnessParts {
  const memories = faulty ? [new Map<string, Seen>(), new Map<string, Seen>()] : [new Map<string, Seen>()];
  const ledgers = new Map([[origin, [vkey]]]);
  const common = { primitives, ledgers, name: `w${at}`, seed: new Uint8Array(32).fill(at + 2), now: () => 1 };
  return (side) => ({ ...common, store: storeOf(memories[faulty ? side : 0] ?? new Map()) });
}

/** Two histories that part after `shared` leaves. */
function histories(shared: number): readonly MerkleTree[] {
  return ["left", "right"].map((side) => {
    const names = Array.from({ length: 12 }, (_, at) => (at < shared ? `${at}` : `${side} ${at}`));
    return new MerkleTree(
      sha256,
      names.map((name) => leafHash(sha256, utf8(name))),
    );
  });
}

/** Asks as an owner would: from the size that the witness names, with the best proof that this history has. */
function asks(parts: WitnessParts, tree: MerkleTree, size: number): boolean {
  const note = signCheckpoint(primitives, seed, { origin, size, root: tree.root(size) });
  for (let oldSize = 0, round = 0; round < 3; round += 1) {
    const { status, body } = answerWitness(
      parts,
      witnessRequest(oldSize, tree.consistency(oldSize, size), note),
    );
    if (status === 200) return true;
    if (status !== 409 || Number(body) > size) return false;
    oldSize = Number(body);
  }
  return false;
}

const worlds = fc.integer({ min: 3, max: 7 }).chain((witnesses) =>
  fc.record({
    witnesses: fc.constant(witnesses),
    shared: fc.integer({ min: 0, max: 8 }),
    sizes: fc.tuple(fc.integer({ min: 9, max: 12 }), fc.integer({ min: 9, max: 12 })),
    /** Who is asked for which history, in which order. */
    order: fc.shuffledSubarray(
      Array.from({ length: 2 * witnesses }, (_, at) => ({ at: at >> 1, side: at & 1 })),
      { minLength: 2 * witnesses },
    ),
  }),
);

type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

/** How many witnesses signed each history, when `faulty` of them lie. */
function signatures({ witnesses, shared, sizes, order }: World, faulty: number): readonly number[] {
  const all = Array.from({ length: witnesses }, (_, at) => witness(at, at < faulty));
  const trees = histories(shared);
  const signed = [0, 0];
  for (const { at, side } of order) {
    const [parts, tree] = [all[at]?.(side), trees[side]];
    if (parts !== undefined && tree !== undefined && asks(parts, tree, sizes[side] ?? 0))
      signed[side] = (signed[side] ?? 0) + 1;
  }
  return signed;
}

const quorumOf = (witnesses: number): number => Math.floor((witnesses + 1) / 2) + 1;
/** 2q - m > f. */
const mostFaulty = (witnesses: number): number => 2 * quorumOf(witnesses) - witnesses - 1;

describe("a split view", () => {
  it("never has a quorum for both histories, with 3 to 7 witnesses and as many faulty ones as the table says", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const quorum = quorumOf(world.witnesses);
        const signed = signatures(world, mostFaulty(world.witnesses));
        expect(signed.filter((count) => count >= quorum).length).toBeLessThan(2);
      }),
      { numRuns: 500 },
    );
  }, 30_000);

  it("can have both with one faulty witness more: the bound is tight", () => {
    const order = Array.from({ length: 3 }, (_, at) => [0, 1].map((side) => ({ at, side }))).flat();
    const world: World = { witnesses: 3, shared: 4, sizes: [9, 9], order };
    expect(quorumOf(3)).toBe(3);
    expect(signatures(world, mostFaulty(3) + 1)).toEqual([3, 3]);
  });
});
