// SPDX-License-Identifier: Apache-2.0
// The protocols that answer questions, why each is chosen, and what is passed over.
import type { MatchAsk, OverlapAsk, Text } from "@koplamp/wire";

/** The protocol that answers a question, why, and what was passed over. */
export interface Choice {
  readonly protocol: string;
  /** The parameter set, by its id in the covenant. */
  readonly params: string;
  readonly reason: Text;
  readonly refused: readonly { readonly protocol: string; readonly why: Text }[];
}

const GROUP = "ristretto255-sha512";

/** Sums over the rows of all. */
export const SUMS: Choice = {
  protocol: "sum-threshold/1",
  params: "bfv-amt-50-pq",
  reason: {
    nl: "sommen onder een sleutel die nergens bestaat: zonder het aandeel van elke partij gaat niets open",
    en: "sums under a key that exists nowhere: nothing opens without every party's own share",
  },
  refused: [],
};

/** Sums over the rows of all, where there are more numbers than a session under a collective key takes. */
export const MASKED: Choice = {
  protocol: "sum-masked/1",
  params: "words-64",
  reason: {
    nl: "te veel cellen voor een sleutel die nergens bestaat: maskers die alleen in de hele som wegvallen, en zonder het zaadje van elke partij gaat niets open",
    en: "too many cells for a key that exists nowhere: masks that cancel in the whole sum only, and nothing opens without every party's own seed",
  },
  refused: [
    {
      protocol: "sum-threshold/1",
      why: {
        nl: "er moeten twee aannamen vallen voordat iemands deel te lezen is, en hier één; neemt minder cellen",
        en: "two assumptions must fall before anybody's part can be read, and here one; it takes fewer cells",
      },
    },
  ],
};

/** Alarms by rules that are linear in the data: nobody holds the series. */
export const BLIND_ALARMS: Choice = {
  protocol: "alarm-blind/1",
  params: "words-128",
  reason: {
    nl: "de coördinator ziet alleen tekens van toetsen die hij niet kan benoemen: geen node krijgt de reeks, ook die van de ontvanger niet",
    en: "the coordinator sees signs of tests that it cannot name: no node gets the series, not even the recipient's",
  },
  refused: [
    {
      protocol: "sum-threshold/1",
      why: {
        nl: "de coördinator hoeft dan niet te worden vertrouwd, maar de node van de ontvanger heeft de hele reeks in het geheugen",
        en: "the coordinator need not be trusted then, but the recipient's node has the whole series in memory",
      },
    },
  ],
};

/** Sums over what two hold, at the party that gets them. */
export const JOIN_PAIR: Choice = {
  protocol: "join-sum-pair/1",
  params: "bfv-join-46-pq",
  reason: {
    nl: "de ontvanger brengt de waarden in, de ander kiest er blind de gedeelde rijen uit: de coördinator ziet niets",
    en: "the recipient brings the values, the other one selects the shared rows blindly: the coordinator sees nothing",
  },
  refused: [
    {
      protocol: "join-sum-hub/1",
      why: {
        nl: "de ander zou ook het aantal niet leren, maar de coördinator zou het patroon van overlap zien; op verzoek (mode: hub)",
        en: "the other one would not learn the count either, but the coordinator would see the pattern of overlap; when asked for (mode: hub)",
      },
    },
  ],
};

/** Sums over what all hold, selected by the coordinator. */
export const JOIN_HUB: Choice = {
  protocol: "join-sum-hub/1",
  params: "bfv-sel-42-pq",
  reason: {
    nl: "de coördinator kiest de gedeelde rijen op pseudoniemen die hij niet kan herleiden; wat opgeteld wordt ziet hij niet",
    en: "the coordinator selects the shared rows by pseudonyms that it cannot resolve; what is added up it does not see",
  },
  refused: [
    {
      protocol: "join-sum-pair/1",
      why: {
        nl: "alleen tussen twee partijen, voor één ontvanger die zelf alle waarden inbrengt",
        en: "between two parties only, for one recipient that brings all values itself",
      },
    },
  ],
};

