// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeReady, fresh, hear, type PackedInputs, tell } from "@koplamp/crypto";
import {
  type Assumption,
  compute,
  type Description,
  disclose,
  type Effect,
  type Item,
  type Party,
  type PartyId,
  type Rng,
  receive,
  sent,
} from "@koplamp/protocol";
import { utf8 } from "@koplamp/wire/core";
import { TOKEN_ASSUMPTIONS, testable } from "./description-parts.ts";
import { PsiError } from "./errors.ts";
import { createShare, sealShare } from "./keyset-jobs.ts";
import {
  applyChurn,
  type Changes,
  checkLookupKey,
  itemRows,
  keepIndex,
  makeChurn,
  makeIndex,
  type Published,
  republish,
} from "./lookup-index-jobs.ts";
import type { IndexRoute } from "./lookup-kept.ts";
import { churnBytes, churnCodec, indexCodec, LOOKUP_KEY_BYTES, lookupKeyCodec } from "./lookup-messages.ts";
import { TOKEN_BYTES } from "./messages.ts";
import { COORDINATOR, checkParties, MOST_ROWS, type Session } from "./session.ts";

/** What an index is for: its name, from which `ctx` is made. Another purpose, epoch, asker or list has another key. */
export interface LookupName {
  /** 16 bytes, as hex: fresh for each key. */
  readonly ceremony: string;
  readonly covenantHash: string;
  readonly epoch: string;
  readonly purpose: string;
  readonly holder: PartyId;
  readonly asker: PartyId;
}

/** `ctx` of an index: as in a key ceremony, with one holder and the asker that its key is for. */
export function lookupContext(sha256: (bytes: Uint8Array) => Uint8Array, name: LookupName): Uint8Array {
  const { asker, ceremony, covenantHash, epoch, holder, purpose } = name;
  const holders = [holder];
  // JCS (RFC 8785): keys in order, strings as JSON.stringify writes them.
  return sha256(
    utf8(JSON.stringify({ asker, ceremony, covenantHash, epoch, holders, purpose, suite: SUITE })),
  );
}

const SUITE = "ristretto255-SHA512";

/**
 * What is published in a session: an index under a fresh key, the one that was published before (its asker has lost
 * it), or what has changed since. All of it is public to both: sizes are padded.
 */
export type Publication =
  | { readonly kind: "index" | "again"; readonly rows: number }
  | { readonly kind: "churn"; readonly changes: number };

/** What both sides of a publication know. */
export interface PublicationSetup extends Session {
  readonly holder: PartyId;
  readonly asker: PartyId;
  /** See `lookupContext`. */
  readonly context: Uint8Array;
  readonly publication: Publication;
}

/** The holder's own part. */
export interface PublishSetup extends PublicationSetup {
  /** Its distinct items. Not used where what was published is published again. */
  readonly inputs: PackedInputs;
  /** What it keeps of the index, and key and proof as it sent them; absent under a fresh key. */
  readonly kept?: KeptIndex;
}

/** What a holder keeps of an index: rows sealed, its key sealed, and `K` as it was sent. */
export interface KeptIndex {
  readonly rows: Uint8Array;
  readonly share: Uint8Array;
  readonly message: Uint8Array;
}

/** What an asker has of an index: the holder's key, and the tokens sealed. */
export interface GotIndex {
  readonly key: Uint8Array;
  readonly sealed: Uint8Array;
}

/** What a holder does about a list that it published before: nothing, a churn, or everything anew under a fresh key. */
export function publicationFor(
  { fresh: added, gone, dummies, rows }: Changes,
  rowsPadded: number,
  bucket: (count: number) => number,
): Publication | undefined {
  const most = Math.max(added, gone);
  const changes = bucket(most);
  const fits = rows === rowsPadded && 2 * changes < rows && changes - gone <= dummies;
  if (!fits) return most === 0 && rows === rowsPadded ? undefined : { kind: "index", rows: rowsPadded };
  return { kind: "churn", changes };
}

