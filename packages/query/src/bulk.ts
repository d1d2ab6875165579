// SPDX-License-Identifier: Apache-2.0
// A match of two long lists under a correlation that the coordinator deals, or a party that is neither.
import type { PartyId } from "@koplamp/protocol";
import { SILENT_PARAMS } from "@koplamp/psi";
import type { Plan, Text } from "@koplamp/wire";
import { type Choice, PAIR } from "./choices.ts";

/** Parameters of the store; behind them, where nobody deals, those of the correlation. */
const STORE = "okvs3-gf128";

const PAIR_PASSED_OVER: Choice["refused"][number] = {
  protocol: "match-pair/1",
  why: {
    nl: "geen derde hoeft te worden vertrouwd, en bedrog van wie antwoordt valt op; kost bij lange lijsten vijftig keer zoveel of meer; op verzoek (mode: pair)",
    en: "nobody third has to be trusted, and deceit by whoever answers is noticed; for long lists it costs fifty times as much or more; when asked for (mode: pair)",
  },
};

/** Matching of two without a curve: many times cheaper than under a key (docs/protocols/bulk-pair.md), if the dealer joins neither party. */
export const BULK: Choice = bulkBy([]);

/** `BULK` in words, with the party that deals where the question names one. */
export function bulkBy([dealer]: readonly PartyId[]): Choice {
  const who = { nl: dealer ?? "de coördinator", en: dealer ?? "the coordinator" };
  return {
    protocol: "bulk-pair/1",
    params: STORE,
    reason: {
      nl: `zoals gevraagd (mode: bulk) voor lange lijsten: bijna zonder rekenwerk, met toeval dat ${who.nl} uitdeelt; spant die met een partij samen, dan kunnen ze elk nummer tegen de lijst van de ander toetsen`,
      en: `as asked (mode: bulk) for long lists: at almost no cost, with random numbers that ${who.en} deals; if it works together with a party, these can test any identifier against the other one's list`,
    },
    refused: [PAIR_PASSED_OVER],
  };
}

/** `BULK` where nobody deals: a covenant that does not list its parameters does not admit it. */
export const UNDEALT: Choice = {
  protocol: "bulk-pair/1",
  params: `${STORE}+${SILENT_PARAMS}`,
  reason: {
    nl: "zoals gevraagd (mode: bulk, dealer: nobody) voor lange lijsten: met weinig rekenwerk, en toeval dat beide zelf maken; dat rust op aannames over ruis in een code en over een groep die een kwantumcomputer niet weerstaat",
    en: "as asked (mode: bulk, dealer: nobody) for long lists: at little cost, with random numbers that the two make themselves; these rest on assumptions about noise in a code, and about a group that does not withstand a quantum computer",
  },
  refused: [
    {
      protocol: "match-pair/1",
      why: {
        nl: "geen aanname over ruis in een code, en bedrog van wie antwoordt valt op; kost bij lange lijsten dertig keer zoveel of meer; op verzoek (mode: pair)",
        en: "it makes no assumption about noise in a code, and deceit by whoever answers is noticed; for long lists it costs thirty times as much or more; when asked for (mode: pair)",
      },
    },
  ],
};

/** Padded rows above which a list is long: up to here a key for one question takes a party five CPU-seconds at most. */
const LONG = 2 ** 16;

/**
 * What every other match of two passes over. Where a question would take a key of its own for long lists, it says that this
 * one is worth asking for; it is never taken unasked, since somebody has to be trusted for it.
 */
export function bulkPassedOver({ inputs, protocol }: Plan): Text {
  const long = protocol.id === PAIR.protocol && inputs.some(({ rowsPadded }) => rowsPadded > LONG);
  return {
    nl: `${long ? "het vragen waard bij lijsten zo lang als deze, want een vijftigste van het rekenwerk of minder" : "kost bijna geen rekenwerk"}, maar de coördinator of een derde partij (dealer) deelt toeval uit: spant die met een van beide samen, dan kunnen ze elk nummer tegen de lijst van de ander toetsen`,
    en: `${long ? "worth asking for with lists as long as these, at a fiftieth of the computing or less" : "it would cost almost no computing"}, but the coordinator or a third party (dealer) deals random numbers: if it works together with one of the two, these can test any identifier against the other one's list`,
  };
}
