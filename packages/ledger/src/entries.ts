// SPDX-License-Identifier: Apache-2.0
import type { Entry, EntryBodies } from "@koplamp/wire";

/** A debit that an entry states: every charge to a budget has one, so balances can be computed from the ledger alone. */
export interface StatedDebit {
  readonly unit: string;
  /** Absent where the budget is the dataset's own. */
  readonly asker?: string;
  readonly amount: number;
}

/** What an entry charges: the ceiling of an allowance, the debits of a disclosure. `begin` announces and charges nothing. */
export function debitsOf({ type, body }: Entry): readonly StatedDebit[] {
  // The casts are safe because the reader of entries has checked the body against its type.
  if (type === "allow") {
    const { unit, asker, ceiling } = body as unknown as EntryBodies["allow"];
    return [{ unit, asker, amount: ceiling }];
  }
  return type === "disclose" ? (body as unknown as EntryBodies["disclose"]).debits : [];
}
