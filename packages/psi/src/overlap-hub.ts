// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeMessages, exchangeReady, fresh, groupSecret } from "@koplamp/crypto";
import {
  type Assumption,
  compute,
  defineProtocol,
  disclose,
  type EgressRow,
  type Item,
  type Party,
  type PartyId,
  type Protocol,
  type Rng,
  receive,
  send,
  sent,
  type Together,
  type View,
} from "@koplamp/protocol";
import { presence, TOKEN_ASSUMPTIONS, testable } from "./description-parts.ts";
import { maskPadding, sumMasked } from "./masked-numbers.ts";
import { loadSession } from "./match-tokens.ts";
import { countedTokensCodec, countsCodec, MASKED_BYTES, ROOT, TOKEN_BYTES } from "./messages.ts";
import {
  cellNames,
  countCells,
  countsSingles,
  type OverlapCounts,
  type OverlapShape,
} from "./overlap-cells.ts";
import { type CachedItems, COORDINATOR, checkQuery, type QuerySession, rowsOf } from "./session.ts";
import { countVenn, makeHubTokens } from "./token-jobs.ts";

/** What coordinator and nodes know of a count. `recipients` need hold no items. */
export interface HubSetup extends Omit<QuerySession, "me">, OverlapShape {
  /** Counts below it are withheld by the coordinator. */
  readonly minCount: number;
}

/** One node's view of a count over the hub. */
export interface HubNodeSetup extends HubSetup {
  readonly me: PartyId;
  /** Present at the parties, absent at a recipient that holds none. */
  readonly items?: CachedItems;
}

/** The use of the group secret that keys the tokens. */
const PEPPER = "overlap-count/hub";

/**
 * `overlap-hub/1` at a node (protocols.md, section 10, mode hub): the coordinator counts, over pseudonyms.
 *
 *   party i                                             every other node
 *              R        ------>                         root of the salted inputs
 *              commit, echo, alpha  <----->  parties    the pepper: a group secret, unknown to the coordinator
 *              ready    <----->  (all pairs)            everybody saw the same
 *
 *   party i                                             coordinator
 *              T        ======>                         disclose: overlap.<i>, via the coordinator
 *                { HMAC(pepper, HMAC(s_x, "koplamp/hub/1", sid))[0..16) }  sorted, padded to the bucket,
 *                and, where singles count, how many are padding, masked so that only the sum over all parties shows
 *                                                       counts who sent which token
 *   recipient  C        <------                         the counts, those below minCount withheld
 *
 * Recipients learn the counts. The coordinator learns the whole Venn pattern over pseudonyms ("coordinator: venn");
 * with any party also who holds each item that this party has evaluated or will evaluate: they must not collude.
 *
 * Vault: `cacheKey`, `salt`, `exporter/<party>`. Gives the counts at a recipient, nothing elsewhere.
 */
export function* hubNode(setup: HubNodeSetup, rng: Rng): Party<OverlapCounts | undefined> {
  checkQuery(setup, setup.items);
  const { me, parties, recipients, transcript, sid, rowsPadded, items } = setup;
  const talk = conversation(me, [...new Set([...parties, ...recipients])]);
  const root = items === undefined ? {} : { mine: yield* loadSession(items) };
  yield* exchangeMessages(talk, { codec: ROOT, senders: parties, ...root });
  if (items !== undefined) yield* groupSecret(talk, parties, transcript, PEPPER, rng);
  yield* exchangeReady(talk, transcript);

  if (items !== undefined) {
    const rows = rowsOf(rowsPadded, me);
    const tokens = yield* fresh(rng, (seed) => compute(makeHubTokens, { sid, use: PEPPER }, rows, seed));
    const counted = countsSingles(setup);
    const padding = counted ? yield* compute(maskPadding, { sid, me, among: parties }, rows) : NO_PADDING;
    yield* disclose(COORDINATOR, `overlap.${me}`, countedTokensCodec(rows, counted), { padding, tokens });
  }
  if (!recipients.includes(me)) return undefined;

  const cells = cellNames(setup, parties);
  return { cells, counts: yield* receive(COORDINATOR, countsCodec(cells.length)) };
}

/** The coordinator's side: it counts what it was sent and holds nothing else. */
export function* hubCoordinator(setup: HubSetup): Party<undefined> {
  checkQuery({ ...setup, me: COORDINATOR }, undefined);
  const { parties, recipients, rowsPadded, minCount } = setup;
  const counted = countsSingles(setup);
  const paddings: Uint8Array[] = [];
  const lists: Uint8Array[] = [];
  for (const party of parties) {
    const { padding, tokens } = yield* receive(party, countedTokensCodec(rowsOf(rowsPadded, party), counted));
    paddings.push(padding);
    lists.push(tokens);
  }
  const venn = yield* compute(countVenn, lists);
  const dummies = counted ? sumMasked(paddings, "dummies") : 0;
  const { counts } = countCells(setup, parties, venn, dummies, minCount);
  for (const to of recipients) yield* send(to, countsCodec(counts.length), counts);
  return undefined;
}

