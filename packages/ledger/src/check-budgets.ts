// SPDX-License-Identifier: Apache-2.0
// What disclosures and sessions cost the budgets of datasets: what the entries state, against contract and agreement.
import type { Contract, Covenant, EntryBodies, EntryDebit, Plan } from "@koplamp/wire";
import { type ProvenEntry, shardOf } from "./check-ledgers.ts";
import type { Evidence } from "./evidence.ts";

/** Why what the entries charge does not fit, if it does not: too much, or not what it should be. */
export function checkBudgets(
  { founding, plan, contract }: Evidence,
  proven: readonly ProvenEntry[],
): string | undefined {
  if (founding === undefined || plan === undefined) return undefined;
  const { covenant } = founding;
  const over = overBudget(covenant, plan, proven);
  if (over !== undefined || contract === undefined) return over;
  const first = firstSessions(proven);
  return proven
    .map((one) => mischarged(covenant, plan, contract, { ...one, first: first.includes(one) }))
    .find((why) => why !== undefined);
}

/** Why disclosures cost more than the budgets of the party's datasets hold, if they do. */
function overBudget(covenant: Covenant, plan: Plan, proven: readonly ProvenEntry[]): string | undefined {
  const cost = new Map<string, number>();
  for (const { party, entry } of proven) {
    if (entry.type !== "disclose") continue;
    for (const { unit, amount } of debitsIn(entry))
      cost.set(`${party} ${unit}`, (cost.get(`${party} ${unit}`) ?? 0) + amount);
  }
  const over = [...cost].find(([name, amount]) => {
    const [party = "", unit = ""] = name.split(" ");
    const own = budgetsOf(covenant, plan, party);
    return amount > own.reduce((sum, row) => sum + Number(Reflect.get(row, unit) ?? 0), 0);
  });
  return over === undefined ? undefined : `more than the budget: ${over[1]} of ${over[0]}`;
}

/** Each row of the agreement over a dataset is charged the cells or the noise that the contract lists, and one run of the question. */
function mischarged(
  covenant: Covenant,
  plan: Plan,
  contract: Contract,
  { party, entry, first }: ProvenEntry & { readonly first: boolean },
): string | undefined {
  const due = amountsDue(plan, contract, { party, entry, first });
  if (due === undefined) return undefined;
  const [unit, amounts] = due;
  const expected = budgetsOf(covenant, plan, party).flatMap(() => amounts);
  const stated = debitsIn(entry).flatMap((debit) => (debit.unit === unit ? [debit.amount] : []));
  if (stated.join() === expected.join()) return undefined;
  return `${party} states ${stated.join() || 0} ${unit} in a ${entry.type}, and contract and agreement ${expected.join() || 0}`;
}

/** The beginnings of the sessions in which a question is charged as a run: of all its shards and repeats the first, at each party. */
function firstSessions(proven: readonly ProvenEntry[]): readonly ProvenEntry[] {
  const first = new Map<string, ProvenEntry>();
  for (const one of proven) {
    if (one.entry.type !== "begin" || shardOf(one.entry) === undefined) continue;
    const before = first.get(one.party);
    if (before === undefined || one.index < before.index) first.set(one.party, one);
  }
  return [...first.values()];
}

/** The units of what is told of a sum: its cells as they are, or with noise. */
const CELLS: readonly string[] = ["exactCells", "rhoMicro"];

function amountsDue(
  { ask }: Plan,
  { disclosures, debits }: Contract,
  { party, entry, first }: Pick<ProvenEntry, "party" | "entry"> & { readonly first: boolean },
): readonly [unit: string, amounts: readonly number[]] | undefined {
  const { type, body } = entry;
  if (type === "begin" && shardOf(entry) === undefined) return undefined; // keys and evaluations are charged otherwise
  if (type === "begin") return ["repeats", first && ask.kind !== "lookup" ? [1] : []]; // look-ups are bound by their quota
  if (type !== "disclose") return undefined;
  const line = disclosures.find(({ id, from }) => id === body["disclosure"] && from === party);
  const owed = debits.filter(
    ({ holder, asker, unit }) => CELLS.includes(unit) && holder === party && asker === line?.to,
  );
  return [owed[0]?.unit ?? "exactCells", owed.map(({ amount }) => amount)];
}

function budgetsOf({ budgets }: Covenant, { inputs }: Plan, party: string): Covenant["budgets"] {
  const datasets = inputs.filter((input) => input.party === party).map(({ dataset }) => dataset);
  return budgets.filter((row) => row.party === party && datasets.includes(row.dataset));
}

function debitsIn({ body }: ProvenEntry["entry"]): readonly EntryDebit[] {
  // Safe because the reader of entries has checked the body against its type.
  return (body as unknown as EntryBodies["disclose"]).debits;
}
