// SPDX-License-Identifier: Apache-2.0
// The promise that a question is forgotten after its term: each node's own word, in its ledger, under the quorum.
import { addPeriod, type EntryBodies, type Time } from "@koplamp/wire";
import type { ProvenEntry } from "./check-ledgers.ts";
import { type Evidence, type Founding, isLab } from "./evidence.ts";
import { type Finding, fail, pass, skip } from "./report.ts";

/** What an entry calls all that a node keeps of a question. */
export const QUESTION = "question";

/** Entries that say something about a question long after it. */
const AFTERWARDS: readonly string[] = ["erase", "extend", "consult", "outcome", "read-log"];

/**
 * Every party whose entries are here: an `erase` of this question, or a term that is not over at `at`, which is the
 * moment at which the bundle was made where it is absent: what came later the bundle cannot know.
 */
export function checkErasure(
  { bundle: { index }, founding }: Evidence,
  proven: readonly ProvenEntry[] | undefined,
  at: Time = index.made,
): Finding {
  if (isLab(founding)) return skip("lab");
  if (founding === undefined || proven === undefined) return skip("no ledgers to compare");
  const parties = [...new Set(proven.map(({ party }) => party))].sort();
  const kept = parties.flatMap((party) => {
    const own = proven.filter((entry) => entry.party === party);
    const erased = own.some(({ entry }) => isErasure(entry.body, index.planHash) && entry.type === "erase");
    return erased ? [] : [{ party, until: eraseAfter(founding, own) }];
  });
  const late = kept.find(({ until }) => until <= at);
  if (late !== undefined) return fail(`${late.party} should have erased it on ${late.until.slice(0, 10)}`);
  const next = kept.map(({ until }) => until).sort()[0];
  const count = `erased at ${parties.length - kept.length} of ${parties.length} nodes`;
  return next === undefined ? pass(count) : skip(`not yet due: ${count}, kept until ${next.slice(0, 10)}`);
}

function isErasure(body: Readonly<Record<string, unknown>>, planHash: string): boolean {
  return body["what"] === QUESTION && body["reference"] === planHash;
}

/**
 * When a node has to forget a question: the agreement's term after its last entry of it, or as far as an `extend` moved
 * that, as often as the agreement lets it.
 */
export function eraseAfter(
  { covenant: { retention } }: Pick<Founding, "covenant">,
  entries: readonly Pick<ProvenEntry, "entry">[],
): Time {
  const times = entries.filter(({ entry }) => !AFTERWARDS.includes(entry.type)).map(({ entry }) => entry.at);
  const term = addPeriod([...times].sort().at(-1) ?? "9999-01-01T00:00:00Z", retention.salts);
  const moved = entries.flatMap(({ entry }) => {
    if (entry.type !== "extend") return [];
    // Safe because the reader of entries has checked the body against its type.
    const { what, until, count } = entry.body as unknown as EntryBodies["extend"];
    return what === QUESTION && count <= retention.extensions ? [until] : [];
  });
  return [term, ...moved].sort().at(-1) ?? term;
}
