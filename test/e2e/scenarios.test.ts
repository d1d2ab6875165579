// SPDX-License-Identifier: Apache-2.0
// Questions on real lists, asked through real processes: the union of what the nodes learned is what the lab answers.
import { pathToFileURL } from "node:url";
import { answerText, type Lab, type LabRun, readLab, runLab } from "@koplamp/sdk";
import { describe, expect, test } from "vitest";
import { PROGRAMS } from "../../nodes/test/processes.ts";
import { hasShared, sharedJson, sharedPath } from "../shared.ts";
import { askEverywhere, resultsText, startTrial, unionOf } from "./trial.ts";

/** The largest of the first five, names-three-of-seven, is left to the lab. */
const SCENARIOS = ["ships-two-lists", "signals-histogram", "signals-three-of-five", "cbs-crime-sum"];

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

describe.skipIf(!hasShared)("acceptance scenarios through real processes", () => {
  test.each(SCENARIOS)("%s", { timeout: 900_000 }, async (name) => {
    const query = sharedPath(`acceptance/${name}/query.yaml`);
    const lab = await readLab({ federation: sharedPath(`acceptance/${name}/federation.yaml`), query });
    const lap = stopwatch();
    const figures: string[] = [];
    const { answer, statuses } = await throughProcesses(lab, query, (what) =>
      figures.push(`${what} ${lap()}`),
    );
    expect(answer).toMatchObject({ status: "released" });
    expect(statuses.filter((status) => status !== 0)).toEqual([]);
    const firstDifference = await acceptanceRules();
    const expected = sharedJson(`acceptance/${name}/expected.json`);
    expect(firstDifference(expected, JSON.parse(answerText(answer)))).toBeUndefined();
    const inOne = await runLab(lab);
    figures.push(`lab ${lap()}`);
    expect(resultsText(answer)).toBe(resultsText(inOne.answer));
    process.stdout.write(`${name}, ${lab.federation.parties.length} nodes: ${figures.join(", ")}\n`);
  });
});
