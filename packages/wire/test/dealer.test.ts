// SPDX-License-Identifier: Apache-2.0
// A party that deals for two others: what a plan and a covenant may say of it.
import { readQuestion } from "@koplamp/query";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Federation } from "../../engine/test/federation.ts";
import {
  type Covenant,
  canonicalBytes,
  dealersOf,
  documentBytes,
  isUndealt,
  NOBODY,
  type Plan,
  readDocument,
} from "../src/index.ts";

const DEALT = `koplamp: query/v1
id: dealt
ask: { kind: match, key: [id], from: { anna: list, bert: list }, atLeast: 2, tell: holders, mode: bulk, dealer: cleo }
recipients: [anna]
`;

let federation: Federation;
let plan: Plan;

beforeAll(async () => {
  federation = new Federation({ anna: ["x"], bert: ["x"], cleo: ["x"] });
  const outcome = await federation.ask("anna", readQuestion(DEALT, { file: "dealt.yaml", lab: true }));
  if (outcome.plan === undefined) throw new Error("expected a plan");
  plan = outcome.plan;
});
afterAll(() => federation.close());

describe("a dealer", () => {
  it("is read in a plan as it was written", () => {
    expect(readDocument("plan/v1", documentBytes(plan)).ask).toMatchObject({ mode: "bulk", dealer: "cleo" });
  });

  it("is nobody where the two make the correlation themselves, and then no party of the plan", () => {
    const undealt = { ...plan, ask: { ...plan.ask, dealer: NOBODY } } as Plan;
    const { ask } = readDocument("plan/v1", documentBytes(undealt));
    expect([isUndealt(ask), dealersOf(ask)]).toEqual([true, []]);
    expect([isUndealt(plan.ask), dealersOf(plan.ask)]).toEqual([false, ["cleo"]]);
  });

  const inAsk = (change: object): object => ({ ...plan, ask: { ...plan.ask, ...change } });
  it.each<readonly [what: string, change: () => object, message: string]>([
    ["brings data", () => inAsk({ dealer: "bert" }), "expected a dealer that brings no data"],
    [
      "gets the answer",
      () => ({ ...plan, recipients: [...plan.recipients, { party: "cleo", roles: ["analyst"] }] }),
      "expected a dealer that brings no data and gets no answer",
    ],
    ["has another mode to deal in", () => inAsk({ mode: "pair" }), "expected a dealer with mode: bulk only"],
    ["is no name", () => inAsk({ dealer: "" }), "dealer"],
    ["is several", () => inAsk({ dealer: ["cleo"] }), "dealer"],
  ])("is refused in a plan when it %s", (_what, change, message) => {
    expect(() => readDocument("plan/v1", canonicalBytes(change()))).toThrow(message);
  });

  it("is refused in a covenant when it is no party of it, or stands twice", () => {
    const { covenant } = federation.membership;
    const dealing = (dealers: readonly string[]): Covenant => ({
      ...covenant,
      protocols: covenant.protocols.map((row) => (row.id === "bulk-pair/1" ? { ...row, dealers } : row)),
    });
    const read = (value: object): Covenant => readDocument("covenant/v1", canonicalBytes(value));
    expect(read(dealing(["anna", "cleo"])).protocols).toContainEqual(
      expect.objectContaining({ id: "bulk-pair/1", dealers: ["anna", "cleo"] }),
    );
    expect(() => read(dealing(["anna", "dora"]))).toThrow("expected parties of the covenant");
    expect(() => read(dealing(["anna", "anna"]))).toThrow("dealers");
  });
});
