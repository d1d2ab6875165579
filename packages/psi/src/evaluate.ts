// SPDX-License-Identifier: Apache-2.0
import {
  conversation,
  exchangeMessages,
  exchangeReady,
  fresh,
  type PackedInputs,
  sha256Of,
} from "@koplamp/crypto";
import {
  compute,
  defineProtocol,
  disclose,
  type Effect,
  type EgressRow,
  type Party,
  type PartyId,
  type Protocol,
  type Rng,
  receive,
  send,
  sent,
  type View,
} from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { pooledTests, TOKEN_ASSUMPTIONS, testable } from "./description-parts.ts";
import { PsiError } from "./errors.ts";
import {
  blindRequest,
  checkRequest,
  evaluateBlock,
  meter,
  unblindAndSeal,
  verifyReply,
} from "./evaluate-jobs.ts";
import { inputRoot } from "./input-root.ts";
import {
  type Allowance,
  allowanceBytes,
  allowanceCodec,
  blocksOf,
  ROOT,
  replyBytes,
  replyCodec,
  requestCodec,
} from "./messages.ts";

import { COORDINATOR, checkParties, inputCount, othersOf, type Session } from "./session.ts";

/**
 * Most elements in one session: eight blocks, some twenty seconds of one core among five parties. More new items take more
 * sessions, each with entries of its own in the evidence.
 */
export const MOST_ELEMENTS: number = 2 ** 16;

/** New inputs (`newInputs`) in sessions of at most 2^16, in the order in which they came. */
export function evaluationBatches(positions: Uint32Array): readonly Uint32Array[] {
  return Array.from({ length: Math.ceil(positions.length / MOST_ELEMENTS) }, (_, at) =>
    positions.slice(at * MOST_ELEMENTS, (at + 1) * MOST_ELEMENTS),
  );
}

/** What every node of an evaluation knows. */
export interface EvaluateSetup extends Session {
  readonly asker: PartyId;
  /** Each holder's public share of the key: `KeySet.keys`. */
  readonly keys: Readonly<Record<PartyId, Uint8Array>>;
  /** The number of elements asked for: a bucket, at most 2^16. It is all that shows of the number of new items. */
  readonly elements: number;
  /** What each holder allows, and logs before its first answer. `ceiling` is at least `elements`. */
  readonly allowance: Allowance;
}

/** The asker's own part: what it wants evaluated, and for which cache. */
export interface AskerSetup extends EvaluateSetup {
  /** Distinct new inputs, at most `elements`. */
  readonly inputs: PackedInputs;
  /** As in `CachedItems`. */
  readonly scope: Uint8Array;
}

/** What a holder has to enter in its ledger as `spent` (protocols.md, section 4). */
export interface Spent {
  readonly asker: PartyId;
  readonly metered: number;
  /** SHA-256 of the request, so that an auditor can compare. */
  readonly request: Uint8Array;
}

/**
 * `evaluate/1`: the asker obtains s_x for its new items; nobody sees an item (protocols.md, sections 3 and 4).
 *
 *   asker i                                             holder j, each other party
 *              R        ------>                         root of the salted inputs of this session
 *              ready    <----->  (all pairs)            everybody saw the same
 *              W        <======                         the right to `ceiling` elements    disclose: tests.<j>.<i>
 *     r_x <- scalars
 *              M        ------>  H1(in(x)) + r_x·B      padded to a bucket with dummies
 *                                                       meter: durable, before each block
 *              E        <------  k_j·M, a proof a block
 *     every proof checked before any use
 *     N_x = k_i·H1(in(x)) + Σ E_j - r_x·Σ pk_j ;  s_x = H2(in(x), N_x), sealed in the cache
 *
 * The holder learns the bucket of the number of new items: M is uniform. The asker learns s_x of the items it asked
 * for, with which it can test tokens of the epoch, its own lists' and any that it holds: hence quota and allowance.
 *
 * Vault: `k`, `cacheKey`, `salt`. Returns the sealed chunks of the cache. Nothing is kept unless all proofs hold.
 */
