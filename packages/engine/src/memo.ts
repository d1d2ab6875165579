// SPDX-License-Identifier: Apache-2.0
// Which question was answered on which data: what a node knows when it is asked again. Sealed, at this node alone.
import { equal } from "@koplamp/crypto";
import { questionOf } from "@koplamp/query";
import {
  base64,
  canonicalBytes,
  concat,
  fromBase64,
  type Hash,
  hex,
  parseCanonical,
  timeText,
  utf8,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { asEngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { StoredAnswer } from "./outcome.ts";
import { keptOutcome } from "./outcome-kept.ts";
import type { Store } from "./ports.ts";
import type { QuestionRun } from "./question-run.ts";

const PREFIX = "memo/";

/** `data`: what this node's own data were, as one hash; empty at a node that brought none. */
const MEMO = z.strictObject({ at: z.string(), data: z.string() });

/** Keeps that a question was answered, and on which data. A full disk takes no answer away. */
export function remember(node: NodePorts, run: QuestionRun): void {
  const { me, store, clock, log } = node;
  if (run.plan.ask.kind === "lookup") return; // the plan does not say what was asked
  if (!run.contributors.includes(me) && !run.recipients.includes(me)) return;
  try {
    const folder = folderOf(node, run);
    for (const name of store.sealedNames(folder)) store.dropSealed(name); // the last answer is the one that counts
    const memo = { at: timeText(clock.now()), data: base64(dataOf(node, run)) };
    putAtRest(node, `${folder}${run.planHash.slice(7)}`, canonicalBytes(memo));
  } catch (reason) {
    log({ event: "memo.unkept", party: me, plan: run.planHash, code: asEngineError(reason, me).code });
  }
}

/**
 * The answer that stands for a question, as far as this node can tell: it was answered before, the data that this node
 * brings are what they were, and where it is a recipient it still has the answer.
 */
export function storedAnswer(node: NodePorts, run: QuestionRun): StoredAnswer | undefined {
  const folder = folderOf(node, run);
  const [name] = node.store.sealedNames(folder);
  const bytes = name === undefined ? undefined : readAtRest(node, name);
  if (name === undefined || !(bytes instanceof Uint8Array)) return undefined;
  const { at, data } = MEMO.parse(parseCanonical(bytes, { maxBytes: 1024 }));
  const planHash: Hash = `sha256:${name.slice(folder.length)}`;
  if (!equal(fromBase64(data), dataOf(node, run))) return undefined;
  return hasAnswer(node, run, planHash) ? { planHash, at } : undefined;
}

/** Under which names it is kept that a plan was answered: erased with the question. */
export function memoNames(store: Pick<Store, "sealedNames">, planHash: Hash): readonly string[] {
  return store.sealedNames(PREFIX).filter((name) => name.endsWith(`/${planHash.slice(7)}`));
}

function hasAnswer(node: NodePorts, run: QuestionRun, planHash: Hash): boolean {
  if (!run.recipients.includes(node.me)) return true;
  const kept = keptOutcome(node, planHash);
  return kept?.status === "released" && kept.result !== undefined;
}

function folderOf({ primitives }: NodePorts, { plan }: QuestionRun): string {
  return `${PREFIX}${hex(primitives.sha256(canonicalBytes(questionOf(plan))))}/`;
}

/** The data as they are, and how they are read: bounds and sizes are part of what a plan says of them. */
function dataOf({ primitives }: NodePorts, { own }: QuestionRun): Uint8Array {
  if (own?.offer === undefined) return new Uint8Array(32);
  const terms = canonicalBytes({ ...own.input, snapshot: "" });
  return primitives.sha256(concat(utf8("koplamp.memo/v1\u0000"), own.offer.digest, terms));
}
