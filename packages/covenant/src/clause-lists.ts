// SPDX-License-Identifier: Apache-2.0
// The clauses about who, what for, which data and which protocols.
import type { PartyId } from "@koplamp/protocol";
import { type Covenant, type CovenantParty, type DataClass, type Purpose, timeMs } from "@koplamp/wire";
import { type Clause, type Scope, words } from "./clause.ts";
import { inLanguage, list, numbered, PART, REGIME, SENSITIVITY, TASK } from "./clause-words.ts";

const SENSITIVITIES = ["ordinary", "special", "criminal", "secret"];

/** The covenant itself: name, version and term. */
export function agreementClauses(covenant: Covenant): readonly Clause[] {
  const { id, version, previous, title, validFrom, validUntil } = covenant;
  return [
    {
      id: "id",
      nl: `Het convenant heet ${id}.`,
      en: `The covenant is called ${id}.`,
      scope: { kind: "set", values: [id] },
    },
    {
      id: "version",
      nl: `Dit is versie ${version}${previous === null ? "" : `, na ${previous}`}.`,
      en: `This is version ${version}${previous === null ? "" : `, after ${previous}`}.`,
      scope: words(String(version), previous ?? ""),
    },
    {
      id: "title",
      nl: inLanguage(title, "nl"),
      en: inLanguage(title, "en"),
      scope: words(title.nl ?? "", title.en ?? ""),
    },
    {
      id: "validFrom",
      nl: `Het geldt vanaf ${validFrom}.`,
      en: `It is in force from ${validFrom}.`,
      scope: { kind: "least", values: [timeMs(validFrom)] },
    },
    {
      id: "validUntil",
      nl: `Het geldt tot ${validUntil}.`,
      en: `It is in force until ${validUntil}.`,
      scope: { kind: "most", values: [timeMs(validUntil)] },
    },
  ];
}

/** What a party may do by its part. */
const ABILITIES: Readonly<Record<CovenantParty["part"], readonly string[]>> = {
  member: ["contributes", "receives"],
  "input-only": ["contributes"],
  "result-only": ["receives"],
};

/** One party: who it is, its part and task, the law it works under, and its keys. */
export function partyClauses({
  id,
  name,
  part,
  task,
  regimes,
  bases,
  covenantKeys,
}: CovenantParty): readonly Clause[] {
  const at = `parties/${id}`;
  const keys = covenantKeys.join(", ");
  return [
    { id: at, nl: `${name} is partij.`, en: `${name} is a party.`, scope: words(id, name) },
    {
      id: `${at}/part`,
      nl: `${id} ${PART[part].nl}.`,
      en: `${id} ${PART[part].en}.`,
      scope: { kind: "set", values: ABILITIES[part] },
    },
    { id: `${at}/task`, nl: `Taak: ${TASK[task].nl}.`, en: `Task: ${TASK[task].en}.`, scope: words(task) },
    {
      id: `${at}/regimes`,
      nl: `Regime: ${list(
        regimes.map((one) => REGIME[one].nl),
        "nl",
      )}.`,
      en: `Legal regime: ${list(
        regimes.map((one) => REGIME[one].en),
        "en",
      )}.`,
      scope: words(...regimes),
    },
    ...bases.map((basis) => ({
      id: `${at}/bases/${basis.id}`,
      nl: `Grondslag ${basis.id}: ${basis.law}, ${basis.article}.`,
      en: `Legal basis ${basis.id}: ${basis.law}, ${basis.article}.`,
      scope: words(basis.law, basis.article),
    })),
    {
      id: `${at}/covenantKeys`,
      nl: `${id} tekent met ${keys}.`,
      en: `${id} signs with ${keys}.`,
      scope: words(...covenantKeys),
    },
  ];
}

/** One purpose: text, classes, term, bases. */
export function purposeClauses({ id, text, classes, until, bases }: Purpose): readonly Clause[] {
  const at = `purposes/${id}`;
  const grounds = bases.map(({ party, basis }) => `${party}: ${basis}`);
  return [
    {
      id: at,
      nl: `Doel ${id}: ${inLanguage(text, "nl")}`,
      en: `Purpose ${id}: ${inLanguage(text, "en")}`,
      scope: words(text.nl ?? "", text.en ?? ""),
    },
    {
      id: `${at}/classes`,
      nl: `Klassen van vragen: ${list(classes, "nl")}.`,
      en: `Classes of questions: ${list(classes, "en")}.`,
      scope: { kind: "set", values: classes },
    },
    {
      id: `${at}/until`,
      nl: `Dit doel eindigt op ${until}.`,
      en: `This purpose ends at ${until}.`,
      scope: { kind: "most", values: [timeMs(until)] },
    },
    {
      id: `${at}/bases`,
      nl: `Grondslagen: ${list(grounds, "nl")}.`,
      en: `Legal bases: ${list(grounds, "en")}.`,
      scope: words(...grounds),
    },
  ];
}