/**
 * `lookup/1`, publishing: what an asker can look questions up in (protocols.md, section 8). Once an epoch, and then what
 * has changed.
 *
 *   holder h                                              asker a
 *     k <- scalars, pk = k·B, PoP: a proof that h knows k
 *              K        ------>  pk, PoP                  proof checked; not with a churn
 *              ready    <----->
 *              T        ======>                           disclose: index.<h>.<a>
 *                { HMAC(s_y, "koplamp/idx/1", ctx, h, a)[0..16) }   sorted, padded to the bucket with random bytes
 *       or     dT       ======>                           disclose: churn.<h>.<a>
 *                additions, removals                      as many of each, dummies among both
 *
 * A token says nothing to whoever has no s_y = H2(in(y), k·H1(in(y))), and a has one only for what h evaluates for it,
 * under an allowance. What a learns here is the bucket, and when the list changed. Through dT it can watch every item
 * that it asks about in the epoch: the contract says so. An index that has outgrown its bucket, or has changed too much
 * for a churn, is published under a fresh key: two indexes of one key would tell dummies from items.
 *
 * Vault: `cacheKey`; `k` where the key is not fresh. Gives what the holder keeps from now on.
 */
export function* publishIndex(setup: PublishSetup, rng: Rng): Party<KeptIndex> {
  checkPublication(setup);
  const { publication, transcript, holder, asker } = setup;
  const before = publication.kind === "index" ? yield* freshKey(setup, rng) : keptBefore(setup);
  const talk = conversation(holder, setup.parties);
  if (publication.kind !== "churn") yield* tell(talk, asker, lookupKeyCodec(holder), before.message);
  yield* exchangeReady(talk, transcript);

  if (publication.kind === "churn") return yield* publishChurn(setup, before, publication.changes, rng);
  const { rows } = publication;
  const { tokens, kept } = yield* publishedTokens(setup, before, rows, rng);
  yield* disclose(asker, `index.${holder}.${asker}`, indexCodec(holder, rows), tokens);
  return { ...before, rows: kept };
}

/** A key for this index alone, sealed for the node's disk, with its proof of possession. */
function* freshKey({ context, holder }: PublishSetup, rng: Rng): Generator<Effect, KeptIndex, unknown> {
  const { opening } = yield* fresh(rng, (seed) => compute(createShare, context, holder, seed));
  const share = yield* fresh(rng, (seed) => compute(sealShare, context, seed));
  return { rows: new Uint8Array(), share, message: opening.slice(0, LOOKUP_KEY_BYTES) };
}

function* publishedTokens(
  { publication, inputs, ...route }: PublishSetup,
  { rows: kept, share }: KeptIndex,
  rows: number,
  rng: Rng,
): Generator<Effect, Published, unknown> {
  if (publication.kind === "again") return { tokens: yield* compute(republish, routeOf(route), kept), kept };
  const named = yield* compute(itemRows, routeOf(route), share, inputs);
  return yield* fresh(rng, (seed) => compute(makeIndex, routeOf(route), named, rows, seed));
}

function* publishChurn(
  { inputs, holder, asker, ...rest }: PublishSetup,
  before: KeptIndex,
  changes: number,
  rng: Rng,
): Generator<Effect, KeptIndex, unknown> {
  const route = routeOf({ ...rest, holder, asker });
  const { churn, kept } = yield* fresh(rng, (seed) =>
    compute(makeChurn, route, before.rows, inputs, changes, seed),
  );
  yield* disclose(asker, `churn.${holder}.${asker}`, churnCodec(holder, changes), churn);
  return { ...before, rows: kept };
}

/** The asker's own part. */
export interface SubscribeSetup extends PublicationSetup {
  /** What it has of the index so far; absent under a fresh key. */
  readonly got?: GotIndex;
}

/** The other side: checks key and list, and keeps them. Vault: `cacheKey`. @throws {PsiError} naming the holder. */
export function* subscribeIndex(setup: SubscribeSetup, rng: Rng): Party<GotIndex> {
  checkPublication(setup);
  const { publication, transcript, holder, asker, got } = setup;
  const route = routeOf(setup);
  const talk = conversation(asker, setup.parties);
  const first = publication.kind !== "churn";
  const message = first ? yield* hear(talk, holder, lookupKeyCodec(holder)) : undefined;
  const key = message === undefined ? undefined : yield* compute(checkLookupKey, route, message);
  yield* exchangeReady(talk, transcript);

  if (publication.kind !== "churn") {
    const tokens = yield* receive(holder, indexCodec(holder, publication.rows));
    const sealed = yield* fresh(rng, (seed) => compute(keepIndex, route, tokens, seed));
    return { key: key ?? new Uint8Array(), sealed };
  }
  if (got === undefined) throw new PsiError("setup", `there is no index of ${holder} that could change`);
  const churn = yield* receive(holder, churnCodec(holder, publication.changes));
  const sealed = yield* fresh(rng, (seed) => compute(applyChurn, route, got.sealed, churn, seed));
  return { ...got, sealed };
}

