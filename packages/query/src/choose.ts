// SPDX-License-Identifier: Apache-2.0
import type { Ask, Covenant, Input, MatchAsk, OverlapAsk, Plan, Text } from "@koplamp/wire";
import { QueryError } from "./errors.ts";

/** The protocol that answers a question, why, and what was passed over. */
export interface Choice {
  readonly protocol: string;
  /** The parameter set, by its id in the covenant. */
  readonly params: string;
  readonly reason: Text;
  readonly refused: readonly { readonly protocol: string; readonly why: Text }[];
}

/** What a choice depends on beside the question itself. */
export interface Circumstances {
  /** Whether some of the data are of sensitivity `special`, `criminal` or `secret`. */
  readonly sensitive: boolean;
  /** Whether a key set lives for one plan only. */
  readonly once: boolean;
  /** Whether the covenant admits a protocol. */
  readonly admits: (protocol: string) => boolean;
}

/** What a covenant says of the data of a plan, and the epoch of its keys. */
export function circumstances(
  { dataClasses, protocols }: Covenant,
  inputs: readonly Input[],
  epoch: string | null,
): Circumstances {
  const classes = dataClasses.filter(({ id }) => inputs.some(({ dataClass }) => dataClass === id));
  return {
    sensitive: classes.some(({ sensitivity }) => sensitivity !== "ordinary"),
    once: epoch?.startsWith("once:") ?? false,
    admits: (protocol) => protocols.some(({ id }) => id === protocol),
  };
}

const ORDINARY: Circumstances = { sensitive: false, once: false, admits: () => true };

/**
 * The protocol for an ask, in the order of building of protocols.md, section 5. Never a silent fallback: what a
 * stricter protocol would have kept is named in `refused`. A match of two over sensitive data takes a key for one
 * question, unless its keys live for one plan anyway or the covenant does not admit it (section 4).
 */
export function choose(ask: Ask, { sensitive, once, admits }: Circumstances = ORDINARY): Choice {
  const strict = sensitive && !once && ask.from.length === 2 && admits(PAIR.protocol);
  return wording(ask, ask.kind === "match" && strict ? PAIR.protocol : usual(ask));
}

/** The choice that a plan states, in words. */
export function choiceOf({ ask, protocol }: Plan): Choice {
  return wording(ask, protocol.id);
}

/**
 * Refuses a plan whose protocol does not answer its question, or keeps less than the one that its covenant would have
 * chosen: a node does not take a proposer's word for it.
 * @throws {QueryError} `invalid-value`.
 */
export function checkProtocol({ ask, inputs, protocol }: Plan, covenant: Covenant): void {
  const { protocol: chosen } = choose(ask, circumstances(covenant, inputs, protocol.epoch));
  const stricter = ask.kind === "match" && protocol.id === PAIR.protocol && ask.from.length === 2;
  if (protocol.id === chosen || stricter) return;
  const hint = `the protocol for it is ${chosen}`;
  if (chosen === PAIR.protocol && protocol.id === usual(ask)) {
    const message = `over sensitive data two parties match under a key for one question, and the plan takes ${protocol.id}`;
    throw new QueryError("invalid-value", message, { hint });
  }
  throw new QueryError("invalid-value", `no protocol "${protocol.id}" answers this question`, { hint });
}

function usual(ask: Ask): string {
  if (ask.kind === "aggregate") return SUMS.protocol;
  if (ask.kind === "match") return ask.mode === "pair" ? PAIR.protocol : TOKENS.protocol;
  return COUNTS[ask.mode ?? "hub"].protocol;
}

function wording(ask: Ask, protocol: string): Choice {
  if (ask.kind === "aggregate") return SUMS;
  if (ask.kind === "overlap-count") return countWording(ask);
  if (protocol === PAIR.protocol) return ask.mode === "pair" ? PAIR : { ...PAIR, reason: SENSITIVE };
  return { ...TOKENS, refused: [stricterMatch(ask)] };
}

function countWording(ask: OverlapAsk): Choice {
  const choice = COUNTS[ask.mode ?? "hub"];
  const ofTwo = ask.shape === "pairs" && ask.from.length === 2;
  return choice === COUNTS.hub && ofTwo ? { ...choice, refused: [BLIND_PASSED_OVER] } : choice;
}

const GROUP = "ristretto255-sha512";

const SUMS: Choice = {
  protocol: "sum-threshold/1",
  params: "bfv-amt-50-pq",
  reason: {
    nl: "sommen onder een sleutel die nergens bestaat: zonder het aandeel van elke partij gaat niets open",
    en: "sums under a key that exists nowhere: nothing opens without every party's own share",
  },
  refused: [],
};

