// SPDX-License-Identifier: Apache-2.0
import {
  type Conversation,
  commitEcho,
  conversation,
  equal,
  exchangeReady,
  fresh,
  groupSecret,
  hear,
  sha256Of,
} from "@koplamp/crypto";
import {
  compute,
  disclose,
  type Effect,
  type Party,
  type PartyId,
  type Rng,
  receive,
  send,
} from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { SumError } from "./errors.ts";
import { withNoise } from "./own-noise.ts";
import { COORDINATOR, nodesOf, within } from "./session.ts";
import {
  commitmentOf,
  giveSeed,
  hashChunk,
  hideChunk,
  keepSeed,
  MASKED_CHECKS_USE,
  openChunk,
} from "./sum-masked-jobs.ts";
import {
  COMMIT,
  ECHO,
  hiddenSumCodec,
  type MaskedList,
  maskedListCodec,
  SEED,
  wordsCodec,
} from "./sum-masked-messages.ts";
import {
  checkMaskedNode,
  chunkBounds,
  chunkCount,
  type MaskedNodeSetup,
  type MaskedSession,
  numbersOf,
  totalsWithin,
  WINDOW,
  type Width,
} from "./sum-masked-session.ts";
import {
  bytesOfLanes,
  doublesInPlace,
  lanesOf,
  lanesOfBytes,
  packDoubles,
  packWide,
  TAIL_LANES,
  wideOf,
} from "./sum-masked-words.ts";
import { invalidResult } from "./threshold-phases.ts";

/**
 * `sum-masked/1` at a node, contributor or recipient or both (aggregation.md, section 6): masks only, for vectors that
 * are too long for a lattice.
 *
 *   node                                                 every other node
 *              commit, echo, alpha  <----->  (all pairs) the secret behind the check sums: C does not know it
 *
 *   contributor i, chunk by chunk
 *     y_i = numbers (+ noise) | 1 | check sums, + PRG(seed_i), and over all of it masks that cancel in the whole sum
 *              commit, echo  <----->  (contributors)     H(H(seed_i), H(y_i)): nothing sent depends on another
 *
 *   node                                                 coordinator C
 *              commit, y         ------>                 H(seed_i); then the chunks, the same ones again
 *              echo              <------                 after each 16 chunks: the hash of what C took of this node
 *              sum               <------                 at a recipient: Σ y, still under every seed
 *              list              <------                 L: all hashes. They must be those committed to
 *
 *   node                                                 every other node
 *              ready     <----->  (all pairs)            everybody saw the same
 *
 *   contributor i                                        recipient r, for each r
 *              seed      ======>                         disclose: seed.<i>.<r>   32 bytes, the veto
 *                                                        Σ y - Σ PRG(seed_i), if count and check sums hold
 *
 * The recipient learns the sums. Until the last seed has come it holds noise. The coordinator never sees anything else, and
 * with a recipient it sees no more than that one: the masks lie below the seeds. Secrecy rests on the channels alone.
 *
 * Every chunk is made twice, once to commit to it and once to send it: nobody holds more than a few chunks, but the
 * recipient, which holds the answer: 8 or 16 bytes a number.
 *
 * Vault: `exporter/<party>`. Words of 64 bits: numbers, and sums, up to 2^53 in size, as doubles.
 */
export function* sumMaskedNode(
  setup: MaskedNodeSetup<Float64Array>,
  rng: Rng,
): Party<Float64Array | undefined> {
  checkMaskedNode(setup, DOUBLES);
  const { noises = [] } = setup;
  if (setup.values === undefined || noises.every((noise) => noise === undefined)) {
    return yield* maskedNode(setup, DOUBLES, rng);
  }
  // Drawn before anybody waits, and once: both passes over the numbers see the same.
  const whole = { ...setup, values: wholeOf(setup.values, setup.numbers) };
  const noisy = yield* withNoise(whole, rng);
  return yield* maskedNode({ ...whole, ...(noisy === undefined ? {} : { values: noisy }) }, DOUBLES, rng);
}

/** The same over words of 128 bits: numbers, and sums, below 2^127 in size. It adds no noise. */
export function* sumMaskedWide(
  setup: Omit<MaskedNodeSetup<readonly bigint[]>, "noises">,
  rng: Rng,
): Party<readonly bigint[] | undefined> {
  checkMaskedNode(setup, WIDE);
  return yield* maskedNode(setup, WIDE, rng);
}

const DOUBLES: Width<Float64Array> = {
  bits: 64,
  limit: 2 ** 53,
  slice: (all, from, to) => all.subarray(from, to),
  length: (numbers) => numbers.length,
  within,
  pack: packDoubles,
  unpack: doublesInPlace,
};

