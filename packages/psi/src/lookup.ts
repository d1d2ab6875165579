// SPDX-License-Identifier: Apache-2.0
import { fresh, type PackedInputs, POINT_BYTES, sha256Of } from "@koplamp/crypto";
import {
  type Assumption,
  compute,
  type Description,
  defineProtocol,
  disclose,
  type Effect,
  type EgressRow,
  type Item,
  type Party,
  type PartyId,
  type Protocol,
  type Rng,
  receive,
  send,
  sent,
} from "@koplamp/protocol";
import { concat, selectInputs } from "@koplamp/wire/core";
import { presence } from "./description-parts.ts";
import { PsiError } from "./errors.ts";
import { agreeOnRoot, allowanceFor, type Spent } from "./evaluate.ts";
import { evaluateBlock, meter } from "./evaluate-jobs.ts";
import { inputRoot } from "./input-root.ts";
import { checkPair, type GotIndex, type KeptIndex, LOOKUP_ASSUMPTIONS } from "./lookup-index.ts";
import { answerBatch, type Batch, blindBatch, makeReport, openIndex, reportedItems } from "./lookup-jobs.ts";
import type { IndexRoute } from "./lookup-kept.ts";
import { BATCH_SIZES, indexCodec } from "./lookup-messages.ts";
import {
  type Allowance,
  allowanceBytes,
  allowanceCodec,
  replyBytes,
  replyCodec,
  requestCodec,
  TOKEN_BYTES,
} from "./messages.ts";
import { checkPairRequest } from "./pair-jobs.ts";
import { COORDINATOR, checkParties, inputCount, type Session } from "./session.ts";

/** Who is told of a hit: the asker alone, or the holder too. */
export type LookupTell = "asker" | "both-on-hit";

/** What both sides of any session of questions know. */
export interface LookupSession extends Session, IndexRoute {
  /** The holder's public key, as it was published. */
  readonly key: Uint8Array;
  /** What the holder allows, and logs before its first answer. Its ceiling is at least all elements together. */
  readonly allowance: Allowance;
  readonly tell: LookupTell;
}

/** What both sides know where all questions are there when it begins. */
export interface LookupSetup extends LookupSession {
  /** Elements of each batch, in order: 1, 4, 16 or 32, dummies included. */
  readonly batches: readonly number[];
}

/** The asker's own part. */
export interface LookupAskerSetup extends LookupSetup {
  /** Distinct questions, at most as many as there are elements. */
  readonly inputs: PackedInputs;
  readonly index: Pick<GotIndex, "sealed">;
}

/** The holder's own part: its items and what it published of them, where it is told of hits. */
export interface LookupHolderSetup extends LookupSetup {
  readonly inputs: PackedInputs;
  readonly index: Pick<KeptIndex, "rows">;
}

/** What a holder has at the end: what to enter as `spent`, and where it is told of hits, which of its items they are. */
export interface Answered extends Spent {
  readonly reported?: Uint32Array;
}

/**
 * `lookup/1`: an asker learns which of its questions stand in a holder's list, of which it has the index
 * (protocols.md, section 8; see `publishIndex`).
 *
 *   asker a                                               holder h
 *              R        ------>                           root of the salted questions: they are fixed
 *              ready    <----->
 *              W        <======                           the right to `ceiling` answers    disclose: answers.<h>.<a>
 *     for each batch of 1, 4, 16 or 32 elements:
 *     r_x <- scalars
 *              M        ------>  H1(in(x)) + r_x·B        padded with dummies
 *                                                         meter: durable, before the answer
 *              E        <------  k·M, one proof
 *     the proof checked before any use
 *     N_x = E - r_x·pk ;  s_x = H2(in(x), N_x) ;  its token stands in the index, or does not
 *     where both are told:
 *              T        ======>  tokens of the hits       disclose: report.<a>.<h>
 *                                                         padded with random ones to the number of elements
 *
 * One question costs one round trip. h learns the number of elements, not which and not whether they hit: M is uniform,
 * and what follows has the same number and size of messages for a hit and for none. a learns one bit for each question.
 * A report is made by a's node: h cannot force an honest one.
 *
 * Vault: `cacheKey`, `salt`. Gives a byte for each question: 1 for a hit.
 */
export function* lookupAsker(setup: LookupAskerSetup, rng: Rng): Party<Uint8Array> {
  checkLookup(setup);
  const { holder, inputs, batches, index } = setup;
  yield* agreeOnRoot(setup, yield* compute(inputRoot, inputs));
  yield* receive(holder, allowanceCodec(setup.allowance));
  yield* compute(openIndex, routeOf(setup), index.sealed);

  const hits: Uint8Array[] = [];
  for (const batch of cut(inputs, batches)) hits.push(yield* askBatch(setup, batch));
  yield* report(setup, sum(batches), rng);
  return concat(...hits);
}

