// SPDX-License-Identifier: Apache-2.0
import type { Ask, Text } from "@koplamp/wire";

/** The protocol that answers a question, why, and what was passed over. */
export interface Choice {
  readonly protocol: string;
  /** The parameter set, by its id in the covenant. */
  readonly params: string;
  readonly reason: Text;
  readonly refused: readonly { readonly protocol: string; readonly why: Text }[];
}

const GROUP = "ristretto255-sha512";

/**
 * The protocol for an ask, in the order of building of protocols.md, section 5. Never a silent fallback: what a
 * stricter protocol would have kept is named in `refused`.
 */
export function choose(ask: Ask): Choice {
  if (ask.kind === "aggregate") return SUMS;
  if (ask.kind === "match") return { ...MATCH, refused: [stricterMatch(ask.from.length)] };
  return ask.mode === "recipient" ? COUNT_AT_RECIPIENT : COUNT_AT_HUB;
}

const SUMS: Choice = {
  protocol: "sum-threshold/1",
  params: "bfv-amt-50-pq",
  reason: {
    nl: "sommen onder een sleutel die nergens bestaat: zonder het aandeel van elke partij gaat niets open",
    en: "sums under a key that exists nowhere: nothing opens without every party's own share",
  },
  refused: [],
};

const MATCH: Choice = {
  protocol: "match-tokens/1",
  params: GROUP,
  reason: {
    nl: "vergelijken van lijsten die weinig veranderen: alleen nieuwe nummers kosten rekenwerk",
    en: "matching of lists that change slowly: only new identifiers cost work",
  },
  refused: [],
};

function stricterMatch(parties: number): Choice["refused"][number] {
  return parties === 2
    ? {
        protocol: "match-pair/1",
        why: { nl: "nog niet gebouwd; een sleutel per vraag", en: "not built yet; a key for each question" },
      }
    : {
        protocol: "match-threshold/1",
        why: {
          nl: "nog niet gebouwd; de ontvanger zou ook in zijn node niets onder de drempel zien",
          en: "not built yet; a recipient's node would see nothing below the threshold either",
        },
      };
}

const COUNT_AT_HUB: Choice = {
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
};

const COUNT_AT_RECIPIENT: Choice = {
  protocol: "overlap-recipient/1",
  params: GROUP,
  reason: {
    nl: "zoals gevraagd (mode: recipient) telt de node van de ontvanger; de coördinator ziet geen patroon",
    en: "as asked (mode: recipient) the recipient's node counts; the coordinator sees no pattern",
  },
  refused: [],
};
