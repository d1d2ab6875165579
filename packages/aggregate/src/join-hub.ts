// SPDX-License-Identifier: Apache-2.0
import {
  type Conversation,
  conversation,
  equal,
  exchangeMessages,
  exchangeReady,
  fresh,
  groupSecret,
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
import { type CachedItems, hubTokens, inputRoot, loadItems, openCache } from "@koplamp/psi";
import { concat, lp } from "@koplamp/wire/core";
import { SumError } from "./errors.ts";
import {
  accumulateChunk,
  layOut,
  openHubBlock,
  PLACES_USE,
  placesOfCells,
  pseudonymsOfCells,
  sealBlock,
  showCollectiveKey,
} from "./join-hub-jobs.ts";
import { chunkOfNumbers, chunksAt, type Geometry, geometryOf, type RowsAt } from "./join-hub-layout.ts";
import {
  collectiveKeyCodec,
  groupNumberCodec,
  KEY_HASH,
  orderCodec,
  ROOT,
  selectionCodec,
  tableCodec,
  tokensCodec,
} from "./join-hub-messages.ts";
import {
  blocksOf,
  type DistinctSetup,
  type Hub,
  type HubNode,
  hubOfDistinct,
  hubOfJoin,
  type JoinHubSetup,
  nodeOfDistinct,
  nodeOfJoin,
  PARTIES,
} from "./join-hub-session.ts";
import { joinLimbs } from "./join-limbs.ts";
import { type JoinOpened, paddedRows } from "./join-session.ts";
import { blockCount, COORDINATOR, nodesOf, within } from "./session.ts";
import { type Sealed, useSet } from "./sum-jobs.ts";
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
  type ThresholdSession,
} from "./threshold-phases.ts";

/** The use of the group secret that keys the tokens: the pepper, unknown to the coordinator. */
const PEPPER = "join-sum/hub";

/**
 * One node of either hub protocol; `join-sum-hub/1` and `distinct-sum/1` differ in whom the coordinator selects
 * (aggregation.md, section 7.2).
 *
 *   contributor i                                        every other node
 *              R         ------>                         root of the salted inputs
 *              commit, echo, alpha  <----->  contributors   the pepper of the tokens: C does not know it
 *              commit, echo, b      <----->  contributors   the collective key, as in sum-threshold/1, b by way of C
 *              pkr       ------>                         the hash of a recipient's own key, which goes by way of C
 *              ready     <----->  (all pairs)
 *
 *   contributor i                                        coordinator C
 *              Tπ        ======>                         disclose: tokens.<i>, via the coordinator
 *                { HMAC(pepper, HMAC(s_x, "koplamp/hub/1", sid))[0..16) } among dummies, in slot order,
 *                and at the group owner a pseudonymous group for each
 *              b         ------>                         the hash of the collective key; from the first, the key too
 *              group     <------                         how many groups the selections are for (join only)
 *              sel       <------                         Enc(1 in the slots of selected rows, 0 elsewhere), in chunks
 *     acc_i = Σ sel · numbers + Enc(zero-sum masks in each group | 1 | masks that cancel over all parties), flooded
 *
 *              commit, echo; then ct, list, c1, sum, ready, share and opening as in sum-threshold/1, with acc_i for ct_i
 *
 *   coordinator C                                        recipient r
 *              group     ------>                         which pseudonymous group each block is (join only)
 *   group owner                                          recipient r
 *              group     ======>                         disclose: groups.<owner>.<r>: pseudonym of each group
 *
 * Vault: `cacheKey`, `salt`, `exporter/<party>`.
 */
