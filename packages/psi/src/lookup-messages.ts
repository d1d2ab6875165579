// SPDX-License-Identifier: Apache-2.0
// The bytes of lookup/1 (protocols.md, sections 5 and 8). Every length follows from public sizes.
import { POINT_BYTES } from "@koplamp/crypto";
import { type Codec, type PartyId, ProtocolError } from "@koplamp/protocol";
import { i2osp } from "@koplamp/wire/core";
import { compareAt } from "./ascending.ts";
import { TOKEN_BYTES } from "./messages.ts";
import { bytesFrom, expectAscending } from "./pair-messages.ts";

/** Elements of one batch of questions. Nothing else is asked, so a batch shows its size and no more. */
export const BATCH_SIZES: readonly number[] = [32, 16, 4, 1];

/** The least that is worth a batch of each size: what is missing is made up with dummies. */
const LEAST: readonly (readonly [size: number, least: number])[] = [
  [32, 29],
  [16, 13],
  [4, 2],
  [1, 1],
];

/**
 * The batches of so many questions: the fewest elements that fill whole batches, in as few of them as that takes.
 * Twenty questions are a batch of 16 and one of 4. The batches of their sum are the same again.
 */
export function batchesOf(questions: number): readonly number[] {
  const batches: number[] = [];
  for (let left = questions; left > 0; left -= batches.at(-1) ?? left) {
    batches.push(LEAST.find(([, least]) => left >= least)?.[0] ?? 1);
  }
  return batches;
}

/** Elements of the one batch that so many questions fit in; undefined above the largest. */
export function batchFor(questions: number): number | undefined {
  return BATCH_SIZES.findLast((size) => size >= questions);
}

/** Padded elements of so many questions: all that shows of their number, and what they cost. */
export function lookupElements(questions: number): number {
  return batchesOf(questions).reduce((sum, size) => sum + size, 0);
}

/** Bytes of a holder's public key and its proof of possession. */
export const LOOKUP_KEY_BYTES: number = 32 + 64;

/** `K` of a look-up: the holder's key for this asker, and the proof that it knows it. */
export function lookupKeyCodec(from: PartyId): Codec<Uint8Array> {
  return bytesFrom(from, "K", LOOKUP_KEY_BYTES);
}

/** `M` of questions that are asked one by one: a batch of any size, or nothing, which says that no more will come. */
export function openRequestCodec(from: PartyId): Codec<Uint8Array> {
  const lengths = [0, ...BATCH_SIZES.map((size) => size * POINT_BYTES)];
  const checked = (bytes: Uint8Array): Uint8Array => {
    if (lengths.includes(bytes.length)) return bytes;
    const message = `expected ${BATCH_SIZES.join(", ")} elements or none in M of ${from}, got ${bytes.length} bytes`;
    throw new ProtocolError("invalid-message", message, from);
  };
  return { type: "M", encode: checked, decode: checked };
}

/** Exactly `rows` tokens of 16 bytes, strictly ascending: an index, or a report of hits. */
export function indexCodec(from: PartyId, rows: number): Codec<Uint8Array> {
  const plain = bytesFrom(from, "T", rows * TOKEN_BYTES);
  const checked = (tokens: Uint8Array): Uint8Array => {
    expectAscending(from, "T", plain.decode(tokens), TOKEN_BYTES);
    return tokens;
  };
  return { type: "T", encode: checked, decode: checked };
}

/** What an index loses and gains: tokens in ascending order, dummies among both. */
export interface Churn {
  readonly additions: Uint8Array;
  readonly removals: Uint8Array;
}

/** Bytes of a churn of so many additions and as many removals. */
export function churnBytes(changes: number): number {
  return COUNT_BYTES + 2 * changes * TOKEN_BYTES;
}

const COUNT_BYTES = 4;

/** `dT`: I2OSP(additions, 4), then as many additions and removals, each list strictly ascending. */
export function churnCodec(from: PartyId, changes: number): Codec<Churn> {
  const plain = bytesFrom(from, "dT", churnBytes(changes));
  const count = i2osp(changes, COUNT_BYTES);
  const middle = COUNT_BYTES + changes * TOKEN_BYTES;
  return {
    type: "dT",
    encode: ({ additions, removals }) => {
      const bytes = new Uint8Array(COUNT_BYTES + additions.length + removals.length);
      bytes.set(count);
      bytes.set(additions, COUNT_BYTES);
      bytes.set(removals, COUNT_BYTES + additions.length);
      return plain.encode(bytes);
    },
    decode: (bytes) => {
      plain.decode(bytes); // attacker-controlled
      if (compareAt(bytes, 0, count, 0, COUNT_BYTES) !== 0) {
        const message = `expected ${changes} additions in dT of ${from}, got another number`;
        throw new ProtocolError("invalid-message", message, from);
      }
      const [additions, removals] = [bytes.slice(COUNT_BYTES, middle), bytes.slice(middle)];
      for (const list of [additions, removals]) expectAscending(from, "dT", list, TOKEN_BYTES);
      return { additions, removals };
    },
  };
}
