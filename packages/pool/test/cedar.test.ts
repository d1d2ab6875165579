// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { PoolError } from "../src/errors.ts";
import { loadCedar } from "../src/index.ts";

const SCHEMA = "entity A; action x appliesTo { principal: A, resource: A, context: {} };";
const PERMIT = "permit (principal, action, resource);";
const one = { type: "A", id: "1" };
const request = {
  principal: one,
  action: { type: "Action", id: "x" },
  resource: one,
  context: {},
  entities: [],
};

test("after text that overruns Cedar's stack, a fresh instance answers, with the policies read again", () => {
  const cedar = loadCedar();
  const ask = cedar.evaluator({ all: PERMIT }, SCHEMA);
  expect(ask(request).allowed).toBe(true);
  const deep = PERMIT.replace(";", ` when { ${"if true then false else ".repeat(3000)}true };`);
  expect(() => cedar.split(deep)).toThrow(PoolError);
  expect(cedar.split(PERMIT).policies).toEqual([PERMIT]);
  expect(ask(request)).toEqual({ allowed: true, policies: ["all"], faults: [] });
});
