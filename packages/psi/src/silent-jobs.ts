// SPDX-License-Identifier: Apache-2.0
// A correlation C = A·delta + B that the two parties of a run make by themselves, in three messages: the jobs.
import { type Primitives, wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type Vault } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import type { PsiBackend } from "./backend.ts";
import { type BulkRun, correlationHandle } from "./bulk-jobs.ts";
import { PsiError } from "./errors.ts";
import { CELL_BYTES, CELL_WORDS } from "./okvs-layout.ts";
import { blaming } from "./pair-jobs.ts";
import { elementsOf, maskRows, openRows, SEED_BYTES } from "./silent-base.ts";
import { baseOf, expandAccumulate, type SilentShape, shapeOfRun } from "./silent-code.ts";
import { type Coins, coinsOf, saidOf, sessionOf } from "./silent-coins.ts";
import { baseParts } from "./silent-messages.ts";
import { type Choices, chosenSeeds, offersFor, seedsForOffers } from "./silent-ot.ts";
import { chosenSums, maskSums } from "./silent-transfer.ts";
import { growPunctured, growTrees, siblingSides, sumOfLeaves, type TreeKeys } from "./silent-trees.ts";
import { coinSums, keptReceiver, keptSender, sumsHold } from "./vole.ts";
import { addElement, addElements, bytesOf, wordsOf } from "./words.ts";

/** The sender: draws delta, and offers for oblivious transfers by its bits. */
export const offerDelta: Job<[run: BulkRun, seed: Uint8Array], Uint8Array> = job("psi.silent.offer");

/** The receiver: its answer, its noise under masks, and the sums of their check. @throws {PsiError} `element`. */
export const maskNoise: Job<[run: BulkRun, offers: Uint8Array, seed: Uint8Array], Uint8Array> =
  job("psi.silent.mask");

/**
 * The sender: checks that the receiver masked the same in every row, puts delta and B in the vault, and gives what the
 * receiver needs of the trees: nothing where there are none.
 * @throws {PsiError} `correlation` or `element`.
 */
export const growSilent: Job<
  [run: BulkRun, offers: Uint8Array, base: Uint8Array, seed: Uint8Array],
  Uint8Array
> = job("psi.silent.grow");

/** The receiver: puts A and C in the vault, from what the sender gave of the trees. */
export const takeSilent: Job<[run: BulkRun, trees: Uint8Array], void> = job("psi.silent.take");

/** The code behind the jobs of this file. */
export function silentJobs(backend: PsiBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(offerDelta, (vault, run, seed) => offered(backend, vault, run, seed)),
    bind(maskNoise, (vault, run, offers, seed) => masked(backend, vault, run, offers, seed)),
    bind(growSilent, (vault, run, offers, base, seed) => {
      const halves = checkedBase(backend, vault, run, offers, base);
      return grown(primitives, vault, run, halves, seed);
    }),
    bind(takeSilent, (vault, run, trees) => taken(primitives, vault, run, wordsOf(trees))),
  ];
}

/** Under which handle a run keeps something for its next step. */
function handleOf({ from, to }: BulkRun, what: "delta" | "scalars" | "noise" | "base" | "coins"): string {
  return `silent/${what}/${from}/${to}`;
}

function offered(backend: PsiBackend, vault: Vault, run: BulkRun, seed: Uint8Array): Uint8Array {
  const { primitives } = backend;
  const drawn = primitives.aes256Ctr(seed, SEED_BYTES + CELL_BYTES);
  const delta = drawn.slice(SEED_BYTES);
  const session = sessionOf(primitives, run);
  const { offers, scalars } = offersFor(backend, session, delta, drawn.slice(0, SEED_BYTES));
  wipe(drawn);
  vault.put(handleOf(run, "delta"), delta);
  vault.put(handleOf(run, "scalars"), scalars);
  return offers;
}

