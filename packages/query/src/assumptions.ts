// SPDX-License-Identifier: Apache-2.0
import type { Contract } from "@koplamp/wire";
import { beyondRelay } from "./ceilings.ts";
import type { Described } from "./describe-plan.ts";

type Statement = Contract["assumptions"][number];

/** The assumptions of threats.md, section 1, in both languages. */
const STATEMENTS: Readonly<Record<string, Statement>> = {
  A1: {
    id: "A1",
    text: {
      nl: "Elke organisatie draait haar eigen node eerlijk.",
      en: "Each agency runs its own node honestly.",
    },
    ifFalse: "that agency's own data, and nobody else's, are at its mercy",
  },
  A2: {
    id: "A2",
    text: {
      nl: "Het one-more gap Diffie-Hellman-probleem is moeilijk in ristretto255; hashfuncties gedragen zich als willekeurige functies.",
      en: "One-more gap Diffie-Hellman is hard in ristretto255; hashes behave as random functions.",
    },
    ifFalse: "tokens can be searched off line by whoever holds them",
  },
  A3: {
    id: "A3",
    text: {
      nl: "X25519 of ML-KEM-768 houdt stand (maskers), en daarbovenop RLWE bij de vaste parameters.",
      en: "X25519 or ML-KEM-768 holds (masks), and on top of it RLWE at the pinned parameters.",
    },
    ifFalse: "if both fall, the coordinator can read each party's own cells",
  },
  A4: {
    id: "A4",
    text: {
      nl: "Minder getuigen zijn oneerlijk dan het quorum verdraagt.",
      en: "Fewer witnesses are dishonest than the quorum tolerates.",
    },
    ifFalse: "a ledger can be rewritten without anybody noticing; privacy does not depend on it",
  },
  A5: {
    id: "A5",
    text: {
      nl: "Klokken verschillen hooguit vijf minuten (alleen voor geldigheid).",
      en: "Clocks differ by at most five minutes (for expiry only).",
    },
    ifFalse: "a question may run a little too early or too late",
  },
  A6: {
    id: "A6",
    text: {
      nl: "De gebruikte software, met haar vastgezette onderdelen, doet wat zij zegt.",
      en: "The software and its pinned dependencies do what they say.",
    },
    ifFalse: "nothing in this contract holds",
  },
  A7: {
    id: "A7",
    text: {
      nl: "De coördinator spant met geen enkele partij samen.",
      en: "The coordinator colludes with no party.",
    },
    ifFalse: "the coordinator and that party together learn what their coalition lists",
  },
};

/** Assumptions of protocols that say what one of the general ones says. */
const SAME: Readonly<Record<string, string>> = {
  "one-more-diffie-hellman": "A2",
  "discrete-logarithm": "A2",
  "coordinator-apart": "A7",
  "masks-and-lattice": "A3",
};

/** The protocols' own assumptions in Dutch, by id. */
const DUTCH: Readonly<Record<string, string>> = {
  "gap-diffie-hellman":
    "Niemand berekent in ristretto255 een gedeeld element zonder getal (gap Diffie-Hellman, SHA-512 als willekeurige functie). Tegen een kwantumcomputer geldt dat niet.",
  "noise-spread":
    "Ruis op 1.763 plaatsen, gespreid door een expand-accumulate-code, lijkt willekeurig (learning parity with noise, in de vorm van regelmatige ruis en deze code: ea41-1763-v1).",
  "correlation-followed":
    "Beide houden zich aan de stappen waarmee zij de correlatie maken. Een toets tussen beide vindt de meeste afwijkingen, niet alle.",
  "authentic-nodes":
    "De identiteitssleutel van elke node is van die node zelf; berichten zijn verzegeld van node tot node.",
  "coordinator-signs": "De coördinator vertelt de tekens die hij ziet.",
  "coordinator-tells":
    "De coördinator vertelt elke treffer die hij vindt, en wie hem hebben zoals hij het vindt.",
  "holder-key": "De houder houdt zijn sleutel voor deze vrager voor zich.",
  "honest-report": "De node van de vrager meldt de treffers die hij vond.",
  "own-share": "Ten minste één houder houdt zijn deel van de sleutel voor zich.",
  "own-noise":
    "Een ontvanger kent de ruis van hooguit zoveel bijdragers als het plan noemt, de eigen meegeteld.",
  "true-inputs": "Partijen brengen de lijsten in die zij zeggen in te brengen.",
  "counting-software": "De node die telt draait de software die hij zegt te draaien.",
  "counter-follows": "De node die telt houdt zich aan het protocol.",
  "answers-unproven":
    "De andere node rekent elk element uit met de sleutel van deze sessie: gesorteerde antwoorden zijn niet te bewijzen.",
  "selection-lattice":
    "Ring learning with errors is moeilijk bij de vaste parameters: wat de coördinator uitkiest heeft geen maskers.",
  "coordinator-selects":
    "De coördinator kiest de rijen die de vraag bedoelt, en telt op wat hem is toegestuurd.",
  lattice: "Ring learning with errors is moeilijk bij de vaste parameters.",
  "values-as-agreed": "De partij met de waarden versleutelt haar waarden, en zoals het protocol het zegt.",
  "counts-true": "De partij die kiest telt de rijen die overeenkomen, en telt hun waarden op.",
  masks: "X25519 of ML-KEM-768 houdt stand: daaronder spreken elke twee bijdragers hun maskers af.",
  "decisional-diffie-hellman":
    "Niemand onderscheidt in ristretto255 verwante elementen van willekeurige (decisional Diffie-Hellman).",
};

/** The assumptions of a contract: those of every question, those of the protocol's family, then the protocol's own. */
export function assumptionsOf(described: Described): readonly Statement[] {
  const own = new Map(described.assumptions.map((one) => [one.id, one]));
  const families = ["A2", "A3"].filter((family) => [...own.keys()].some((id) => SAME[id] === family));
  const apart = beyondRelay(described).length > 0 || own.has("coordinator-apart");
  const general = ["A1", ...families, "A4", "A5", "A6", ...(apart ? ["A7"] : [])].flatMap(
    (id) => STATEMENTS[id] ?? [],
  );
  const particular = [...own.values()]
    .filter(({ id }) => !Object.hasOwn(SAME, id))
    .map(({ id, text, ifFalse }): Statement => {
      const nl = Object.hasOwn(DUTCH, id) ? DUTCH[id] : undefined;
      return { id, text: nl === undefined ? { en: text } : { nl, en: text }, ifFalse };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return [...general, ...particular];
}