const NO_PADDING: Uint8Array = new Uint8Array();

/** What a description of a count needs. */
export interface OverlapParameters extends OverlapShape {
  readonly parties: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  /** By party: the most items that it may have evaluated in the epoch. */
  readonly quotas: Readonly<Record<PartyId, number>>;
}

/** What the counts are, as an item of the contract. */
export function countItem(parameters: OverlapParameters, to: PartyId): Item {
  const { parties, shape } = parameters;
  const cells = cellNames(parameters, parties).length;
  const about = parties.filter((party) => party !== to);
  return { fact: shape === "pairs" ? "pair-count" : "count", about, bound: cells };
}

/** What whoever counts singles learns besides: the sum of what the parties mask against each other. */
export function itemsInAll(parameters: OverlapShape & Pick<OverlapParameters, "parties">): readonly Item[] {
  const because = "how many items all parties have in all";
  return countsSingles(parameters) ? [{ fact: "count", about: parameters.parties, bound: 1, because }] : [];
}

/** What all parties but one and whoever has the sum know together: the masks with the last one, and so its number. */
export function numberOfLast(
  parameters: OverlapShape & Pick<OverlapParameters, "parties">,
): readonly Together[] {
  const { parties } = parameters;
  if (!countsSingles(parameters)) return [];
  return parties.map((last) => ({
    who: [...parties.filter((party) => party !== last), COORDINATOR],
    item: {
      fact: "count",
      about: [last],
      bound: 1,
      because: "how many items it has: the sum, less the numbers of the others",
    },
  }));
}

/** Bytes of a party's tokens in a count. */
export function countedTokensBytes(parameters: OverlapParameters, from: PartyId): number {
  const padding = countsSingles(parameters) ? MASKED_BYTES : 0;
  return rowsOf(parameters.rowsPadded, from) * TOKEN_BYTES + padding;
}

/** `overlap-hub/1` as data. */
export const overlapHub: Protocol<OverlapParameters> = defineProtocol({
  id: "overlap-hub/1",
  roles: ["party", "coordinator", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/overlap-count.md",
  describe: (parameters) => {
    const { parties, recipients, rowsPadded, quotas } = parameters;
    const nodes = [...new Set([...parties, ...recipients])].sort();
    const [only = COORDINATOR, ...more] = recipients;
    // A line names one recipient. Where there are more, the outputs name them and the line the coordinator.
    const target = more.length === 0 ? ({ to: only, via: COORDINATOR } as const) : { to: COORDINATOR };
    const cells = cellNames(parameters, parties).length;
    return {
      disclosures: parties.map((from) => ({
        id: `overlap.${from}`,
        from,
        ...target,
        release: 0,
        output: "overlap",
      })),
      outputs: recipients.map((to) => ({ id: "overlap", to, item: countItem(parameters, to) })),
      egress: [
        ...sent(parties, nodes, "R", 32),
        ...["commit", "echo", "alpha"].flatMap((what) => sent(parties, parties, what, 32)),
        ...sent(nodes, nodes, "ready", 32),
        ...parties.map((from): EgressRow => {
          const bytes = countedTokensBytes(parameters, from);
          return { from, to: COORDINATOR, channel: "disclose", what: "T", messages: 1, bytes };
        }),
        ...sent([COORDINATOR], recipients, "C", cells * 8),
      ],
      debits: [],
      views: [
        ...nodes.map((who): View => {
          const learns = presence(who, parties, rowsPadded);
          const counts = recipients.includes(who) ? [countItem(parameters, who)] : [];
          return { who, learns: [...learns, ...counts], atMost: [] };
        }),
        {
          who: COORDINATOR,
          learns: [
            ...presence(COORDINATOR, parties, rowsPadded),
            venn(parameters),
            ...itemsInAll(parameters),
          ],
          atMost: [],
        },
      ],
      together: [
        ...parties.map((party) => withHub(parties, party, quotas[party] ?? 0)),
        ...numberOfLast(parameters),
      ],
      assumptions: [...TOKEN_ASSUMPTIONS, COORDINATOR_APART],
    };
  },
});

/** What the coordinator sees beyond sizes and numbers. */
function venn(parameters: OverlapParameters): Item {
  const { parties, rowsPadded } = parameters;
  const bound = parties.reduce((sum, party) => sum + rowsOf(rowsPadded, party), 0);
  return {
    fact: "pattern",
    about: parties,
    bound,
    because: "it sees which parties sent the same pseudonym, also below any threshold",
  };
}

/** What a party and the coordinator learn together. */
function withHub(parties: readonly PartyId[], party: PartyId, quota: number): Together {
  const others = parties.filter((other) => other !== party);
  return {
    who: [party, COORDINATOR],
    item: {
      ...testable(others, quota),
      because:
        "the coordinator's tokens and this party's pepper and evaluations give the holders of each item that it evaluated",
    },
  };
}

const COORDINATOR_APART: Assumption = {
  id: "coordinator-apart",
  text: "The coordinator works together with no party.",
  ifFalse:
    "With one party it learns who holds each item that this party has evaluated, or will evaluate, in the epoch.",
};
