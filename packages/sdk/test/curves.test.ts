// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { benchBulk } from "../src/bench-bulk.ts";
import { benchJoin } from "../src/bench-join.ts";
import { benchLookup } from "../src/bench-lookup.ts";
import { benchMasked } from "../src/bench-masked.ts";
import { benchMatch } from "../src/bench-match.ts";
import type { BenchCase, BenchRun } from "../src/bench-record.ts";
import { benchSum } from "../src/bench-sum.ts";
import { benchThreshold } from "../src/bench-threshold.ts";
import { bytesDown, bytesOf, bytesUp } from "../src/curve-bytes.ts";
import { curveSvg, shortNumber } from "../src/curve-chart.ts";
import { curveFiles } from "../src/curve-files.ts";
import { costOf, fitted } from "../src/curve-fit.ts";
import { type CurvePoint, contractBytes, cpuAt, floorMs, modelOf, predicted } from "../src/curve-model.ts";
import { CURVES, type Curve } from "../src/curve-protocols.ts";
import { type Curves, measuredCurve } from "../src/curve-record.ts";

const SUITES = {
  psi: benchMatch,
  bulk: benchBulk,
  threshold: benchThreshold,
  sum: benchSum,
  masked: benchMasked,
  join: benchJoin,
  lookup: benchLookup,
};

function curveOf(id: string): Curve {
  const curve = CURVES.find((one) => one.id === id);
  if (curve === undefined) throw new Error(`there is no curve ${id}`);
  return curve;
}

async function runOf(curve: Curve, size: number, parties: number): Promise<BenchRun> {
  const { suite, backend, only } = curve;
  if (suite === "group" || suite === "workers") throw new Error(`no curve is of ${suite}`);
  const given: BenchCase = { suite, backend, parties, size, runs: 1, seed: 1, ...(only ? { only } : {}) };
  const { parts } = await SUITES[suite](given);
  const run = parts[curve.part]?.[0];
  if (run === undefined) throw new Error(`${curve.id} has no part ${curve.part}`);
  return run;
}

describe("a fit by least squares", () => {
  const scales = [256, 1024, 4096, 49_152].flatMap((items) =>
    [2, 3, 10].map((parties) => [1, items * parties, items * parties * (parties - 1)] as const),
  );

  test("finds the prices that the points were made with", () => {
    const prices = [50, 0.11, 0.0007];
    const { prices: found, worst } = fitted(scales.map((terms) => ({ terms, value: costOf(prices, terms) })));
    prices.forEach((price, at) => void expect(Math.abs((found[at] ?? 0) / price - 1)).toBeLessThan(1e-9));
    expect(worst).toBeLessThan(1e-9);
  });

  test("weighs errors by what was measured, and says how large they are", () => {
    const points = [1, 1000].flatMap((size) =>
      [0.9, 1.1].map((part) => ({ terms: [size], value: part * size })),
    );
    const { prices, residuals, rms, worst } = fitted(points);
    // Σ (p/v - 1)² is least at p = Σ(1/v) / Σ(1/v²), here of 0.9 and 1.1.
    const price = (1 / 0.9 + 1 / 1.1) / (1 / 0.81 + 1 / 1.21);
    expect(prices[0]).toBeCloseTo(price, 12);
    expect(residuals.map((one) => one.toFixed(6))).toEqual(
      [0.9, 1.1, 0.9, 1.1].map((part) => (part / price - 1).toFixed(6)),
    );
    expect(worst).toBeCloseTo(1.1 / price - 1, 12);
    expect(rms).toBeCloseTo(Math.sqrt(((0.9 / price - 1) ** 2 + (1.1 / price - 1) ** 2) / 2), 12);
  });

  test("gives nothing a price below 0, and a term that says nothing new the price 0", () => {
    const falling = [1, 2, 4, 8].map((size) => ({ terms: [1, size], value: 10 - size }));
    const { prices } = fitted(falling);
    expect(prices[1]).toBe(0);
    expect(prices[0]).toBeGreaterThan(0);
    const twice = [1, 2, 4].map((size) => ({ terms: [size, 2 * size], value: 6 * size }));
    expect(fitted(twice).prices.map((price) => price.toFixed(9))).toEqual(["6.000000000", "0.000000000"]);
    expect(fitted([])).toEqual({ prices: [], residuals: [], rms: 0, worst: 0 });
  });
});