/** One round trip: a batch goes blinded, and what comes back is used once its proof holds. Gives a byte for each question. */
export function* askBatch(
  setup: LookupSession & Pick<LookupAskerSetup, "index">,
  batch: Batch,
): Generator<Effect, Uint8Array, unknown> {
  const { holder, transcript, key, index } = setup;
  const request = yield* compute(blindBatch, batch, transcript);
  yield* send(holder, requestCodec(batch.elements), request);
  const reply = yield* receive(holder, replyCodec(batch.elements));
  const prover = { prover: holder, key, transcript };
  return yield* compute(answerBatch, routeOf(setup), prover, batch, request, reply, index.sealed);
}

/** Tells the holder of all hits, in as many tokens as there may be elements, where both are told. */
export function* report(
  { tell, asker, holder }: LookupSession,
  elements: number,
  rng: Rng,
): Generator<Effect, void, unknown> {
  if (tell === "asker") return;
  const tokens = yield* fresh(rng, (seed) => compute(makeReport, elements, seed));
  yield* disclose(holder, `report.${asker}.${holder}`, indexCodec(asker, elements), tokens);
}

/**
 * The other side: allows, meters, multiplies, proves. Vault: `k`, and `cacheKey` where both are told. The job `meter` is
 * the host's: it must be durable before it returns, and throws when the allowance is spent.
 */
export function* lookupHolder(setup: LookupHolderSetup, rng: Rng): Party<Answered> {
  checkLookup(setup);
  const { me, asker, batches, allowance } = setup;
  yield* agreeOnRoot(setup);
  yield* disclose(asker, `answers.${me}.${asker}`, allowanceCodec(allowance), allowance);

  const requests: Uint8Array[] = [];
  for (const [number, elements] of batches.entries()) {
    const request = yield* receive(asker, requestCodec(elements));
    yield* send(asker, replyCodec(elements), yield* answer(setup, number, request, rng));
    requests.push(request);
  }
  return yield* answered(setup, requests, sum(batches));
}

/** What a holder has at the end: what it was asked, as one hash, and the items that it is told of. */
export function* answered(
  setup: LookupSession & Pick<LookupHolderSetup, "inputs" | "index">,
  requests: readonly Uint8Array[],
  elements: number,
): Generator<Effect, Answered, unknown> {
  const { asker, tell, inputs, index } = setup;
  const request = yield* compute(sha256Of, concat(...requests));
  const metered = requests.reduce((all, { length }) => all + length / POINT_BYTES, 0);
  const spent = { asker, metered, request };
  if (tell === "asker") return spent;
  const tokens = yield* receive(asker, indexCodec(asker, elements));
  return { ...spent, reported: yield* compute(reportedItems, routeOf(setup), index.rows, inputs, tokens) };
}

/** One answer: the request is checked, metered, multiplied and proven, in this order. */
export function* answer(
  { me, asker, transcript, key }: LookupSession,
  number: number,
  request: Uint8Array,
  rng: Rng,
): Generator<Effect, Uint8Array, unknown> {
  yield* compute(checkPairRequest, asker, request); // before the meter: a bad request costs nothing and gets nothing
  yield* compute(meter, { asker, elements: request.length / POINT_BYTES, block: number });
  const prover = { prover: me, key, transcript };
  return yield* fresh(rng, (seed) => compute(evaluateBlock, prover, number, request, seed));
}

/** The three fields of a route. */
export function routeOf({ context, holder, asker }: IndexRoute): IndexRoute {
  return { context, holder, asker };
}

