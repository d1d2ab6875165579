// SPDX-License-Identifier: Apache-2.0
// Retention (evidence.md, section 8): after the agreement's term a node holds nothing of a question but its ledger.
import { type Erasable, eraseAfter, hasResult, isErased, leafHash, QUESTION, RESULT } from "@koplamp/ledger";
import { type Hash, timeText } from "@koplamp/wire";
import { asEngineError } from "./errors.ts";
import { dropChunks } from "./evaluated-before.ts";
import { pastHistory } from "./history.ts";
import { pruneInterests } from "./interest-book.ts";
import { eraseExpired } from "./key-set.ts";
import type { Draft } from "./ledger-entries.ts";
import { keptName } from "./ledger-kept.ts";
import { legNames } from "./legs-kept.ts";
import { eraseIndexes } from "./lookup-kept.ts";
import { memoNames } from "./memo.ts";
import type { NodePorts } from "./node-ports.ts";
import { outcomeName } from "./outcome-kept.ts";

/** How often a running node looks for terms that are over. */
const LOOK_MS = 3_600_000;

/** Erases what is due now, and every hour from now on; tells `listeners` of each question. Returns a way to stop. */
export function eraseInTime(node: NodePorts, listeners: readonly ((planHash: Hash) => void)[]): () => void {
  const over = Promise.withResolvers<"over">();
  const looking = async (): Promise<void> => {
    do eraseDue(node, listeners);
    while ((await Promise.race([over.promise, node.clock.sleep(LOOK_MS)])) !== "over");
  };
  void looking();
  return () => over.resolve("over");
}

/** Erases what is due. A ledger that cannot be written to stops the node elsewhere; here it is only said. */
function eraseDue(node: NodePorts, listeners: readonly ((planHash: Hash) => void)[]): void {
  const questions = (): void => {
    for (const planHash of eraseQuestions(node)) for (const listener of listeners) listener(planHash);
  };
  for (const erase of [
    () => eraseExpired(node),
    () => eraseIndexes(node),
    () => pruneInterests(node),
    questions,
    () => eraseHistory(node),
  ]) {
    try {
      erase();
    } catch (reason) {
      const { code } = asEngineError(reason, node.me);
      node.log({ event: "erase.failed", party: node.me, code });
    }
  }
}

/**
 * Erases what was kept of every question whose term is over: the answer first; later the plan, contract and approvals,
 * the salts without which its commitments say nothing, and the evaluations that were cached for it. What was overwritten
 * leaves the disk before the ledger says so; a crash in between repeats it. Gives the plans of which anything was erased.
 */
export function eraseQuestions(node: NodePorts): readonly Hash[] {
  const [results, questions] = [dueAt(node, RESULT), dueAt(node, QUESTION)];
  if (results.length + questions.length === 0) return [];
  for (const planHash of results) node.store.dropSealed(outcomeName(planHash));
  for (const planHash of questions) dropQuestion(node, planHash);
  node.store.scrub();
  node.ledger.append([
    ...results.map((planHash) => erasure(RESULT, planHash)),
    ...questions.map((planHash) => erasure(QUESTION, planHash)),
  ]);
  node.log({ event: "erase.done", party: node.me, count: results.length + questions.length });
  return [...new Set([...results, ...questions])];
}

/** The plans of which this has to go now. */
function dueAt({ ledger, store, membership, clock }: NodePorts, what: Erasable): readonly Hash[] {
  const now = timeText(clock.now());
  return ledger.plans().filter((planHash) => {
    const entries = ledger.entriesOf(planHash);
    const has = what === QUESTION || hasResult(entries) || store.sealed(outcomeName(planHash)) !== undefined;
    return has && !isErased(entries, what, planHash) && eraseAfter(membership, entries, what) <= now;
  });
}

function erasure(what: Erasable | typeof HISTORY, planHash: Hash): Draft {
  return { type: "erase", verb: "erasure", planHash, body: { what, reference: planHash } };
}

/**
 * Erases what is left of questions that are erased: a release is compared with for as long as the budgets run in which it
 * was told, or else a short term would let somebody ask for a difference once it is over. That it went is on record too.
 */
function eraseHistory(node: NodePorts): void {
  const past = pastHistory(node).filter(({ planHash }) => node.store.document(planHash) === undefined);
  if (past.length === 0) return;
  for (const { name } of past) node.store.dropSealed(name);
  node.store.scrub();
  node.ledger.append(past.map(({ planHash }) => erasure(HISTORY, planHash)));
}

/** What an entry calls the names under which a node remembers which rows it has answered from. */
const HISTORY = "history";

function dropQuestion(node: NodePorts, planHash: Hash): void {
  const { ledger, store, primitives } = node;
  const entries = ledger.entriesOf(planHash);
  const documents = entries.flatMap(({ entry: { body } }) => [body["contractHash"], body["approvalHash"]]);
  const hashes = documents.filter((hash) => typeof hash === "string");
  for (const hash of new Set([planHash, ...hashes])) store.dropDocument(hash);
  for (const { index } of entries)
    store.dropSealed(keptName(leafHash(primitives.sha256, ledger.leaf(index))));
  const sessions = entries.flatMap(({ entry }) =>
    entry.type === "begin" ? [`/${String(entry.body["session"])}/`] : [],
  );
  const caches = store
    .sealedNames("cache/")
    .filter((name) => sessions.some((session) => name.includes(session)));
  const history = pastHistory(node).filter((one) => one.planHash === planHash);
  const named = [
    ...[`pending/${planHash.slice(7)}`, outcomeName(planHash), ...memoNames(store, planHash)],
    ...legNames(node, planHash),
    ...history.map(({ name }) => name),
  ];
  dropChunks(store, caches);
  for (const name of named) store.dropSealed(name);
}