describe("what a curve says of bytes and operations", { timeout: 60_000 }, () => {
  const few = { threshold: 256, masked: 40_000, sum: 9000, join: 10_000, bulk: 300, psi: 300, lookup: 300 };
  const several = CURVES.flatMap((curve) =>
    (curve.parties.length === 0 ? [2] : [3, 4]).map((n) => ({ curve, n })),
  );

  test.each(several)(
    "$curve.id, $n parties: measured bytes are exactly the contract's",
    async ({ curve, n }) => {
      const size = few[curve.suite as keyof typeof few];
      const { bytesAll } = await runOf(curve, size, n);
      expect(bytesAll).toBeGreaterThan(0);
      expect(contractBytes(curve, { items: size, parties: n })).toBe(bytesAll);
    },
  );

  test.each([
    ["match-pair", 2],
    ["match-tokens-first", 2],
    ["match-tokens-first", 4],
    ["lookup-index", 2],
  ])("%s, %i parties: operations grow by item as the floor has it", async (id, parties) => {
    const curve = curveOf(id);
    const runs = [await runOf(curve, 256, parties), await runOf(curve, 512, parties)];
    const [small, large] = runs.map(({ operations = {} }) => operations);
    const grown = Object.entries(large ?? {}).map(([name, count]) => [name, count - (small?.[name] ?? 0)]);
    const said = Object.entries(curve.operations({ items: 256, parties }));
    expect(Object.fromEntries(grown.filter(([, count]) => count !== 0))).toEqual(Object.fromEntries(said));
  });
});

/** Points that a curve's own terms make, at prices that are known. */
function pointsOf(curve: Curve): readonly CurvePoint[] {
  const scales = [
    ...curve.sizes.map((items) => ({ items, parties: curve.among })),
    ...curve.parties
      .filter((parties) => parties !== curve.among || !curve.sizes.includes(curve.with))
      .map((parties) => ({ items: curve.with, parties })),
  ];
  return scales.map((scale) => ({
    ...scale,
    nodesMs: 40 + curve.nodes.reduce((sum, { amount }) => sum + 0.01 * amount(scale), 0),
    coordinatorMs: curve.coordinator.reduce((sum, { amount }) => sum + 0.001 * amount(scale), 0),
    rssMiB: 100 + scale.items * scale.parties * 0.001,
    bytes: contractBytes(curve, scale),
    operations: curve.operations(scale),
    keptBytes: 28 + 48 * scale.items,
  }));
}

describe("a prediction", () => {
  test.each(CURVES.map((curve) => ({ curve })))(
    "$curve.id: the model gives back what it was made of",
    ({ curve }) => {
      const points = pointsOf(curve);
      const model = modelOf(curve, points);
      for (const point of points) {
        const { nodesMs, coordinatorMs } = cpuAt(curve, model, point);
        expect(nodesMs / point.nodesMs).toBeCloseTo(1, 6);
        if (point.coordinatorMs > 0) expect(coordinatorMs / point.coordinatorMs).toBeCloseTo(1, 6);
      }
    },
  );

  test("takes as many sessions as the protocol's largest makes necessary, each at the model's price", () => {
    const curve = curveOf("match-tokens-first");
    const model = modelOf(curve, pointsOf(curve));
    const told = predicted(curve, model, { agencies: 10, items: 100_000_000 });
    expect([told.sessions, told.sessionItems]).toEqual([96, 2 ** 20]); // 95.4 lists of 2^20
    const session = 40 + 0.01 * (10 * 2 ** 20 + 90 * 2 ** 20);
    expect(told.cpuHours).toBeCloseTo((96 * session) / 3_600_000, 6);
    expect(told.wallHours.cores2).toBeCloseTo(told.cpuHours / 10 / 2, 6);
    expect(told.wallHours.cores64).toBeCloseTo(told.cpuHours / 10 / 64, 6);
    expect(told.diskBytes).toBeCloseTo(96 * (28 + 48 * 2 ** 20), 0);
    const rows = curve.bytes({ items: 2 ** 20, parties: 10 });
    expect(told.bytesUp).toBeCloseTo((96 * bytesUp(rows)) / 10, 0);
    expect(bytesUp(rows)).toBe(bytesOf(rows)); // nothing of it goes over the coordinator
  });

  test("of two parties counts every two agencies, and what the dealer sends only where it arrives", () => {
    const curve = curveOf("bulk-pair");
    const told = predicted(curve, modelOf(curve, pointsOf(curve)), { agencies: 10, items: 2 ** 20 });
    expect([told.sessions, told.sessionItems]).toEqual([45, 2 ** 20]);
    const rows = curve.bytes({ items: 2 ** 20, parties: 2 });
    expect(told.bytesUp).toBeCloseTo(4.5 * bytesUp(rows), 0);
    expect(told.bytesDown).toBeCloseTo(4.5 * bytesDown(rows), 0);
    expect(told.bytesDown).toBeGreaterThan(told.bytesUp);
  });

  test("does not take a session's size for more than there is", () => {
    const curve = curveOf("sum-masked");
    const told = predicted(curve, modelOf(curve, pointsOf(curve)), { agencies: 10, items: 1_000_000 });
    expect([told.sessions, told.sessionItems]).toEqual([1, 1_000_000]);
  });

  test("has as its floor what was counted, at the prices of the operations", () => {
    expect(floorMs({ mulSame: 2000, msm: 1000, unknown: 5 }, { mulSame: 30, msm: 5 })).toBe(65);
    expect(floorMs({}, { mulSame: 30 })).toBe(0);
  });
});

