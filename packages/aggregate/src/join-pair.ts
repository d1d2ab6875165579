// SPDX-License-Identifier: Apache-2.0
import { type Conversation, conversation, exchangeReady, fresh, hear, tell } from "@koplamp/crypto";
import { ciphertextBytes } from "@koplamp/he";
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
import {
  type Blinding,
  type Count,
  countsCodec,
  type Grouping,
  groupScalars,
  matchSlots,
  type PairFrame,
  type PairRole,
  receiveSlots,
  refuseRepeats,
  slotsCodec,
  upToEvaluated,
} from "@koplamp/psi";
import { SumError } from "./errors.ts";
import { splitLimbs } from "./join-limbs.ts";
import { addChunk, hideTotal, makeJoinKey, openTotal, sealChunk, takeJoinKey } from "./join-pair-jobs.ts";
import { sealedCodec, totalsCodec } from "./join-pair-messages.ts";
import { openedGroups } from "./join-pair-opened.ts";
import {
  checkJoinPair,
  chunkCount,
  joinRoles,
  ownerHasGroups,
  type SealedColumn,
  sealedColumns,
  selections,
  TOTALS_PART,
  totalsParts,
} from "./join-pair-session.ts";
import { type JoinNodeSetup, type JoinOpened, paddedRows } from "./join-session.ts";
import { recipientKeyCodec } from "./messages.ts";

/**
 * `join-sum-pair/1` at one of two parties (aggregation.md, section 7.1): sums of the owner's values over the rows that
 * both hold, in groups of either.
 *
 *   owner v (the recipient)                             selector a
 *     s <- small,  b = -(a·s + e)                       a = SHAKE256(transcript, v): v did not choose it
 *              pkr      ------>  b                      a key for this session and for v's own values
 *              K, R, M, E  <---->                       as in `match-pair/1`; the tokens that v commits to stand in
 *                                                       slots, in a random order that v keeps
 *              ready    <----->                         both saw the same
 *              Tπ       ======>                         disclose: slots.<v>.<a>   which slots match, and how many
 *     for each chunk of 8,192 slots and each column (where v has groups: for each group a count and each column in it)
 *              ct       ------>  Enc_s(values)          in the slots of their tokens; c1 follows from a seed
 *
 *                                                       acc = Σ ct · [slot is selected], for each group of a
 *                                                       acc += z, its slots uniform but for their sum, which is 0:
 *                                                              only the total is left
 *                                                       acc += Enc_b(0): c1 would be the selection times what v knows
 *                                                       acc += noise of 2^116: what the values' own errors say drowns
 *              C        <======                         disclose: counts.<a>.<v>   of each group of a
 *              acc      <======                         disclose: totals.<a>.<v>.<part>
 *     total = the sum of all slots
 *
 * A group of a with fewer matched rows than `minCount` is counted as withheld, and its z is uniform: there is nothing to
 * decrypt. Groups of v cannot be counted by a: v's node opens their counts and gives no others (`gate: node`); if fewer
 * rows match in all, a opens none.
 *
 * v learns the totals. a learns how many rows match in each of its groups, not which. The
 * coordinator learns sizes and timing. v takes a's word for its counts; nothing proves that a summed what it should, or
 * that v encrypted what it should: see the description.
 *
 * Vault: `salt`. The job `meter` is the host's. Gives the totals at v, nothing at a.
 */
export function* joinPairNode(setup: JoinNodeSetup, rng: Rng): Party<JoinOpened | undefined> {
  checkJoinPair(setup);
  const { me, contributors, inputs } = setup;
  if (inputs === undefined) throw new SumError("setup", `expected keys at ${me}`);
  const talk = conversation(me, contributors);
  yield* compute(refuseRepeats, me, inputs);
  if (me === joinRoles(setup).owner) return yield* atOwner(setup, talk, inputs, rng);
  yield* atSelector(setup, talk, inputs, rng);
  return undefined;
}

type Inputs = PairRole["inputs"];

function* atOwner(
  setup: JoinNodeSetup,
  talk: Conversation,
  inputs: Inputs,
  rng: Rng,
): Generator<Effect, JoinOpened, unknown> {
  const { me, set, transcript } = setup;
  const { selector } = joinRoles(setup);
  yield* tell(talk, selector, recipientKeyCodec(set), yield* compute(makeJoinKey, transcript, me));
  const role = { peer: selector, inputs, sends: true, receives: false, inSlots: true };
  const { opening } = yield* upToEvaluated(frameOf(setup), talk, role, blindingOf(setup), rng);
  yield* exchangeReady(talk, transcript);
  if (opening !== undefined) {
    yield* disclose(selector, `slots.${me}.${selector}`, slotsCodec(me, paddedRows(setup, me)), opening);
  }
  yield* sendValues(setup, selector, inputs.ends.length, rng);
  return yield* openTotals(setup, selector);
}

