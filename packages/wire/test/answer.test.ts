// SPDX-License-Identifier: Apache-2.0
// Equal answers give equal text, and no number loses a digit on its way to it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AggregateCell,
  type Answer,
  type AnswerResult,
  answerText,
  canonicalText,
  type Match,
  WireError,
} from "../src/index.ts";

const answerOf = (result: AnswerResult, more: Partial<Answer> = {}): Answer => ({
  query: "q",
  status: "released",
  results: { anna: result },
  disclosures: [],
  ledger: {},
  ...more,
});

/** What a reader of the text finds for anna. */
function resultIn(answer: Answer): unknown {
  const { results }: { results: Record<string, unknown> } = JSON.parse(answerText(answer));
  return results["anna"];
}

/** Without the fields that are not there. */
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const count = (value: number | bigint): unknown =>
  resultIn(answerOf({ kind: "overlap-count", histogram: { "2": value } }));

describe("a number in an answer", () => {
  it("is a number up to 2^53 - 1 and text above, digit for digit", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (value) => {
        const safe = value <= 2n ** 53n - 1n && value >= -(2n ** 53n - 1n);
        const said = safe ? Number(value) : String(value);
        expect(count(value)).toEqual({ kind: "overlap-count", histogram: { "2": said } });
      }),
    );
    for (const value of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n]) {
      const said = value < 2n ** 53n ? Number(value) : String(value);
      expect(count(value)).toEqual({ kind: "overlap-count", histogram: { "2": said } });
    }
  });

  it.each([2 ** 53, -(2 ** 53), 1e300, Number.NaN, Number.POSITIVE_INFINITY])(
    "is not %s, which may be another",
    (value) => {
      expect(() => count(value)).toThrow(expect.objectContaining({ code: "invalid-value" }));
      expect(() => count(value)).toThrow(WireError);
    },
  );
});

describe("the text of an answer", () => {
  const cells: readonly AggregateCell[] = [
    { group: { region: "b", month: "2026-01" }, measures: { count: 3, "sum(x)": 2n ** 60n } },
    { group: { month: "2026-01", region: "a" }, withheld: ["minCount", "derivable"], hint: "wider" },
    { group: { region: "a", month: "2026-02" }, withheld: ["dominance"] },
  ];
  const matches = [
    { key: ["b", "a"], holders: ["bert", "anna"] },
    { key: ["a", "b"], holders: 2 },
    { key: ["a"] },
  ];
  const disclosures = ["b", "a"].map((id) => ({
    id,
    from: "bert",
    to: "anna",
    output: "o1",
    bytes: 1,
    index: null,
  }));

  it("is canonical as it is, whatever the order of names and whatever is told of a match", () => {
    const text = fc.string({ unit: "binary" });
    const party = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.option(values, { nil: undefined });
    const told = fc.record({
      key: fc.array(text, { minLength: 1, maxLength: 3 }),
      holders: optional(fc.oneof(fc.array(party, { maxLength: 3 }), fc.nat())),
      band: optional(fc.constantFrom("A", "B")),
      agreed: optional(fc.array(fc.nat(9), { minLength: 1, maxLength: 3 })),
    });
    const given = fc.dictionary(party, fc.array(told, { maxLength: 5 }), { maxKeys: 3 });
    fc.assert(
      fc.property(given, fc.boolean(), (lists, isStored) => {
        const results = Object.entries(lists).map(([id, all]): [string, AnswerResult] => {
          return [id, { kind: "match", matches: all.map((match) => defined(match) as Match) }];
        });
        const stored = { stored: { planHash: "sha256:0", at: "2026-01-01T00:00:00Z" } };
        const answer: Answer = {
          ...answerOf({ kind: "match", matches: [] }, isStored ? stored : {}),
          results: Object.fromEntries(results),
        };
        expect(answerText(answer)).toBe(canonicalText(JSON.parse(answerText(answer))));
        const keys = results.flatMap(([, result]) => (result.kind === "match" ? result.matches : []));
        const again: Answer = JSON.parse(answerText(answer));
        const read = Object.values(again.results).flatMap((one) => (one.kind === "match" ? one.matches : []));
        expect(read.map(({ key }) => key.join()).sort()).toEqual(keys.map(({ key }) => key.join()).sort());
      }),
    );
  });

  it("is not of a key that is no well-formed text", () => {
    const matches = [{ key: ["a", "\ud800"] }];
    expect(() => answerText(answerOf({ kind: "match", matches }))).toThrow(
      expect.objectContaining({ code: "invalid-value" }),
    );
  });

  it("says cells and matches in order, reasons beside their cell", () => {
    expect(resultIn(answerOf({ kind: "aggregate", cells, total: { count: 9n } }))).toEqual({
      kind: "aggregate",
      cells: [
        { group: { month: "2026-01", region: "a" }, withheld: ["derivable", "minCount"], hint: "wider" },
        { group: { month: "2026-01", region: "b" }, count: 3, "sum(x)": "1152921504606846976" },
        { group: { month: "2026-02", region: "a" }, withheld: "dominance" },
      ],
      total: { count: 9 },
    });
    expect(resultIn(answerOf({ kind: "match", matches }))).toEqual({
      kind: "match",
      matches: [
        { key: ["a"] },
        { key: ["a", "b"], holders: 2 },
        { key: ["b", "a"], holders: ["anna", "bert"] },
      ],
    });
  });

  it("is the same in whatever order the answer was made", () => {
    const orders = fc.tuple(
      fc.shuffledSubarray([...cells], { minLength: 3 }),
      fc.shuffledSubarray(matches, { minLength: 3 }),
      fc.shuffledSubarray(disclosures, { minLength: 2 }),
    );
    const texts = new Set<string>();
    fc.assert(
      fc.property(orders, ([someCells, someMatches, someDisclosures]) => {
        const results: Answer["results"] = {
          bert: { kind: "match", matches: someMatches },
          anna: { kind: "aggregate", cells: someCells },
        };
        texts.add(
          answerText({ ...answerOf({ kind: "match", matches: [] }), results, disclosures: someDisclosures }),
        );
      }),
    );
    expect(texts.size).toBe(1);
  });

  it("says why a count is withheld, and no number with it", () => {
    const result = resultIn(
      answerOf({
        kind: "overlap-count",
        pairs: { "anna&bert": { withheld: "minCount" } },
        atLeast: { "2": 0 },
      }),
    );
    expect(result).toEqual({
      kind: "overlap-count",
      pairs: { "anna&bert": { withheld: "minCount" } },
      atLeast: { "2": 0 },
    });
  });
});
