// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { admitCharter } from "@koplamp/covenant";
import { publicKeyText } from "@koplamp/crypto";
import { NO_ROWS, REGISTER, type ReadSource } from "@koplamp/engine";
import { nodePrimitives } from "@koplamp/pool";
import type { PartyId } from "@koplamp/protocol";
import {
  type CatalogueEntry,
  contractOf,
  type Explanation,
  explain,
  type Federation,
  type FederationParty,
  type Language,
  offeredColumns,
  planQuery,
  type Question,
  undeclaredAt,
} from "@koplamp/query";
import { readSource } from "@koplamp/sources";
import {
  alternativesOf,
  base64,
  bucket,
  type Contract,
  type Covenant,
  type DatasetSpec,
  INTERESTS,
  type Plan,
  type Quality,
  type Table,
} from "@koplamp/wire";
import { createCharter } from "./charter.ts";
import { labTerms, termsFromFile } from "./lab-terms.ts";
import { eachOf, proposerOf, readFederationFile, readLab } from "./read-lab.ts";

/** What was found in one dataset: counts for its owner, and no value. */
export interface CheckedDataset {
  readonly party: PartyId;
  readonly dataset: string;
  readonly rows: number;
  readonly quality: Quality;
}

/** What to check: a federation file, and a question file against it. */
export interface CheckRequest {
  readonly federation: string;
  readonly query?: string;
  /** The language of the explanation. */
  readonly lang?: Language;
}

/** What a check found. */
export interface LabCheck {
  readonly federation: string;
  /** In the order of the federation file. */
  readonly datasets: readonly CheckedDataset[];
  /** Present when a question was checked too: what everybody would learn, and what a person should know before. */
  readonly explanation?: Explanation;
  readonly warnings: readonly string[];
}

/**
 * Checks a federation's files, and a question against them: reads the data, counts what is in it, runs no protocol.
 * @throws {QueryError}, {@link SdkError} or {@link SourceError}, each with one sentence and a hint.
 */
export async function checkLab(
  { federation: file, query, lang = "en" }: CheckRequest,
  read: ReadSource = readSource,
): Promise<LabCheck> {
  if (query === undefined) {
    const federation = await readFederationFile(file);
    return {
      federation: federation.id,
      datasets: (await checkAll(federation, read)).map(counts),
      warnings: [],
    };
  }
  const { federation, question } = await readLab({ federation: file, query });
  const found = [...(await checkAll(federation, read)), ...registersOf(federation)];
  return {
    federation: federation.id,
    datasets: found.filter(({ spec }) => spec !== REGISTER).map(counts),
    explanation: await explained(federation, question, found, lang),
    warnings: question.warnings,
  };
}

interface Found extends CheckedDataset {
  readonly spec: DatasetSpec;
  readonly table: Table;
}

function counts({ party, dataset, rows, quality }: Found): CheckedDataset {
  return { party, dataset, rows, quality };
}

async function checkAll({ parties }: Federation, read: ReadSource): Promise<readonly Found[]> {
  const all = parties.flatMap(({ id, datasets }) =>
    Object.entries(datasets).map(([dataset, spec]) => ({ party: id, dataset, spec })),
  );
  return eachOf(all, async ({ party, dataset, spec }) => {
    const { table, quality } = await read(spec, Object.keys(spec.columns));
    return { party, dataset, spec, table, rows: table.rows, quality };
  });
}

/** The register of interests of each party, as its node offers it: nobody hears what is in it. */
function registersOf({ parties }: Federation): readonly Found[] {
  const register = { dataset: INTERESTS.dataset, spec: REGISTER, table: NO_ROWS, rows: 0, quality: {} };
  return parties.map(({ id: party }) => ({ party, ...register }));
}

/** A question of a lab as a node would get it, under keys that are thrown away. */
export interface LabPlan {
  readonly covenant: Covenant;
  readonly plan: Plan;
  readonly contract: Contract;
}

/** Reads a federation and its data, and plans a question. Runs no protocol. @throws as {@link checkLab}. */
export async function labPlan(files: {
  readonly federation: string;
  readonly query: string;
}): Promise<LabPlan> {
  const { federation, question } = await readLab(files);
  const found = [...(await checkAll(federation, readSource)), ...registersOf(federation)];
  return planned(federation, question, found);
}

async function explained(
  federation: Federation,
  question: Question,
  found: readonly Found[],
  lang: Language,
): Promise<Explanation> {
  const { covenant, plan, contract } = await planned(federation, question, found);
  return explain(contract, plan, { lang, covenant });
}

async function planned(
  federation: Federation,
  question: Question,
  found: readonly Found[],
): Promise<LabPlan> {
  const rng = (length: number) => randomFillSync(new Uint8Array(length));
  const primitives = nodePrimitives();
  const now = Date.now();
  const own = labTerms(federation.parties, [question.purpose]);
  const terms = federation.covenant === "default" ? own : await termsFromFile(federation.covenant.file, own);
  const parties: readonly FederationParty[] = federation.parties;
  const { charter, keys } = createCharter({ id: `lab/${federation.id}`, parties, terms, now }, rng);
  const { covenant, covenantHash, roster, rosterHash } = admitCharter(charter, primitives);
  const proposer = proposerOf(question);
  const analyst = keys[proposer]?.people.analyst ?? new Uint8Array(32);
  const plan = planQuery({
    question,
    covenant,
    covenantHash,
    rosterHash,
    proposer: { party: proposer, by: publicKeyText(primitives.ed25519PublicKey(analyst)) },
    catalogue: question.sources.map((source) => entryOf(source, question, found)),
    now,
    salt: base64(rng(32)),
  });
  return { covenant, plan, contract: contractOf(covenant, roster, plan, primitives) };
}

/** A dataset as its owner's node would offer it. The names were checked before. */
function entryOf(
  source: { readonly party: PartyId; readonly dataset: string },
  { key, ask }: Question,
  found: readonly Found[],
): CatalogueEntry {
  const dataset = found.find((one) => one.party === source.party && one.dataset === source.dataset);
  if (dataset === undefined) throw new Error(`expected dataset ${source.dataset} of ${source.party}`);
  const { spec, table } = dataset;
  const keys = ask.kind === "match" ? alternativesOf(ask) : [key];
  const count = keys.reduce((sum, columns) => sum + distinctKeys(table, columns), 0);
  const rowsPadded = bucket(key.length === 0 ? table.rows : count);
  return {
    ...source,
    columns: offeredColumns(spec, undeclaredAt(ask, source.party), table),
    rowsPadded,
    maxRowsPerCell: spec.maxRowsPerCell ?? Math.max(1, rowsPadded),
    maxRowsPerSubject: spec.maxRowsPerSubject ?? null,
    snapshot: `sha256:${"0".repeat(64)}`,
  };
}

function distinctKeys({ rows, columns }: Table, key: readonly string[]): number {
  const cells = key.map((column) => columns[column] ?? []);
  const keys = new Set<string>();
  for (let row = 0; row < rows; row += 1) {
    const values = cells.map((column) => [column.at(row) ?? []].flat());
    for (const combination of combinations(values)) keys.add(JSON.stringify(combination));
  }
  return keys.size;
}

/** One value of each list, in every way; none where a list is empty. */
function combinations(values: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return values.reduce<readonly (readonly string[])[]>(
    (all, list) => all.flatMap((start) => list.map((value) => [...start, value])),
    [[]],
  );
}
