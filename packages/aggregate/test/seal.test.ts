// SPDX-License-Identifier: Apache-2.0
// The same sums on SEAL.
import { type HeBackend, loadHe } from "@koplamp/he";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { sumThreshold } from "../src/index.ts";
import { MEASURES } from "../src/sum-jobs.ts";
import { expectDescribed } from "./described.ts";
import { Federation, plainSum, type Sum } from "./federation.ts";
import { anyWeather } from "./weather.ts";
import { amplified, Workbench } from "./workbench.ts";

const primitives = nodePrimitives();
let he: HeBackend;
let federation: Federation;

beforeAll(async () => {
  he = await loadHe(primitives);
  federation = new Federation(he, primitives);
});

const sumOf = (parties: number, numbers: number, recipients: readonly string[]): Sum => ({
  values: Object.fromEntries(
    Array.from({ length: parties }, (_, party) => [
      `p${party + 10}`,
      Array.from({ length: numbers }, (_, at) => (((party + 1) * (at + 3) * 7919) % 1_000_003) - 500_000),
    ]),
  ),
  recipients,
});

describe("sum-threshold/1 on SEAL", () => {
  it("gives known sums, over two blocks, to a contributor and to somebody who brings nothing", () => {
    const sum = sumOf(4, 8_190, ["p11", "zoe"]);
    const run = federation.sum(sum);
    for (const to of sum.recipients)
      expect(Array.from(run.outputs.get(to) as Float64Array)).toEqual(plainSum(sum));
    const parameters = { params: "bfv-amt-50-pq", cells: 8_190, columns: 1 };
    const contributors = Object.keys(sum.values);
    expectDescribed(run, sumThreshold.describe({ ...parameters, contributors, recipients: sum.recipients }));
  }, 60_000);

  it("equals the plain sum, for any numbers and interleaving", () => {
    const most = 2 ** 46;
    const number = fc.oneof(fc.constantFrom(0, most, -most), fc.integer({ min: -most, max: most }));
    const values = fc
      .tuple(...["a", "b", "c"].map(() => fc.array(number, { minLength: 3, maxLength: 3 })))
      .map(([a = [], b = [], c = []]) => ({ a, b, c }));
    fc.assert(
      fc.property(values, anyWeather(), (own, weather) => {
        const sum: Sum = { values: own, recipients: ["b"], least: -most, most };
        const opened = federation.sum(sum, weather).outputs.get("b") as Float64Array;
        expect(Array.from(opened)).toEqual(plainSum(sum));
      }),
      { numRuns: 20 },
    );
  }, 60_000);

  it("opens nothing of a multiple of somebody's ciphertext, all of it without masks", () => {
    const victim = Array.from({ length: 500 }, (_, at) => 100_000 + at);
    const zeros = new Array<number>(victim.length).fill(0);
    const read = (measures: typeof MEASURES): number => {
      const table = new Workbench(he, primitives, { mallory: zeros, oscar: zeros, victim }, measures);
      table.ciphertexts.set("mallory", amplified(he, table.of("victim"), 17));
      const opened = table.peek(table.firsts(), table.allShares());
      return victim.filter((value, at) => Math.floor((opened[at] ?? 0) / 2 ** 17) === value).length;
    };
    expect(read(MEASURES)).toBe(0);
    expect(read({ ...MEASURES, addMasks: () => undefined })).toBe(victim.length);
  }, 60_000);

  it("opens nothing with one share missing", () => {
    const values = { a: [11, 12, 13], b: [21, 22, 23], c: [31, 32, 33] };
    const table = new Workbench(he, primitives, values);
    const shares = table.allShares();
    expect(Array.from(table.open(table.firsts(), shares, 3) ?? [])).toEqual([63, 66, 69]);
    const opened = table.peek(table.firsts(), shares.slice(1));
    expect(opened.filter((slot, at) => slot === [63, 66, 69][at]).length).toBe(0);
    expect(table.open(table.firsts(), shares.slice(1), 3)).toBeUndefined();
  }, 60_000);
});
