// SPDX-License-Identifier: Apache-2.0
// Answers with too many cells to be compared with earlier ones: refused, and not told unseen.
import { afterEach, expect, it } from "vitest";
import { expectApart, keepRelease } from "../src/history.ts";
import type { Release } from "../src/history-rule.ts";
import type { QuestionRun } from "../src/question-run.ts";
import { Federation } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const run = (number: number): QuestionRun => {
  const planHash = `sha256:${`${number}`.padStart(64, "0")}`;
  // Safe because keeping and comparing look at nothing else of a question.
  return { planHash, own: { input: { dataset: "list" } }, refuse: () => {} } as unknown as QuestionRun;
};

const release = (cells: number, about = "rows", length = 1): Release => ({
  about,
  contributors: ["anna", "bert"],
  told: "count",
  minCount: 1,
  noisy: false,
  cells: Array.from({ length: cells }, (_, at) => ({
    predicate: [{ column: "group", op: "=" as const, value: `${at}`.padEnd(length, "x") }],
    members: new Map(),
  })),
});

it("does not compare more than 100,000,000 pairs of cells, and tells nothing then", {
  timeout: 60_000,
}, () => {
  federation = new Federation({ anna: ["x"], bert: ["y"] });
  const { ports } = federation.machine("anna");
  keepRelease(ports, run(1), release(100_001));
  expect(() => expectApart(ports, run(2), release(1000))).toThrow("too many cells to be compared");
  expect(() => keepRelease(ports, run(2), release(1000))).toThrow("too many cells to be compared");
  expect(() => expectApart(ports, run(2), release(1000, "others"))).not.toThrow();
  expect(() => expectApart(ports, run(2), release(10))).not.toThrow();
});

it("keeps no answer that it could not read again", { timeout: 60_000 }, () => {
  federation = new Federation({ anna: ["x"], bert: ["y"] });
  const { ports } = federation.machine("anna");
  expect(() => keepRelease(ports, run(1), release(300, "rows", 1_000_000))).toThrow("too many cells");
  expect(() => expectApart(ports, run(2), release(10))).not.toThrow();
});
