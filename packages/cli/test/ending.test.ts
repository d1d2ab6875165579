// SPDX-License-Identifier: Apache-2.0
// What a person reads when nothing was run: a stored answer says that it is one, and of which plan and day.
import { answerOf } from "@koplamp/sdk";
import { answerText } from "@koplamp/wire";
import { expect, test } from "vitest";
import { endingLines, plainAnswer } from "../src/ending.ts";

const HASH = `sha256:${"740ecf5f".repeat(8)}`;
const outcome = {
  query: "q",
  status: "released",
  disclosures: [],
  result: { kind: "overlap-count", histogram: { "2": 12 } },
} as const;
const rules = { ask: { kind: "overlap-count" }, release: { minCount: 1 } } as Parameters<
  typeof endingLines
>[1];

function shown(outcomes: Parameters<typeof answerOf>[1]): {
  readonly text: string;
  readonly lines: readonly string[];
} {
  const text = answerText(answerOf("q", outcomes));
  return { text, lines: endingLines(plainAnswer(text), rules, "all") };
}

test("a stored answer is marked, in words and in JSON", () => {
  const stored = { planHash: HASH, at: "2026-11-26T10:00:00Z" };
  const { text, lines } = shown({ anna: { ...outcome, stored } });
  expect(JSON.parse(text)).toMatchObject({ status: "released", stored, disclosures: [] });
  expect(lines.slice(0, 3)).toEqual([
    "stored: the answer of plan 740ecf5f of 2026-11-26T10:00:00Z",
    "        asked again on unchanged data: nothing was run, evaluated or disclosed",
    "",
  ]);
  expect(lines.join("\n")).toContain("12");
});

test("a new answer is not, nor is one whose day this node does not know said to be of a day", () => {
  const { text, lines } = shown({ anna: outcome });
  expect([JSON.parse(text)["stored"], lines.some((line) => line.startsWith("stored"))]).toEqual([
    undefined,
    false,
  ]);
  const { lines: dayless } = shown({ anna: { ...outcome, stored: { planHash: HASH, at: "" } } });
  expect(dayless[0]).toBe("stored: the answer of plan 740ecf5f");
});
