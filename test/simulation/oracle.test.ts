// SPDX-License-Identifier: Apache-2.0
// Random federations and questions: whole labs against the plaintext. The three kinds that take longest on the toy group
// have files of their own, so that workers share them.
import { afterAll, describe, expect, test } from "vitest";
import { realMeans, toyMeans } from "./compare.ts";
import { plainResults } from "./plaintext.ts";
import { agrees, RUNS, SHARES } from "./property.ts";

const ALONE: ReadonlySet<string> = new Set(["match", "overlap-count", "aggregate"]);
const toy = toyMeans();
const real = realMeans();
afterAll(async () => {
  await toy.workers.close();
  await real.workers.close();
});

describe("the answer equals the same question over the pooled plaintext", () => {
  test.each(SHARES.filter(([kind]) => !ALONE.has(kind)))(
    "%s, on the toy group",
    { timeout: 600_000 },
    (kind, share) => agrees(kind, Math.ceil(RUNS.toy * share), toy),
  );

  test.each(SHARES)("%s, on ristretto255 and SEAL", { timeout: 600_000 }, (kind, share) =>
    agrees(kind, Math.ceil(RUNS.real * share), real),
  );

  test("the oracle itself, on an example worked out by hand", () => {
    const pool = {
      aa: [
        { name: " a ", ship: "IMO 9187629", group: "NL", month: "2026-01", amount: "3", open: "true" },
        { name: "a", ship: "9187629", group: "NL", month: "2026-01", amount: "4", open: "" },
        { name: "", ship: "9187628", group: "BE", month: "", amount: "x", open: "false" },
      ],
      bb: [{ name: "a", ship: "9187629", group: "NL", month: "2026-02", amount: "", open: "true" }],
    };
    const key = ["ship"];
    expect(
      plainResults(pool, { kind: "match", key, atLeast: 2, tell: "holders", recipients: ["bb"] }),
    ).toEqual({ bb: { '["9187629"]': "aa,bb" } });
    expect(
      plainResults(pool, {
        kind: "overlap-count",
        key: ["name", "ship"],
        shape: "histogram",
        atLeast: 1,
        recipients: ["aa"],
      }),
    ).toEqual({ aa: { "1": 0, "2": 1 } });
    const sum = {
      kind: "aggregate" as const,
      where: [],
      groupBy: ["group"],
      domain: { group: ["NL", "BE"] },
      measures: ["count", "sum(amount)", "mean(amount)"],
      minCount: 2,
      minContributors: 2,
      recipients: ["aa"],
    };
    expect(plainResults(pool, sum)).toEqual({
      aa: { '["NL"]': { count: "3", "sum(amount)": "7", "mean(amount)": "4" }, '["BE"]': "withheld" },
    });
  });
});