const TOKENS: Choice = {
  protocol: "match-tokens/1",
  params: GROUP,
  reason: {
    nl: "vergelijken van lijsten die weinig veranderen: alleen nieuwe nummers kosten rekenwerk",
    en: "matching of lists that change slowly: only new identifiers cost work",
  },
  refused: [],
};

const PAIR: Choice = {
  protocol: "match-pair/1",
  params: GROUP,
  reason: {
    nl: "zoals gevraagd (mode: pair) met een sleutel voor deze vraag alleen: later is er niets mee te vergelijken",
    en: "as asked (mode: pair) under a key for this question only: nothing can be compared with it later",
  },
  refused: [
    {
      protocol: "match-tokens/1",
      why: {
        nl: "goedkoper bij herhaling, maar de ontvanger kan met zijn lijst later meer vergelijken",
        en: "cheaper when repeated, but the recipient can compare more with its list later on",
      },
    },
  ],
};

const SENSITIVE: Text = {
  nl: "gevoelige gegevens: een sleutel voor deze vraag alleen, zodat er later niets mee te vergelijken is",
  en: "sensitive data: a key for this question only, so that nothing can be compared with it later",
};

function stricterMatch({ from }: MatchAsk): Choice["refused"][number] {
  return from.length === 2
    ? {
        protocol: PAIR.protocol,
        why: {
          nl: "een sleutel per vraag, die elke keer al het rekenwerk kost; op verzoek (mode: pair)",
          en: "a key for each question, which costs all the work each time; when asked for (mode: pair)",
        },
      }
    : {
        protocol: "match-threshold/1",
        why: {
          nl: "nog niet gebouwd; de ontvanger zou ook in zijn node niets onder de drempel zien",
          en: "not built yet; a recipient's node would see nothing below the threshold either",
        },
      };
}

/** The ways to count, by mode. */
const COUNTS: Readonly<Record<NonNullable<OverlapAsk["mode"]>, Choice>> = {
  hub: {
    protocol: "overlap-hub/1",
    params: GROUP,
    reason: {
      nl: "de coördinator telt pseudoniemen die hij niet kan herleiden; ontvangers krijgen alleen de aantallen",
      en: "the coordinator counts pseudonyms that it cannot resolve; recipients get the numbers only",
    },
    refused: [
      {
        protocol: "overlap-recipient/1",
        why: {
          nl: "de node van de ontvanger zou het hele patroon zien; alleen op verzoek (mode: recipient)",
          en: "the recipient's node would see the whole pattern; only when asked for (mode: recipient)",
        },
      },
    ],
  },
  recipient: {
    protocol: "overlap-recipient/1",
    params: GROUP,
    reason: {
      nl: "zoals gevraagd (mode: recipient) telt de node van de ontvanger; de coördinator ziet geen patroon",
      en: "as asked (mode: recipient) the recipient's node counts; the coordinator sees no pattern",
    },
    refused: [],
  },
  "pairs.local": {
    protocol: "match-pair-count-local/1",
    params: GROUP,
    reason: {
      nl: "zoals gevraagd (mode: pairs.local) telt een van de twee in het geheugen van zijn node; bedrog van de ander valt op",
      en: "as asked (mode: pairs.local) one of the two counts in its node's memory; deceit by the other is noticed",
    },
    refused: [
      {
        protocol: "match-pair-count-blind/1",
        why: {
          nl: "een node die zich aan het protocol houdt ziet dan alleen het aantal; bedrog valt niet op",
          en: "a node that follows the protocol would see the number only; deceit is not noticed",
        },
      },
    ],
  },
  "pairs.blind": {
    protocol: "match-pair-count-blind/1",
    params: GROUP,
    reason: {
      nl: "zoals gevraagd (mode: pairs.blind) ziet wie telt alleen het aantal, zolang zijn node zich aan het protocol houdt",
      en: "as asked (mode: pairs.blind) whoever counts sees the number only, while its node follows the protocol",
    },
    refused: [
      {
        protocol: "match-pair-count-local/1",
        why: {
          nl: "bedrog van de ander zou opvallen, maar wie telt houdt de overeenkomsten in zijn geheugen",
          en: "deceit by the other would be noticed, but whoever counts holds the matching items in memory",
        },
      },
    ],
  },
};

const BLIND_PASSED_OVER: Choice["refused"][number] = {
  protocol: "match-pair-count-blind/1",
  why: {
    nl: "de coördinator zou geen patroon zien, maar een node die zich er niet aan houdt leert ongemerkt alles; op verzoek (mode: pairs.blind)",
    en: "the coordinator would see no pattern, but a node that deviates learns all of it unseen; when asked for (mode: pairs.blind)",
  },
};
