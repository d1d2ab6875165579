// SPDX-License-Identifier: Apache-2.0
import { trendOf } from "@koplamp/aggregate";
import { cubeOfTrend, type TrendAsk } from "@koplamp/wire";
import { releasedCube } from "./aggregate-stage.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import type { StageResult } from "./stage.ts";

/**
 * One node's side of a trend: a cube whose last dimension is the period. At a recipient the alarms by what may be shown of
 * it; with `reveal: alarms` nothing of the series goes further than this function.
 */
export async function trendStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  const ask = run.plan.ask as TrendAsk; // safe because this stage is a trend's
  const { cells, ...stage } = await releasedCube(node, run, cubeOfTrend(ask));
  return cells === undefined ? stage : { ...stage, result: trendOf(ask, cells) };
}
