// SPDX-License-Identifier: Apache-2.0
import { ciphertextBytes, parameterSet, polynomialBytes, seededBytes } from "@koplamp/he";
import {
  type Assumption,
  type Description,
  defineProtocol,
  type EgressRow,
  type Item,
  type PartyId,
  type Protocol,
  sent,
  type View,
} from "@koplamp/protocol";
import {
  evaluationDebit,
  groupScalars,
  openingBytes,
  PAIR_KEY_BYTES,
  presence,
  TOKEN_ASSUMPTIONS,
} from "@koplamp/psi";
import {
  checkPairLimits,
  chunkCount,
  joinRoles,
  ownerHasGroups,
  sealedColumns,
  selections,
  totalCount,
  totalsParts,
} from "./join-pair-session.ts";
import { type JoinColumn, type JoinSession, paddedRows } from "./join-session.ts";
import { COORDINATOR } from "./session.ts";

/** What a description of a join of two needs. */
export interface JoinPairParameters {
  readonly contributors: readonly PartyId[];
  /** The owner of the values, and nobody else. */
  readonly recipients: readonly PartyId[];
  /** The id of the parameter set. */
  readonly params: string;
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  readonly cells: number;
  readonly groupOwner?: PartyId;
  readonly columns: readonly JoinColumn[];
  readonly minCount: number;
}

/** `join-sum-pair/1` as data. */
export const joinSumPair: Protocol<JoinPairParameters> = defineProtocol({
  id: "join-sum-pair/1",
  roles: ["owner", "selector"],
  model: "semi-honest",
  source: "docs/protocols/join-sum-pair.md",
  describe: ({ params, contributors, recipients, ...rest }) =>
    describeJoinPair({
      ...rest,
      contributors: [...contributors].sort(),
      recipients,
      transcript: new Uint8Array(32),
      set: parameterSet(params),
    }),
});

/** The description of one session on any set. */
export function describeJoinPair(session: JoinSession): Description {
  checkPairLimits(session);
  const { cells, recipients, contributors, rowsPadded } = session;
  const { owner, selector } = joinRoles(session);
  const places = placesItem(session);
  const sums = sumsItem(session);
  const lines = totalsParts(session).map((_, part) => `totals.${selector}.${owner}.${part}`);
  return {
    disclosures: [
      { id: `slots.${owner}.${selector}`, from: owner, to: selector, release: 0, output: "places" },
      ...[`counts.${selector}.${owner}`, ...lines].map((id) => ({
        id,
        from: selector,
        to: owner,
        release: 1,
        output: "sums",
      })),
    ],
    outputs: [
      { id: "places", to: selector, item: places },
      { id: "sums", to: owner, item: sums },
    ],
    egress: egressOf(session),
    debits: [
      evaluationDebit(owner, selector, rowsPadded),
      { holder: selector, asker: owner, unit: "exactCells", amount: cells },
    ],
    views: [...contributors, COORDINATOR].map((who): View => {
      const sizes = presence(who, contributors, rowsPadded);
      if (who === selector) return { who, learns: [...sizes, places], atMost: selectorAtMost(session) };
      if (!recipients.includes(who)) return { who, learns: sizes, atMost: [] };
      return { who, learns: [...sizes, sums], atMost: [ownerAtMost(session)] };
    }),
    together: [],
    assumptions: [...TOKEN_ASSUMPTIONS, LATTICE, VALUES_AS_AGREED, COUNTS_TRUE, SELECTOR_FOLLOWS, DECISIONAL],
  };
}

/** What the selecting party learns: numbers. */
function placesItem(session: JoinSession): Item {
  const { owner } = joinRoles(session);
  const because = "in a list whose order the other party drew at random, the places that match are told too";
  return { fact: "pair-count", about: [owner], bound: selections(session), because };
}

function sumsItem(session: JoinSession): Item {
  const because = ownerHasGroups(session)
    ? "its node opens every group, small ones too, and shows those that hold enough rows (gate: node)"
    : "a group with too few rows is not opened by anybody";
  return { fact: "cell", about: session.contributors, bound: session.cells, because };
}

/** What the selecting party gains by leaving the protocol. */
function selectorAtMost(session: JoinSession): readonly Item[] {
  const { owner, selector } = joinRoles(session);
  const because =
    "with a scalar for each item, tried on each answer, it learns which of its items the other one holds; nobody can notice";
  return [{ fact: "test-evaluated", about: [owner], bound: paddedRows(session, selector), because }];
}

function ownerAtMost(session: JoinSession): Item {
  const { owner, selector } = joinRoles(session);
  const because =
    "with values or ciphertexts that stand for rows in place of amounts, it learns which of its rows match; nobody can notice";
  return { fact: "holders-of-own", about: [selector], bound: paddedRows(session, owner), because };
}

function egressOf(session: JoinSession): readonly EgressRow[] {
  const { contributors, set } = session;
  const { owner, selector } = joinRoles(session);
  const [ownRows, theirRows] = [paddedRows(session, owner), paddedRows(session, selector)];
  const blinding = groupScalars({ groups: selections(session) });
  const disclosed = (
    from: PartyId,
    to: PartyId,
    what: string,
    messages: number,
    bytes: number,
  ): EgressRow => {
    return { from, to, channel: "disclose", what, messages, bytes };
  };
  const parts = totalsParts(session).length;
  const sealed = chunkCount(session) * sealedColumns(session).length;
  return [
    ...sent([owner], [selector], "pkr", polynomialBytes(set.key)),
    ...sent([owner], [selector], "K", PAIR_KEY_BYTES),
    ...sent(contributors, contributors, "R", 32),
    ...sent([selector], [owner], "M", theirRows * 32),
    ...sent([owner], [selector], "E", blinding.replyBytes(theirRows)),
    ...sent(contributors, contributors, "ready", 32),
    disclosed(owner, selector, "Tpi", 1, openingBytes(ownRows)),
    ...(sealed === 0 ? [] : sent([owner], [selector], "ct", seededBytes(set), sealed)),
    disclosed(selector, owner, "C", 1, selections(session) * 8),
    ...(parts === 0
      ? []
      : [disclosed(selector, owner, "acc", parts, totalCount(session) * ciphertextBytes(set))]),
  ];
}

const LATTICE: Assumption = {
  id: "lattice",
  text: "Ring learning with errors holds at the pinned parameters.",
  ifFalse: "The party that selects reads the values of every row that it was sent.",
};

const VALUES_AS_AGREED: Assumption = {
  id: "values-as-agreed",
  text: "The party with the values encrypts its values, and encrypts them as the protocol says.",
  ifFalse:
    "Values that are powers of two, or ciphertexts that no honest node makes, tell it which of its rows match; nobody can notice. The minimum count bounds neither.",
};

const COUNTS_TRUE: Assumption = {
  id: "counts-true",
  text: "The party that selects adds up the rows that match, and counts them.",
  ifFalse:
    "It can add up others of the rows that match, or fewer, and say another number. Nobody can notice.",
};

const SELECTOR_FOLLOWS: Assumption = {
  id: "counter-follows",
  text: "The node that counts follows the protocol.",
  ifFalse: "It learns which of its own items the other party holds, and nobody can notice.",
};

const DECISIONAL: Assumption = {
  id: "decisional-diffie-hellman",
  text: "Nobody tells related elements from random ones in ristretto255 (decisional Diffie-Hellman).",
  ifFalse: "The other party recognises items in the list of the node that counts, which few scalars hide.",
};