/** Sums in which an event counts once, however many report it. */
export const DISTINCT: Choice = {
  protocol: "distinct-sum/1",
  params: "bfv-sel-42-pq",
  reason: {
    nl: "de coördinator kiest van elke gebeurtenis één melding, op pseudoniemen die hij niet kan herleiden; geen partij leert wie hetzelfde meldt",
    en: "the coordinator selects one report of each event, by pseudonyms that it cannot resolve; no party learns who reports the same",
  },
  refused: [
    {
      protocol: "sum-threshold/1",
      why: {
        nl: "de coördinator zou geen patroon zien, maar wat twee partijen melden zou dubbel tellen",
        en: "the coordinator would see no pattern, but what two parties report would count twice",
      },
    },
  ],
};

/** Matching under keys that live for an epoch. */
export const TOKENS: Choice = {
  protocol: "match-tokens/1",
  params: GROUP,
  reason: {
    nl: "vergelijken van lijsten die weinig veranderen: alleen nieuwe nummers kosten rekenwerk",
    en: "matching of lists that change slowly: only new identifiers cost work",
  },
  refused: [],
};

/** Matching of two under a key for one question. */
export const PAIR: Choice = {
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
        nl: "goedkoper bij herhaling, maar de ontvanger kan met zijn lijst later meer vergelijken; op verzoek (mode: tokens)",
        en: "cheaper when repeated, but the recipient can compare more with its list later on; when asked for (mode: tokens)",
      },
    },
  ],
};

/** Why a pair matches under a key of its own although nobody asked for it. */
export const ONE_OFF: Text = {
  nl: "twee partijen, één vraag: een sleutel voor deze vraag alleen, zodat er later niets mee te vergelijken is",
  en: "two parties, one question: a key for this question only, so that nothing can be compared with it later",
};

/** Why two match under keys of the epoch: that was asked for, or the covenant knows no key for one question. */
export const AS_ASKED: Text = {
  nl: "zoals gevraagd (mode: tokens) onder sleutels van de periode: alleen nieuwe nummers kosten rekenwerk",
  en: "as asked (mode: tokens) under keys of the epoch: only new identifiers cost work",
};

const EACH_TIME: Text = {
  nl: "een sleutel per vraag, die elke keer al het rekenwerk kost; zonder mode: tokens de keuze",
  en: "a key for each question, which costs all the work each time; the choice without mode: tokens",
};

const NOT_ADMITTED: Text = {
  nl: "een sleutel voor deze vraag alleen, maar het convenant laat dat protocol niet toe",
  en: "a key for this question only, but the covenant does not admit that protocol",
};

/** What a match of two by tokens passes over. */
export function stricterMatch({ mode }: Pick<MatchAsk, "mode">): Choice["refused"][number] {
  return { protocol: PAIR.protocol, why: mode === "tokens" ? EACH_TIME : NOT_ADMITTED };
}

/** What it would be to count at the coordinator after all. */
const HUB_PASSED_OVER: Choice["refused"][number] = {
  protocol: "overlap-hub/1",
  why: {
    nl: "de coördinator zou van elk pseudoniem zien wie het heeft; op verzoek (mode: hub)",
    en: "the coordinator would see who holds each pseudonym; when asked for (mode: hub)",
  },
};

