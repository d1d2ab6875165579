// SPDX-License-Identifier: Apache-2.0
import { alarmBlind, trendOf } from "@koplamp/aggregate";
import { cubeOfTrend, type TrendAsk } from "@koplamp/wire";
import { releasedCube } from "./aggregate-stage.ts";
import { blindAlarms } from "./blind-alarms.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import type { StageResult } from "./stage.ts";

/**
 * One node's side of a trend. Where its alarms can be told blindly nobody opens anything; otherwise it is a cube whose last
 * dimension is the period, and at a recipient the alarms by what may be shown of it: with `reveal: alarms` nothing of the
 * series goes further than this function.
 */
export async function trendStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  const ask = run.plan.ask as TrendAsk; // safe because this stage is a trend's
  if (run.plan.protocol.id === alarmBlind.id) return await blindAlarms(node, run, ask);
  const { cells, lines: _lines, ...stage } = await releasedCube(node, run, cubeOfTrend(ask));
  return cells === undefined ? stage : { ...stage, result: trendOf(ask, cells) };
}
