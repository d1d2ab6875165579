// SPDX-License-Identifier: Apache-2.0
import type { EntryDebit } from "@koplamp/wire";
import type { Draft, NodeLedger } from "./ledger.ts";
import type { Charge } from "./ports.ts";

/** What something costs a budget, and how much this holds at most. */
export interface Cost {
  readonly charge: Charge;
  readonly limit: bigint;
}

/** A cost as the entry states it whose transaction pays. Nobody is named: the budget is the dataset's own. */
export function debitOf({ charge: { budget, amount } }: Cost): EntryDebit {
  return { unit: budget.split("/")[0] ?? "", amount: Number(amount) };
}

/** Writes entries and what they cost in one durable transaction; never refunded. @throws as {@link NodeLedger.append}. */
export function appendPaid(
  ledger: NodeLedger,
  drafts: readonly Draft[],
  costs: readonly Cost[],
): readonly number[] {
  const limits = Object.fromEntries(costs.map(({ charge, limit }) => [charge.budget, limit]));
  return ledger.append(
    drafts,
    costs.map(({ charge }) => charge),
    limits,
  );
}
