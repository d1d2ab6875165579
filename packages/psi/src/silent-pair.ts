// SPDX-License-Identifier: Apache-2.0
import { type Conversation, fresh, hear, tell } from "@koplamp/crypto";
import { compute, type Effect, type Rng } from "@koplamp/protocol";
import type { BulkRun } from "./bulk-jobs.ts";
import { shapeOfRun } from "./silent-code.ts";
import { growSilent, maskNoise, offerDelta, takeSilent } from "./silent-jobs.ts";
import { silentCodec } from "./silent-messages.ts";

/**
 * A correlation of one run without a dealer: the sender ends with delta and B in its vault, the receiver with A and C, and
 * C = A·delta + B over GF(2^128) in every cell and the mask. A is random as far as the sender can tell under the assumption
 * on codes of `silent-code.ts`; delta and B are the sender's.
 *
 *   sender s                                        receiver r
 *     delta, random
 *     O      128 pairs of elements       ------>      noise: places and values
 *     U                                  <------      an element; 128 rows with the noise under masks; sums of a check
 *     sums hold? trees of seeds
 *     G      sums of their nodes         ------>      all leaves but those at the noise
 *     B: leaves, spread                               A: noise, spread; C: leaves, spread
 *
 * O and G say nothing of delta, U nothing of the noise, to whoever follows the protocol. Small correlations need no noise, and
 * end with U.
 */
export function* makeCorrelation(
  talk: Conversation,
  run: BulkRun,
  rng: Rng,
): Generator<Effect, void, unknown> {
  const shape = shapeOfRun(run);
  const [offers, base, trees] = [
    silentCodec(run.from, "O", shape),
    silentCodec(run.to, "U", shape),
    silentCodec(run.from, "G", shape),
  ];
  if (talk.me === run.from) {
    const offered = yield* fresh(rng, (seed) => compute(offerDelta, run, seed));
    yield* tell(talk, run.to, offers, offered);
    const answered = yield* hear(talk, run.to, base);
    const grown = yield* fresh(rng, (seed) => compute(growSilent, run, offered, answered, seed));
    if (shape.trees > 0) yield* tell(talk, run.to, trees, grown);
    return;
  }
  const offered = yield* hear(talk, run.from, offers);
  yield* tell(talk, run.from, base, yield* fresh(rng, (seed) => compute(maskNoise, run, offered, seed)));
  const grown = shape.trees > 0 ? yield* hear(talk, run.from, trees) : new Uint8Array();
  yield* compute(takeSilent, run, grown);
}
