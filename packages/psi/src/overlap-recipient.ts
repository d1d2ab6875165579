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
import { pooledTests, presence, TOKEN_ASSUMPTIONS, testable } from "./description-parts.ts";
import { maskPadding, sumMasked } from "./masked-numbers.ts";
import { loadSession } from "./match-tokens.ts";
import { countedTokensCodec, ROOT } from "./messages.ts";
import { countCells, countsSingles, type OverlapCounts } from "./overlap-cells.ts";
import { countedTokensBytes, countItem, type HubNodeSetup, type OverlapParameters } from "./overlap-hub.ts";
import { COORDINATOR, checkQuery, rowsOf } from "./session.ts";
import { countVenn, makeTokens } from "./token-jobs.ts";

/**
 * `overlap-recipient/1` at a node (protocols.md, section 10, mode recipient): the recipient counts by itself.
 *
 *   party i                                             every other node
 *              R        ------>                         root of the salted inputs
 *              ready    <----->  (all pairs)            everybody saw the same
 *
 *   party i                                             recipient r, for each r
 *              T        ======>                         disclose: overlap.<i>.<r>
 *                { HMAC(s_x, "koplamp/tok/1", sid, no sender, r)[0..16) }  sorted, padded to the bucket,
 *                and, where singles count, how many are padding, masked so that only the sum over the senders shows
 *                                                       counts who sent which token
 *
 * The tokens of an item are the same from every party: r sees the whole Venn pattern, and of its own items who holds
 * them. Never taken unless the plan names it.
 *
 * Vault: `cacheKey`, `salt`, `exporter/<party>`. Gives the counts at a recipient, nothing elsewhere.
 */
export function* recipientNode(setup: HubNodeSetup, rng: Rng): Party<OverlapCounts | undefined> {
  checkQuery(setup, setup.items);
  const { me, parties, recipients, transcript, sid, rowsPadded, items } = setup;
  const talk = conversation(me, [...new Set([...parties, ...recipients])]);
  const root = items === undefined ? {} : { mine: yield* loadSession(items) };
  yield* exchangeMessages(talk, { codec: ROOT, senders: parties, ...root });
  yield* exchangeReady(talk, transcript);

  const counted = countsSingles(setup);
  for (const to of items === undefined ? [] : recipients.filter((recipient) => recipient !== me)) {
    const rows = rowsOf(rowsPadded, me);
    const tokens = yield* fresh(rng, (seed) => compute(makeTokens, { sid, from: "", to }, rows, seed));
    const among = parties.filter((party) => party !== to);
    const padding = counted ? yield* compute(maskPadding, { sid, me, among, to }, rows) : new Uint8Array();
    yield* disclose(to, `overlap.${me}.${to}`, countedTokensCodec(rows, counted), { padding, tokens });
  }
  return recipients.includes(me) ? yield* countHere(setup, rng) : undefined;
}

/** The recipient's own count. Its own list needs no dummies: it does not leave. */
function* countHere(setup: HubNodeSetup, rng: Rng): Generator<Effect, OverlapCounts, unknown> {
  const { me, parties, sid, rowsPadded, minCount } = setup;
  const counted = countsSingles(setup);
  const lists: Uint8Array[] = [];
  const paddings: Uint8Array[] = [];
  for (const from of parties) {
    if (from === me) {
      lists.push(yield* fresh(rng, (seed) => compute(makeTokens, { sid, from: "", to: me }, 0, seed)));
      continue;
    }
    const list = yield* receive(from, countedTokensCodec(rowsOf(rowsPadded, from), counted));
    lists.push(list.tokens);
    paddings.push(list.padding);
  }
  const venn = yield* compute(countVenn, lists);
  return countCells(setup, parties, venn, counted ? sumMasked(paddings, "dummies") : 0, minCount);
}

/** `overlap-recipient/1` as data. */
export const overlapRecipient: Protocol<OverlapParameters> = defineProtocol({
  id: "overlap-recipient/1",
  roles: ["party", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/overlap-count.md",
  describe: (parameters) => {
    const { parties, recipients, rowsPadded, quotas } = parameters;
    const nodes = [...new Set([...parties, ...recipients])].sort();
    const lists = recipients.flatMap((to) =>
      parties.filter((from) => from !== to).map((from) => ({ from, to })),
    );
    return {
      disclosures: lists.map(({ from, to }) => ({
        id: `overlap.${from}.${to}`,
        from,
        to,
        release: 0,
        output: "overlap",
      })),
      outputs: recipients.map((to) => ({ id: "overlap", to, item: countItem(parameters, to) })),
      egress: [
        ...sent(parties, nodes, "R", 32),
        ...sent(nodes, nodes, "ready", 32),
        ...lists.map((list): EgressRow => {
          const bytes = countedTokensBytes(parameters, list.from);
          return { ...list, channel: "disclose", what: "T", messages: 1, bytes };
        }),
      ],
      debits: [],
      views: [...nodes, COORDINATOR].map((who) => {
        const learns = presence(who, parties, rowsPadded);
        if (!recipients.includes(who)) return { who, learns, atMost: [] };
        const seen = [...learns, ...whole(parameters, who)];
        const others = parties.filter((party) => party !== who);
        const tests = parties.includes(who) ? [testable(others, quotas[who] ?? 0)] : [];
        return { who, learns: seen, atMost: tests };
      }),
      together: [pooledTests(parties)],
      assumptions: TOKEN_ASSUMPTIONS,
    };
  },
});

/** The counts, and the pattern from which the recipient makes them. */
function whole(parameters: OverlapParameters, who: PartyId): readonly Item[] {
  const { parties, rowsPadded } = parameters;
  const about = parties.filter((party) => party !== who);
  const bound = about.reduce((sum, party) => sum + rowsOf(rowsPadded, party), 0);
  const pattern: Item = {
    fact: "pattern",
    about,
    bound,
    because: "the tokens of an item are the same from every party",
  };
  const counts = countItem(parameters, who);
  if (!parties.includes(who)) return [counts, pattern];
  return [counts, pattern, { fact: "holders-of-own", about, bound: rowsOf(rowsPadded, who) }];
}
