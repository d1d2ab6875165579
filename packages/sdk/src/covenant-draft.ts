// SPDX-License-Identifier: Apache-2.0
// A covenant to begin with: as strict as it can be, with a comment at every part and `…` where people must decide.
import { readFileSync } from "node:fs";
import { BLANK } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import { fileSchema } from "@koplamp/query";
import { addPeriod, type Covenant, documentSchema, INTERESTS, timeText } from "@koplamp/wire";
import { Document, isMap, isScalar } from "yaml";
import { type ReadCovenant, readCovenant } from "./covenant-file.ts";
import { SdkError } from "./errors.ts";
import { readFederationFile } from "./read-lab.ts";

/** What a draft is made from. */
export interface DraftRequest {
  readonly id: string;
  /** A federation file: parties, datasets, columns. */
  readonly federation?: string;
  /** `join.json` of each party, as `koplamp node init` wrote it. */
  readonly joins?: readonly string[];
  /** Ids, where there is no file yet. */
  readonly parties?: readonly string[];
  readonly purposes?: readonly string[];
  /** One purpose more, for which desks may be told that they look at the same. */
  readonly deconfliction?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

interface DraftParty {
  readonly id: PartyId;
  readonly name: string;
  readonly key: string;
  readonly datasets: Readonly<Record<string, readonly string[]>>;
}

/** The JSON schema that editors check a draft against. */
export function covenantSchema(): string {
  const { $schema, ...rest } = documentSchema("covenant/v1");
  return `${JSON.stringify({ $schema, title: "covenant/v1", ...rest }, null, 2)}\n`;
}

/** The files that have a schema. */
export const SCHEMAS = ["covenant", "federation", "query"] as const;

/** The JSON schema of a file that people edit. */
export function schemaOf(file: (typeof SCHEMAS)[number]): string {
  if (file === "covenant") return covenantSchema();
  const { $schema, ...rest } = fileSchema(file);
  return `${JSON.stringify({ $schema, title: `${file}/v1`, ...rest }, null, 2)}\n`;
}

/** The file that a draft names for editors. */
export const COVENANT_SCHEMA = "covenant.schema.json";

/** A draft as YAML. @throws {SdkError} `usage` without two parties; what the files' readers throw. */
export async function draftCovenant(request: DraftRequest): Promise<string> {
  const parties = await partiesOf(request);
  if (parties.length < 2) {
    throw new SdkError(
      "usage",
      `expected at least two parties, got ${parties.length}`,
      "--federation, --join or --parties",
    );
  }
  return yamlOf(draftOf(request, parties));
}

/** The next version of a covenant as YAML: the same clauses, the hash of the version before, no signature. */
export function amendCovenant(file: string): { readonly text: string; readonly before: ReadCovenant } {
  const before = readCovenant(file);
  const { covenant, hash } = before;
  return { text: yamlOf({ ...covenant, version: covenant.version + 1, previous: hash }), before };
}

async function partiesOf({
  federation,
  joins = [],
  parties = [],
}: DraftRequest): Promise<readonly DraftParty[]> {
  const joined = joins.map(joinOf);
  const listed = federation === undefined ? [] : (await readFederationFile(federation)).parties;
  const known = new Map<PartyId, DraftParty>();
  for (const id of parties) known.set(id, { id, name: BLANK, key: `ed25519:${BLANK}`, datasets: {} });
  for (const { id, name, datasets } of listed) {
    const columns = Object.entries(datasets).map(
      ([dataset, spec]) => [dataset, Object.keys(spec.columns)] as const,
    );
    known.set(id, { id, name, key: `ed25519:${BLANK}`, datasets: Object.fromEntries(columns) });
  }
  for (const { id, name, key } of joined)
    known.set(id, { id, name, key, datasets: known.get(id)?.datasets ?? {} });
  return [...known.values()];
}

function joinOf(file: string): Omit<DraftParty, "datasets"> {
  const value: unknown = JSON.parse(readFileSync(file, "utf8"));
  const [id, name, key] = ["party", "name", "covenant"].map(
    (field) => Reflect.get(Object(value), field) as unknown,
  );
  if (typeof id === "string" && typeof name === "string" && typeof key === "string") return { id, name, key };
  throw new SdkError(
    "file",
    `expected the public part of a node in "${file}"`,
    "koplamp node init writes join.json",
  );
}

/** Desks are told once an hour. */
const RUNS_A_DAY = 24;
const UNKNOWN_HASH = `sha256:${BLANK}`;

function draftOf(request: DraftRequest, parties: readonly DraftParty[]): Covenant {
  const { id, now } = request;
  const validFrom = timeText(now - (now % 86_400_000));
  return {
    koplamp: "covenant/v1",
    id,
    version: 1,
    previous: null,
    title: { nl: `Convenant ${id}`, en: `Covenant ${id}` },
    validFrom,
    validUntil: addPeriod(validFrom, "P2Y"),
    parties: parties.map(({ id: party, name, key }) => ({
      id: party,
      name,
      part: "member",
      task: "supervision",
      regimes: ["avg"],
      bases: [{ id: `${party}-basis`, law: BLANK, article: BLANK }],
      covenantKeys: [key],
    })),
    purposes: purposesOf(request).map(({ purpose, classes }) => ({
      id: purpose,
      text: { nl: BLANK, en: BLANK },
      classes,
      until: addPeriod(validFrom, "P1Y"),
      bases: parties.map(({ id: party }) => ({ party, basis: `${party}-basis` })),
    })),
    dataClasses: parties.flatMap((party) => dataClassesOf(request, party, parties)),
    ...limits(request, parties),
  };
}

type DraftPurpose = Pick<Covenant["dataClasses"][number]["allow"][number], "purpose" | "classes">;

/** Purposes to fill in, one at least, besides that of the desks. */
function plainPurposes({ purposes, deconfliction }: DraftRequest): readonly DraftPurpose[] {
  const named = purposes ?? (deconfliction === undefined ? ["purpose"] : []);
  return named
    .filter((purpose) => purpose !== deconfliction)
    .map((purpose) => ({ purpose, classes: ["A", "B"] }));
}

const deskPurposes = ({ deconfliction }: DraftRequest): readonly DraftPurpose[] =>
  deconfliction === undefined ? [] : [{ purpose: deconfliction, classes: ["E"] }];

const purposesOf = (request: DraftRequest): readonly DraftPurpose[] => [
  ...plainPurposes(request),
  ...deskPurposes(request),
];

/** A party's own lists, and the register of interests that every node keeps: listed in any case, allowed when asked for. */
function dataClassesOf(
  request: DraftRequest,
  { id: party, datasets }: DraftParty,
  parties: readonly DraftParty[],
): Covenant["dataClasses"] {
  const recipients = parties.map(({ id }) => id);
  const classOf = (
    dataset: string,
    columns: readonly string[],
    registerSize: number,
    purposes: readonly DraftPurpose[],
  ): Covenant["dataClasses"][number] => ({
    id: `${party}.${dataset}`,
    party,
    dataset,
    columns,
    registerSize,
    sensitivity: "ordinary",
    allow: purposes.map((purpose) => ({ ...purpose, recipients })),
  });
  const { dataset, column, elements } = INTERESTS;
  return [
    ...Object.entries(datasets).map(([name, columns]) => classOf(name, columns, 0, plainPurposes(request))),
    classOf(dataset, [column], elements, deskPurposes(request)),
  ];
}

function limits(
  request: DraftRequest,
  parties: readonly DraftParty[],
): Omit<
  Covenant,
  | "koplamp"
  | "id"
  | "version"
  | "previous"
  | "title"
  | "validFrom"
  | "validUntil"
  | "parties"
  | "purposes"
  | "dataClasses"
> {
  const asksDesks = request.deconfliction !== undefined;
  return {
    personLevel: asksDesks
      ? { allowed: true, ground: { nl: BLANK, en: BLANK }, external: [] }
      : { allowed: false, ground: null, external: [] },
    floors: {
      minCount: 10,
      minContributors: 2,
      minSet: 20,
      dominanceN: 0,
      dominancePercent: 100,
      maxDomainPermille: 10,
    },
    quotas: purposesOf(request).map(({ purpose }) => ({
      asker: "*",
      holder: "*",
      purpose,
      epoch: "P7D",
      evaluations: 0,
      lookupsPerDay: purpose === request.deconfliction ? RUNS_A_DAY * INTERESTS.elements : 0,
    })),
    budgets: [],
    approval: { validFor: "P30D", external: [] },
    witnesses: { quorum: Math.min(parties.length - 1, Math.floor(parties.length / 2) + 1), external: [] },
    protocols: [
      { id: "overlap-hub/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: ["count", "pattern"] },
      { id: "sum-threshold/1", paramSets: ["bfv-amt-50-pq"], coordinatorLearns: [] },
      ...(asksDesks
        ? [{ id: "lookup/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: [] } as const]
        : []),
    ],
    retention: { results: "P90D", salts: "P1Y", ledger: "P5Y", extensions: 1 },
    supervision: { body: BLANK, keys: [] },
    dpia: { reference: BLANK, hash: UNKNOWN_HASH },
    ethics: { framework: "IAMA", reference: BLANK, hash: UNKNOWN_HASH },
  };
}

/** What each part is for; in both languages, because a draft is edited by people of all parties. */
const COMMENTS: Readonly<Record<string, string>> = {
  id: " De naam van de federatie / the federation's name. lab/… is for the lab alone.",
  version: " koplamp covenant amend raises it and fills in the hash of the version before.",
  title: " Waarover het gaat / what it is about, in nl, en or both.",
  validFrom: " Buiten deze tijd weigert elke node / outside this term every node refuses.",
  parties:
    " Partijen / parties. part: member | input-only | result-only; task: supervision | enforcement | investigation | other;\n regimes: avg | wpg | awr | wwft | wgs | other; bases: de grondslagen / the legal bases; covenantKeys: from join.json.",
  purposes:
    " Doelen / purposes, with the classes that each allows: A sums, B counts of overlap, C sums over a join, D alarms,\n E look-ups, F matches. E and F need personLevel.",
  dataClasses:
    " Wat hier niet staat, mag niet / what is not listed is denied. registerSize: at most so many elements; it bounds quotas.\n sensitivity: ordinary | special | criminal | secret. allow: which purpose, in which classes, to which recipients.\n koplamp-interests: the register that every node keeps of what its own desks look at, for deconfliction; an empty allow\n tells nobody.",
  personLevel:
    " Vragen over personen / questions about persons (E, F): allowed, on which ground, and who outside must agree.",
  floors:
    " Drempels / floors. A count below minCount is withheld; an answer rests on minContributors parties; of a sum the\n largest dominanceN make at most dominancePercent.",
  quotas:
    " Quota: evaluations per key set in an epoch (P7D, P1M, P1Y, once), in padded elements; * is every party. At most\n 4 × the padded registerSize of the asker. 0: nothing is counted or matched for this purpose.",
  budgets: " Budgetten / budgets of a dataset: noise (rhoMicro), exact cells, repeats in a period.",
  approval:
    " Goedkeuringen / approvals: two people of every party, lawful and ethical. external: {role, classes, keys} outside\n all parties, such as a prosecutor.",
  witnesses:
    " Getuigen / witnesses: so many others cosign a ledger before anything opens. external: {name, vkey}.",
  protocols:
    " Protocollen / protocols that may run, and what the coordinator may learn in each beyond sizes and times.",
  retention:
    " Bewaartermijnen / retention: answers, salts and texts, the ledger; how often a term may be extended.",
  supervision: " De toezichthouder / the supervisor, and keys it signs with.",
  dpia: " De DPIA / the data protection impact assessment: reference and sha256 of the document.",
  ethics: " De ethische toets / the ethical assessment (IAMA): reference and sha256 of the document.",
};

function yamlOf(covenant: Covenant): string {
  const document = new Document(covenant, { aliasDuplicateObjects: false });
  for (const { key } of isMap(document.contents) ? document.contents.items : []) {
    const comment = isScalar(key) ? COMMENTS[String(key.value)] : undefined;
    if (comment === undefined || !isScalar(key)) continue;
    key.commentBefore = comment;
    key.spaceBefore = true;
  }
  return `# yaml-language-server: $schema=${COVENANT_SCHEMA}\n${document.toString({ lineWidth: 110 })}`;
}
