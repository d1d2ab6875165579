// SPDX-License-Identifier: Apache-2.0
import {
  type Assumption,
  type Description,
  defineProtocol,
  type EgressRow,
  type Item,
  type PartyId,
  type Protocol,
  sent,
  type Together,
  type View,
} from "@koplamp/protocol";
import type { BulkRun } from "./bulk-jobs.ts";
import { dealtBytes, storeBytes } from "./bulk-messages.ts";
import { bulkLine, partsOf, runsOf } from "./bulk-pair.ts";
import { presence, TOKEN_ASSUMPTIONS } from "./description-parts.ts";
import { evaluationDebit } from "./match-pair.ts";
import { TOKEN_BYTES } from "./messages.ts";
import { okvsLayout } from "./okvs-layout.ts";
import { cutSessionEgress } from "./pair-cut.ts";
import { inEachShard, inSessions } from "./query-shards.ts";
import { COORDINATOR, rowsOf } from "./session.ts";
import { shapeOfRun } from "./silent-code.ts";
import { silentBytes } from "./silent-messages.ts";

/** What a description of a bulk match needs. */
export interface BulkParameters {
  readonly parties: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  /** Nobody: the two make the correlation themselves. */
  readonly dealer: PartyId | undefined;
  /** In how many sessions; absent: one. */
  readonly shards?: number;
}

/** `bulk-pair/1` as data. */
export const bulkPair: Protocol<BulkParameters> = defineProtocol({
  id: "bulk-pair/1",
  roles: ["sender", "recipient", "dealer"],
  model: "semi-honest",
  source: "docs/protocols/bulk-pair.md",
  describe: (parameters): Description => {
    const { parties, recipients, rowsPadded, dealer, shards = 1 } = parameters;
    const inShard = inEachShard(rowsPadded, shards);
    const runs = runsOf({ ...parameters, rowsPadded: inShard, sid: new Uint8Array() });
    const watchers = [...new Set([...parties, dealer ?? COORDINATOR, COORDINATOR])];
    return {
      disclosures: runs.map(({ from, to }) => {
        return { id: bulkLine({ from, to }), from, to, release: 0, output: "holders" };
      }),
      outputs: recipients.map((to) => ({ id: "holders", to, item: holders(parameters, to) })),
      egress: [...cutSessionEgress(parties, shards), ...inSessions(egressOf(parameters, runs), shards)],
      debits: runs.map(({ from, to }) => {
        const debit = evaluationDebit(from, to, inShard);
        return { ...debit, amount: shards * debit.amount };
      }),
      views: watchers.map((who): View => {
        const learns = presence(who, parties, rowsPadded);
        if (!recipients.includes(who)) return { who, learns, atMost: [] };
        return { who, learns: [...learns, holders(parameters, who)], atMost: [overfull(parameters, who)] };
      }),
      together: parties.flatMap((party) => withDealer(parameters, runs, party)),
      assumptions: [
        ...TOKEN_ASSUMPTIONS.filter(({ id }) => id !== "one-more-diffie-hellman"),
        ...(dealer === undefined ? UNDEALT : DEALT),
        ...ASSUMPTIONS,
      ],
    };
  },
});

function holders({ parties, rowsPadded }: BulkParameters, to: PartyId): Item {
  return {
    fact: "holders-of-own",
    about: parties.filter((party) => party !== to),
    bound: rowsPadded[to] ?? 0,
  };
}

/** What a recipient gains that puts more into its store than the plan states. */
function overfull({ parties, rowsPadded, shards = 1 }: BulkParameters, to: PartyId): Item {
  return {
    fact: "test-evaluated",
    about: parties.filter((party) => party !== to),
    bound: shards * okvsLayout(rowsOf(inEachShard(rowsPadded, shards), to)).cells,
    because: "a store has more cells than the list has items, and a dishonest recipient can use all of them",
  };
}

