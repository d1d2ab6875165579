// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { EntryDebit } from "@koplamp/wire";
import type { NodeLedger } from "./ledger.ts";
import type { Draft } from "./ledger-entries.ts";
import type { Charge } from "./ports.ts";

/** What something costs a budget, and how much this holds at most. */
export interface Cost {
  readonly charge: Charge;
  readonly limit: bigint;
  /** The party that is charged; absent where the budget is the dataset's own. */
  readonly asker?: PartyId;
}

/** A cost as the entry states it whose transaction pays. */
export function debitOf({ charge: { budget, amount }, asker }: Cost): EntryDebit {
  const debit = { unit: budget.split("/")[0] ?? "", amount: Number(amount) };
  return asker === undefined ? debit : { asker, ...debit };
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