/** The ways to count, by mode. */
export const COUNTS: Readonly<Record<NonNullable<OverlapAsk["mode"]>, Choice>> = {
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
    refused: [HUB_PASSED_OVER],
  },
  atLeast: {
    protocol: "overlap-threshold/1",
    params: GROUP,
    reason: {
      nl: "zoals gevraagd (mode: atLeast) ziet ook de coördinator niets van wat minder partijen hebben",
      en: "as asked (mode: atLeast) the coordinator too sees nothing of what fewer parties hold",
    },
    refused: [
      {
        protocol: "overlap-hub/1",
        why: {
          nl: "sneller, maar de coördinator zou van elk pseudoniem zien wie het heeft, ook als dat één partij is; op verzoek (mode: hub)",
          en: "faster, but the coordinator would see who holds each pseudonym, also where that is one party; when asked for (mode: hub)",
        },
      },
    ],
  },
  "pairs.local": {
    protocol: "match-pair-count-local/1",
    params: GROUP,
    reason: {
      nl: "zoals gevraagd (mode: pairs.local) telt van elk paar een van de twee in het geheugen van zijn node; bedrog van de ander valt op",
      en: "as asked (mode: pairs.local) one of each pair counts in its node's memory; deceit by the other is noticed",
    },
    refused: [
      {
        protocol: "match-pair-count-blind/1",
        why: {
          nl: "een node die zich aan het protocol houdt ziet dan alleen het aantal; bedrog valt niet op",
          en: "a node that follows the protocol would see the number only; deceit is not noticed",
        },
      },
      HUB_PASSED_OVER,
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
      HUB_PASSED_OVER,
    ],
  },
};

/** Why parties count between them although nobody named a way. */
export const BETWEEN_THEM: Text = {
  nl: "van elk paar telt een van de twee: die ziet alleen het aantal, zolang zijn node zich aan het protocol houdt, en de coördinator ziet geen patroon",
  en: "one of each pair counts: it sees the number only, while its node follows the protocol, and the coordinator sees no pattern",
};

/** Why what at least two hold is counted by tables. */
export const BY_TABLES: Readonly<Record<"asked" | "unasked", Text>> = {
  asked: COUNTS.atLeast.reason,
  unasked: {
    nl: "de coördinator ziet alleen wat genoeg partijen hebben, in pseudoniemen, en niets van wat minder partijen hebben",
    en: "the coordinator sees what enough parties hold only, in pseudonyms, and nothing of what fewer hold",
  },
};

/** Why tables count although what one party alone holds counts too. */
export const SINGLES_IN_TABLES: Readonly<Record<"asked" | "unasked", Text>> = {
  asked: {
    nl: "zoals gevraagd (mode: atLeast) ziet de coördinator van wat één partij alleen heeft slechts het aantal",
    en: "as asked (mode: atLeast) the coordinator sees of what one party alone holds the number only",
  },
  unasked: {
    nl: "de coördinator ziet van wat één partij alleen heeft slechts het aantal: het convenant laat hem het hele patroon niet zien",
    en: "the coordinator sees of what one party alone holds the number only: the covenant does not let it see the whole pattern",
  },
};

/** Why a count at the coordinator does not go by tables: asked otherwise, because they cannot be had, or for the work. */
export const TABLES_PASSED_OVER: Readonly<Record<"asked" | "impossible" | "singles", Text>> = {
  asked: {
    nl: "de coördinator zou niets zien van wat minder partijen hebben, maar elke partij stuurt veel meer; zonder mode: hub de keuze",
    en: "the coordinator would see nothing of what fewer parties hold, but every party sends far more; the choice without mode: hub",
  },
  impossible: {
    nl: "de coördinator zou niets zien van wat minder partijen hebben, maar het convenant laat dat niet toe, of de lijsten zijn er te lang voor",
    en: "the coordinator would see nothing of what fewer parties hold, but the covenant does not allow it, or the lists are too long for it",
  },
  singles: {
    nl: "de coördinator zou van wat één partij alleen heeft slechts het aantal zien, maar elke partij stuurt veel meer; op verzoek (mode: atLeast)",
    en: "the coordinator would see of what one party alone holds the number only, but every party sends far more; when asked for (mode: atLeast)",
  },
};

/** What a count of pairs at the coordinator passes over. */
export const BLIND_PASSED_OVER: Choice["refused"][number] = {
  protocol: "match-pair-count-blind/1",
  why: {
    nl: "de coördinator zou geen patroon zien, maar een node die zich er niet aan houdt leert ongemerkt alles; op verzoek (mode: pairs.blind)",
    en: "the coordinator would see no pattern, but a node that deviates learns all of it unseen; when asked for (mode: pairs.blind)",
  },
};
