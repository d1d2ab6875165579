// SPDX-License-Identifier: Apache-2.0
// Tables of values by kind: raw text and what must become of it. All values are invented.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Canonical, type ColumnSpec, canonicalise, type RejectReason } from "../src/index.ts";

export interface KindTable {
  readonly spec: ColumnSpec;
  /** Raw text to canonical value. */
  readonly accepts: Readonly<Record<string, string>>;
  readonly rejects: readonly (readonly [raw: string, reason: RejectReason])[];
  /** What random texts are made of, so that some of them are accepted. */
  readonly alphabet: string;
}

/** The least number of rows of either sort. */
const LEAST = 20;

/** The canonical value, or a text that no value is. */
export function canonicalOf(spec: ColumnSpec, raw: string): string {
  const canonical = canonicalise(spec, raw);
  return canonical.kind === "value" ? canonical.value : `<${outcomeOf(canonical)}>`;
}

function outcomeOf(canonical: Canonical): string {
  return canonical.kind === "reject" ? canonical.reason : canonical.kind;
}

/** Tests that hold for every identifier: its table, its own canonical form, and what no kind takes. */
export function testKind(name: string, { spec, accepts, rejects, alphabet }: KindTable): void {
  describe(name, () => {
    test("accepts", () => {
      const rows = Object.entries(accepts);
      expect(rows.length).toBeGreaterThanOrEqual(LEAST);
      expect(rows.map(([raw]) => [raw, canonicalOf(spec, raw)])).toEqual(rows);
    });
    test("rejects, with the reason", () => {
      expect(new Set(rejects.map(([raw]) => raw)).size).toBeGreaterThanOrEqual(LEAST);
      expect(rejects.map(([raw]) => [raw, canonicalOf(spec, raw)])).toEqual(
        rejects.map(([raw, reason]) => [raw, `<${reason}>`]),
      );
    });
    test("trims, and refuses what no kind takes", () => {
      for (const [raw, value] of Object.entries(accepts)) {
        expect(canonicalOf(spec, ` \t${raw}\r\n`)).toBe(value);
        expect(canonicalOf(spec, `${raw}\u0000${raw}`)).toBe("<control>");
        expect(canonicalOf(spec, `${raw}\ud800`)).toBe("<unicode>");
      }
      expect(canonicalise(spec, " \t\u00a0\ufeff\n")).toEqual({ kind: "empty" });
    });
    test("a canonical value is its own canonical form", () => {
      expectIdempotent(spec, fc.constantFrom(...Object.keys(accepts)), 100);
      expectIdempotent(spec, near(Object.keys(accepts), alphabet), 200);
    });
  });
}

/** Accepted texts with a few characters changed. */
function near(raws: readonly string[], alphabet: string): fc.Arbitrary<string> {
  const character = fc.constantFrom(...alphabet);
  return fc
    .tuple(fc.constantFrom(...raws), fc.nat(), fc.nat(2), fc.string({ unit: character, maxLength: 3 }))
    .map(([raw, at, cut, put]) => {
      const start = at % (raw.length + 1);
      return raw.slice(0, start) + put + raw.slice(start + cut);
    });
}

export function expectIdempotent(spec: ColumnSpec, raws: fc.Arbitrary<string>, numRuns: number): void {
  fc.assert(
    fc.property(raws, (raw) => {
      const once = canonicalise(spec, raw);
      if (once.kind !== "value") return;
      const twice = { kind: "value", value: once.value, separatorsRemoved: false, folded: false };
      const again = canonicalise(spec, once.value);
      expect(again).toEqual(twice);
    }),
    { numRuns },
  );
}
