// SPDX-License-Identifier: Apache-2.0
// The clauses about limits, people, witnesses, terms and oversight.
import type { Budget, Covenant, Quota } from "@koplamp/wire";
import { type Clause, type Scope, words } from "./clause.ts";
import { daysOf, inLanguage, list, numbered, periodText } from "./clause-words.ts";

/** Persons, floors, quotas and budgets. */
export function limitClauses(covenant: Covenant): readonly Clause[] {
  return [
    ...personClauses(covenant),
    ...floorClauses(covenant),
    ...covenant.quotas.map(quotaClause),
    ...covenant.budgets.map(budgetClause),
  ];
}

function personClauses({ personLevel: { allowed, ground, external } }: Covenant): readonly Clause[] {
  const none = { nl: "geen", en: "none" };
  return [
    {
      id: "personLevel/allowed",
      nl: allowed
        ? "Vragen op het niveau van personen (klasse E en F) mogen."
        : "Vragen op het niveau van personen (klasse E en F) mogen niet.",
      en: allowed
        ? "Questions at the level of persons (classes E and F) are allowed."
        : "Questions at the level of persons (classes E and F) are not allowed.",
      scope: { kind: "most", values: [allowed ? 1 : 0] },
    },
    {
      id: "personLevel/ground",
      nl: `Grond daarvoor: ${inLanguage(ground ?? none, "nl")}`,
      en: `Ground for that: ${inLanguage(ground ?? none, "en")}`,
      scope: words(ground?.nl ?? "", ground?.en ?? ""),
    },
    {
      id: "personLevel/external",
      nl: `Daarbij moet ook goedkeuren: ${list(external, "nl")}.`,
      en: `They also need the approval of: ${list(external, "en")}.`,
      scope: { kind: "duty", values: external },
    },
  ];
}

type FloorWords = readonly [
  nl: (value: string) => string,
  en: (value: string) => string,
  kind: "most" | "least",
];

const FLOORS: Readonly<Record<keyof Covenant["floors"], FloorWords>> = {
  minCount: [
    (n) => `Een aantal onder ${n} wordt achtergehouden.`,
    (n) => `A count below ${n} is withheld.`,
    "least",
  ],
  minContributors: [
    (n) => `Een antwoord rust op ten minste ${n} partijen die inbrengen.`,
    (n) => `An answer rests on at least ${n} contributing parties.`,
    "least",
  ],
  minSet: [
    (n) => `Een lijst heeft ten minste ${n} elementen.`,
    (n) => `A list has at least ${n} elements.`,
    "least",
  ],
  dominanceN: [
    (n) => `Dominantie wordt getoetst over de grootste ${n} (0: niet).`,
    (n) => `Dominance is tested over the largest ${n} (0: not at all).`,
    "least",
  ],
  dominancePercent: [
    (n) => `Die maken samen hooguit ${n} % van een som uit.`,
    (n) => `Together these make at most ${n} % of a sum.`,
    "most",
  ],
  maxDomainPermille: [
    (n) => `Een quotum beslaat hooguit ${n} duizendste van alle mogelijke identificerende nummers.`,
    (n) => `A quota covers at most ${n} thousandths of all possible identifiers.`,
    "most",
  ],
};

function floorClauses({ floors }: Covenant): readonly Clause[] {
  // Safe because Object.keys of a record over a closed type gives exactly its members.
  return (Object.keys(FLOORS) as (keyof Covenant["floors"])[]).map((name) => {
    const [nl, en, kind] = FLOORS[name];
    const value = floors[name];
    return {
      id: `floors/${name}`,
      nl: nl(numbered(value, "nl")),
      en: en(numbered(value, "en")),
      scope: { kind, values: [value] } satisfies Scope,
    };
  });
}

function quotaClause(row: Quota, at: number): Clause {
  const { asker, holder, purpose, epoch, evaluations, lookupsPerDay } = row;
  const who = (party: string, nl: boolean): string => {
    if (party !== "*") return party;
    return nl ? "elke partij" : "every party";
  };
  return {
    id: `quotas/${at + 1}`,
    nl: `Quotum van ${who(asker, true)} bij ${who(holder, true)} voor ${purpose}: ${numbered(evaluations, "nl")} evaluaties per ${periodText(epoch, "nl")}, ${numbered(lookupsPerDay, "nl")} opvragingen per dag.`,
    en: `Quota of ${who(asker, false)} at ${who(holder, false)} for ${purpose}: ${numbered(evaluations, "en")} evaluations in ${periodText(epoch, "en")}, ${numbered(lookupsPerDay, "en")} look-ups a day.`,
    scope: { kind: "most", values: [evaluations, lookupsPerDay] },
    match: `quotas ${asker} ${holder} ${purpose} ${epoch}`,
  };
}

