// SPDX-License-Identifier: Apache-2.0
// A question on real lists, asked through real processes.
import { pathToFileURL } from "node:url";
import { answerText, type Lab, type LabRun, readLab, runLab } from "@koplamp/sdk";
import { expect } from "vitest";
import { PROGRAMS } from "../../nodes/test/processes.ts";
import { sharedJson, sharedPath } from "../shared.ts";
import { askEverywhere, resultsText, startTrial, unionOf } from "./trial.ts";

/** At least the rows of every register of the scenarios. */
const REGISTER = 16_384;

/** The first difference between what was expected and an answer, by the acceptance's own rules. */
type FirstDifference = (expected: unknown, answer: unknown) => string | undefined;

async function acceptanceRules(): Promise<FirstDifference> {
  const { firstDifference } = (await import(pathToFileURL(sharedPath("acceptance/check.mjs")).href)) as {
    readonly firstDifference: FirstDifference; // the check is plain JavaScript, outside this project
  };
  return firstDifference;
}

/** Seconds since the last call, for the line that a scenario prints. */
function stopwatch(): () => string {
  let last = performance.now();
  return () => {
    const seconds = ((performance.now() - last) / 1000).toFixed(1);
    last = performance.now();
    return `${seconds} s`;
  };
}

/** Founds, starts, asks and stops: the union of all answers, and the exit status of every process. */
async function throughProcesses(
  lab: Lab,
  file: string,
  done: (what: string) => void,
): Promise<{ answer: LabRun["answer"]; statuses: readonly (number | null)[] }> {
  await using trial = await startTrial(lab, { programs: PROGRAMS, registerSize: REGISTER });
  done("start");
  const outcomes = await askEverywhere(trial.running, lab.question, file);
  done("ask");
  const statuses = await trial.running.stop();
  done("stop");
  return { answer: unionOf(lab, outcomes), statuses: [...statuses.values()] };
}

/** What is expected, as far as it names groups. */
interface Expected {
  readonly results?: Readonly<
    Record<string, { readonly cells?: readonly { readonly group: Readonly<Record<string, string>> }[] }>
  >;
}

/** Outside a lab the owner of a join's groups has to declare them: here those that the known answer lists. */
function declaring(lab: Lab, expected: unknown): Lab {
  const { ask } = lab.question;
  if (ask.kind !== "join-aggregate") return lab;
  const { results = {} } = expected as Expected; // safe because it is read as far as it is so
  const groups = Object.values(results).flatMap(({ cells = [] }) => cells.map(({ group }) => group));
  const parties = lab.federation.parties.map((party) => ({
    ...party,
    datasets: Object.fromEntries(
      Object.entries(party.datasets).map(([name, spec]) => {
        const columns = Object.entries(spec.columns).map(([column, options]) => {
          const values = [...new Set(groups.flatMap((group) => group[`${party.id}.${column}`] ?? []))];
          return [column, values.length === 0 ? options : { ...options, values }] as const;
        });
        return [name, { ...spec, columns: Object.fromEntries(columns) }];
      }),
    ),
  }));
  return { ...lab, federation: { ...lab.federation, parties } };
}

/** One scenario through real processes: its known answer, and the very answer of the lab. */
export async function expectScenario(name: string): Promise<void> {
  const query = sharedPath(`acceptance/${name}/query.yaml`);
  const expected = sharedJson(`acceptance/${name}/expected.json`);
  const read = await readLab({ federation: sharedPath(`acceptance/${name}/federation.yaml`), query });
  const lab = declaring(read, expected);
  const lap = stopwatch();
  const figures: string[] = [];
  const { answer, statuses } = await throughProcesses(lab, query, (what) => figures.push(`${what} ${lap()}`));
  expect(answer).toMatchObject({ status: "released" });
  expect(statuses.filter((status) => status !== 0)).toEqual([]);
  const firstDifference = await acceptanceRules();
  expect(firstDifference(expected, JSON.parse(answerText(answer)))).toBeUndefined();
  const inOne = await runLab(lab);
  figures.push(`lab ${lap()}`);
  expect(resultsText(answer)).toBe(resultsText(inOne.answer));
  process.stdout.write(`${name}, ${lab.federation.parties.length} nodes: ${figures.join(", ")}\n`);
}
