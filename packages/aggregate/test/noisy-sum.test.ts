// SPDX-License-Identifier: Apache-2.0
// Noise inside a sum: everybody adds its own, nobody can take it out, and the sizes are those that the plan promises.
import type { AggregateAsk, Input, NoisePlan } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { toyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { tailOf } from "../src/calibration.ts";
import { cubeLayout, cubeOf, openedCells, type SumColumn } from "../src/index.ts";
import { Federation, seeded } from "./federation.ts";
import { ASK, input, tableOf } from "./worlds.ts";

const PARTIES = ["alice", "bob", "carol"];
const PARAMS = "bfv-amt-50-pq";
const primitives = nodePrimitives();
const NOISE: NoisePlan = {
  mechanism: "gaussian",
  unit: "row",
  most: [],
  rhoMicro: 30_000,
  deltaExponent: 6,
  colluders: 2,
};
const inputs = PARTIES.map((party) => input(party));
/** 1,200 cells: enough to see a variance. */
const WIDE: AggregateAsk = {
  ...ASK,
  groupBy: ["region"],
  domain: [{ column: "region", values: Array.from({ length: 1200 }, (_, at) => `r${at}`) }],
};

function layoutWith(noise: NoisePlan | null, of: readonly Input[] = inputs, ask = WIDE) {
  return cubeLayout({ ask, inputs: of, release: { minContributors: 3, noise }, params: PARAMS });
}

/** Sums nothing at all through the protocol, so that what comes out is the noise. */
function opened(noise: NoisePlan, recipients: readonly string[], seed: string): readonly Float64Array[] {
  const federation = new Federation(toyBfv(seeded(primitives, seed)), primitives, seed);
  const { columns, cells } = layoutWith(noise);
  const zeros = Array.from({ length: columns.length * cells }, () => 0);
  const setups = federation
    .setups({ values: Object.fromEntries(PARTIES.map((party) => [party, zeros])), recipients })
    .map((setup) => ({
      ...setup,
      ranges: columns.map(({ ranges }) => ranges),
      noises: columns.map((column) => column.noise),
    }));
  const { outputs } = federation.run(federation.parties(setups));
  return recipients.map((party) => outputs.get(party) as Float64Array);
}

const variance = (numbers: Float64Array): number =>
  numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;

describe("noise in a sum", () => {
  it("has the size that the plan promises, in every column but the count of contributors", () => {
    const { columns, cells } = layoutWith(NOISE);
    const [sums = new Float64Array(), again] = opened(NOISE, ["alice", "zoe"], "sizes");
    expect(again).toEqual(sums); // one noise for all recipients: two would average out
    // Three parts of rho, for count, sum and number of values: sigma² = delta² / 2 rho, from each of three contributors.
    const expected: Readonly<Record<string, number>> = {
      count: (3 * 1) / (2 * 0.01),
      contributors: 0,
      sum: (3 * 1000 ** 2) / (2 * 0.01),
      values: (3 * 1) / (2 * 0.01),
    };
    columns.forEach(({ kind }, at) => {
      const seen = variance(sums.subarray(at * cells, (at + 1) * cells));
      const due = expected[kind] ?? Number.NaN;
      if (due === 0) expect(seen).toBe(0);
      else expect(Math.abs(seen / due - 1)).toBeLessThan(4.9 * Math.sqrt(2 / cells));
    });
  });

  it("follows from what one row can change, to the last unit", () => {
    for (const [min, max] of [
      [0, 7],
      [-9, 2],
      [-3, 1_000_000],
    ] as const) {
      const bounded = inputs.map((own) => ({ ...own, bounds: [{ column: "amount", min, max }] }));
      const sum = layoutWith(NOISE, bounded).columns.find(({ kind }) => kind === "sum");
      const change = BigInt(Math.max(-min, max));
      // A third of rho, 10,000 millionths: sigma² = change² · 10⁶ / 20,000, in units of 2^-20.
      expect(sum?.noise?.parameter).toEqual({
        numerator: (change * change * 50n) << 20n,
        denominator: 1n << 20n,
      });
    }
  });

  it("that hides a subject follows from how often one counts, at every party together", () => {
    const most = PARTIES.map((party, at) => ({ party, rows: at + 1 }));
    const hides: NoisePlan = { ...NOISE, unit: "subject", most };
    const { columns } = layoutWith(hides);
    const of = (kind: SumColumn["kind"]): bigint | undefined =>
      columns.find((column) => column.kind === kind)?.noise?.parameter.numerator;
    expect(of("count")).toBe((6n * 6n * 50n) << 20n);
    expect(of("sum")).toBe((6000n * 6000n * 50n) << 20n);
  });

  it("of one contributor alone keeps the promise when all others collude", () => {
    const own = (column: SumColumn): number => {
      const { numerator = 0n, denominator = 1n } = column.noise?.parameter ?? {};
      return Number(numerator) / Number(denominator);
    };
    const [count] = layoutWith(NOISE).columns.filter(({ kind }) => kind === "count");
    const [shared] = layoutWith({ ...NOISE, colluders: 0 }).columns.filter(({ kind }) => kind === "count");
    if (count === undefined || shared === undefined) throw new Error("expected a count");
    expect(own(count)).toBeCloseTo(1 / (2 * 0.01), 5);
    expect(own(shared)).toBeCloseTo(1 / (3 * 2 * 0.01), 5);
  });

  it("is another in another session, and of Laplace where the plan says so", () => {
    const laplace: NoisePlan = { ...NOISE, mechanism: "laplace" };
    const [first = new Float64Array()] = opened(laplace, ["zoe"], "one");
    const [second = new Float64Array()] = opened(laplace, ["zoe"], "two");
    expect(first).not.toEqual(second);
    const counts = variance(first.subarray(0, 1200));
    const due = 3 * 2 * (1 / Math.sqrt(2 * 0.01)) ** 2; // three draws of variance 2 b², b = delta / sqrt(2 rho)
    expect(Math.abs(counts / due - 1)).toBeLessThan(0.35);
  });

  it("is told with each measure, and a mean without values is left out", () => {
    const layout = layoutWith(NOISE, inputs, ASK);
    const cells = layout.cells;
    const numbers = new Float64Array(layout.columns.length * cells);
    const put = (kind: string, value: number): void => {
      const at = layout.columns.findIndex((column) => column.kind === kind);
      numbers[at * cells] = value;
    };
    put("count", 400);
    put("sum", 80_000);
    put("values", 390);
    const [cell, empty] = openedCells(numbers, ASK, layout, 3);
    expect(cell?.measures).toEqual({ count: 400, "sum(amount)": 80_000, "mean(amount)": 205 });
    expect(cell?.uncertainty).toEqual({ count: 25, "sum(amount)": 24_005, "mean(amount)": 75 });
    expect(empty?.measures).toEqual({ count: 0, "sum(amount)": 0 });
  });
});

describe("what noise does not fit", () => {
  it("is a row in several cells, a promise too small to share, or a sum that needs two limbs", () => {
    const row = { region: ["coast", "hills"], month: "2026-01", settled: "true", amount: "1" } as const;
    const layout = layoutWith(NOISE, inputs, ASK);
    expect(() => cubeOf(tableOf([row]), ASK, input("alice"), layout, { most: 1 })).toThrow(
      expect.objectContaining({ code: "noise", message: expect.stringContaining("alice") }),
    );
    expect(cubeOf(tableOf([row]), ASK, input("alice"), layoutWith(null, inputs, ASK)).values[0]).toBe(1);
    expect(() => layoutWith({ ...NOISE, rhoMicro: 2 })).toThrow(expect.objectContaining({ code: "noise" }));
    const wide = PARTIES.map((party) =>
      input(party, { bounds: [{ column: "amount", min: 0, max: 2 ** 43 }] }),
    );
    expect(layoutWith(null, wide).columns.map(({ limb }) => limb)).toContainEqual({ at: 1, of: 2 });
    expect(() => layoutWith(NOISE, wide)).toThrow(expect.objectContaining({ code: "overflow" }));
  });

  it.each([
    "variance(amount)",
    "correlation(amount, amount2)",
    "regression(amount ~ amount2)",
    "chi-square(region, month)",
    "quantile(amount; 0.5)",
  ])("is %s", (measure) => {
    const bounds = ["amount", "amount2"].map((column) => ({ column, min: 0, max: 9 }));
    const both = PARTIES.map((party) => input(party, { bounds }));
    const ask = { ...ASK, measures: ["count", measure] };
    expect(layoutWith(null, both, ask).columns.length).toBeGreaterThan(1);
    const rounded = { minContributors: 3, noise: null, rounding: 5 };
    expect(() => cubeLayout({ ask, inputs: both, release: rounded, params: PARAMS })).toThrow(
      expect.objectContaining({ code: "noise", message: `"${measure}" is not told beside rounded numbers` }),
    );
    expect(() => layoutWith(NOISE, both, ask)).toThrow(
      expect.objectContaining({ code: "noise", message: `"${measure}" is not told under noise` }),
    );
  });

  it("is a subject that counts more often than its dataset declares, without a word on which", () => {
    const row = (subject: string, amount: string) =>
      ({ region: "coast", month: "2026-01", settled: subject, amount }) as const;
    const rows = [row("x", "1"), row("x", "2"), row("y", "3"), row("x", "4")];
    const layout = layoutWith(NOISE, inputs, ASK);
    const cube = (most: number) =>
      cubeOf(tableOf(rows), ASK, input("alice"), layout, { most, subject: "settled" });
    expect(cube(3).values[0]).toBe(4);
    const refused = expect.objectContaining({
      code: "noise",
      message: expect.stringMatching(/^a subject of reports at alice counts more often than the 2 times/),
    });
    expect(() => cube(2)).toThrow(refused);
    const nameless = rows.map((one) => ({ ...one, settled: null }));
    const alone = { most: 1, subject: "settled" };
    expect(cubeOf(tableOf(nameless), ASK, input("alice"), layout, alone).values[0]).toBe(4);
  });

  it("is counted in what a slot must hold", () => {
    const [count] = layoutWith(NOISE).columns.filter(({ kind }) => kind === "count");
    expect(count?.noise === undefined ? 0 : tailOf(count.noise)).toBeGreaterThan(70);
  });
});
