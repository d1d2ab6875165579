// SPDX-License-Identifier: Apache-2.0
// A match of two long lists under a correlation that the coordinator deals, or a party that is neither.
import type { PartyId } from "@koplamp/protocol";
import type { Text } from "@koplamp/wire";
import type { Choice } from "./choices.ts";

/** Matching of two without a curve: hundreds of times cheaper than under a key, if the dealer joins neither party. */
export const BULK: Choice = bulkBy([]);

/** `BULK` in words, with the party that deals where the question names one. */
export function bulkBy([dealer]: readonly PartyId[]): Choice {
  const who = { nl: dealer ?? "de coördinator", en: dealer ?? "the coordinator" };
  return {
    protocol: "bulk-pair/1",
    params: "okvs3-gf128",
    reason: {
      nl: `zoals gevraagd (mode: bulk) voor lange lijsten: bijna zonder rekenwerk, met toeval dat ${who.nl} uitdeelt; spant die met een partij samen, dan kunnen ze elk nummer tegen de lijst van de ander toetsen`,
      en: `as asked (mode: bulk) for long lists: at almost no cost, with random numbers that ${who.en} deals; if it works together with a party, these can test any identifier against the other one's list`,
    },
    refused: [
      {
        protocol: "match-pair/1",
        why: {
          nl: "geen derde hoeft te worden vertrouwd, en bedrog van wie antwoordt valt op; kost honderden keren zoveel; op verzoek (mode: pair)",
          en: "nobody third has to be trusted, and deceit by whoever answers is noticed; it costs hundreds of times as much; when asked for (mode: pair)",
        },
      },
    ],
  };
}

/** What every other match of two passes over. */
export const BULK_PASSED_OVER: Text = {
  nl: "kost bijna geen rekenwerk, maar de coördinator of een derde partij (dealer) deelt toeval uit: spant die met een van beide samen, dan kunnen ze elk nummer tegen de lijst van de ander toetsen",
  en: "it would cost almost no computing, but the coordinator or a third party (dealer) deals random numbers: if it works together with one of the two, these can test any identifier against the other one's list",
};