function* atSelector(
  setup: JoinNodeSetup,
  talk: Conversation,
  inputs: Inputs,
  rng: Rng,
): Generator<Effect, void, unknown> {
  const { set, transcript } = setup;
  const { owner } = joinRoles(setup);
  const key = yield* hear(talk, owner, recipientKeyCodec(set));
  if (!(yield* compute(takeJoinKey, transcript, owner, key))) {
    throw new SumError("key", `${owner} sent a key that is not of the agreed form`);
  }
  const role = { peer: owner, inputs, sends: false, receives: true };
  const { promised } = yield* upToEvaluated(frameOf(setup), talk, role, blindingOf(setup), rng);
  yield* exchangeReady(talk, transcript);
  if (promised === undefined) return;
  const opened = yield* receiveSlots(frameOf(setup), owner, promised);
  const counts = yield* compute(matchSlots, opened, selections(setup));
  yield* addValues(setup, owner);
  yield* discloseTotals(setup, owner, told(setup, counts), rng);
}

/** The session as the match in it knows it. */
function frameOf({ me, contributors, transcript, rowsPadded }: JoinNodeSetup): PairFrame {
  return { me, parties: contributors, transcript, rowsPadded };
}

function blindingOf(setup: JoinNodeSetup): Blinding {
  return groupScalars(groupingOf(setup));
}

/** The groups that the selecting party sorts its rows into. */
function groupingOf(setup: JoinNodeSetup): Grouping {
  const { groupOf } = setup;
  const groups = selections(setup);
  return groupOf === undefined || ownerHasGroups(setup) ? { groups } : { groups, groupOf };
}

/** Chunk by chunk, all columns of each: the other one needs no more than a sum for each. */
function* sendValues(
  setup: JoinNodeSetup,
  to: PartyId,
  rows: number,
  rng: Rng,
): Generator<Effect, void, unknown> {
  const { me, set, groupOf } = setup;
  const columns = sealedColumns(setup);
  const values = columns.map((column) => valuesOf(setup, column, rows));
  for (let chunk = 0; chunk < chunkCount(setup); chunk += 1) {
    for (const [at, { cell }] of columns.entries()) {
      const only = cell === undefined || groupOf === undefined ? undefined : { groupOf, cell };
      const numbers = values[at] ?? new Float64Array();
      const frame = yield* fresh(rng, (seed) => compute(sealChunk, chunk, numbers, only, seed));
      yield* send(to, sealedCodec(set, me), frame);
    }
  }
}

/** A column as it is encrypted, before groups are told apart. All columns are the owner's, so their order is its own. */
function valuesOf({ values = [] }: JoinNodeSetup, { of }: SealedColumn, rows: number): Float64Array {
  if (of === undefined) return new Float64Array(rows).fill(1);
  return splitLimbs(values[of.column] ?? new Float64Array(), of.limbs)[of.limb] ?? new Float64Array();
}

/** Ciphertexts that one job takes. */
const BATCH = 8;

function* addValues(setup: JoinNodeSetup, from: PartyId): Generator<Effect, void, unknown> {
  const { set } = setup;
  const columns = sealedColumns(setup).length;
  for (let chunk = 0; chunk < chunkCount(setup); chunk += 1) {
    for (let column = 0; column < columns; column += BATCH) {
      const frames: Uint8Array[] = [];
      while (frames.length < Math.min(BATCH, columns - column)) {
        frames.push(yield* receive(from, sealedCodec(set, from)));
      }
      if (yield* compute(addChunk, chunk, selections(setup), column, frames)) continue;
      throw noCiphertext(setup, from);
    }
  }
}

/** What the other one hears of the counts: `null` for too few. Of groups that it has itself, only whether they open. */
function told(setup: JoinNodeSetup, counts: Float64Array): readonly Count[] {
  const shown = ownerHasGroups(setup) ? 0 : 1;
  return Array.from(counts, (count) => (count < setup.minCount ? null : count * shown));
}

function* discloseTotals(
  setup: JoinNodeSetup,
  to: PartyId,
  counts: readonly Count[],
  rng: Rng,
): Generator<Effect, void, unknown> {
  const { me, set } = setup;
  const columns = sealedColumns(setup).length;
  yield* disclose(to, `counts.${me}.${to}`, countsCodec(counts.length), counts);
  for (const [part, totals] of totalsParts(setup).entries()) {
    const message = new Uint8Array(totals * ciphertextBytes(set));
    for (let at = 0; at < totals; at += 1) {
      const total = part * TOTALS_PART + at;
      const [selection, column] = [Math.floor(total / columns), total % columns];
      const open = counts[selection] !== null;
      const frame = yield* fresh(rng, (seed) => compute(hideTotal, selection, column, open, seed));
      message.set(frame, at * ciphertextBytes(set));
    }
    yield* disclose(to, `totals.${me}.${to}.${part}`, totalsCodec(set, me, totals), message);
  }
}

function* openTotals(setup: JoinNodeSetup, from: PartyId): Generator<Effect, JoinOpened, unknown> {
  const { set } = setup;
  const length = ciphertextBytes(set);
  const counts = yield* receive(from, countsCodec(selections(setup)));
  const totals: number[] = [];
  for (const part of totalsParts(setup)) {
    const message = yield* receive(from, totalsCodec(set, from, part));
    for (let at = 0; at < part; at += 1) {
      const total = yield* compute(openTotal, message.slice(at * length, (at + 1) * length));
      if (total === undefined) throw noCiphertext(setup, from);
      totals.push(total);
    }
  }
  return openedGroups(setup, counts, totals);
}

function noCiphertext({ set }: JoinNodeSetup, from: PartyId): SumError {
  return new SumError("ciphertext", `${from} sent something that is no ciphertext of ${set.id}`);
}