export function* evaluateAsker(setup: AskerSetup, rng: Rng): Party<readonly Uint8Array[]> {
  checkEvaluation(setup);
  const { transcript, inputs, elements, keys, scope } = setup;
  const holders = othersOf(setup);
  yield* agreeOnRoot(setup, yield* compute(inputRoot, inputs));
  for (const holder of holders) yield* receive(holder, allowanceCodec(setup.allowance));

  const request = yield* compute(blindRequest, inputs, elements, transcript);
  for (const holder of holders) yield* send(holder, requestCodec(elements), request);
  for (const holder of holders) {
    const reply = yield* receive(holder, replyCodec(elements));
    yield* compute(verifyReply, { prover: holder, key: keyOf(keys, holder), transcript }, request, reply);
  }
  const otherKeys = concat(...holders.map((holder) => keyOf(keys, holder)));
  return yield* fresh(rng, (seed) => compute(unblindAndSeal, inputs, otherKeys, scope, seed));
}

/**
 * The other side: allows, meters, multiplies, proves. Vault: `k`. The job `meter` is the host's: it must be durable
 * before it returns, and throws when the quota is spent.
 */
export function* evaluateHolder(setup: EvaluateSetup, rng: Rng): Party<Spent> {
  checkEvaluation(setup);
  const { me, asker, transcript, elements, keys } = setup;
  yield* agreeOnRoot(setup);
  yield* disclose(asker, `tests.${me}.${asker}`, allowanceCodec(setup.allowance), setup.allowance);

  const request = yield* receive(asker, requestCodec(elements));
  yield* compute(checkRequest, request); // before the meter: a bad request costs nothing and gets nothing
  const parts: Uint8Array[] = [];
  for (const block of blocksOf(elements)) {
    yield* compute(meter, { asker, elements: block.elements, block: block.number });
    const proof = { prover: me, key: keyOf(keys, me), transcript };
    const points = request.slice(block.inRequest, block.inRequest + block.elements * 32);
    parts.push(yield* fresh(rng, (seed) => compute(evaluateBlock, proof, block.number, points, seed)));
  }
  yield* send(asker, replyCodec(elements), concat(...parts));
  return { asker, metered: elements, request: yield* compute(sha256Of, request) };
}

/** The asker's root to everybody, and the ready exchange: the list is fixed before any allowance leaves. */
export function* agreeOnRoot(
  setup: Session & Pick<EvaluateSetup, "asker">,
  root?: Uint8Array,
): Generator<Effect, void, unknown> {
  const talk = conversation(setup.me, setup.parties);
  const mine = root === undefined ? {} : { mine: root };
  yield* exchangeMessages(talk, { codec: ROOT, senders: [setup.asker], ...mine });
  yield* exchangeReady(talk, setup.transcript);
}

function keyOf(keys: Readonly<Record<PartyId, Uint8Array>>, holder: PartyId): Uint8Array {
  const key = keys[holder];
  if (key === undefined) throw new PsiError("setup", `the key set holds no key of ${holder}`);
  return key;
}

function checkEvaluation(setup: EvaluateSetup | AskerSetup): void {
  checkParties(setup);
  const { parties, asker, elements, allowance } = setup;
  if (!parties.includes(asker) || allowance.asker !== asker) {
    throw new PsiError("setup", `expected ${asker} among the holders, and in the allowance`);
  }
  if (!Number.isSafeInteger(elements) || elements < 1 || elements > MOST_ELEMENTS) {
    throw new PsiError("too-large", `expected 1 to ${MOST_ELEMENTS} elements in a session, got ${elements}`);
  }
  if (elements > allowance.ceiling) {
    throw new PsiError(
      "allowance",
      `${asker} asks for ${elements} elements, and is allowed ${allowance.ceiling}`,
    );
  }
  if ("inputs" in setup && inputCount(setup.inputs) > elements) {
    throw new PsiError(
      "too-large",
      `${asker} has more new items than the ${elements} elements of this session`,
    );
  }
}

