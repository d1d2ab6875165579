// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import type { PartyId } from "@koplamp/protocol";
import {
  didYouMean,
  type Federation,
  type FederationParty,
  type OfferedList,
  type Question,
  readFederation,
  readInterests,
  readQuestion,
  withList,
} from "@koplamp/query";
import type { DatasetSpec, OwnInterest } from "@koplamp/wire";
import { SdkError } from "./errors.ts";
import { filesOf, isOfRegisters } from "./lab-interests.ts";

/** A federation in one process, and what is asked of it. */
export interface Lab {
  /** The files of its datasets, and a covenant file if it has one, stand where their paths say. */
  readonly federation: Federation;
  readonly question: Question;
  /** What the desks of each party look at, where the question compares that. */
  readonly interests?: ReadonlyMap<PartyId, readonly OwnInterest[]>;
}

/**
 * Reads a federation file and a question file, and checks that the question names what the federation has.
 * @throws {QueryError} with file, line and column; {@link SdkError} `file` or `party`.
 */
export async function readLab(files: { readonly federation: string; readonly query: string }): Promise<Lab> {
  const federation = await readFederationFile(files.federation);
  const question = withList(await readQuestionFile(files.query), listsOf(federation));
  checkNames(federation, question);
  if (!isOfRegisters(question)) return { federation, question };
  return { federation, question, interests: await interestsIn(federation) };
}

async function readQuestionFile(file: string): Promise<Question> {
  const text = await textOf(file);
  const question = readQuestion(text, { file, lab: true });
  const questions = await questionsBeside(file, question);
  return questions === undefined ? question : readQuestion(text, { file, lab: true, questions });
}

/** Every party's file of interests, in the order of the federation. */
async function interestsIn({ parties }: Federation): Promise<ReadonlyMap<PartyId, readonly OwnInterest[]>> {
  const all = await Promise.all(
    parties.map(async ({ id, interests: file }) => {
      return [id, file === undefined ? [] : readInterests(await textOf(file), { file, by: id })] as const;
    }),
  );
  return new Map(all);
}

/** The questions of a look-up, which are in a file beside it; nothing for other kinds. @throws {SdkError} `file`. */
export async function questionsBeside(
  file: string,
  { questions }: Pick<Question, "questions">,
): Promise<string | undefined> {
  return questions === undefined ? undefined : await textOf(resolve(dirname(resolve(file)), questions.file));
}

/** Every dataset of a federation, with its columns. */
function listsOf({ parties }: Federation): readonly OfferedList[] {
  return parties.flatMap(({ id, datasets }) =>
    Object.entries(datasets).map(([dataset, { columns }]) => ({
      party: id,
      dataset,
      columns: Object.keys(columns),
    })),
  );
}

/** Whose analyst proposes in a lab: the asker of a look-up, and otherwise the first recipient. */
export function proposerOf({ ask, recipients }: Pick<Question, "ask" | "recipients">): PartyId {
  return ask.kind === "lookup" ? ask.asker : (recipients[0] ?? "");
}

/**
 * Reads a federation file; paths in it are relative to it.
 * @throws {QueryError} with file, line and column; {@link SdkError} `file`.
 */
export async function readFederationFile(file: string): Promise<Federation> {
  const { covenant, ...federation } = readFederation(await textOf(file), { file });
  const from = dirname(resolve(file));
  return {
    ...federation,
    covenant: covenant === "default" ? covenant : { file: resolve(from, covenant.file) },
    parties: federation.parties.map(({ interests, ...party }) => ({
      ...party,
      datasets: located(party.datasets, from),
      ...(interests === undefined ? {} : { interests: resolve(from, interests) }),
    })),
  };
}

function located(datasets: FederationParty["datasets"], from: string): Readonly<Record<string, DatasetSpec>> {
  return Object.fromEntries(
    Object.entries(datasets).map(([name, spec]) => [name, { ...spec, file: resolve(from, spec.file) }]),
  );
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    // Node's system errors carry their code in this property.
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const why = code === "ENOENT" ? "there is no file" : `${code}: cannot read`;
    throw new SdkError("file", `${why} "${file}"`, "check the path");
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SdkError("file", `"${file}" is not UTF-8`, "save it again as UTF-8");
  }
}

/** @throws {SdkError} `party` for a party or dataset that the federation does not have. */
export function checkNames({ parties }: Federation, { sources, recipients, ask }: Question): void {
  const ids = parties.map(({ id }) => id);
  const askers = ask.kind === "lookup" ? [ask.asker] : [];
  for (const id of [...sources.map(({ party }) => party), ...askers, ...recipients]) {
    if (ids.includes(id)) continue;
    const hint = `parties: ${ids.join(", ")}`;
    throw new SdkError("party", `the federation has no party "${id}"${didYouMean(id, ids)}`, hint);
  }
  for (const { party, dataset } of filesOf({ sources })) {
    const names = Object.keys(parties.find(({ id }) => id === party)?.datasets ?? {});
    if (names.includes(dataset)) continue;
    throw new SdkError(
      "party",
      `${party} has no dataset "${dataset}"${didYouMean(dataset, names)}`,
      names.length === 0 ? `${party} declares no data` : `datasets of ${party}: ${names.join(", ")}`,
    );
  }
}

/** Does something for each item, as many at a time as there are cores: a register takes a thread and its memory. */
export async function eachOf<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const size = availableParallelism();
  for (let at = 0; at < items.length; at += size) {
    results.push(...(await Promise.all(items.slice(at, at + size).map(work))));
  }
  return results;
}
