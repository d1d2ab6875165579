// SPDX-License-Identifier: Apache-2.0
// A trend on nodes: who gets the series, who gets the alarms only, and that nothing of a series leaves the node then.
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import { type HeBackend, loadHe } from "@koplamp/he";
import { verifyBundle } from "@koplamp/ledger";
import { contractOf, evaluationLimit, type Question, readQuestion } from "@koplamp/query";
import type { TrendResult } from "@koplamp/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { Federation, primitives } from "./federation.ts";

const THREE = ["anna", "bert", "cleo"];
const MONTHS = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"];
/** By kind, what each party adds in each month; 0 is no row at all. */
const RAISED = [100, 104, 96, 100, 987, 101];
const GAP = [10, 11, 0, 12, 900, 13];

const rowsOf = (party: string): readonly string[] =>
  MONTHS.flatMap((month, at) => [
    `${party}${at}@raised@${RAISED[at]}@${month}`,
    // Without a row of bert the third month has too few parties.
    ...(at === 2 && party === "bert" ? [] : [`${party}x${at}@gap@${GAP[at]}@${month}`]),
  ]);

const WINDOW = "rule: zscore, window: 2, threshold: 3";

function trend(id: string, reveal: "alarms" | "series", alarm = WINDOW): Question {
  const text = `koplamp: query/v1
id: ${id}
ask:
  kind: trend
  from: { anna: list, bert: list, cleo: list }
  groupBy: [kind]
  domain: { kind: [raised, gap], month: [${MONTHS.join(", ")}] }
  measures: ["sum(n)"]
  period: month
  alarm: { ${alarm} }
  reveal: ${reveal}
recipients: [anna]
release: { minCount: 1, minContributors: 3 }
`;
  return readQuestion(text, { file: "q.yaml", lab: true });
}

function resultOf(outcome: Outcome | undefined): TrendResult {
  if (outcome?.status !== "released") throw new Error(`expected an answer: ${outcome?.message}`);
  return outcome.result as TrendResult;
}

let federation: Federation;
beforeAll(async () => {
  const he: HeBackend = await loadHe(primitives);
  federation = new Federation(Object.fromEntries(THREE.map((party) => [party, rowsOf(party)])), { he });
});
afterAll(() => federation.close());

const SLOW = { timeout: 60_000 };

describe("a trend", () => {
  it(
    "gives the series and its alarms, and says nothing by a window with a withheld month",
    SLOW,
    async () => {
      const outcome = await federation.ask("anna", trend("series", "series"));
      const { alarms, unknown, series } = resultOf(outcome);
      expect(alarms).toEqual([{ group: { kind: "raised" }, period: "2026-05", value: 3 * 987 }]);
      expect(unknown).toBe(3); // of the other kind: the third month itself, and the two that look back on it
      expect(series).toHaveLength(12);
      expect(series).toContainEqual({
        ...{ group: { kind: "gap" }, period: "2026-03" },
        ...{ withheld: ["minContributors"], hint: expect.stringContaining("ask more parties") },
      });
      expect(series).toContainEqual({ group: { kind: "gap" }, period: "2026-05", value: 2700 });
      for (const other of await federation.outcomes(["bert", "cleo"])) {
        expect(other).toMatchObject({ status: "released" });
        expect(other).not.toHaveProperty("result");
      }
    },
  );

  it("gives alarms only: no number is in the answer, in what is kept, or in the evidence", SLOW, async () => {
    const outcome = await federation.ask("anna", trend("alarms", "alarms"));
    expect(resultOf(outcome)).toEqual({
      kind: "trend",
      alarms: [{ group: { kind: "raised" }, period: "2026-05" }],
      unknown: 3,
    });
    if (outcome.status !== "released" || outcome.planHash === undefined)
      throw new Error("expected an answer");
    expectVerified(outcome);
    const { bundle = new Uint8Array(), planHash } = outcome;
    const kept = federation.machine("anna").node.outcomeOf(planHash);
    const all = [
      JSON.stringify(outcome.result),
      JSON.stringify(resultOf(kept)),
      Buffer.from(bundle).toString(),
    ];
    expect(all[2]?.length).toBeGreaterThan(1000);
    for (const value of [3 * 987, 3 * 104, 3 * 96]) {
      for (const text of all) expect(text).not.toMatch(new RegExp(`\\b${value}\\b`));
    }
  });

  it("tells alarms blindly by a baseline: not even the recipient's node opens a sum", SLOW, async () => {
    const opened: string[] = [];
    const { progress } = federation.machine("anna");
    progress.length = 0;
    const rule = "rule: zscore, baseline: { mean: 300, deviation: 10 }, threshold: 3";
    const outcome = await federation.ask("anna", trend("blind", "alarms", rule));
    expect(resultOf(outcome)).toEqual({
      kind: "trend",
      alarms: [
        { group: { kind: "raised" }, period: "2026-05" },
        { group: { kind: "gap" }, period: "2026-05" },
      ],
      unknown: 1, // the month of too few parties: the others do not look back on it
    });
    expect(outcome.plan?.protocol.id).toBe("alarm-blind/1");
    expect(outcome.contract?.egress.map(({ what }) => what)).not.toContain("share");
    opened.push(...progress.map(({ phase }) => phase));
    expect(opened).toContain("test");
    expect(opened).not.toContain("sum");
    expectVerified(outcome);
    const climbing = "rule: cusum, baseline: { mean: 290, deviation: 10 }, threshold: 5";
    const summed = resultOf(await federation.ask("anna", trend("climbing", "alarms", climbing)));
    expect(summed.alarms.filter(({ group }) => group["kind"] === "raised")).toEqual([
      { group: { kind: "raised" }, period: "2026-05" },
      { group: { kind: "raised" }, period: "2026-06" },
    ]);
    expect(summed.unknown).toBe(4); // from the month of too few parties on
  });

  it("is stored: asked again on the same data, nothing is run", SLOW, async () => {
    const again = await federation.ask("anna", trend("alarms", "alarms"));
    expect(again).toHaveProperty("stored");
    expect(resultOf(again).alarms).toHaveLength(1);
  });
});

/** The evidence holds, for whoever has the covenant's hash. */
function expectVerified(outcome: Outcome): void {
  if (outcome.status !== "released" || outcome.bundle === undefined) throw new Error("expected evidence");
  const { lines } = verifyBundle(outcome.bundle, {
    trust: { covenant: federation.membership.covenantHash },
    primitives,
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
  });
  expect(lines.filter(({ verdict }) => verdict === "FAIL")).toEqual([]);
  const passing = lines.flatMap(({ promise, verdict }) => (verdict === "PASS" ? [promise] : []));
  expect(passing).toEqual(expect.arrayContaining(["contract", "disclosed", "egress", "receipts"]));
}
