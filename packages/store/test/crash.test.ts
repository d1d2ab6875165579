// SPDX-License-Identifier: Apache-2.0
// A process that dies inside the transaction of an allowance: entry and debit are both there, or neither is.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore } from "../src/store.ts";
import { allowed } from "./leaves.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the file holds, as SQLite reads it after the crash: entries, charges, balances. */
function counted(file: string): readonly unknown[] {
  const database = new DatabaseSync(file);
  const rows = ["leaves", "charges", "budgets"].map(
    (table) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"],
  );
  database.close();
  return rows;
}

it.each([
  ["INSERT INTO charges", [1, 1, 1]],
  ["INSERT OR REPLACE INTO budgets", [1, 1, 1]],
  ["COMMIT", [1, 1, 1]],
])(
  "dies at %s: nothing of the transaction is there, and the next one is whole",
  async (statement, rows) => {
    const file = join(folder, "state.db");
    const store = openStore(file);
    store.append([allowed("b", 5)], [{ budget: "evaluations/k/b", amount: 5n }]);
    store.close();
    const child = fileURLToPath(new URL("dying-child.ts", import.meta.url));
    const weakened = fileURLToPath(new URL("../../../test/sabotage/child.ts", import.meta.url));
    const args = ["--conditions=source", "--import", weakened, child, file, statement];
    const signal = await new Promise<unknown>((resolve) => {
      spawn(process.execPath, args, { stdio: "ignore" }).once("close", (_code, by) => resolve(by));
    });
    expect(signal).toBe("SIGKILL");
    expect(counted(file)).toEqual(rows);
    const again = openStore(file);
    expect([again.size(), again.spent("evaluations/k/b")]).toEqual([1, 5n]);
    again.append([allowed("b", 7)], [{ budget: "evaluations/k/b", amount: 7n }]);
    expect([again.size(), again.spent("evaluations/k/b")]).toEqual([2, 12n]);
    again.close();
  },
  30_000,
);
