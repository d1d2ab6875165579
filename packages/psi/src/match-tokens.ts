// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeMessages, exchangeReady, fresh } from "@koplamp/crypto";
import {
  compute,
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
  sent,
} from "@koplamp/protocol";
import { loadItems, openCache } from "./cache.ts";
import { pooledTests, presence, TOKEN_ASSUMPTIONS, testable } from "./description-parts.ts";
import { PsiError } from "./errors.ts";
import { inputRoot } from "./input-root.ts";
import { ROOT, TOKEN_BYTES, tokensCodec } from "./messages.ts";
import { inEachShard, inSessions } from "./query-shards.ts";
import {
  type CachedItems,
  COORDINATOR,
  checkQuery,
  inputCount,
  othersOf,
  type QuerySession,
  rowsOf,
} from "./session.ts";
import { joinTokens, makeTokens } from "./token-jobs.ts";

/** One party's view of a match. */
export interface MatchTokensSetup extends QuerySession {
  readonly items: CachedItems;
}

/** What a party has at the end of a match. */
export interface Matched {
  readonly parties: readonly PartyId[];
  /** Everybody's input root, for the ledger. */
  readonly roots: ReadonlyMap<PartyId, Uint8Array>;
  /**
   * At a recipient: for each own input, in the order of `items.inputs`, a bitmap of the parties that hold it; bit `p`
   * stands for `parties[p]`, the recipient's own bit is set. Absent at the others.
   */
  readonly holders?: Uint32Array;
}

/**
 * `match-tokens/1`: a recipient learns which parties hold each of its own items (protocols.md, section 6).
 *
 *   party i                                             every other party
 *     s_x of every item, from the cache (evaluate/1 ran before: no group operation here)
 *              R        ------>                         root of the salted inputs: the list is fixed
 *              ready    <----->  (all pairs)            everybody saw the same
 *
 *   party i                                             recipient r, for each r
 *              T        ======>                         disclose: tokens.<i>.<r>
 *                { HMAC(s_x, "koplamp/tok/1", sid, i, r)[0..16) }  sorted, padded to the bucket with random bytes
 *                                                       merge join with its own tokens of (i, r)
 *
 * r learns, for each own item, which parties hold it; and everybody's bucket. A token says nothing to whoever has no
 * s_x: sid, sender and recipient stand in it, so lists of two queries or two recipients have nothing in common.
 * Inside the epoch r can test T with every item it has evaluated or will evaluate: the contract says so.
 * The other parties learn buckets, the coordinator buckets and timing.
 *
 * Vault: `cacheKey`, `salt`.
 */
export function* matchTokensParty(setup: MatchTokensSetup, rng: Rng): Party<Matched> {
  checkQuery(setup, setup.items);
  const { me, parties, recipients, transcript, sid, rowsPadded } = setup;
  if (!recipients.every((recipient) => parties.includes(recipient))) {
    throw new PsiError("setup", "expected recipients that are parties: a match tells of own items only");
  }
  const root = yield* loadSession(setup.items);
  const talk = conversation(me, parties);
  const roots = yield* exchangeMessages(talk, { codec: ROOT, mine: root });
  yield* exchangeReady(talk, transcript);

  const rows = rowsOf(rowsPadded, me);
  for (const to of recipients.filter((recipient) => recipient !== me)) {
    const tokens = yield* fresh(rng, (seed) => compute(makeTokens, { sid, from: me, to }, rows, seed));
    yield* disclose(to, `tokens.${me}.${to}`, tokensCodec(rows), tokens);
  }
  if (!recipients.includes(me)) return { parties, roots };

  const holders = new Uint32Array(inputCount(setup.items.inputs)).fill(bitOf(parties, me));
  for (const from of othersOf(setup)) {
    const list = yield* receive(from, tokensCodec(rowsOf(rowsPadded, from)));
    for (const at of yield* compute(joinTokens, { sid, from, to: me }, list)) {
      holders[at] = (holders[at] ?? 0) | bitOf(parties, from);
    }
  }
  return { parties, roots, holders };
}

/** Opens the cache, finds s_x of every item and gives the input root of this session. */
export function* loadSession({ inputs, scope, chunks }: CachedItems): Generator<Effect, Uint8Array, unknown> {
  if (chunks !== undefined) {
    yield* compute(openCache, scope, chunks);
    yield* compute(loadItems, inputs);
  }
  return yield* compute(inputRoot, inputs);
}

/** The bit that stands for a party in a bitmap of holders. */
export function bitOf(parties: readonly PartyId[], party: PartyId): number {
  return (1 << parties.indexOf(party)) >>> 0;
}

/** What a description of a match needs. */
export interface MatchTokensParameters {
  readonly parties: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  /** By party: the most items that it may have evaluated in the epoch. */
  readonly quotas: Readonly<Record<PartyId, number>>;
  /** In how many sessions; absent: one. */
  readonly shards?: number;
}

/** `match-tokens/1` as data: the query session alone; `describePreparation` has what may go before. */
export const matchTokens: Protocol<MatchTokensParameters> = defineProtocol({
  id: "match-tokens/1",
  roles: ["party", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/match-tokens.md",
  describe: ({ parties, recipients, rowsPadded, quotas, shards = 1 }) => {
    const inShard = inEachShard(rowsPadded, shards);
    const lists = recipients.flatMap((to) =>
      parties.filter((from) => from !== to).map((from) => ({ from, to })),
    );
    const others = (party: PartyId): readonly PartyId[] => parties.filter((other) => other !== party);
    const holders = (to: PartyId): Item => ({
      fact: "holders-of-own",
      about: others(to),
      bound: rowsPadded[to] ?? 0,
      because: "its node sees the holders of its own items, also of those that it must not tell",
    });
    return {
      disclosures: lists.map(({ from, to }) => ({
        id: `tokens.${from}.${to}`,
        from,
        to,
        release: 0,
        output: "holders",
      })),
      outputs: recipients.map((to) => ({ id: "holders", to, item: holders(to) })),
      egress: inSessions(
        [
          ...sent(parties, parties, "R", 32),
          ...sent(parties, parties, "ready", 32),
          ...lists.map((list): EgressRow => {
            const bytes = rowsOf(inShard, list.from) * TOKEN_BYTES;
            return { ...list, channel: "disclose", what: "T", messages: 1, bytes };
          }),
        ],
        shards,
      ),
      debits: [],
      views: [...parties, COORDINATOR].map((who) => {
        const learns = presence(who, parties, rowsPadded);
        if (!recipients.includes(who)) return { who, learns, atMost: [] };
        return { who, learns: [...learns, holders(who)], atMost: [testable(others(who), quotas[who] ?? 0)] };
      }),
      together: [pooledTests(parties)],
      assumptions: TOKEN_ASSUMPTIONS,
    };
  },
});
