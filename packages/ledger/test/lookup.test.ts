// SPDX-License-Identifier: Apache-2.0
// What a verifier makes of a look-up's charges under a real agreement: its quota, and no repeat.
import { readQuestion } from "@koplamp/query";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Federation } from "../../engine/test/federation.ts";
import { agreed, type Made, made, verified } from "./bundles.ts";

const QUESTION = `koplamp: query/v1
id: a-look-up
ask: { kind: lookup, key: [id], asker: anna, holder: bert, questions: questions.csv, tell: asker }
recipients: [anna]
`;

let federation: Federation;
let one: Made;
beforeAll(async () => {
  const budget = { party: "bert", dataset: "list", unit: "row", period: "P1Y" } as const;
  const budgets = [{ ...budget, rhoMicro: 0, exactCells: 0, repeats: 3 }];
  const terms = { terms: <Terms extends object>(all: Terms) => ({ ...all, budgets }) };
  federation = agreed({ anna: undefined, bert: ["x", "y"] }, terms);
  const question = readQuestion(QUESTION, { file: "a-look-up.yaml", lab: true, questions: "id\ny\nq" });
  one = await made(federation, "anna", question);
}, 60_000);
afterAll(() => federation.close());

const quotas = (bytes: Uint8Array) =>
  verified(bytes, one.covenant).lines.find(({ promise }) => promise === "quotas");

it("passes with the allowance alone: other questions of the same number are no repeats", () => {
  expect(one.bundle.entries.map(({ entry }) => entry.type)).toContain("allow");
  expect(quotas(one.bytes)).toMatchObject({ verdict: "PASS" });
});

it("fails where a repeat is charged", () => {
  const charged = one.rewritten((entry, party) =>
    party === "bert" && entry.type === "begin" && entry.body["shard"] === "0/1"
      ? [{ ...entry, body: { ...entry.body, debits: [{ unit: "repeats", amount: 1 }] } }]
      : [entry],
  );
  expect(quotas(charged)).toMatchObject({ verdict: "FAIL", detail: expect.stringContaining("1 repeats") });
});