function masked(
  backend: PsiBackend,
  vault: Vault,
  run: BulkRun,
  offers: Uint8Array,
  seed: Uint8Array,
): Uint8Array {
  const { primitives } = backend;
  const drawn = primitives.aes256Ctr(seed, 2 * SEED_BYTES);
  try {
    const noise = drawnNoise(primitives, shapeOfRun(run), drawn.subarray(SEED_BYTES));
    vault.put(handleOf(run, "noise"), noise);
    const { answer, seeds } = blaming(run.from, () => {
      return seedsForOffers(backend, sessionOf(primitives, run), offers, drawn.subarray(0, SEED_BYTES));
    });
    return rowsUnder(primitives, vault, run, offers, answer, seeds);
  } finally {
    wipe(drawn);
  }
}

/** The answer, the rows under these seeds, and the sums of their check. What the receiver needs next is in the vault then. */
function rowsUnder(
  primitives: Primitives,
  vault: Vault,
  run: BulkRun,
  offers: Uint8Array,
  answer: Uint8Array,
  seeds: Uint8Array,
): Uint8Array {
  const shape = shapeOfRun(run);
  const { values, places } = noiseIn(shape, vault.get(handleOf(run, "noise")));
  const bits = siblingSides(shape, places);
  const a = elementsOf({ bits, values });
  try {
    const { rows, c } = maskRows(primitives, baseOf(shape), seeds, { bits, values });
    const answered = concat(answer, rows);
    const said = saidOf(primitives, offers, answered);
    vault.put(handleOf(run, "base"), bytesOf(c));
    vault.put(handleOf(run, "coins"), said);
    return concat(answered, coinSums(primitives, { a, c }, coinsOf(primitives, run, said)("check")));
  } finally {
    wipe(seeds, bits);
    a.fill(0);
  }
}

/** The sender's half of the base. @throws {PsiError} `element` or `correlation`. */
function checkedBase(
  backend: PsiBackend,
  vault: Vault,
  run: BulkRun,
  offers: Uint8Array,
  message: Uint8Array,
): BaseHalf {
  const { primitives } = backend;
  const { answer, rows, answered, sums } = baseParts(message);
  const delta = vault.get(handleOf(run, "delta"));
  const choices: Choices = { offers, scalars: vault.get(handleOf(run, "scalars")) };
  const session = sessionOf(primitives, run);
  const seeds = blaming(run.to, () => chosenSeeds(backend, session, choices, delta, answer));
  vault.drop(handleOf(run, "scalars"));
  const words = wordsOf(delta);
  const b = openRows(primitives, baseOf(shapeOfRun(run)), seeds, words, rows);
  wipe(seeds);
  const coins = coinsOf(primitives, run, saidOf(primitives, offers, answered));
  if (!sumsHold(primitives, { delta: words, b }, coins("check"), sums)) {
    b.fill(0);
    throw new PsiError("correlation", `the rows of ${run.to} do not all hold the same`, run.to);
  }
  return { delta: words, b, coins };
}

/** What the sender has of the base, and the coins of the session. */
interface BaseHalf {
  readonly delta: Uint32Array;
  readonly b: Uint32Array;
  readonly coins: Coins;
}

function grown(
  primitives: Primitives,
  vault: Vault,
  run: BulkRun,
  { delta, b, coins }: BaseHalf,
  seed: Uint8Array,
): Uint8Array {
  const shape = shapeOfRun(run);
  const values = b.subarray(baseOf(shape).bits * CELL_WORDS);
  try {
    if (shape.trees === 0) {
      vault.put(correlationHandle(run), keptSender({ delta, b: elementsIn(shape, values) }));
      return new Uint8Array();
    }
    const roots = wordsOf(primitives.aes256Ctr(seed, shape.trees * CELL_BYTES));
    const { sums, leaves } = growTrees(primitives, treeKeys(coins), shape, roots);
    const last = sumOfLeaves(leaves, shape.trees);
    addElements(last, values);
    const message = maskSums(primitives, shape, { delta, b }, sums, last);
    const [expanded] = expandAccumulate(primitives, coins("code"), shape, [leaves]);
    vault.put(correlationHandle(run), keptSender({ delta, b: expanded }));
    for (const secret of [leaves, expanded, last, ...sums.flat()]) secret.fill(0);
    return message;
  } finally {
    vault.drop(handleOf(run, "delta"));
    b.fill(0);
  }
}

