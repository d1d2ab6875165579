// SPDX-License-Identifier: Apache-2.0
// A federation file as real processes, asked like its analysts would.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AnswerResult,
  answerOf,
  answerText,
  type Folders,
  foundFolders,
  type Lab,
  type LabRun,
  type NodeClient,
  type Outcome,
  type Programs,
  questionsBeside,
  type RunningFederation,
  startFederation,
  trialTerms,
} from "@koplamp/sdk";

type Progress = Parameters<NonNullable<Parameters<NodeClient["run"]>[1]>>[0];
type Outcomes = Readonly<Record<string, Outcome<AnswerResult>>>;

/** A federation at work: a relay, and a node a party. */
export interface Trial extends AsyncDisposable {
  readonly folders: Folders;
  readonly running: RunningFederation;
}

/** Founds a federation in a folder of its own and starts all its processes. Disposal leaves nothing behind. */
export async function startTrial(
  { federation, question }: Lab,
  { programs, registerSize }: { readonly programs: Programs; readonly registerSize: number },
): Promise<Trial> {
  await using parts = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), "koplamp-e2e-"));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const terms = trialTerms(federation.parties, [question.purpose], registerSize);
  const folders = await foundFolders({ dir, federation, covenant: `trial/${federation.id}`, terms });
  const running = await startFederation(folders, programs);
  parts.defer(async () => void (await running.stop()));
  const owned = parts.move();
  return { folders, running, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Asks at the first recipient's node, and hears from every node that takes part how it ended there. */
export async function askEverywhere(
  running: RunningFederation,
  question: Lab["question"],
  file: string,
  progress: (step: Progress) => void = () => {},
): Promise<Outcomes> {
  const [asker = ""] = question.recipients;
  const questions = await questionsBeside(file, question);
  const beside = questions === undefined ? {} : { questions };
  const text = await readFile(file, "utf8");
  const own = await running.client(asker).run({ file, text, ...beside }, progress);
  const { planHash } = own;
  if (planHash === undefined) return { [asker]: own }; // it did not come so far that others heard of it
  const parties = new Set([...question.sources.map(({ party }) => party), ...question.recipients]);
  const others = [...parties]
    .filter((party) => party !== asker)
    .map(async (party) => [party, await running.client(party).outcomeOf(planHash)] as const);
  return Object.fromEntries([[asker, own], ...(await Promise.all(others))]);
}

/** What the nodes learned, put together to the answer of the whole federation. */
export function unionOf({ question }: Lab, outcomes: Outcomes): LabRun["answer"] {
  return answerOf(question.id, outcomes);
}

/** The results as canonical JSON: what a lab's answer and that of real nodes have in common. */
export function resultsText(answer: LabRun["answer"]): string {
  return JSON.stringify(JSON.parse(answerText(answer)).results);
}
