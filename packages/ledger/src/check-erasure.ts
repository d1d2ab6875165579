// SPDX-License-Identifier: Apache-2.0
// The promise that a question is forgotten after its term: each node's own word, in its ledger, under the quorum.
import { addPeriod, type EntryBodies, type Hash, type Time } from "@koplamp/wire";
import type { ProvenEntry } from "./check-ledgers.ts";
import { type Evidence, type Founding, isLab } from "./evidence.ts";
import { type Finding, fail, pass, skip } from "./report.ts";

/** What an entry calls the answer of a question, and all that a node keeps of it. */
export const RESULT = "result";
export const QUESTION = "question";

/** What has a term of its own. */
export type Erasable = typeof RESULT | typeof QUESTION;

/** An entry of one ledger, in whatever company. */
type Stated = Pick<ProvenEntry, "entry">;

/** Entries that say something about a question long after it. */
const AFTERWARDS: readonly string[] = ["erase", "extend", "consult", "outcome", "read-log"];

/**
 * Every party whose entries are here: an `erase` of this question, and of its answer where it was let out, or terms that
 * are not over at `at`, which is the moment at which the bundle was made where it is absent: what came later the bundle
 * cannot know.
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
    const duties: readonly Erasable[] = hasResult(own) ? [RESULT, QUESTION] : [QUESTION];
    const open = duties.filter((what) => !isErased(own, what, index.planHash));
    return open.map((what) => ({ party, what, until: eraseAfter(founding, own, what) }));
  });
  const late = kept.find(({ until }) => until <= at);
  if (late !== undefined)
    return fail(`${late.party} should have erased the ${late.what} on ${late.until.slice(0, 10)}`);
  const [next] = [...kept].sort((a, b) => (a.until < b.until ? -1 : 1));
  const done = parties.filter((party) => !kept.some((one) => one.party === party)).length;
  const count = `erased at ${done} of ${parties.length} nodes`;
  if (next === undefined) return pass(count);
  return skip(`not yet due: ${count}, the ${next.what} is kept until ${next.until.slice(0, 10)}`);
}

/** Whether an answer was let out here: its recipient has logged that. */
export function hasResult(entries: readonly Stated[]): boolean {
  return entries.some(({ entry }) => entry.type === "release");
}

/** Whether a ledger says that something of a question was erased. With the question its answer is gone. */
export function isErased(entries: readonly Stated[], what: Erasable, planHash: Hash): boolean {
  return entries.some(({ entry: { type, body } }) => {
    const whole = body["what"] === QUESTION || body["what"] === what;
    return type === "erase" && whole && body["reference"] === planHash;
  });
}

/**
 * When a node has to forget something of a question: the agreement's term after its last entry of it, or as far as an
 * `extend` moved that, as often as the agreement lets it.
 */
export function eraseAfter(
  { covenant: { retention } }: Pick<Founding, "covenant">,
  entries: readonly Stated[],
  what: Erasable,
): Time {
  const times = entries.filter(({ entry }) => !AFTERWARDS.includes(entry.type)).map(({ entry }) => entry.at);
  const period = what === RESULT ? retention.results : retention.salts;
  const term = addPeriod([...times].sort().at(-1) ?? "9999-01-01T00:00:00Z", period);
  const moved = entries.flatMap(({ entry }) => {
    if (entry.type !== "extend") return [];
    // Safe because the reader of entries has checked the body against its type.
    const { what: of, until, count } = entry.body as unknown as EntryBodies["extend"];
    return of === what && count <= retention.extensions ? [until] : [];
  });
  return [term, ...moved].sort().at(-1) ?? term;
}