function* node(hub: Hub, own: HubNode, rng: Rng): Party<JoinOpened | undefined> {
  const { me } = own;
  const { contributors, recipients, transcript } = hub;
  const session: ThresholdSession = { ...blocksOf(hub), me };
  const talk = conversation(me, nodesOf(session));
  const keys = yield* prepare(talk, session, hub, own, rng);
  const order = yield* ownOrder(hub, own, rng);

  const brought =
    own.items === undefined ? undefined : yield* contribution(talk, session, hub, own, order, rng);
  const list = yield* handIn(talk, session, keys, brought?.sealed, listedBytes(hub));
  checkSelections(hub, me, list.more ?? NOTHING, brought?.selections);
  if (brought !== undefined) yield* addAllSeconds(session, list, brought.sealed.commitments);
  const firsts = recipients.includes(me) ? yield* receiveFirsts(session, list) : [];
  const blocks = recipients.includes(me) ? yield* blocksInOrder(hub) : order;
  yield* exchangeReady(talk, transcript);

  if (hub.groupOwner === me) yield* showOrder(hub, me, order);
  const shares = contributors.includes(me) ? yield* releaseShares(session, keys, rng) : undefined;
  if (!recipients.includes(me)) return undefined;
  const table = yield* cellOrder(hub, me, order);
  return yield* open(hub, firsts, yield* allShares(session, shares), { blocks, table });
}

/** Everything up to the first release. Gives the recipients' keys. */
function* prepare(
  talk: Conversation,
  session: ThresholdSession,
  hub: Hub,
  { items }: HubNode,
  rng: Rng,
): Generator<Effect, ReadonlyMap<PartyId, Uint8Array>, unknown> {
  const { contributors, transcript, set, rule } = hub;
  yield* compute(useSet, set.id);
  const root = items === undefined ? {} : { mine: yield* loadKeys(items) };
  yield* exchangeMessages(talk, { codec: ROOT, senders: contributors, ...root });
  if (items !== undefined) {
    yield* groupSecret(talk, contributors, transcript, PEPPER, rng);
    yield* collectiveKey(talk, session, rng);
  }
  if (rule === "first") yield* groupSecret(talk, nodesOf(session), transcript, PLACES_USE, rng);
  const keys = yield* exchangeRecipientKeys(talk, session);
  yield* exchangeReady(talk, transcript);
  return keys;
}

/** Opens the cache, finds s_x of every key and gives the input root of this session. */
function* loadKeys({ inputs, scope, chunks }: CachedItems): Generator<Effect, Uint8Array, unknown> {
  yield* compute(openCache, scope, chunks);
  yield* compute(loadItems, inputs);
  return yield* compute(inputRoot, inputs);
}

/** By cell: its list in a distinct sum, its pseudonym at the group owner of a join, and nothing elsewhere. */
function* ownOrder(hub: Hub, { me }: HubNode, rng: Rng): Generator<Effect, Int32Array, unknown> {
  if (hub.rule === "first") return yield* compute(placesOfCells, hub.transcript, hub.cells);
  if (hub.groupOwner !== me) return new Int32Array();
  return yield* fresh(rng, (seed) => compute(pseudonymsOfCells, hub.cells, seed));
}

/** What a contributor has when its ciphertexts are sealed. */
interface Contribution {
  readonly sealed: SealedBlocks;
  /** The hash of the selections that it took, where it took any. */
  readonly selections?: Uint8Array;
}

function* contribution(
  talk: Conversation,
  session: ThresholdSession,
  hub: Hub,
  own: HubNode,
  order: Int32Array,
  rng: Rng,
): Generator<Effect, Contribution, unknown> {
  const { me } = own;
  const { contributors, transcript, owners } = hub;
  const rowsAt = yield* sendTokens(hub, own, order, rng);
  const taken = owners.includes(me) ? yield* takeSelections(hub, own, rowsAt) : undefined;
  const blocks: Sealed[] = [];
  for (let block = 0; block < blockCount(session); block += 1) {
    const of = { transcript, contributors, me, block };
    const added = addedTo(hub, own, order, block);
    const geometry = own.numbers[block] === undefined && added === undefined ? undefined : taken?.geometry;
    blocks.push(yield* fresh(rng, (seed) => compute(sealBlock, of, geometry, added, seed)));
  }
  const sealed = yield* commitBlocks(talk, session, blocks);
  return { sealed, ...(taken === undefined ? {} : { selections: taken.hash }) };
}

