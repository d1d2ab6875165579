// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import type { Outcome } from "../src/outcome.ts";
import { outcomeText, readOutcome } from "../src/outcome-text.ts";

test("an outcome crosses a desk unchanged: whole numbers of any size, and its bundle", () => {
  const outcome: Outcome = {
    query: "sums",
    status: "released",
    disclosures: [{ id: "d1", from: "a", to: "b", bytes: 12, index: 3 }],
    result: { kind: "aggregate", cells: [{ group: { x: "1" }, measures: { count: 2, sum: 2n ** 80n } }] },
    bundle: Uint8Array.of(0, 255, 10),
  };
  const text = outcomeText(outcome);
  expect(text).not.toContain("\n");
  expect(readOutcome(text)).toEqual(outcome);
});

test("a refusal crosses it too", () => {
  const outcome: Outcome = {
    query: "q",
    status: "refused",
    disclosures: [],
    party: "kmar",
    rule: "purposes.classes",
    message: "no",
    hint: "ask less",
  };
  expect(readOutcome(outcomeText(outcome))).toEqual(outcome);
});