/** The dealer knows all secrets of the correlation, so with either party it opens what these hide from that party. */
function withDealer(
  { parties, dealer }: BulkParameters,
  runs: readonly BulkRun[],
  party: PartyId,
): readonly Together[] {
  if (runs.length === 0 || dealer === undefined) return [];
  return [
    {
      who: [party, dealer],
      item: {
        fact: "test-evaluated",
        about: parties.filter((other) => other !== party),
        bound: "any item that they try",
        because:
          "who dealt the correlation and a party together can test every item against the other one's list",
      },
    },
  ];
}

function egressOf({ parties, dealer }: BulkParameters, runs: readonly BulkRun[]): readonly EgressRow[] {
  return [
    ...["R", "commit", "echo", "alpha", "ready"].flatMap((what) => sent(parties, parties, what, 32)),
    ...(dealer === undefined
      ? runs.flatMap(correlationRows)
      : parties.flatMap((party) => sent([dealer], [party], "dealt", dealtBytes(partsOf(party, runs))))),
    ...runs.flatMap(({ from, to, rowsFrom, rowsTo }): readonly EgressRow[] => [
      ...sent([to], [from], "V", storeBytes(okvsLayout(rowsTo))),
      { from, to, channel: "disclose", what: "T", messages: 1, bytes: rowsFrom * TOKEN_BYTES },
    ]),
  ];
}

/** What the two of a run say to make its correlation. */
function correlationRows(run: BulkRun): readonly EgressRow[] {
  const { from, to } = run;
  const bytes = silentBytes(shapeOfRun(run));
  return [
    ...sent([from], [to], "O", bytes.O),
    ...sent([to], [from], "U", bytes.U),
    ...(bytes.G === 0 ? [] : sent([from], [to], "G", bytes.G)),
  ];
}

function idealCipher(more: string): Assumption {
  return {
    id: "ideal-cipher",
    text: "AES-256 under a key of the session behaves like a random permutation, SHA-256 like a random function.",
    ifFalse: `Tokens or masks tell of items.${more}`,
  };
}

/** What rests on whoever deals. */
const DEALT: readonly Assumption[] = [
  {
    id: "dealer-apart",
    text: "The dealer works together with neither party, and forgets what it dealt.",
    ifFalse: "With one of them it can test any item against the list of the other.",
  },
  {
    id: "dealer-random",
    text: "The dealer draws the correlation at random.",
    ifFalse:
      "Whoever can guess it tests items as the dealer could. That both halves fit together is checked.",
  },
  idealCipher(" No assumption on groups or lattices is made between the parties."),
];

/** What the two rest on who make the correlation themselves. */
const UNDEALT: readonly Assumption[] = [
  {
    id: "gap-diffie-hellman",
    text: "Nobody computes a shared element of ristretto255 without a scalar (gap Diffie-Hellman, SHA-512 as a random oracle). It does not hold against a quantum computer.",
    ifFalse: "Whoever sent the tokens can test any item against the recipient's list, also from a recording.",
  },
  {
    id: "noise-spread",
    text: "Noise at 1,763 positions, spread by an expand-accumulate code, looks random (learning parity with noise, in the form of regular noise and this code: ea41-1763-v1).",
    ifFalse:
      "Whoever sent the tokens learns of the recipient's masks, and so can test items against its list.",
  },
  {
    id: "correlation-followed",
    text: "Both follow the steps by which they make the correlation. One check between them finds most deviations, not all.",
    ifFalse:
      "A dishonest recipient tries guesses of single bits of the sender's secret, and the first wrong one ends the session; a dishonest sender learns up to 128 bits about where the noise is. Either has less between itself and the other's list then.",
  },
  idealCipher(""),
];

/** What every bulk match rests on. */
const ASSUMPTIONS: readonly Assumption[] = [
  {
    id: "recipient-follows",
    text: "The recipient stores its own list and nothing else.",
    ifFalse: "It tests as many items as the store has cells, a third more than the plan states, and no more.",
  },
];
