// SPDX-License-Identifier: Apache-2.0
import type { AnswerResult } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import type { SessionResult } from "./session.ts";

/** Cells that a rule withholds. */
export interface Withholding {
  readonly rule: string;
  readonly cells: number;
}

/** What a protocol stage gives a node: its part of the answer, and the session that made it. */
export interface StageResult {
  /** Present at a recipient's node. */
  readonly result?: AnswerResult;
  readonly withheld: readonly Withholding[];
  /** The query session, at the nodes that took part in it: disclosures, receipts and egress are named by it. */
  readonly session?: SessionResult<unknown>;
  /** Sessions before it whose disclosures are acknowledged too. */
  readonly before?: readonly SessionResult<unknown>[];
}

/** One node's side of a kind of question. */
export type Stage = (node: NodePorts, run: QuestionRun) => Promise<StageResult>;
