// SPDX-License-Identifier: Apache-2.0
// Look-ups: the protocol that answers them, what a plan of one tells whom, and in which words.
import type { Description, PartyId } from "@koplamp/protocol";
import { batchesOf, describePublication, lookup } from "@koplamp/psi";
import type { Covenant, LookupAsk, Plan, PresenceGrid, Text } from "@koplamp/wire";
import type { Choice } from "./choices.ts";
import { QueryError } from "./errors.ts";
import { lookupQuota } from "./quotas.ts";

/** Single questions to a list. */
export const LOOKUP: Choice = {
  protocol: lookup.id,
  params: "ristretto255-sha512",
  reason: {
    nl: "losse vragen aan een lijst: de houder ziet hoeveel het er zijn, niet welke en niet of ze raak zijn",
    en: "single questions to a list: its holder sees how many they are, not which, and not whether they hit",
  },
  refused: [
    {
      protocol: "match-tokens/1",
      why: {
        nl: "vergelijkt een hele lijst van de vrager, en toont hem alles wat hij later nog laat berekenen",
        en: "compares a whole list of the asker, and shows it whatever it has evaluated later on",
      },
    },
  ],
};

/** What the rows of the index are called in a contract: upper bounds, since it is published once. */
const PREFIX = "index.";

/** Both parts of a look-up: its questions, and the index or its churn, where they are still to come. */
export interface DescribedLookup {
  readonly questions: Description;
  readonly before: Description;
}

/** The description of a look-up. */
export function describeLookup(plan: Plan, ask: LookupAsk, covenant: Covenant): DescribedLookup {
  const { asker, elements, tell } = ask;
  const [{ party: holder, rowsPadded } = { party: "", rowsPadded: 0 }] = plan.inputs;
  const quota = lookupQuota(covenant, plan.purpose, asker, holder);
  const open = ask.open === true;
  const batches = open ? Array.from({ length: elements }, () => 1) : batchesOf(elements); // one at a time, at most
  const index = describePublication({
    holder,
    asker,
    quota,
    publication: { kind: "index", rows: rowsPadded },
  });
  const changes = Math.max(1, Math.floor(rowsPadded / 2)); // a churn of more is published as an index
  const churn = describePublication({ holder, asker, quota, publication: { kind: "churn", changes } });
  const questions = lookup.describe({ holder, asker, batches, open, tell, rowsPadded });
  if (ask.interests !== undefined) return { questions, before: prefixed(index) }; // under a fresh key each time
  return {
    questions,
    before: prefixed({
      ...index,
      disclosures: [...index.disclosures, ...churn.disclosures],
      egress: [...index.egress, ...churn.egress.filter(({ what }) => what !== "ready")],
    }),
  };
}

function prefixed(before: Description): Description {
  const egress = before.egress.map((row) => ({ ...row, what: `${PREFIX}${row.what}` }));
  return { ...before, egress };
}

/**
 * Questions are at the asker's node and nowhere else, and whom the answer goes to is what `tell` says.
 * @throws {QueryError} `recipient`.
 */
export function checkLookup(
  { asker, from, tell }: LookupAsk,
  proposer: PartyId,
  recipients: readonly PartyId[],
): void {
  if (proposer !== asker) {
    throw new QueryError("recipient", `this look-up is asked by ${asker}, and ${proposer} proposes it`, {
      party: asker,
      hint: `ask it at the node of ${asker}: its questions are there and nowhere else`,
    });
  }
  const told = [asker, ...(tell === "asker" ? [] : from.map(({ party }) => party))].sort();
  if (told.join() === [...recipients].sort().join()) return;
  throw new QueryError("recipient", `with tell: ${tell} the answer goes to ${told.join(" and ")}`, {
    hint: `recipients: [${told.join(", ")}]`,
  });
}

/** A look-up in two or three sentences. */
export function lookupText(ask: LookupAsk, name: (party: PartyId) => string): Text {
  if (ask.interests !== undefined) return deconflictText(ask, ask.interests, name);
  const { asker, elements, from, tell } = ask;
  const [a, h] = [name(asker), from.map(({ party }) => name(party)).join(", ")];
  const key = ask.key.join(" + ");
  const both = tell === "both-on-hit";
  const [toldNl, toldEn] = both
    ? [
        `${h} leert welke van de eigen rijen gevraagd werden en raak waren, zoals de node van ${a} het meldt: dat is niet af te dwingen.`,
        `${h} learns which of its rows were asked about and hit, as the node of ${a} reports it: that cannot be forced.`,
      ]
    : [
        `${h} leert hoeveel vragen het zijn, niet welke en niet of ze raak zijn.`,
        `${h} learns how many questions there are, not which, and not whether they hit.`,
      ];
  const [wanneer, when] = ask.open === true ? OPEN_TEXT : ["", ""];
  return {
    nl: `${a} leert van hooguit ${elements} eigen vragen (${key}) of ${h} ze op zijn lijst heeft, en niets anders van die lijst. ${toldNl}${wanneer}`,
    en: `${a} learns of at most ${elements} questions of its own (${key}) whether ${h} has them on its list, and nothing else of that list. ${toldEn}${when}`,
  };
}

const OPEN_TEXT = [
  " De vragen komen een voor een, tot het einde van de dag (UTC) en op deze ene goedkeuring; de houder en de coördinator zien wanneer er gevraagd wordt en hoeveel tegelijk.",
  " The questions come one by one, until the end of the day (UTC) and on this one approval; the holder and the coordinator see when something is asked, and how much at a time.",
] as const;

function deconflictText(
  { asker, elements, from }: LookupAsk,
  { place, time }: PresenceGrid,
  name: (party: PartyId) => string,
): Text {
  const [a, h] = [name(asker), from.map(({ party }) => name(party)).join(", ")];
  const letters = place.slice(-1);
  const [uur, hour] = time === "hour" ? ["uren", "hours"] : ["dagen", "days"];
  return {
    nl: `${a} en ${h} leren elk welke van de eigen belangstellingen (persoon, bedrijf, voertuig, plaats en tijd …) op dat moment ook bij de ander staan: neem contact op. Geen van beide leert iets anders waar de ander naar kijkt, of hoeveel dat er zijn. Plaatsen en tijden raken elkaar als zij eenzelfde cel (geohash van ${letters} letters, of gemeente) in dezelfde ${uur} (UTC) delen. ${h} hoort het zoals de node van ${a} het meldt: dat is niet af te dwingen. Telkens gaan er ${elements} elementen en een even lange index heen en weer, of er nu iets nieuw is, is ingetrokken, of raak is; derden en de coördinator zien geen verschil.`,
    en: `${a} and ${h} each learn which of their own interests (person, company, vehicle, place and time …) the other has too at that moment: contact each other. Neither learns anything else that the other looks at, or how much that is. Places and times meet when they share a cell (geohash of ${letters} letters, or municipality) in the same ${hour} (UTC). ${h} hears of it as the node of ${a} reports it: that cannot be forced. Each time ${elements} elements and an index of as many rows go to and fro, whether anything is new, withdrawn or met; third parties and the coordinator see no difference.`,
  };
}
