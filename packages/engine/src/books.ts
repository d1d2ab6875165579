// SPDX-License-Identifier: Apache-2.0
// What a crash leaves open in the ledger (evidence.md, section 7, the table of crashes).
import { type Hash, timeText } from "@koplamp/wire";
import type { Draft, Placed } from "./ledger-entries.ts";
import { keptShards } from "./legs-kept.ts";
import type { NodePorts } from "./node-ports.ts";

/**
 * Closes what died with an earlier process of this node: an `abort` for each session that neither ended nor was
 * aborted, an `undelivered` for each disclosure of such a session, or of one that ended, that has no receipt. Nothing is
 * sent again: the frame was in memory only, and whether it left is not known. What was charged stays charged. Shards that
 * are finished, of a question that goes on, get their receipts with its evidence.
 */
export function closeBooks(node: NodePorts): void {
  const { me, ledger, clock, log } = node;
  const deadline = timeText(clock.now());
  const drafts = ledger.plans().flatMap((planHash) => {
    const goingOn = finishedIn(node, planHash);
    return closing(planHash, ledger.entriesOf(planHash), { deadline, goingOn });
  });
  if (drafts.length === 0) return;
  ledger.append(drafts);
  log({ event: "ledger.closed", party: me, count: drafts.length });
}

/** The sessions whose shards are kept. What cannot be read goes on nowhere. */
function finishedIn(node: NodePorts, planHash: Hash): ReadonlySet<string> {
  try {
    return new Set(keptShards(node, planHash).map(({ result }) => result.session));
  } catch {
    return new Set();
  }
}

/** Closes a question in several shards of which others have ended their part: nobody shows receipts for it any more. */
export function closeShards({ ledger, clock }: NodePorts, planHash: Hash): void {
  const deadline = timeText(clock.now());
  const drafts = closing(planHash, ledger.entriesOf(planHash), { deadline, goingOn: new Set() });
  if (drafts.length > 0) ledger.append(drafts);
}

/** The entries that are missing of one question. */
function closing(
  planHash: Hash,
  entries: readonly Placed[],
  { deadline, goingOn }: { readonly deadline: string; readonly goingOn: ReadonlySet<string> },
): readonly Draft[] {
  const of = (...types: readonly string[]): readonly Placed["entry"]["body"][] =>
    entries.filter(({ entry }) => types.includes(entry.type)).map(({ entry }) => entry.body);
  const over = new Set(of("end", "abort").map(({ session }) => session));
  const aborted = new Set(of("abort").map(({ session }) => session));
  const acknowledged = new Set(of("deliver", "undelivered").map(nameOf));
  const disclosed = of("disclose");
  const aborts = of("begin")
    .filter(({ session }) => !over.has(session))
    .map(({ session }): Draft => {
      const state = disclosed.some((line) => line["session"] === session) ? "logged" : "running";
      const body = { session: String(session), state, code: "stopped" };
      return { type: "abort", verb: "none", planHash, body };
    });
  const undelivered = disclosed
    .filter((line) => !aborted.has(line["session"]) && !acknowledged.has(nameOf(line)))
    .filter(({ session }) => !goingOn.has(String(session)))
    .map(({ session, disclosure }): Draft => {
      const body = { session: String(session), disclosure: String(disclosure), deadline };
      return { type: "undelivered", verb: "none", planHash, body };
    });
  return [...undelivered, ...aborts];
}

function nameOf({ session, disclosure }: Placed["entry"]["body"]): string {
  return `${session}/${disclosure}`;
}