/** What a description of an asker's evaluations needs. */
export interface EvaluateParameters {
  readonly parties: readonly PartyId[];
  readonly asker: PartyId;
  /** Padded new elements in all sessions together, at most. */
  readonly elements: number;
  /** By holder: the most elements that the asker may have evaluated by it in the epoch. */
  readonly quotas: Readonly<Record<PartyId, number>>;
}

/** `evaluate/1` as data: all sessions that so many elements take. Each session discloses the same lines again. */
export const evaluate: Protocol<EvaluateParameters> = defineProtocol({
  id: "evaluate/1",
  roles: ["asker", "holder"],
  model: "malicious senders detected",
  source: "docs/protocols/evaluate.md",
  describe: (parameters) => {
    const { parties, asker, elements, quotas } = parameters;
    const holders = parties.filter((party) => party !== asker);
    return {
      disclosures: holders.map((from) => ({
        id: `tests.${from}.${asker}`,
        from,
        to: asker,
        release: 0,
        output: `tests.${from}`,
      })),
      outputs: holders.map((from) => ({
        id: `tests.${from}`,
        to: asker,
        item: testable([from], quotas[from] ?? 0),
      })),
      egress: evaluateEgress(parameters, holders),
      debits: holders.map((holder) => ({ holder, asker, unit: "evaluations", amount: elements })),
      views: [
        {
          who: asker,
          learns: [{ fact: "took-part", about: holders, bound: "this evaluation" }],
          atMost: holders.map((holder) => testable([holder], quotas[holder] ?? 0)),
        },
        ...[...holders, COORDINATOR].map(
          (who): View => ({
            who,
            learns: [
              { fact: "timing", about: [asker], bound: "whether it has new items" },
              {
                fact: "size-padded",
                about: [asker],
                bound: elements,
                because: "new items, padded to a bucket",
              },
            ],
            atMost: [],
          }),
        ),
      ],
      together: [pooledTests(parties)],
      assumptions: TOKEN_ASSUMPTIONS,
    };
  },
});

function evaluateEgress(
  { parties, asker, elements }: EvaluateParameters,
  holders: readonly PartyId[],
): readonly EgressRow[] {
  const sizes = sessionSizes(elements);
  const total = (bytes: (size: number) => number): number =>
    sizes.reduce((sum, size) => sum + bytes(size), 0);
  const all = (row: Omit<EgressRow, "messages">): EgressRow => ({ ...row, messages: sizes.length });
  return [
    ...sent([asker], holders, "R", 32, sizes.length),
    ...sent(parties, parties, "ready", 32, sizes.length),
    ...holders.flatMap((holder) => [
      all({ from: asker, to: holder, channel: "send", what: "M", bytes: total((size) => size * 32) }),
      all({ from: holder, to: asker, channel: "send", what: "E", bytes: total(replyBytes) }),
      all({
        from: holder,
        to: asker,
        channel: "disclose",
        what: "W",
        bytes: total((size) => allowanceBytes(allowanceFor(asker, size)).length),
      }),
    ]),
  ];
}

/** Full sessions of 2^16 elements, and the rest. */
function sessionSizes(elements: number): readonly number[] {
  return Array.from({ length: Math.ceil(elements / MOST_ELEMENTS) }, (_, at) =>
    Math.min(MOST_ELEMENTS, elements - at * MOST_ELEMENTS),
  );
}

/** An allowance of the right length: all that varies in it but the ceiling has a fixed one. */
export function allowanceFor(asker: PartyId, ceiling: number): Allowance {
  const validUntil = "YYYY-MM-DDThh:mm:ssZ";
  return { asker, ceiling, plan: `sha256:${"0".repeat(64)}`, session: "0".repeat(32), validUntil };
}
