// SPDX-License-Identifier: Apache-2.0
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import type { StageResult } from "./stage.ts";

/** One node's side of a sum. */
export async function aggregateStage({ me }: NodePorts, _run: QuestionRun): Promise<StageResult> {
  throw new EngineError("limits", me, "sums cannot be run yet");
}
