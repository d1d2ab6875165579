// SPDX-License-Identifier: Apache-2.0
// Alarms by the blind gate: one session of `alarm-blind/1`, in which no sum is opened.
import {
  alarmsPerCell,
  alarmTests,
  blindNode,
  blindTrendOf,
  type Cube,
  cubeOf,
  factsOf,
  layoutOfTests,
} from "@koplamp/aggregate";
import { cubeOfTrend, type Input, type TrendAsk } from "@koplamp/wire";
import { cellCosts, repeatCosts, withRoom } from "./budgets.ts";
import { contributionOf } from "./contribution.ts";
import { expectApart, keepRelease } from "./history.ts";
import { releaseOfCube } from "./history-rows.ts";
import type { Release } from "./history-rule.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { runSession } from "./session.ts";
import type { StageResult } from "./stage.ts";
import { sumInputs, sumTicket } from "./sum-session.ts";

/** The one session. */
const LABEL = "0/1";

/** A contributor's numbers, and where they come from. */
interface Brought {
  readonly input: Input;
  readonly cube: Cube;
  readonly release: Release;
}

/** One node's side of blind tests. A node that neither contributes nor receives takes part in none of it. */
export async function blindAlarms(node: NodePorts, run: QuestionRun, ask: TrendAsk): Promise<StageResult> {
  const { me, ledger, rng } = node;
  const { contributors, recipients, plan } = run;
  const brought = await numbersOf(node, run, ask);
  if (brought === undefined && !recipients.includes(me)) return { withheld: [] };
  if (brought !== undefined) expectApart(node, run, brought.release); // and again just before anything is told
  const tests = alarmTests(ask, plan.inputs, plan.release);
  const layout = layoutOfTests(ask, plan.inputs);
  node.progress({ party: me, phase: "test" });
  const session = await runSession(node, run, {
    parties: [...new Set([...contributors, ...recipients])].sort(),
    ticket: sumTicket(run, layout.cells, alarmsPerCell(tests)),
    label: LABEL,
    line: () => true,
    prefix: "",
    costOf: (line) => {
      const paid = withRoom(
        node,
        run,
        cellCosts(node, run, ({ id }) => id === line.id),
      );
      if (brought !== undefined) keepRelease(node, run, brought.release);
      return paid;
    },
    beginCosts: () => withRoom(node, run, repeatCosts(node, run)),
    secrets: () => ({}), // the exporters of the channel are all that it takes; what hides tests is made inside
    start: ({ transcript }) => {
      if (brought !== undefined) ledger.append([sumInputs(node, run, brought)]);
      const facts = brought && factsOf(brought.cube.values, cubeOfTrend(ask), layout);
      const setup = { me, contributors, recipients: [...recipients].sort(), transcript, tests };
      return blindNode({ ...setup, ...(facts === undefined ? {} : { facts }) }, rng);
    },
  });
  if (session.output === undefined) return { withheld: [], session };
  return { result: blindTrendOf(ask, session.output), withheld: [], session };
}

async function numbersOf(node: NodePorts, run: QuestionRun, ask: TrendAsk): Promise<Brought | undefined> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined) return undefined;
  const { input, table } = contribution;
  const sums = cubeOfTrend(ask);
  const cube = cubeOf(table, sums, input, layoutOfTests(ask, run.plan.inputs));
  return { input, cube, release: await releaseOfCube(node, run, sums, contribution) };
}
