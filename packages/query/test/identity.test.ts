// SPDX-License-Identifier: Apache-2.0
// When two plans are the same question, and when they are about the same.
import { canonicalText, type Plan } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { questionOf, readQuestion, substanceOf } from "../src/index.ts";
import { entry, planned } from "./agreement.ts";
import { SHIPS } from "./samples.ts";

const ships = [
  entry("harbour", "ships", { imo: "imo", flag: "category" }, 1536),
  entry("customs", "watch", { imo: "imo" }),
];
const { plan } = planned(readQuestion(SHIPS, { file: "q.yaml", lab: false }), ships);
const HASH = `sha256:${"1".repeat(64)}`;
const other = (changes: Partial<Plan>): Plan => ({ ...plan, ...changes });
const inputs = (change: Partial<Plan["inputs"][number]>): Plan =>
  other({ inputs: plan.inputs.map((input) => ({ ...input, ...change })) });

describe("a question", () => {
  it.each<readonly [string, Plan]>([
    ["another salt", other({ salt: HASH })],
    ["other dates", other({ notBefore: "2030-01-01T00:00:00Z", expires: "2030-01-02T00:00:00Z" })],
    ["another epoch of keys", other({ protocol: { ...plan.protocol, epoch: "2030-W01" } })],
    ["another proposer", other({ proposer: { party: "coastguard", by: "ed25519:" } })],
    ["another roster and version of the covenant", other({ rosterHash: HASH, covenantHash: HASH })],
    ["another snapshot and size", inputs({ snapshot: HASH, rowsPadded: 4096 })],
  ])("is the same with %s", (_what, changed) => {
    expect(canonicalText(questionOf(changed))).toBe(canonicalText(questionOf(plan)));
  });

  it.each<readonly [string, Plan]>([
    ["another purpose", other({ purpose: "fraud-2026" })],
    ["another class", other({ class: "E" })],
    ["other recipients", other({ recipients: [{ party: "harbour", roles: ["analyst"] }] })],
    ["another dataset", inputs({ dataset: "boats" })],
    ["other columns", inputs({ columns: ["name"] })],
    ["another threshold", other({ ask: { ...plan.ask, atLeast: 3 } as Plan["ask"] })],
  ])("is another with %s, and about something else", (_what, changed) => {
    expect(canonicalText(questionOf(changed))).not.toBe(canonicalText(questionOf(plan)));
    expect(canonicalText(substanceOf(changed))).not.toBe(canonicalText(substanceOf(plan)));
  });

  it.each<readonly [string, Plan]>([
    ["another title", other({ id: "renamed" })],
    ["another reason", other({ necessity: { en: "Because" } })],
    ["another floor", other({ release: { ...plan.release, minCount: 99 } })],
    ["another protocol", other({ protocol: { ...plan.protocol, id: "match-pair/1" } })],
  ])("is another with %s, but about the same: it counts as a repeat", (_what, changed) => {
    expect(canonicalText(questionOf(changed))).not.toBe(canonicalText(questionOf(plan)));
    expect(canonicalText(substanceOf(changed))).toBe(canonicalText(substanceOf(plan)));
  });
});