function budgetClause(row: Budget, at: number): Clause {
  const { party, dataset, unit, period, rhoMicro, exactCells, repeats } = row;
  const per = { subject: { nl: "persoon", en: "subject" }, row: { nl: "rij", en: "row" } }[unit];
  return {
    id: `budgets/${at + 1}`,
    nl: `Budget van ${dataset} van ${party}, per ${per.nl} in ${periodText(period, "nl")}: ${numbered(rhoMicro, "nl")} µrho, ${numbered(exactCells, "nl")} exacte cellen, ${numbered(repeats, "nl")} herhalingen.`,
    en: `Budget of ${dataset} of ${party}, per ${per.en} in ${periodText(period, "en")}: ${numbered(rhoMicro, "en")} µrho, ${numbered(exactCells, "en")} exact cells, ${numbered(repeats, "en")} repeats.`,
    scope: { kind: "most", values: [rhoMicro, exactCells, repeats] },
    match: `budgets ${party} ${dataset} ${unit} ${period}`,
  };
}

/** Approvals, witnesses, retention, oversight. */
export function closingClauses(covenant: Covenant): readonly Clause[] {
  return [
    ...approvalClauses(covenant),
    ...witnessClauses(covenant),
    ...retentionClauses(covenant),
    ...oversightClauses(covenant),
  ];
}

function approvalClauses({ approval: { validFor, external } }: Covenant): readonly Clause[] {
  return [
    {
      id: "approval/validFor",
      nl: `Een goedkeuring geldt hooguit ${periodText(validFor, "nl")}.`,
      en: `An approval holds for at most ${periodText(validFor, "en")}.`,
      scope: { kind: "most", values: [daysOf(validFor)] },
    },
    ...external.flatMap(({ role, classes, keys }): readonly Clause[] => [
      {
        id: `approval/external/${role}`,
        nl: `Voor klasse ${list(classes, "nl")} keurt ook ${role} goed.`,
        en: `For class ${list(classes, "en")} ${role} approves too.`,
        scope: { kind: "duty", values: classes },
      },
      {
        id: `approval/external/${role}/keys`,
        nl: `${role} tekent met ${list(keys, "nl")}.`,
        en: `${role} signs with ${list(keys, "en")}.`,
        scope: words(...keys),
      },
    ]),
  ];
}

function witnessClauses({ witnesses: { quorum, external } }: Covenant): readonly Clause[] {
  return [
    {
      id: "witnesses/quorum",
      nl: `Ten minste ${quorum} getuigen tekenen elk logboek mee, voordat iets opengaat.`,
      en: `At least ${quorum} witnesses cosign each ledger before anything opens.`,
      scope: { kind: "least", values: [quorum] },
    },
    ...external.map(({ name, vkey }) => ({
      id: `witnesses/external/${name}`,
      nl: `${name} is getuige van buiten, met ${vkey}.`,
      en: `${name} is an outside witness, with ${vkey}.`,
      scope: words(vkey),
    })),
  ];
}

function retentionClauses({ retention }: Covenant): readonly Clause[] {
  const { results, salts, ledger, extensions } = retention;
  return [
    {
      id: "retention/results",
      nl: `Een antwoord wordt hooguit ${periodText(results, "nl")} bewaard.`,
      en: `An answer is kept for at most ${periodText(results, "en")}.`,
      scope: { kind: "most", values: [daysOf(results)] },
    },
    {
      id: "retention/salts",
      nl: `Salts en teksten van goedkeuringen worden hooguit ${periodText(salts, "nl")} bewaard.`,
      en: `Salts and texts of approvals are kept for at most ${periodText(salts, "en")}.`,
      scope: { kind: "most", values: [daysOf(salts)] },
    },
    {
      id: "retention/ledger",
      nl: `Het logboek wordt ${periodText(ledger, "nl")} bewaard.`,
      en: `The ledger is kept for ${periodText(ledger, "en")}.`,
      scope: words(ledger),
    },
    {
      id: "retention/extensions",
      nl: `Een termijn wordt hooguit ${extensions} keer verlengd.`,
      en: `A term is extended at most ${extensions} times.`,
      scope: { kind: "most", values: [extensions] },
    },
  ];
}

function oversightClauses({ supervision, dpia, ethics }: Covenant): readonly Clause[] {
  const keys = { nl: list(supervision.keys, "nl"), en: list(supervision.keys, "en") };
  return [
    {
      id: "supervision",
      nl: `Toezichthouder: ${supervision.body}; sleutels: ${keys.nl}.`,
      en: `Supervisor: ${supervision.body}; keys: ${keys.en}.`,
      scope: words(supervision.body, ...supervision.keys),
    },
    {
      id: "dpia",
      nl: `Gegevensbeschermingseffectbeoordeling ${dpia.reference}, ${dpia.hash}.`,
      en: `Data protection impact assessment ${dpia.reference}, ${dpia.hash}.`,
      scope: words(dpia.reference, dpia.hash),
    },
    {
      id: "ethics",
      nl: `Ethische toets volgens ${ethics.framework}: ${ethics.reference}, ${ethics.hash}.`,
      en: `Ethical assessment by ${ethics.framework}: ${ethics.reference}, ${ethics.hash}.`,
      scope: words(ethics.framework, ethics.reference, ethics.hash),
    },
  ];
}