function routeOf({ context, holder, asker }: IndexRoute): IndexRoute {
  return { context, holder, asker };
}

function keptBefore({ kept, holder }: PublishSetup): KeptIndex {
  if (kept !== undefined) return kept;
  throw new PsiError("setup", `${holder} has published nothing that could be published again`);
}

function checkPublication(setup: PublicationSetup): void {
  const { me, parties, holder, asker, publication, context } = setup;
  checkParties(setup);
  checkPair({ me, parties, holder, asker });
  const rows = publication.kind === "churn" ? publication.changes : publication.rows;
  if (context.length !== 32 || !Number.isSafeInteger(rows) || rows < 1) {
    throw new PsiError("setup", "expected a context of 32 bytes, and a number of rows");
  }
  if (rows > MOST_ROWS) {
    throw new PsiError("too-large", `${holder} lists up to ${rows} items, and an index takes ${MOST_ROWS}`);
  }
}

/** @throws {PsiError} `setup` unless the session is one of holder and asker. */
export function checkPair({
  me,
  parties,
  holder,
  asker,
}: Pick<PublicationSetup, "me" | "parties" | "holder" | "asker">): void {
  const both = [holder, asker].sort();
  if (holder !== asker && parties.join() === both.join() && parties.includes(me)) return;
  throw new PsiError("setup", "expected a session of a holder and an asker");
}

/** What a description of a publication needs. */
export interface PublicationParameters {
  readonly holder: PartyId;
  readonly asker: PartyId;
  readonly publication: Publication;
  /** The most elements that the asker may have answered in a day. */
  readonly quota: number;
}

/** Publishing an index or its churn, as data. What it gives is a right to test: no answer is in it. */
export function describePublication({
  holder,
  asker,
  publication,
  quota,
}: PublicationParameters): Description {
  const parties = [asker, holder].sort();
  const rows = publication.kind === "churn" ? publication.changes : publication.rows;
  const churn = publication.kind === "churn";
  const list = churn
    ? { what: "dT", bytes: churnBytes(publication.changes) }
    : { what: "T", bytes: publication.rows * TOKEN_BYTES };
  const size: Item = { fact: "size-padded", about: [holder], bound: rows };
  const change: Item = { fact: "timing", about: [holder], bound: "whether its list has changed" };
  return {
    disclosures: [
      {
        id: `${churn ? "churn" : "index"}.${holder}.${asker}`,
        from: holder,
        to: asker,
        release: 0,
        output: `tests.${holder}`,
      },
    ],
    outputs: [{ id: `tests.${holder}`, to: asker, item: watchable(holder, quota) }],
    egress: [
      ...(churn ? [] : sent([holder], [asker], "K", LOOKUP_KEY_BYTES)),
      ...sent(parties, parties, "ready", 32),
      { from: holder, to: asker, channel: "disclose", messages: 1, ...list },
    ],
    debits: [],
    views: [
      { who: asker, learns: [size, change], atMost: [watchable(holder, quota)] },
      { who: holder, learns: [], atMost: [] },
      { who: COORDINATOR, learns: [size, change], atMost: [] },
    ],
    together: [],
    assumptions: LOOKUP_ASSUMPTIONS,
  };
}

/** What an index is good for as long as its key lives: also questions of earlier days, when the list has changed. */
function watchable(holder: PartyId, quota: number): Item {
  return {
    ...testable([holder], quota),
    because:
      "the bound is of a day; what was asked about in the epoch can be compared with every change of the list",
  };
}

/** What look-ups rest on. */
export const LOOKUP_ASSUMPTIONS: readonly Assumption[] = [
  ...TOKEN_ASSUMPTIONS,
  {
    id: "holder-key",
    text: "The holder keeps its key for this asker to itself.",
    ifFalse:
      "Whoever has it tests any item against the index, without anybody's quota. Questions stay hidden.",
  },
];