function taken(primitives: Primitives, vault: Vault, run: BulkRun, message: Uint32Array): void {
  const shape = shapeOfRun(run);
  const { values, places } = noiseIn(shape, vault.get(handleOf(run, "noise")));
  const c = wordsOf(vault.get(handleOf(run, "base")));
  if (shape.trees === 0) {
    vault.put(
      correlationHandle(run),
      keptReceiver({ a: elementsIn(shape, values), c: elementsIn(shape, c) }),
    );
  } else {
    const coins = coinsOf(primitives, run, vault.get(handleOf(run, "coins")));
    const noisy = noisyHalves(primitives, shape, coins, { values, places, c }, message);
    const [a, expanded] = expandAccumulate(primitives, coins("code"), shape, noisy);
    vault.put(correlationHandle(run), keptReceiver({ a, c: expanded }));
    for (const secret of [...noisy, a, expanded]) secret.fill(0);
  }
  for (const what of ["noise", "base", "coins"] as const) vault.drop(handleOf(run, what));
}

/** Noise and leaves at all positions: A and C before they are spread. */
function noisyHalves(
  primitives: Primitives,
  shape: SilentShape,
  coins: Coins,
  { values, places, c }: Noise & { readonly c: Uint32Array },
  message: Uint32Array,
): [a: Uint32Array, c: Uint32Array] {
  const { trees } = shape;
  const sides = siblingSides(shape, places);
  const leaves = growPunctured(primitives, treeKeys(coins), shape, places, (level) => {
    return chosenSums(primitives, shape, { sides, c }, message, level);
  });
  wipe(sides);
  const noise = new Uint32Array(leaves.length);
  const last = sumOfLeaves(leaves, trees);
  addElements(last, message.subarray(message.length - last.length));
  addElements(last, c.subarray(baseOf(shape).bits * CELL_WORDS));
  for (const [tree, place] of places.entries()) {
    const at = (place * trees + tree) * CELL_WORDS;
    addElement(noise, at, values, tree * CELL_WORDS);
    addElement(leaves, at, last, tree * CELL_WORDS);
  }
  last.fill(0);
  return [noise, leaves];
}

function treeKeys(coins: Coins): TreeKeys {
  return { left: coins("left"), right: coins("right") };
}

/** What a receiver draws: the values of its noise, and one more as a mask; and where in its block each stands. */
interface Noise {
  readonly values: Uint32Array;
  readonly places: Uint32Array;
}

function drawnNoise({ aes256Ctr }: Primitives, shape: SilentShape, seed: Uint8Array): Uint8Array {
  const values = baseOf(shape).values * CELL_BYTES;
  const noise = aes256Ctr(seed, values + shape.trees * Uint32Array.BYTES_PER_ELEMENT);
  const { places } = noiseIn(shape, noise);
  for (const [tree, word] of places.entries()) places[tree] = Math.floor((word / 2 ** 32) * shape.block);
  return noise;
}

function noiseIn(shape: SilentShape, noise: Uint8Array): Noise {
  const values = baseOf(shape).values * CELL_BYTES;
  return { values: wordsOf(noise.subarray(0, values)), places: wordsOf(noise.subarray(values)) };
}

/** Of the base all but the mask, where it is all there is. */
function elementsIn({ elements }: SilentShape, vector: Uint32Array): Uint32Array {
  return vector.subarray(0, elements * CELL_WORDS);
}