/** One data class: what it covers, and what is allowed with it. What is not listed is denied. */
export function dataClassClauses(row: DataClass): readonly Clause[] {
  const at = `dataClasses/${row.id}`;
  const { party, dataset, columns, registerSize, sensitivity } = row;
  return [
    {
      id: at,
      nl: `Dataset ${dataset} van ${party}.`,
      en: `Dataset ${dataset} of ${party}.`,
      scope: { kind: "set", values: [`${party} ${dataset}`] },
    },
    {
      id: `${at}/columns`,
      nl: `Kolommen: ${list(columns, "nl")}; andere bestaan voor een vraag niet.`,
      en: `Columns: ${list(columns, "en")}; others do not exist for a question.`,
      scope: { kind: "set", values: columns },
    },
    {
      id: `${at}/registerSize`,
      nl: `Hooguit ${numbered(registerSize, "nl")} elementen in het register.`,
      en: `At most ${numbered(registerSize, "en")} elements in the register.`,
      scope: { kind: "most", values: [registerSize] },
    },
    {
      id: `${at}/sensitivity`,
      nl: `Gevoeligheid: ${SENSITIVITY[sensitivity].nl}.`,
      en: `Sensitivity: ${SENSITIVITY[sensitivity].en}.`,
      scope: { kind: "least", values: [SENSITIVITIES.indexOf(sensitivity)] },
    },
    ...allowClauses(row, at),
  ];
}

function allowClauses({ allow }: DataClass, at: string): readonly Clause[] {
  if (allow.length === 0) {
    const none: Clause = {
      id: `${at}/allow`,
      nl: "Niets is toegestaan.",
      en: "Nothing is allowed.",
      scope: { kind: "set", values: [] },
    };
    return [none];
  }
  return [...new Set(allow.map(({ purpose }) => purpose))].map((purpose) => {
    const rows = allow.filter((rule) => rule.purpose === purpose);
    const each = rows.map(({ classes, recipients }) => ({ classes, recipients }));
    const told = (lang: "nl" | "en"): string =>
      each
        .map(({ classes, recipients }) => {
          const [of, to] = [list(classes, lang), list(recipients, lang)];
          return lang === "nl" ? `klasse ${of}, aan ${to}` : `class ${of}, to ${to}`;
        })
        .join("; ");
    return {
      id: `${at}/allow/${purpose}`,
      nl: `Voor ${purpose}: ${told("nl")}.`,
      en: `For ${purpose}: ${told("en")}.`,
      scope: { kind: "set", values: each.flatMap(permitted) } satisfies Scope,
    };
  });
}

/** A row as what it permits: a class, and the recipients together. A part of them is permitted too. */
function permitted(row: {
  readonly classes: readonly string[];
  readonly recipients: readonly string[];
}): readonly string[] {
  return row.classes.flatMap((letter) => row.recipients.map((party) => `${letter} → ${party}`));
}

/** One protocol: parameters, and what the coordinator may learn in it beyond sizes. */
export function protocolClauses({
  id,
  paramSets,
  coordinatorLearns,
  dealers,
}: Covenant["protocols"][number]): readonly Clause[] {
  const at = `protocols/${id}`;
  return [
    {
      id: at,
      nl: `Protocol ${id} mag.`,
      en: `Protocol ${id} may be used.`,
      scope: { kind: "set", values: [id] },
    },
    {
      id: `${at}/paramSets`,
      nl: `Parameters: ${list(paramSets, "nl")}.`,
      en: `Parameter sets: ${list(paramSets, "en")}.`,
      scope: { kind: "set", values: paramSets },
    },
    {
      id: `${at}/coordinatorLearns`,
      nl: `De coördinator leert daarbij, buiten omvang en tijd: ${list(coordinatorLearns, "nl")}.`,
      en: `In it the coordinator learns, beyond sizes and times: ${list(coordinatorLearns, "en")}.`,
      scope: { kind: "set", values: coordinatorLearns },
    },
    ...(dealers === undefined ? [] : [dealing(at, dealers)]),
  ];
}

function dealing(at: string, dealers: readonly PartyId[]): Clause {
  return {
    id: `${at}/dealers`,
    nl: `Toeval uitdelen voor anderen mogen daarin: ${list(dealers, "nl")}. Spant een van hen met een partij samen, dan ligt de lijst van de ander open.`,
    en: `Random numbers may be dealt to others in it by: ${list(dealers, "en")}. If one of them works together with a party, the list of the other lies open.`,
    scope: { kind: "set", values: dealers },
  };
}
