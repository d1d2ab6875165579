// SPDX-License-Identifier: Apache-2.0
// Who asks on in an open look-up: over a real engine, by people who signed in.
import { setTimeout as sleep } from "node:timers/promises";
import { readQuestion } from "@koplamp/query";
import { readDocument } from "@koplamp/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Federation } from "../../packages/engine/test/federation.ts";
import { SignedIn } from "../src/caller.ts";
import { lookedUp, lookUpEnded } from "../src/desk-lookups.ts";

const DAY_MS = 86_400_000;
const QUESTION = `koplamp: query/v1
id: a-day
ask: { kind: lookup, key: [id], asker: anna, holder: bert, open: 8, tell: asker }
recipients: [anna]
release: { minCount: 1, minContributors: 1 }
`;

let federation: Federation;

beforeAll(() => {
  federation = new Federation({ anna: undefined, bert: ["x"] });
  federation.clock.ahead = (1.5 * DAY_MS - (Date.now() % DAY_MS)) % DAY_MS; // noon: what is open ends with the day
});
afterAll(() => federation.close());

test("whoever asked for it asks on and ends it, and another analyst of the agency does neither", async () => {
  const { node, progress } = federation.machine("anna");
  const end = federation.ask("anna", readQuestion(QUESTION, { file: "q.yaml", lab: true }));
  while (!progress.some(({ phase }) => phase === "open")) await sleep(2);
  const plan = node.inbox()[0]?.planHash ?? "";
  const by = node.question(plan)?.plan.proposer.by;
  const cards = federation.founded.charter.cards.map(({ bytes }) => readDocument("card/v1", bytes));
  const people = cards.find(({ party }) => party === "anna")?.people ?? [];
  const asker = people.find(({ key }) => key === by);
  const other = people.find(({ key }) => key !== by);
  expect([asker, other]).not.toContain(undefined);
  const as = (person: typeof asker) => new SignedIn(new Set(["analyst"] as const), people, person?.person);
  const asked = (person: typeof asker, body: object): Promise<unknown> =>
    lookedUp(node, as(person), plan, JSON.stringify(body));

  const rows = [["x"], ["q"]];
  await expect(asked(other, { rows })).rejects.toMatchObject({ name: "SignInError", code: "role" });
  expect(() => lookUpEnded(node, as(other), plan)).toThrow(expect.objectContaining({ name: "SignInError" }));
  for (const body of [{}, { rows: "x" }, { rows: [["x"], "q"] }, { rows: [[1]] }])
    await expect(asked(asker, body)).rejects.toMatchObject({ name: "QueryError", code: "invalid-value" });
  expect(await asked(asker, { rows })).toEqual({
    answers: [
      { key: ["x"], hit: true },
      { key: ["q"], hit: false },
    ],
    left: 4,
  });
  lookUpEnded(node, as(asker), plan);
  expect(await end).toMatchObject({ status: "released" });
});