const WIDE: Width<readonly bigint[]> = {
  bits: 128,
  limit: 2 ** 127,
  slice: (all, from, to) => all.slice(from, to),
  length: (numbers) => numbers.length,
  within: (numbers, { least, most }) => numbers.every((value) => value >= least && value <= most),
  pack: packWide,
  unpack: wideOf,
};

function wholeOf(
  values: Float64Array | ((from: number, to: number) => Float64Array),
  numbers: number,
): Float64Array {
  return typeof values === "function" ? values(0, numbers) : values;
}

function* maskedNode<Numbers>(
  setup: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  rng: Rng,
): Party<Numbers | undefined> {
  const { me, contributors, recipients, transcript } = setup;
  const talk = conversation(me, nodesOf(setup));
  yield* groupSecret(talk, nodesOf(setup), transcript, MASKED_CHECKS_USE, rng);
  const committed = contributors.includes(me) ? yield* commitAll(talk, setup, width, rng) : undefined;
  const held = recipients.includes(me) ? holdingOf(setup) : undefined;
  const roots = yield* passChunks(setup, width, committed, held);

  const list = yield* hear(talk, COORDINATOR, maskedListCodec(setup), true);
  if (committed !== undefined) yield* checkList(setup, list, committed.all);
  if (held !== undefined && !equal(list.sums, yield* compute(sha256Of, concat(...roots)))) {
    throw new SumError("list", "the coordinator sent another sum than it listed");
  }
  yield* exchangeReady(talk, transcript);

  const own = committed === undefined ? undefined : yield* giveOwn(setup);
  return held === undefined ? undefined : yield* open(setup, width, held, yield* allSeeds(setup, list, own));
}

/** What a contributor committed to, and what all contributors did. */
interface Committed {
  readonly seed: Uint8Array;
  /** By chunk: SHA-256 of what will be sent. */
  readonly hashes: readonly Uint8Array[];
  readonly all: ReadonlyMap<PartyId, Uint8Array>;
}

function* commitAll<Numbers>(
  talk: Conversation,
  setup: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  rng: Rng,
): Generator<Effect, Committed, unknown> {
  const { me, contributors, transcript, bits } = setup;
  const seed = yield* fresh(rng, (drawn) => compute(keepSeed, transcript, me, drawn));
  const hashes: Uint8Array[] = [];
  for (let chunk = 0; chunk < chunkCount(setup); chunk += 1) {
    const numbers = width.pack(numbersOf(setup, width, chunk));
    hashes.push(yield* compute(hashChunk, { transcript, contributors, me, chunk, bits }, numbers));
  }
  const root = yield* compute(sha256Of, concat(...hashes));
  const own = yield* compute(sha256Of, concat(seed, root));
  const all = yield* commitEcho(talk, { commit: COMMIT, echo: ECHO, among: contributors }, own);
  return { seed, hashes, all };
}

/** The sum as a recipient holds it until the seeds come, and then the answer in its place. */
interface Holding {
  readonly words: Uint32Array;
  readonly tails: Uint32Array;
}

function holdingOf(setup: MaskedSession): Holding {
  return {
    words: new Uint32Array(setup.numbers * lanesOf(setup.bits)),
    tails: new Uint32Array(chunkCount(setup) * TAIL_LANES),
  };
}

/**
 * Sends the own chunks, a window at a time, and takes the sums. Gives the hash of each sum.
 * @throws {SumError} `list` when the coordinator took something else, `setup` when the own numbers changed meanwhile.
 */
function* passChunks<Numbers>(
  setup: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  committed: Committed | undefined,
  held: Holding | undefined,
): Generator<Effect, readonly Uint8Array[], unknown> {
  if (committed !== undefined) yield* send(COORDINATOR, COMMIT, committed.seed);
  const sums: Uint8Array[] = [];
  for (let start = 0; start < chunkCount(setup); start += WINDOW) {
    const end = Math.min(chunkCount(setup), start + WINDOW);
    if (committed !== undefined) yield* sendWindow(setup, width, [start, end], committed);
    if (held !== undefined) sums.push(...(yield* takeWindow(setup, held, [start, end])));
  }
  return sums;
}

type Window = readonly [start: number, end: number];

function* sendWindow<Numbers>(
  setup: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  [start, end]: Window,
  committed: Committed,
): Generator<Effect, void, unknown> {
  for (let chunk = start; chunk < end; chunk += 1) yield* sendChunk(setup, width, chunk, committed);
  const sent = yield* compute(sha256Of, concat(...committed.hashes.slice(start, end)));
  if (equal(yield* receive(COORDINATOR, ECHO), sent)) return;
  throw new SumError("list", `the coordinator took something else than ${setup.me} sent`);
}

