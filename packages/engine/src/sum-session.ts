// SPDX-License-Identifier: Apache-2.0
// What every session of sums tells the coordinator, and fixes in the ledger before it begins.
import type { Cube } from "@koplamp/aggregate";
import { wipe } from "@koplamp/crypto";
import { concat, type Input, i2osp } from "@koplamp/wire";
import { freshSalt, inputsEntry } from "./contribution.ts";
import type { Draft } from "./ledger-entries.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import type { SessionTicket } from "./session.ts";

/** What the coordinator needs to add: who sends, who is told, and how many numbers; nothing about columns. */
export function sumTicket(
  { plan, contributors, recipients }: QuestionRun,
  cells: number,
  columns: number,
): SessionTicket {
  return {
    protocol: plan.protocol.id,
    parties: [...new Set([...contributors, ...recipients])].sort(),
    contributors,
    recipients: [...recipients].sort(),
    rowsPadded: contributors.map(() => 0),
    params: plan.protocol.params,
    shape: "",
    atLeast: 0,
    minCount: plan.release.minCount,
    cells,
    columns,
    groupOwner: "",
    ranges: [],
  };
}

/** Fixes a node's numbers, where they are not 0: an HMAC under a salt that the ledger keeps beside it. */
export function sumInputs(
  node: NodePorts,
  { planHash }: QuestionRun,
  { input, cube }: { readonly input: Input; readonly cube: Cube },
): Draft {
  const { salt, text } = freshSalt(node);
  const { places, numbers } = cube;
  const bytes = concat(...[places, ...numbers].map(({ buffer }) => new Uint8Array(buffer)));
  const root = node.primitives.hmacSha256(salt, concat(i2osp(places.length, 4), bytes));
  wipe(bytes, salt);
  return inputsEntry(planHash, input, root, text);
}