describe("files of a run", () => {
  const operationsUs = {
    hashToGroup: 7,
    mulSame: 30,
    mulBase: 8,
    mulPoint: 8,
    addEach: 7,
    subEach: 7,
    decodeCheck: 2,
    msm: 5,
  };
  const run = (): Curves => ({
    machine: {
      command: "koplamp bench --curves",
      koplamp: "0.0.0",
      node: "24.0.0",
      cpuModel: "a processor",
      cores: 2,
      memoryMiB: 4096,
      load: [0, 3],
    },
    operationsUs,
    curves: CURVES.map((curve) => measuredCurve(curve, pointsOf(curve), operationsUs)),
  });

  test("drawn twice are the same bytes: a picture for each curve, the figures and the page", () => {
    const [first, second] = [curveFiles(run()), curveFiles(run())];
    expect([...first.keys()]).toEqual(["curves.json", "curves.md", ...CURVES.map(({ id }) => `${id}.svg`)]);
    expect([...first]).toEqual([...second]);
  });

  test("the page says that the machine was busy, and that the prediction was not run", () => {
    const page = curveFiles(run()).get("curves.md") ?? "";
    expect(page).toContain("other work ran on the machine");
    expect(page).toContain("Reckoned, not run");
    expect(page).toContain("10 agencies with 100,000,000 items each");
    for (const { title } of CURVES) expect(page.split(`| ${title} |`).length).toBe(4);
  });

  test("a picture has a mark for each point, and all of it inside its frame", () => {
    const curve = curveOf("match-tokens-first");
    const svg = curveFiles(run()).get(`${curve.id}.svg`) ?? "";
    const marks = [...svg.matchAll(/<circle class="dot" cx="([\d.]+)" cy="([\d.]+)"/g)];
    expect(marks.length).toBe(3 * (curve.sizes.length + curve.parties.length));
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
    for (const [, x, y] of marks) {
      expect(Number(x)).toBeLessThan(Number(width));
      expect(Number(y)).toBeLessThan(Number(height));
    }
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg).toContain('class="hidden"'); // the floor
    expect(curveFiles(run()).get("sum-masked.svg")).not.toContain('<path class="hidden"');
  });

  test("one point alone, and words with signs of XML, are drawn too", () => {
    const point = { x: 5, y: 7 };
    const panel = { label: "a < b & c", measured: [point], model: [point], floor: [] };
    const svg = curveSvg({ title: "<x>", subtitle: "&", panels: [panel], notes: [] });
    expect(svg).toContain("a &lt; b &amp; c");
    expect(svg).not.toMatch(/NaN|Infinity|<x>/);
  });

  test("where values lie close together, the least and the most of them are written", () => {
    const measured = [131, 139].map((y, at) => ({ x: at + 1, y }));
    const svg = curveSvg({
      title: "t",
      subtitle: "s",
      panels: [{ label: "l", measured, model: [], floor: [] }],
      notes: [],
    });
    expect([...svg.matchAll(/text-anchor="end">(\d+)</g)].map(([, text]) => text)).toEqual(["131", "139"]);
  });

  test("numbers on an axis are short", () => {
    expect([0.5, 7, 12.34, 256, 1024, 1_048_576, 3e9].map(shortNumber)).toEqual([
      "0.5",
      "7",
      "12.3",
      "256",
      "1024",
      "1.05M",
      "3G",
    ]);
  });
});