/** What this node adds to a block whatever is selected: by group, in the order of the block. */
function addedTo({ columns }: Hub, { present }: HubNode, order: Int32Array, block: number): Added {
  if (columns[block]?.column !== PARTIES || present === undefined) return undefined;
  const added = new Float64Array(present.length);
  for (const [cell, here] of present.entries()) added[order[cell] ?? 0] = here;
  return added;
}

type Added = Float64Array | undefined;

/** Gives the coordinator what it needs to select. Gives which own row stands at each position of the tokens. */
function* sendTokens(
  hub: Hub,
  { me, groupOf, items }: HubNode,
  order: Int32Array,
  rng: Rng,
): Generator<Effect, RowsAt, unknown> {
  const { transcript, set, cells, lists, groupOwner, contributors } = hub;
  const sid = yield* compute(sha256Of, concat(lp("koplamp/sid/1"), transcript));
  const tokens = yield* compute(hubTokens, { sid, use: PEPPER });
  const placed = groupOf ?? new Int32Array(items?.inputs.ends.length ?? 0);
  const ordered = placed.map((cell) => (cell < 0 ? -1 : (order[cell] ?? 0)));
  const listOf = lists === 1 ? placed.map((cell) => Math.min(cell, 0)) : ordered;
  const named = me === groupOwner ? { groupOf: ordered } : {};
  const layout = { me, lists, rows: paddedRows(hub, me), listOf, groups: cells, ...named };
  const laid = yield* fresh(rng, (seed) => compute(layOut, layout, tokens, seed));
  yield* disclose(COORDINATOR, `tokens.${me}`, tokensCodec(hub, me), laid);
  const key = yield* compute(showCollectiveKey);
  yield* send(COORDINATOR, KEY_HASH, yield* compute(sha256Of, key));
  if (me === contributors[0]) yield* send(COORDINATOR, collectiveKeyCodec(set), key);
  return laid.rowsAt;
}

/** Takes this node's selections chunk by chunk and multiplies each with its numbers. */
function* takeSelections(
  hub: Hub,
  { me, numbers }: HubNode,
  rowsAt: RowsAt,
): Generator<Effect, { readonly geometry: Geometry; readonly hash: Uint8Array }, unknown> {
  const { rule, cells, set } = hub;
  const groups = rule === "first" ? cells : yield* receive(COORDINATOR, groupNumberCodec(hub));
  const geometry = geometryOf(set, groups);
  const hashes: Uint8Array[] = [];
  for (let chunk = 0; chunk < chunksAt(hub, me, groups); chunk += 1) {
    const frame = yield* receive(COORDINATOR, selectionCodec(set));
    hashes.push(yield* compute(sha256Of, frame));
    const laid = numbers.map((own) =>
      own === undefined ? undefined : chunkOfNumbers(hub, geometry, rowsAt, own, chunk),
    );
    if (yield* compute(accumulateChunk, frame, laid)) continue;
    throw new SumError("ciphertext", "the coordinator sent a selection that is no ciphertext of the set");
  }
  return { geometry, hash: yield* compute(sha256Of, concat(...hashes)) };
}

/** Bytes of what the list says of selections: the hash of their seed, and one of each owner's selections. */
export function listedBytes({ owners }: Hub): number {
  return 32 * (1 + owners.length);
}

/** The list names the selections that this node took: who has seed and tokens can make them again. */
function checkSelections(
  { owners }: Hub,
  me: PartyId,
  listed: Uint8Array,
  own: Uint8Array | undefined,
): void {
  const at = 32 * (1 + owners.indexOf(me));
  if (own === undefined || equal(listed.slice(at, at + 32), own)) return;
  throw new SumError("list", `the coordinator lists another selection for ${me} than it sent`);
}

/** At a recipient: by block, the pseudonymous group that it stands for. */
function* blocksInOrder(hub: Hub): Generator<Effect, Int32Array, unknown> {
  if (hub.rule === "first") return Int32Array.from({ length: hub.cells }, (_, at) => at);
  return yield* receive(COORDINATOR, orderCodec(hub));
}

