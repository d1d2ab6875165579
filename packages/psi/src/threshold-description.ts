// SPDX-License-Identifier: Apache-2.0
import {
  type Assumption,
  type Description,
  type DisclosureLine,
  defineProtocol,
  type EgressRow,
  type Item,
  type PartyId,
  type Protocol,
  sent,
  type Together,
  type View,
} from "@koplamp/protocol";
import { presence, TOKEN_ASSUMPTIONS, testable } from "./description-parts.ts";
import { cellsLine } from "./match-threshold.ts";
import { COORDINATOR, rowsOf } from "./session.ts";
import type { Tell } from "./tell.ts";
import { type ThresholdLayout, tableBytes, thresholdLayout } from "./threshold-layout.ts";
import { HIT_BYTES } from "./threshold-messages.ts";

/** What a description of a threshold match needs. */
export interface ThresholdParameters {
  readonly parties: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  /** By party: the most items that it may have evaluated in the epoch. */
  readonly quotas: Readonly<Record<PartyId, number>>;
  readonly atLeast: number;
  readonly tell: Tell;
  readonly flagged: boolean;
}

/** `match-threshold/1` as data: the query session alone; `describePreparation` has what may go before. */
export const matchThreshold: Protocol<ThresholdParameters> = defineProtocol({
  id: "match-threshold/1",
  roles: ["party", "coordinator", "recipient"],
  model: "semi-honest",
  source: "docs/protocols/match-threshold.md",
  describe: (parameters): Description => {
    const { parties, recipients, rowsPadded } = parameters;
    const layout = thresholdLayout(parameters);
    return {
      disclosures: linesOf(parameters, layout),
      outputs: recipients.map((to) => ({ id: "hits", to, item: hitsOf(parameters, to) })),
      egress: egressOf(parameters, layout),
      debits: [],
      views: [
        ...parties.map((who): View => {
          const learns = presence(who, parties, rowsPadded);
          const hits = recipients.includes(who) ? [hitsOf(parameters, who)] : [];
          return { who, learns: [...learns, ...hits], atMost: [] };
        }),
        {
          who: COORDINATOR,
          learns: [...presence(COORDINATOR, parties, rowsPadded), patternOf(parameters)],
          atMost: [],
        },
      ],
      together: parties.map((party) => withCoordinator(parameters, party)),
      assumptions: [...TOKEN_ASSUMPTIONS, COORDINATOR_APART, COORDINATOR_TELLS],
    };
  },
});

function linesOf(
  { parties, recipients }: ThresholdParameters,
  { shards }: ThresholdLayout,
): readonly DisclosureLine[] {
  const [only = COORDINATOR, ...more] = recipients;
  // A line names one recipient. Where there are more, the outputs name them and the line the coordinator.
  const target = more.length === 0 ? ({ to: only, via: COORDINATOR } as const) : { to: COORDINATOR };
  return Array.from({ length: shards }, (_, shard) => shard).flatMap((shard) =>
    parties.map((from) => ({
      id: cellsLine(from, shard),
      from,
      ...target,
      release: shard,
      output: "hits",
    })),
  );
}

function egressOf(
  { parties, recipients }: ThresholdParameters,
  layout: ThresholdLayout,
): readonly EgressRow[] {
  const { shards, rows } = layout;
  const others = parties.filter((party) => !recipients.includes(party));
  return [
    ...sent(parties, parties, "R", 32),
    ...sent(parties, parties, "ready", 32),
    ...parties.map((from): EgressRow => {
      const bytes = shards * tableBytes(layout);
      return { from, to: COORDINATOR, channel: "disclose", what: "A", messages: shards, bytes };
    }),
    ...sent([COORDINATOR], recipients, "H", rows * HIT_BYTES, shards),
    ...sent([COORDINATOR], others, "next", 1, shards),
  ];
}

/** What a recipient learns of its own items. That enough parties hold one says how many in the coarsest way. */
function hitsOf({ parties, rowsPadded, atLeast, tell, flagged }: ThresholdParameters, to: PartyId): Item {
  const about = parties.filter((party) => party !== to);
  const which = `of items that at least ${atLeast} parties hold${flagged ? ", one of which has flagged it" : ""}`;
  return {
    fact: tell === "holders" ? "holders-of-own" : "multiplicity-of-own",
    about,
    bound: rowsOf(rowsPadded, to),
    because: tell === "nothing" ? `only that it is one ${which}` : `only ${which}`,
  };
}

/** An item that enough hold stands in the lists of so many of them. */
export function patternOf({
  parties,
  rowsPadded,
  atLeast,
  flagged,
}: Pick<ThresholdParameters, "parties" | "rowsPadded" | "atLeast" | "flagged">): Item {
  const rows = parties.reduce((sum, party) => sum + rowsOf(rowsPadded, party), 0);
  return {
    fact: "hit-pattern",
    about: parties,
    bound: Math.floor(rows / atLeast),
    because: `it sees who holds each item that at least ${atLeast} parties hold, without knowing the item${
      flagged ? ", also where nobody has flagged it, and by whom it is flagged" : ""
    }; below that number nothing`,
  };
}

/** What a party and the coordinator learn together. */
export function withCoordinator(
  { parties, quotas }: Pick<ThresholdParameters, "parties" | "quotas">,
  party: PartyId,
): Together {
  const others = parties.filter((other) => other !== party);
  return {
    who: [party, COORDINATOR],
    item: {
      ...testable(others, quotas[party] ?? 0),
      because:
        "the cells at the coordinator and this party's evaluations give the holders of each item that it evaluated, also below the threshold",
    },
  };
}

/** What all that rests on tables at the coordinator assumes. */
export const COORDINATOR_APART: Assumption = {
  id: "coordinator-apart",
  text: "The coordinator works together with no party.",
  ifFalse:
    "With one party it learns who holds each item that this party has evaluated, or will evaluate, in the epoch, also below the threshold.",
};

const COORDINATOR_TELLS: Assumption = {
  id: "coordinator-tells",
  text: "The coordinator tells every hit that it finds, and its holders as it finds them.",
  ifFalse:
    "Hits are missing, or are told with other holders: that enough parties hold an item is proven, who they are is not.",
};
