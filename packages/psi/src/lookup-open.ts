// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeReady, type PackedInputs, POINT_BYTES } from "@koplamp/crypto";
import { compute, disclose, type Job, job, type Party, type Rng, receive, send } from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { PsiError } from "./errors.ts";
import {
  type Answered,
  answer,
  answered,
  askBatch,
  checkSession,
  type LookupAskerSetup,
  type LookupHolderSetup,
  type LookupSession,
  report,
  routeOf,
} from "./lookup.ts";
import { openIndex } from "./lookup-jobs.ts";
import { batchFor, openRequestCodec } from "./lookup-messages.ts";
import { allowanceCodec, replyCodec } from "./messages.ts";
import { inputCount } from "./session.ts";

/** What both sides of an open session know: how many elements there may be, and not when they come. */
export interface OpenLookupSetup extends LookupSession {
  /** At most so many elements in all, dummies included: what the holder allows. */
  readonly elements: number;
}

/** The asker's own part: its questions come from the host. */
export type OpenAskerSetup = OpenLookupSetup & Pick<LookupAskerSetup, "index">;

/** The holder's own part. */
export type OpenHolderSetup = OpenLookupSetup & Pick<LookupHolderSetup, "inputs" | "index">;

/**
 * The host's own: waits for the next questions of this session, at most 32, which are durable in the own ledger before it
 * returns; undefined when no more will come.
 */
export const nextQuestions: Job<[number: number], PackedInputs | undefined> = job("psi.lookup.next");
/** The host's own: gives the answers of a batch to whoever asked, a byte each, 1 for a hit. */
export const tellAnswers: Job<[number: number, hits: Uint8Array], void> = job("psi.lookup.tell");

/**
 * `lookup/1` where questions are asked one by one (protocols.md, section 8: one allowance for a plan and a day).
 *
 *   asker a                                               holder h
 *              ready    <----->
 *              W        <======                           the right to `elements` answers    disclose: answers.<h>.<a>
 *     whenever a has questions, until it has no more or the right is used up:
 *              M        ------>  a batch of 1, 4, 16 or 32, as in `lookupAsker`
 *              E        <------  k·M, one proof           metered before the answer
 *     at the end:
 *              M        ------>  nothing
 *     where both are told:
 *              T        ======>  tokens of all hits       disclose: report.<a>.<h>
 *                                                         padded with random ones to `elements`
 *
 * What each learns is as there, and h and whoever carries the messages see when a asks, and how many elements each time.
 * Blinds follow from `salt`, the transcript and the number of the batch; its questions are fixed in a's own ledger before M
 * leaves, since nothing can be fixed when the session begins.
 *
 * Vault: `cacheKey`, `salt`. Gives a byte for each question, in the order in which they came.
 */
export function* openLookupAsker(setup: OpenAskerSetup, rng: Rng): Party<Uint8Array> {
  const { me, parties, holder, asker, transcript, elements, index, allowance } = setup;
  checkSession(setup, elements);
  yield* exchangeReady(conversation(me, parties), transcript);
  yield* receive(holder, allowanceCodec(allowance));
  yield* compute(openIndex, routeOf(setup), index.sealed);

  const hits: Uint8Array[] = [];
  let left = elements;
  for (let number = 0; ; number += 1) {
    const inputs = yield* compute(nextQuestions, number);
    if (inputs === undefined) break;
    const batch = { number, elements: sizeOf(setup, inputs, left), inputs };
    left -= batch.elements;
    const found = yield* askBatch(setup, batch);
    yield* compute(tellAnswers, number, found);
    hits.push(found);
  }
  yield* send(holder, openRequestCodec(asker), new Uint8Array());
  yield* report(setup, elements, rng);
  return concat(...hits);
}

/** The other side. Vault: `k`, and `cacheKey` where both are told. `meter` as in `lookupHolder`. */
export function* openLookupHolder(setup: OpenHolderSetup, rng: Rng): Party<Answered> {
  const { me, parties, asker, transcript, elements, allowance } = setup;
  checkSession(setup, elements);
  yield* exchangeReady(conversation(me, parties), transcript);
  yield* disclose(asker, `answers.${me}.${asker}`, allowanceCodec(allowance), allowance);

  const requests: Uint8Array[] = [];
  for (;;) {
    const request = yield* receive(asker, openRequestCodec(asker));
    if (request.length === 0) break;
    const reply = yield* answer(setup, requests.length, request, rng);
    yield* send(asker, replyCodec(request.length / POINT_BYTES), reply);
    requests.push(request);
  }
  return yield* answered(setup, requests, elements);
}

/** Elements of a batch. @throws {PsiError} `too-large`, `allowance`: the host has let through what it must not. */
function sizeOf({ asker }: OpenLookupSetup, inputs: PackedInputs, left: number): number {
  const size = batchFor(inputCount(inputs));
  if (size === undefined || inputCount(inputs) === 0) {
    throw new PsiError("too-large", `expected 1 to 32 questions at a time, got ${inputCount(inputs)}`);
  }
  if (size <= left) return size;
  throw new PsiError("allowance", `${asker} asks for ${size} elements, and ${left} are left of its right`);
}