function* showOrder(hub: Hub, me: PartyId, order: Int32Array): Generator<Effect, void, unknown> {
  for (const to of hub.recipients.filter((recipient) => recipient !== me)) {
    yield* disclose(to, `groups.${me}.${to}`, tableCodec(hub), order);
  }
}

/** At a recipient: by cell, its pseudonym. */
function* cellOrder(hub: Hub, me: PartyId, order: Int32Array): Generator<Effect, Int32Array, unknown> {
  const { groupOwner, cells } = hub;
  if (groupOwner === undefined || groupOwner === me) return order.length > 0 ? order : new Int32Array(cells);
  return yield* receive(groupOwner, tableCodec(hub));
}

/** By block its pseudonymous group, and by cell its pseudonym. */
interface Orders {
  readonly blocks: Int32Array;
  readonly table: Int32Array;
}

/** The answer, if every check holds. @throws {SumError} `invalid-result`, the same for all reasons. */
function* open(
  hub: Hub,
  firsts: readonly Uint8Array[],
  shares: readonly Uint8Array[],
  { blocks, table }: Orders,
): Generator<Effect, JoinOpened, unknown> {
  const geometry = geometryOf(hub.set, blocks.length);
  const opened: Float64Array[] = [];
  for (const [block, c0] of firsts.entries()) {
    const length = (shares[0]?.length ?? 0) / firsts.length;
    const parts = shares.map((all) => all.slice(block * length, (block + 1) * length));
    const sums = yield* compute(openHubBlock, hub, geometry, c0, parts);
    const range = hub.columns[block]?.total;
    if (sums === undefined || range === undefined || !within(sums, range)) throw invalidResult();
    opened.push(sums);
  }
  return answer(
    hub,
    opened,
    Array.from(table, (group) => blocks.indexOf(group)),
  );
}

/** The opened blocks by cell. `blockOf`: by cell, its block, or -1 where the coordinator selected nothing of it. */
function answer(hub: Hub, opened: readonly Float64Array[], blockOf: readonly number[]): JoinOpened {
  const byCell = (sums: Float64Array | undefined): Float64Array =>
    Float64Array.from(blockOf, (block) => sums?.[block] ?? 0);
  const counts = byCell(opened[0]);
  const closed = blockOf.flatMap((block, cell) => (block < 0 ? [cell] : []));
  const empty = opened.some((sums) => sums.some((sum, block) => sum !== 0 && !blockOf.includes(block)));
  const small = counts.some((count, cell) => (blockOf[cell] ?? -1) >= 0 && count < hub.minCount);
  if (empty || small) throw invalidResult(); // who selects less than the minimum opens nothing
  const columns = 1 + Math.max(-1, ...hub.columns.map(({ column }) => column));
  const sums = Array.from({ length: columns }, (_, column) =>
    joinLimbs(hub.columns.flatMap((limb, at) => (limb.column === column ? [byCell(opened[at])] : []))),
  );
  const parties = hub.columns.findIndex(({ column }) => column === PARTIES);
  return {
    ...{ counts, sums, withheld: hub.minCount === 0 ? [] : closed },
    ...(parties < 0 ? {} : { contributors: byCell(opened[parties]) }),
  };
}

const NOTHING: Uint8Array = new Uint8Array();

/** `join-sum-hub/1` at a node. Gives the sums at a recipient, nothing elsewhere. */
export function joinHubNode(setup: JoinHubSetup, rng: Rng): Party<JoinOpened | undefined> {
  const hub = hubOfJoin(setup);
  return node(hub, nodeOfJoin(setup, hub), rng);
}

/** `distinct-sum/1` at a node. Gives the sums by cell at a recipient, nothing elsewhere. */
export function distinctNode(setup: DistinctSetup, rng: Rng): Party<JoinOpened | undefined> {
  const hub = hubOfDistinct(setup);
  return node(hub, nodeOfDistinct(setup, hub), rng);
}
