// SPDX-License-Identifier: Apache-2.0
// The promise that nobody probed more than was agreed: what the entries charge, added up again.
import type { EntryBodies, Plan } from "@koplamp/wire";
import { checkBudgets } from "./check-budgets.ts";
import { type ProvenEntry, shardOf } from "./check-ledgers.ts";
import { type Evidence, hashOf, isLab, type VerifyOptions } from "./evidence.ts";
import { type Finding, fail, pass, skip } from "./report.ts";

/** Elements that one party may test at another. */
interface Allowed {
  readonly holder: string;
  readonly asker: string;
  readonly elements: number;
}

/**
 * The allowances of this question against the agreement's quotas, what was spent of each against its ceiling, and what
 * disclosures and sessions cost against contract and budgets. Other questions of the same period stand in the ledgers alone.
 */
export function checkQuotas(
  evidence: Evidence,
  { quota }: Pick<VerifyOptions, "quota">,
  proven: readonly ProvenEntry[] | undefined,
): Finding {
  const { founding, plan } = evidence;
  if (isLab(founding)) return skip("lab");
  if (founding === undefined || plan === undefined || proven === undefined)
    return skip("no question, or no ledgers, to compare");
  const over = overspent(evidence, proven) ?? checkBudgets(evidence, proven) ?? miscounted(evidence, proven);
  if (over !== undefined) return fail(over);
  const rows = allowed(plan, proven).map((row) => ({
    ...row,
    most: quota(founding.covenant, plan, row.asker, row.holder),
  }));
  const text = ({ asker, elements, most, holder }: (typeof rows)[number]): string =>
    `${asker} ${grouped(elements)} of ${grouped(most)} at ${holder}`;
  const above = rows.find(({ elements, most }) => elements > most);
  if (above !== undefined) return fail(`above the agreement: ${text(above)}`);
  return pass(rows.length === 0 ? "nothing was evaluated" : `recomputed: ${rows.map(text).join(", ")}`);
}

function allowed(plan: Plan, proven: readonly ProvenEntry[]): readonly Allowed[] {
  const sums = new Map<string, Allowed>();
  for (const row of proven.flatMap((one) => chargedIn(plan, one))) {
    const before = sums.get(`${row.holder} ${row.asker}`)?.elements ?? 0;
    sums.set(`${row.holder} ${row.asker}`, { ...row, elements: before + row.elements });
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Protocols of two without a key set. */
const OF_TWO = /^(match|bulk)-pair/;

/** Two with a key for one session, or with numbers dealt for it, need no allowance: the beginning of the session is charged itself. */
function chargedIn({ protocol }: Plan, { party: holder, entry }: ProvenEntry): readonly Allowed[] {
  // The casts are safe because the reader of entries has checked the body against its type.
  if (entry.type === "allow") {
    const { asker, ceiling } = entry.body as unknown as EntryBodies["allow"];
    return [{ holder, asker, elements: ceiling }];
  }
  if (entry.type !== "begin" || !OF_TWO.test(protocol.id)) return [];
  const { debits } = entry.body as unknown as EntryBodies["begin"];
  return debits.flatMap(({ asker, unit, amount }) =>
    asker === undefined || unit !== "elements" ? [] : [{ holder, asker, elements: amount }],
  );
}

/** Why a session of two was not begun with the charge that the contract lists for its shard, if it was not. */
function miscounted({ plan, contract }: Evidence, proven: readonly ProvenEntry[]): string | undefined {
  if (plan === undefined || contract === undefined || !OF_TWO.test(plan.protocol.id)) return undefined;
  const { shards } = plan.protocol;
  const wrong = proven.find((one) => {
    const due = contract.debits.filter(
      ({ holder, unit }) =>
        holder === one.party && unit === "evaluations" && shardOf(one.entry) !== undefined, // what cuts the lists is free
    );
    const stated = chargedIn(plan, one);
    const same = due.every(
      ({ asker, amount }, at) => stated[at]?.asker === asker && stated[at].elements === amount / shards,
    );
    return one.entry.type === "begin" && (stated.length !== due.length || !same);
  });
  return wrong === undefined ? undefined : `${wrong.party} began without the charge that the contract lists`;
}

/** Why what was used does not fit an allowance, if it does not. */
function overspent({ primitives }: Evidence, proven: readonly ProvenEntry[]): string | undefined {
  const allowances = proven.filter(({ entry }) => entry.type === "allow");
  for (const { party, entry } of proven) {
    if (entry.type !== "spent") continue;
    const { allowance, metered } = entry.body as unknown as EntryBodies["spent"]; // safe as above
    const found = allowances.find((one) => one.party === party && hashOf(primitives, one.leaf) === allowance);
    if (found === undefined) return `${party} spent an allowance that it had not logged`;
    if (metered > Number(found.entry.body["ceiling"])) return `${party} answered more than it had allowed`;
  }
  return undefined;
}

/** `4,096`. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
