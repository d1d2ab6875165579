// SPDX-License-Identifier: Apache-2.0
// The two ways to blind of protocols.md, section 3, as the modes of match-pair/1 use them.
import { fresh, type PackedInputs } from "@koplamp/crypto";
import { type Codec, compute, type Effect, type PartyId, type Rng } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { blindRequest, evaluateBlock, meter, type Prover } from "./evaluate-jobs.ts";
import { blocksOf, replyBytes, replyCodec, requestCodec } from "./messages.ts";
import {
  blindSorted,
  checkPairRequest,
  evaluateSorted,
  type TokenForm,
  unblindReply,
  unblindSorted,
} from "./pair-jobs.ts";
import { sortedCodec } from "./pair-messages.ts";
import { blindGroups, type Grouping, unblindGroups } from "./pair-slots.ts";

/** How a request is blinded, answered and unblinded. Every step is a job or a message of fixed length. */
export interface Blinding {
  readonly form: TokenForm;
  /** `M` and `E` of a request of `rows` elements, as `from` sends them. */
  readonly request: (from: PartyId, rows: number) => Codec<Uint8Array>;
  readonly reply: (from: PartyId, rows: number) => Codec<Uint8Array>;
  readonly replyBytes: (rows: number) => number;
  readonly ask: (
    inputs: PackedInputs,
    rows: number,
    transcript: Uint8Array,
  ) => Generator<Effect, Uint8Array, unknown>;
  /** Checks the request of `asker`, meters it, and evaluates it under the vault's `k`. */
  readonly answer: (
    asker: PartyId,
    prover: Prover,
    request: Uint8Array,
    rng: Rng,
  ) => Generator<Effect, Uint8Array, unknown>;
  /** Makes the vault's tokens from a reply that passes every check. */
  readonly unblind: (
    prover: Prover,
    inputs: PackedInputs,
    request: Uint8Array,
    reply: Uint8Array,
  ) => Generator<Effect, void, unknown>;
}

/** A blind for each item and a proof for each block: nothing unproven is ever unblinded. */
export const ADDITIVE: Blinding = {
  form: "item",
  request: (_from, rows) => requestCodec(rows),
  reply: (_from, rows) => replyCodec(rows),
  replyBytes,
  ask: (inputs, rows, transcript) => compute(blindRequest, inputs, rows, transcript),
  *answer(asker, prover, request, rng) {
    yield* compute(checkPairRequest, asker, request); // before the meter: a bad request gets nothing
    const parts: Uint8Array[] = [];
    for (const block of blocksOf(request.length / 32)) {
      yield* compute(meter, { asker, elements: block.elements, block: block.number });
      const points = request.slice(block.inRequest, block.inRequest + block.elements * 32);
      parts.push(yield* fresh(rng, (seed) => compute(evaluateBlock, prover, block.number, points, seed)));
    }
    return concat(...parts);
  },
  unblind: (prover, inputs, request, reply) => compute(unblindReply, prover, inputs, request, reply),
};

/** One scalar for the whole request; answers come sorted, without a proof. */
export const ONE_SCALAR: Blinding = {
  form: "element",
  request: (from, rows) => sortedCodec(from, "M", rows),
  reply: (from, rows) => sortedCodec(from, "E", rows),
  replyBytes: (rows) => rows * 32,
  ask: (inputs, rows, transcript) => compute(blindSorted, inputs, rows, transcript),
  *answer(asker, _prover, request) {
    yield* compute(meter, { asker, elements: request.length / 32, block: 0 });
    return yield* compute(evaluateSorted, asker, request);
  },
  unblind: ({ prover }, _inputs, _request, reply) => compute(unblindSorted, prover, reply),
};

/**
 * One scalar for each group of own rows, and sorted answers as with `ONE_SCALAR`: a match tells its group and not its
 * item. A row is in one group at most.
 */
export function groupScalars(grouping: Grouping): Blinding {
  return {
    ...ONE_SCALAR,
    ask: (inputs, rows, transcript) => compute(blindGroups, grouping, inputs, rows, transcript),
    unblind: ({ prover }, _inputs, _request, reply) => compute(unblindGroups, grouping.groups, prover, reply),
  };
}