function* takeWindow(
  setup: MaskedSession,
  held: Holding,
  [start, end]: Window,
): Generator<Effect, readonly Uint8Array[], unknown> {
  const sums: Uint8Array[] = [];
  for (let chunk = start; chunk < end; chunk += 1) {
    const sum = yield* receive(COORDINATOR, hiddenSumCodec(setup, chunk));
    sums.push(yield* compute(sha256Of, sum));
    holdChunk(setup, held, chunk, sum);
  }
  return sums;
}

function* sendChunk<Numbers>(
  setup: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  chunk: number,
  { hashes }: Committed,
): Generator<Effect, void, unknown> {
  const { me, contributors, transcript, bits } = setup;
  const numbers = width.pack(numbersOf(setup, width, chunk));
  const { words, hash } = yield* compute(hideChunk, { transcript, contributors, me, chunk, bits }, numbers);
  if (!equal(hash, hashes[chunk] ?? NOTHING)) {
    throw new SumError("setup", `the numbers of ${me} changed while they were summed`);
  }
  yield* send(COORDINATOR, wordsCodec(setup, chunk), words);
}

function holdChunk(setup: MaskedSession, { words, tails }: Holding, chunk: number, sum: Uint8Array): void {
  const [from] = chunkBounds(setup, chunk);
  const lanes = lanesOfBytes(sum);
  words.set(lanes.subarray(0, -TAIL_LANES), from * lanesOf(setup.bits));
  tails.set(lanes.subarray(-TAIL_LANES), chunk * TAIL_LANES);
}

/** Everybody is on the list with what it committed to, this node too. */
function* checkList(
  { contributors }: MaskedSession,
  { entries }: MaskedList,
  commitments: ReadonlyMap<PartyId, Uint8Array>,
): Generator<Effect, void, unknown> {
  for (const [at, party] of contributors.entries()) {
    const hash = yield* compute(sha256Of, entries[at] ?? NOTHING);
    if (equal(hash, commitments.get(party) ?? NOTHING)) continue;
    throw new SumError("list", `the coordinator lists other words of ${party} than it committed to`);
  }
}

/** The own seed, to every recipient: after this nothing is held back. */
function* giveOwn({
  me,
  recipients,
}: Pick<MaskedNodeSetup<unknown>, "me" | "recipients">): Generator<Effect, Uint8Array, unknown> {
  const seed = yield* compute(giveSeed);
  for (const to of recipients) {
    if (to !== me) yield* disclose(to, `seed.${me}.${to}`, SEED, seed);
  }
  return seed;
}

/** The seeds of all contributors in id order, each the one that was committed to. */
function* allSeeds(
  { me, contributors, transcript }: Pick<MaskedNodeSetup<unknown>, "me" | "contributors" | "transcript">,
  { entries }: MaskedList,
  own: Uint8Array | undefined,
): Generator<Effect, readonly Uint8Array[], unknown> {
  const seeds: Uint8Array[] = [];
  for (const [at, party] of contributors.entries()) {
    const seed = party === me && own !== undefined ? own : yield* receive(party, SEED);
    const commitment = yield* compute(commitmentOf, transcript, party, seed);
    if (!equal(commitment, entries[at]?.slice(0, 32) ?? NOTHING)) {
      throw new SumError("commitment", `${party} disclosed another seed than it had committed to`);
    }
    seeds.push(seed);
  }
  return seeds;
}

/** The numbers, if every check holds. @throws {SumError} `invalid-result`, the same for all reasons. */
function* open<Numbers>(
  setup: MaskedNodeSetup<Numbers>,
  width: Width<Numbers>,
  { words, tails }: Holding,
  seeds: readonly Uint8Array[],
): Generator<Effect, Numbers, unknown> {
  const { contributors, transcript, bits } = setup;
  for (let chunk = 0; chunk < chunkCount(setup); chunk += 1) {
    const [from, to] = chunkBounds(setup, chunk).map((at) => at * lanesOf(bits));
    const tail = tails.subarray(chunk * TAIL_LANES, (chunk + 1) * TAIL_LANES);
    const sum = concat(bytesOfLanes(words.subarray(from, to)), bytesOfLanes(tail));
    const found = yield* compute(openChunk, { transcript, contributors, chunk, bits }, sum, seeds);
    if (found === undefined) throw invalidResult();
    words.set(found, from);
  }
  const opened = width.unpack(words);
  if (totalsWithin(setup, width, opened)) return opened;
  throw invalidResult();
}

const NOTHING: Uint8Array = new Uint8Array();
