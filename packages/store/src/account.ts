// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync } from "node:sqlite";
import type { Charge } from "@koplamp/engine";
import { debitsOf, type StatedDebit } from "@koplamp/ledger";
import { damaged } from "./database.ts";
import { StoreError } from "./errors.ts";

/**
 * What each budget has spent. A budget's first part names its unit, its last part the party that is charged where one
 * is. Every charge has a debit that a leaf of the same transaction states, so the leaves alone give the balance.
 */
export class Account {
  readonly #database: DatabaseSync;
  readonly #spent = new Map<string, bigint>();

  /** Computes every balance again from the leaves. @throws {StoreError} `damaged` when one differs from what is kept. */
  constructor(database: DatabaseSync, leaf: (index: number) => Uint8Array, size: number) {
    this.#database = database;
    this.#replay(leaf, size);
  }

  spent(budget: string): bigint {
    return this.#spent.get(budget) ?? 0n;
  }

  /** The balances after these charges. @throws {StoreError} `budget` or `account`; nothing has changed then. */
  plan(
    leaves: readonly Uint8Array[],
    charges: readonly Charge[],
    limits: Readonly<Record<string, bigint>>,
  ): ReadonlyMap<string, bigint> {
    if (!accounted(leaves, charges)) {
      throw new StoreError("account", "expected each charge to be a debit that an entry beside it states");
    }
    const after = new Map<string, bigint>();
    for (const { budget, amount } of charges)
      after.set(budget, (after.get(budget) ?? this.spent(budget)) + amount);
    for (const [budget, total] of after) {
      const limit = limits[budget];
      if (limit !== undefined && total > limit)
        throw new StoreError("budget", `a budget of ${limit} would be passed`, "nothing was written");
    }
    return after;
  }

  /** Writes charges inside the caller's transaction. */
  write(first: number, last: number, charges: readonly Charge[], after: ReadonlyMap<string, bigint>): void {
    const charge = this.#database.prepare("INSERT INTO charges VALUES (?, ?, ?, ?)");
    for (const { budget, amount } of charges) charge.run(first, last, budget, amount);
    const balance = this.#database.prepare("INSERT OR REPLACE INTO budgets VALUES (?, ?)");
    for (const [budget, spent] of after) balance.run(budget, spent);
  }

  /** Takes the balances over once they are durable. */
  settle(after: ReadonlyMap<string, bigint>): void {
    for (const [budget, spent] of after) this.#spent.set(budget, spent);
  }

  #replay(leaf: (index: number) => Uint8Array, size: number): void {
    let next = 0;
    for (const { first, last, charges } of this.#batches()) {
      // Leaves between two charged transactions must not state a charge that was never made.
      if (first < next || last >= size) throw damaged("a charge names entries that are not there");
      const between = range(next, first).every((index) => accounted([leaf(index)], []));
      if (!between || !accounted(range(first, last + 1).map(leaf), charges))
        throw damaged("the charges are not those that the ledger states");
      for (const { budget, amount } of charges) this.#spent.set(budget, this.spent(budget) + amount);
      next = last + 1;
    }
    if (!range(next, size).every((index) => accounted([leaf(index)], [])))
      throw damaged("the charges are not those that the ledger states");
    this.#compare();
  }

  #compare(): void {
    const query = this.#database.prepare("SELECT budget, spent FROM budgets");
    query.setReadBigInts(true);
    const kept = query.all();
    const same = kept.every((row) => this.#spent.get(String(row["budget"])) === row["spent"]);
    if (!same || kept.length !== this.#spent.size) throw damaged("a budget is not the sum of its charges");
  }

  #batches(): readonly { readonly first: number; readonly last: number; readonly charges: Charge[] }[] {
    const query = this.#database.prepare(
      "SELECT first, last, budget, amount FROM charges ORDER BY first, rowid",
    );
    query.setReadBigInts(true);
    const batches: { first: number; last: number; charges: Charge[] }[] = [];
    for (const row of query.all()) {
      const [first, last] = [Number(row["first"]), Number(row["last"])];
      const before = batches.at(-1);
      const batch = before?.first === first && before.last === last ? before : { first, last, charges: [] };
      if (batch !== before) batches.push(batch);
      batch.charges.push({ budget: String(row["budget"]), amount: BigInt(row["amount"] as bigint) });
    }
    return batches;
  }
}

/** Whether charges and stated debits are the same, but for debits that are only announced. */
function accounted(leaves: readonly Uint8Array[], charges: readonly Charge[]): boolean {
  const stated = leaves.flatMap(debitsOf);
  for (const charge of charges) {
    const at = stated.findIndex((debit) => charge.amount >= 0n && isFor(charge, debit));
    if (at < 0) return false;
    stated.splice(at, 1);
  }
  return stated.every(({ charged, amount }) => !charged || amount === 0);
}

function isFor({ budget, amount }: Charge, debit: StatedDebit): boolean {
  const parts = budget.split("/");
  const sameAsker = debit.asker === undefined || parts.at(-1) === debit.asker;
  return parts[0] === debit.unit && sameAsker && amount === BigInt(debit.amount);
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, at) => from + at);
}