/** The questions in batches: each takes as many as it has elements, and the last ones are padded. */
function cut(inputs: PackedInputs, batches: readonly number[]): readonly Batch[] {
  let from = 0;
  return batches.map((elements, number) => {
    const count = Math.min(elements, inputCount(inputs) - from);
    const positions = Uint32Array.from({ length: Math.max(0, count) }, (_, at) => from + at);
    from += elements;
    return { number, elements, inputs: selectInputs(inputs, positions) };
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

/** What both sides of any session of questions check before a byte leaves. @throws {PsiError} `setup`, `allowance`. */
export function checkSession(setup: LookupSession, elements: number): void {
  const { me, parties, holder, asker, allowance, context } = setup;
  checkParties(setup);
  checkPair({ me, parties, holder, asker });
  if (context.length !== 32 || allowance.asker !== asker || allowance.unit !== "lookups") {
    throw new PsiError("setup", `expected a context of 32 bytes, and look-ups of ${asker} in the allowance`);
  }
  if (elements > allowance.ceiling) {
    throw new PsiError(
      "allowance",
      `${asker} asks for ${elements} elements, and is allowed ${allowance.ceiling}`,
    );
  }
}

function checkLookup(setup: LookupAskerSetup | LookupHolderSetup): void {
  const { me, asker, batches, inputs } = setup;
  const elements = sum(batches);
  checkSession(setup, elements);
  if (batches.length === 0 || batches.some((size) => !BATCH_SIZES.includes(size))) {
    throw new PsiError("setup", `expected batches of ${BATCH_SIZES.join(", ")} elements`);
  }
  if (me === asker && inputCount(inputs) > elements) {
    throw new PsiError(
      "too-large",
      `${asker} has more questions than the ${elements} elements of this session`,
    );
  }
}

/** What a description of questions needs. */
export interface LookupParameters {
  readonly holder: PartyId;
  readonly asker: PartyId;
  readonly batches: readonly number[];
  /** Whether they are asked one by one: then so many batches at most, and no list of them before. */
  readonly open?: boolean;
  readonly tell: LookupTell;
  /** Public bucket of the holder's list. */
  readonly rowsPadded: number;
}

/** `lookup/1` as data: the questions alone; `describePublication` has what goes before them. */
export const lookup: Protocol<LookupParameters> = defineProtocol({
  id: "lookup/1",
  roles: ["asker", "holder"],
  model: "malicious senders detected",
  source: "docs/protocols/lookup.md",
  describe: (parameters) => {
    const { holder, asker, batches, tell, rowsPadded } = parameters;
    const elements = sum(batches);
    const parties = [asker, holder].sort();
    const hits: Item = { fact: "holders-of-own", about: [holder], bound: elements };
    const told: Item = {
      fact: "holders-of-own",
      about: [asker],
      bound: elements,
      because: "as the asker's node reports it: an honest report cannot be forced",
    };
    const sizes = { [asker]: elements, [holder]: rowsPadded };
    const both = tell === "both-on-hit";
    return {
      disclosures: [
        { id: `answers.${holder}.${asker}`, from: holder, to: asker, release: 0, output: "answers" },
        ...(both
          ? [{ id: `report.${asker}.${holder}`, from: asker, to: holder, release: 1, output: "report" }]
          : []),
      ],
      outputs: [
        { id: "answers", to: asker, item: hits },
        ...(both ? [{ id: "report", to: holder, item: told }] : []),
      ],
      egress: lookupEgress(parameters),
      debits: [{ holder, asker, unit: "lookups", amount: elements }],
      views: [
        { who: asker, learns: [...presence(asker, parties, sizes), hits], atMost: [] },
        { who: holder, learns: [...presence(holder, parties, sizes), ...(both ? [told] : [])], atMost: [] },
        { who: COORDINATOR, learns: presence(COORDINATOR, parties, sizes), atMost: [] },
      ],
      together: [],
      assumptions: [...LOOKUP_ASSUMPTIONS, ...(both ? [HONEST_REPORT] : [])],
    } satisfies Description;
  },
});

const HONEST_REPORT: Assumption = {
  id: "honest-report",
  text: "The asker's node reports the hits that it found.",
  ifFalse:
    "The holder is not told of a hit, or is told of an item that it was not asked about and that the asker knows the token of.",
};

function lookupEgress({
  holder,
  asker,
  batches,
  open = false,
  tell,
}: LookupParameters): readonly EgressRow[] {
  const elements = sum(batches);
  const parties = [asker, holder].sort();
  const rows = batches.length;
  const end = open ? 1 : 0; // an empty one says that no more will come
  const allowance = allowanceBytes({ ...allowanceFor(asker, elements), unit: "lookups" }).length;
  return [
    ...(open ? [] : sent([asker], [holder], "R", 32)),
    ...sent(parties, parties, "ready", 32),
    { from: holder, to: asker, channel: "disclose", what: "W", messages: 1, bytes: allowance },
    { from: asker, to: holder, channel: "send", what: "M", messages: rows + end, bytes: elements * 32 },
    {
      from: holder,
      to: asker,
      channel: "send",
      what: "E",
      messages: rows,
      bytes: batches.reduce((all, size) => all + replyBytes(size), 0),
    },
    ...(tell === "asker"
      ? []
      : [
          {
            from: asker,
            to: holder,
            channel: "disclose" as const,
            what: "T",
            messages: 1,
            bytes: elements * TOKEN_BYTES,
          },
        ]),
  ];
}
