// SPDX-License-Identifier: Apache-2.0
import { type Conversation, conversation, exchangeReady, groupSecret } from "@koplamp/crypto";
import { compute, type Effect, type Party, type Rng } from "@koplamp/protocol";
import { withNoise } from "./own-noise.ts";
import {
  blockCount,
  cellsPerBlock,
  checkNode,
  checkSession,
  nodesOf,
  type SumNodeSetup,
  type SumSession,
  totalRange,
  within,
} from "./session.ts";
import { CHECKS_USE, contribute, openBlock, type Sealed } from "./sum-jobs.ts";
import { handOut, passOnKeys, takeAll } from "./threshold-coordinator.ts";
import {
  addAllSeconds,
  allShares,
  collectiveKey,
  commitBlocks,
  exchangeRecipientKeys,
  handIn,
  invalidResult,
  receiveFirsts,
  releaseShares,
  type SealedBlocks,
} from "./threshold-phases.ts";

/**
 * `sum-threshold/1` at a node, contributor or recipient or both (aggregation.md, section 5): masked threshold BFV.
 *
 *   contributor i                                        every other contributor
 *     s_i <- small,  b_i = -(a·s_i + e_i)                a = SHAKE256(transcript): nobody chose it
 *              commit, echo  <----->  (all pairs)        H(i, transcript, b_i, nonce): no key depends on another
 *              b         ------>  (by way of C)          opened; the collective key is (Σ b_j, a), under s = Σ s_j
 *
 *   recipient r                                          every other node
 *              pkr       ------>                         the hash of its own key for this session; the key itself goes
 *                                                        by way of C
 *
 *   node                                                 every other node
 *              commit, echo, alpha  <----->  (all pairs) the secret behind the check sums: C does not know it
 *
 *   contributor i                                        every other contributor
 *     y_i = numbers (+ noise) | 1 | check sums, and over all of it masks that cancel in the whole sum only
 *     ct_i = (c0_i, c1_i) = Enc(y_i)
 *              commit, echo  <----->  (all pairs)        H(H(c0_i), H(c1_i)): no ciphertext depends on another
 *
 *   node                                                 coordinator C
 *              ct        ------>                         ciphertexts
 *              list      <------                         L: all hashes. They must be those committed to
 *              c1        <------                         of every other contributor: i adds them itself
 *              sum       <------                         at a recipient: Σ c0
 *
 *   node                                                 every other node
 *              ready     <----->  (all pairs)            everybody saw the same
 *
 *   contributor i                                        recipient r, for each r
 *     d_i = Σ c1 · s_i + noise                           noise of 2^91 drowns what d_i would say of s_i
 *              share     ======>                         disclose: share.<i>.<r>   Enc_pkr(d_i), once, then s_i is wiped
 *                                                        Σ c0 + Σ d_i opens under nobody's key but that of all
 *
 * The recipient learns the sums. Nobody learns what one party put in, but a coalition of all the others. Without one
 * share nothing can be read: it is that agency's veto. C sees sizes and who takes part.
 *
 * Why the parts are there: s_i never multiplies a c1 that somebody could choose, for c1 = floor(Q/t) would hand out the
 * key; hence commitments before any ciphertext is sent, and every node's own addition (`sumcheck: full`, whatever the
 * size). And should the lattice fall, the masks still stand on the channels' own secrets.
 *
 * A recipient's key is signed as every message of the channel is, under the session's transcript.
 *
 * Vault: `exporter/<party>`. Gives the numbers at a recipient, in the order of `values`, and nothing elsewhere.
 */
export function* sumNode(setup: SumNodeSetup, rng: Rng): Party<Float64Array | undefined> {
  checkNode(setup);
  const { me, recipients, transcript } = setup;
  const values = yield* withNoise(setup, rng); // drawn before anybody waits: how long that takes says what was drawn
  const talk = conversation(me, nodesOf(setup));
  if (values !== undefined) yield* collectiveKey(talk, setup, rng);
  const recipientKeys = yield* exchangeRecipientKeys(talk, setup);
  yield* groupSecret(talk, nodesOf(setup), transcript, CHECKS_USE, rng);
  const sealed = values === undefined ? undefined : yield* sealBlocks(talk, setup, values);

  const list = yield* handIn(talk, setup, recipientKeys, sealed);
  if (sealed !== undefined) yield* addAllSeconds(setup, list, sealed.commitments);
  const firsts = recipients.includes(me) ? yield* receiveFirsts(setup, list) : [];
  yield* exchangeReady(talk, transcript);

  const own = values === undefined ? undefined : yield* releaseShares(setup, recipientKeys, rng);
  return recipients.includes(me) ? yield* open(setup, firsts, yield* allShares(setup, own)) : undefined;
}

function* sealBlocks(
  talk: Conversation,
  setup: SumNodeSetup,
  values: Float64Array,
): Generator<Effect, SealedBlocks, unknown> {
  const { me, contributors, transcript, set } = setup;
  const blocks: Sealed[] = [];
  for (let block = 0; block < blockCount(setup); block += 1) {
    const cells = values.slice(block * cellsPerBlock(set), (block + 1) * cellsPerBlock(set));
    blocks.push(yield* compute(contribute, { transcript, contributors, me, block }, cells));
  }
  return yield* commitBlocks(talk, setup, blocks);
}

/** The numbers, if every check holds. @throws {SumError} `invalid-result`, the same for all reasons. */
function* open(
  setup: SumNodeSetup,
  firsts: readonly Uint8Array[],
  shares: readonly Uint8Array[],
): Generator<Effect, Float64Array, unknown> {
  const { contributors, transcript, set, numbers, ranges, noises = [] } = setup;
  const opened = new Float64Array(numbers);
  const perBlock = cellsPerBlock(set);
  for (const [block, c0] of firsts.entries()) {
    const length = (shares[0]?.length ?? 0) / firsts.length;
    const parts = shares.map((all) => all.slice(block * length, (block + 1) * length));
    const cells = Math.min(perBlock, numbers - block * perBlock);
    const found = yield* compute(openBlock, { transcript, contributors, block }, c0, parts, cells);
    if (found === undefined) throw invalidResult();
    opened.set(found, block * perBlock);
  }
  const cells = numbers / ranges.length;
  const plausible = ranges.every((column, at) =>
    within(opened.subarray(at * cells, (at + 1) * cells), totalRange(contributors, column, noises[at])),
  );
  if (plausible) return opened;
  throw invalidResult();
}

/**
 * The coordinator's side: it adds what it was sent, says what that was, and passes on what the nodes add themselves. It
 * holds no key and no data; whatever it alters is refused by a hash, or does not open.
 */
export function* sumCoordinator(session: SumSession): Party<undefined> {
  checkSession(session);
  const handedIn = yield* takeAll(session, yield* passOnKeys(session));
  yield* handOut(session, handedIn);
  return undefined;
}
