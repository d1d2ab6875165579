// SPDX-License-Identifier: Apache-2.0
import { QueryError } from "@koplamp/query";
import { expect, test } from "vitest";
import { EngineError, type EngineErrorCode } from "../src/errors.ts";
import { exitOfOutcome, faultOf, faultText } from "../src/fault.ts";
import { failed } from "../src/outcome.ts";

test("an error of a file names the place, shows the line and ends with the hint", () => {
  const place = { file: "q.yaml", line: 12, column: 3, excerpt: "  minCounts: 10" };
  const error = new QueryError("unknown-field", 'unknown field "minCounts"', { place, hint: "minCount" });
  expect(faultText(faultOf(error))).toMatchInlineSnapshot(`
    "error: unknown field "minCounts"
      q.yaml:12:3
      12 |   minCounts: 10
         |   ^
    hint:  minCount"
  `);
});

const STATUS: readonly (readonly [EngineErrorCode, number])[] = [
  ["unreachable", 4],
  ["quota", 6],
  ["integrity", 5],
  ["garbage", 5],
  ["source", 2],
  ["internal", 1],
];

test.each(STATUS)("a question that failed with %s gives exit status %i", (code, status) => {
  const error = new EngineError(code, "douane", "something");
  expect(faultOf(error)).toMatchObject({ code, exit: status, facts: ["party  douane"] });
  expect(exitOfOutcome(failed("q", error))).toBe(status);
});

test("a refusal gives 3, a quota 6, an answer 0", () => {
  const ended = { query: "q", disclosures: [] };
  const refusal = { ...ended, status: "refused", party: "a", message: "no", hint: "" } as const;
  expect(exitOfOutcome({ ...refusal, rule: "purposes.classes" })).toBe(3);
  expect(exitOfOutcome({ ...refusal, rule: "quotas" })).toBe(6);
  expect(exitOfOutcome({ ...ended, status: "released" })).toBe(0);
});

test("a file that is not there is wrong use, anything unknown is a fault of ours", () => {
  const missing = Object.assign(new Error("ENOENT"), { code: "ENOENT", path: "q.yaml" });
  expect(faultOf(missing)).toMatchObject({ exit: 2, message: "q.yaml: there is no such file" });
  expect(faultOf(new Error("x"))).toMatchObject({ exit: 1, code: "internal" });
  expect(faultOf("text")).toMatchObject({ exit: 1, message: "something was thrown that is no error" });
});
