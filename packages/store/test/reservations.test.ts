// SPDX-License-Identifier: Apache-2.0
// A thousand reservations at once on one budget in a real file, with another process's opening in between.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@koplamp/engine";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StoreError } from "../src/errors.ts";
import { openStore } from "../src/store.ts";
import { allowed } from "./leaves.ts";

const BUDGET = "evaluations/k/b";
const LIMIT = 100_000n;
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-reservations-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Whether the amount was reserved. Another fault than a spent budget is the test's. */
async function reserved(store: () => Store, amount: number): Promise<boolean> {
  await Promise.resolve(); // the others begin before this one ends
  try {
    store().append([allowed("b", amount)], [{ budget: BUDGET, amount: BigInt(amount) }], { [BUDGET]: LIMIT });
    return true;
  } catch (reason) {
    if (reason instanceof StoreError && reason.code === "budget") return false;
    throw reason;
  }
}

it("never overdraw, lose none that was given, and go on after the file is opened again", {
  timeout: 60_000,
}, async () => {
  const file = join(folder, "state.db");
  const [amounts = []] = fc.sample(
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1000, maxLength: 1000 }),
    { numRuns: 1, seed: 12 },
  );
  let store = openStore(file);
  const granted: number[] = [];
  for (let from = 0; from < amounts.length; from += 250) {
    const some = amounts.slice(from, from + 250);
    const done = await Promise.all(some.map((amount) => reserved(() => store, amount)));
    granted.push(...some.filter((_, at) => done[at]));
    store.close();
    store = openStore(file);
    expect(store.spent(BUDGET)).toBe(BigInt(granted.reduce((sum, amount) => sum + amount, 0)));
    expect(store.spent(BUDGET)).toBeLessThanOrEqual(LIMIT);
  }
  expect(granted.length).toBeLessThan(amounts.length);
  expect(store.size()).toBe(granted.length);
  const rest = Number(LIMIT - store.spent(BUDGET));
  expect(await reserved(() => store, rest + 1)).toBe(false);
  expect(() => openStore(file)).toThrow(StoreError); // a second process has no account of its own
  store.close();
});
