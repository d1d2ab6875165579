// SPDX-License-Identifier: Apache-2.0
// A match by several keys: how it is asked, and what its contract says.
import { type Ask, documentBytes, type MatchAsk, readDocument } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { evaluationLimit, explain, readQuestion, warningText } from "../src/index.ts";
import { covenantOf, entry, planned } from "./agreement.ts";
import { SHIPS } from "./samples.ts";

const asked = (key: string): string => SHIPS.replace("key: [imo]", key);
const askOf = (key: string): Ask => readQuestion(asked(key), { file: "q.yaml", lab: false }).ask;
const columns = { imo: "imo", name: "company-name", built: "date" } as const;
const catalogue = [entry("harbour", "ships", columns, 1536), entry("customs", "watch", columns)];
const BOTH = "anyKey: [[imo], [name, built]]";

describe("alternatives", () => {
  test("are read with all their columns once, and with bands", () => {
    expect(
      askOf("anyKey: [[imo], [name, built], [name, imo]]\n  bands: [{ any: [1, 0] }, { atLeast: 2 }]"),
    ).toMatchObject({
      key: ["imo", "name", "built"],
      anyKey: [["imo"], ["name", "built"], ["name", "imo"]],
      bands: [
        { any: [0, 1], atLeast: 4 },
        { any: [], atLeast: 2 },
      ],
    });
    expect(askOf(BOTH)).not.toHaveProperty("bands");
  });

  test.each([
    ["anyKey: [[imo]]", "2 to 8"],
    [`anyKey: [${Array.from({ length: 9 }, (_, at) => `[c${at}]`).join(", ")}]`, "2 to 8"],
    ["anyKey: [[imo], []]", "1 to 8"],
    ["anyKey: [[imo, built], [built, imo]]", "differ"],
    ["anyKey: [[imo], [name]]\n  key: [imo]", "does not go with"],
    ["key: [imo]\n  bands: [{ atLeast: 2 }]", "goes with"],
    [`${BOTH}\n  bands: [{}]`, '"any" or "atLeast"'],
    [`${BOTH}\n  bands: [{ any: [2] }]`, "0 to 1"],
    [`${BOTH}\n  bands: [{ atLeast: 3 }]`, "1 to 2"],
    [`${BOTH}\n  bands: [{ least: 2 }]`, "least"],
    [
      `anyKey: [${["a", "b", "c"].map((one) => `[${Array.from({ length: 6 }, (_, at) => one + at).join(", ")}]`).join(", ")}]`,
      "16 columns",
    ],
  ])("%s is refused", (key, word) => {
    expect(() => askOf(key)).toThrow(word);
  });

  test("stand in plan and contract, and the contract says in both languages what a recipient learns", () => {
    const { plan, contract, covenant } = planned(
      readQuestion(asked(BOTH), { file: "q.yaml", lab: false }),
      catalogue,
    );
    expect(readDocument("plan/v1", documentBytes(plan)).ask).toEqual(plan.ask);
    expect(contract.warnings).toContain("ALTERNATIVES");
    for (const lang of ["nl", "en"] as const) {
      const said = contract.text[lang] ?? "";
      expect(said).toContain("imo | name + built");
      expect(said).toMatch(lang === "nl" ? /verschillende records/ : /different records/);
      expect(warningText("ALTERNATIVES", lang)).toMatch(lang === "nl" ? /niet hoe zeker/ : /not how certain/);
      const rows = JSON.stringify(explain(contract, plan, { lang, covenant }));
      expect(rows).toContain("(imo | name + built)");
    }
  });

  test("leave the key with the smallest domain its bound on what may be evaluated", () => {
    const own = covenantOf(["customs", "harbour"]);
    const covenant = {
      ...own,
      dataClasses: [
        {
          ...{ id: "watch", party: "customs", dataset: "watch", columns: ["imo", "name", "built"] },
          ...{ registerSize: 1_000_000, sensitivity: "ordinary" as const, allow: [] },
        },
      ],
      floors: { ...own.floors, maxDomainPermille: 5 },
      quotas: own.quotas.map((row) => ({ ...row, evaluations: 4_000_000 })),
    };
    const limit = (key: string): number => {
      const { plan } = planned(readQuestion(asked(key), { file: "q.yaml", lab: false }), catalogue, covenant);
      return evaluationLimit(covenant, plan, "customs", "harbour");
    };
    expect(limit("key: [imo]")).toBe(6144); // the bucket of 5 in 1,000 of a million
    expect(limit(BOTH)).toBe(6144);
    expect(limit("key: [name, built]")).toBeGreaterThan(6144);
  });

  test("are refused in a plan that does not state them in normal form", () => {
    const { plan } = planned(readQuestion(asked(BOTH), { file: "q.yaml", lab: false }), catalogue);
    const match = plan.ask as MatchAsk;
    const changes: readonly Partial<MatchAsk>[] = [
      { key: ["imo"] },
      { key: ["name", "built", "imo"] },
      { bands: [{ any: [2], atLeast: 1 }] },
      { bands: [{ any: [1, 0], atLeast: 1 }] },
      { anyKey: [["imo"]], key: ["imo"] },
    ];
    expect(() => documentBytes({ ...plan, ask: match })).not.toThrow();
    for (const change of changes)
      expect(() => documentBytes({ ...plan, ask: { ...match, ...change } })).toThrow(/ask/);
  });
});
