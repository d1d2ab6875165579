// SPDX-License-Identifier: Apache-2.0
import { type Entry, type EntryBodies, readDocument, WireError } from "@koplamp/wire";

/** A debit that an entry states: every charge to a budget has one, so balances can be computed from the ledger alone. */
export interface StatedDebit {
  readonly unit: string;
  /** Absent where the budget is the dataset's own. */
  readonly asker?: string;
  readonly amount: number;
  /**
   * Whether the entry itself is the charge. `begin` announces ceilings of evaluations, which later entries may charge; a
   * repeat it charges itself.
   */
  readonly charged: boolean;
}

/** The unit of a budget that the beginning of a session is charged to. */
const REPEATS = "repeats";

/** What a leaf states: the ceiling of an allowance, the debits of a disclosure or a begin. A leaf of no entry: nothing. */
export function debitsOf(leaf: Uint8Array): readonly StatedDebit[] {
  const entry = entryOf(leaf);
  // The casts are safe because the reader of entries has checked the body against its type.
  if (entry?.type === "allow") {
    const { unit, asker, ceiling } = entry.body as unknown as EntryBodies["allow"];
    return [{ unit, asker, amount: ceiling, charged: true }];
  }
  if (entry?.type !== "disclose" && entry?.type !== "begin") return [];
  const { debits } = entry.body as unknown as EntryBodies["begin"];
  return debits.map((debit) => ({ ...debit, charged: entry.type === "disclose" || debit.unit === REPEATS }));
}

function entryOf(leaf: Uint8Array): Entry | undefined {
  try {
    return readDocument("entry/v1", leaf);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
