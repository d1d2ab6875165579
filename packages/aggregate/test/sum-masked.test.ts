// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  aggregateJobs,
  type MaskedNodeSetup,
  sumMasked,
  sumMaskedCoordinator,
  sumMaskedNode,
  sumMaskedWide,
} from "../src/index.ts";
import { describeMasked } from "../src/sum-masked-description.ts";
import { expectDescribed } from "./described.ts";
import { plainSum, seeded } from "./federation.ts";
import { MaskedFederation, PER_CHUNK } from "./masked-federation.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();
const masked = new MaskedFederation(primitives);
const PARTIES = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"];

const number: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 0, 1, -1, 1e9, -1e9, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32)),
  fc.integer({ min: -1e9, max: 1e9 }),
  fc.maxSafeInteger().map((value) => Math.trunc(value / 16)),
);
const MOST = 2 ** 49;

/** Up to three whole chunks and a bit, and once more than a window of them. */
const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 * PER_CHUNK + 1 }) },
  { weight: 1, arbitrary: fc.constantFrom(PER_CHUNK, 2 * PER_CHUNK, 17 * PER_CHUNK + 3, 32 * PER_CHUNK) },
);

const anySum = fc.tuple(fc.integer({ min: 2, max: 10 }), lengths).chain(([parties, numbers]) =>
  fc.record({
    weather: anyWeather(),
    sum: fc.record({
      values: fc
        .tuple(
          ...PARTIES.slice(0, parties).map(() =>
            fc.array(number, { minLength: numbers, maxLength: numbers }),
          ),
        )
        .map((lists) => Object.fromEntries(lists.map((list, at) => [PARTIES[at] ?? "", list]))),
      recipients: fc.subarray([...PARTIES.slice(0, parties), "aaron", "zoe"], {
        minLength: 1,
        maxLength: 3,
      }),
      least: fc.constant(-MOST),
      most: fc.constant(MOST),
    }),
  }),
);

describe("sum-masked/1", () => {
  it("equals the plain sum, for any signs, chunks, parties, recipients and interleaving, as described", () => {
    fc.assert(
      fc.property(anySum, ({ sum, weather }) => {
        const setups = masked.setups(sum);
        const run = masked.run(masked.parties(setups), weather);
        for (const recipient of sum.recipients) {
          expect(Array.from(run.outputs.get(recipient) as Float64Array)).toEqual(plainSum(sum));
        }
        for (const other of Object.keys(sum.values).filter((party) => !sum.recipients.includes(party))) {
          expect(run.outputs.get(other)).toBeUndefined();
        }
        const [session] = setups;
        if (session !== undefined) expectDescribed(run, describeMasked(session, { cells: 1 }));
      }),
      { numRuns: 60 },
    );
  });

  it("adds numbers of 127 bits in wide words", () => {
    const wide = fc.bigInt({ min: -(2n ** 124n), max: 2n ** 124n });
    fc.assert(
      fc.property(fc.array(fc.tuple(wide, wide, wide), { minLength: 1, maxLength: 20 }), (rows) => {
        const contributors = ["alice", "bob", "carol"];
        const bound = { least: -(2 ** 124), most: 2 ** 124 };
        const ranges = [Object.fromEntries(contributors.map((party) => [party, bound]))];
        const transcript = primitives.sha256(Uint8Array.of(rows.length));
        const session = { contributors, recipients: ["bob"], transcript, bits: 128 as const, perChunk: 6 };
        const setup = { ...session, numbers: rows.length, ranges };
        const parties = Object.fromEntries(
          contributors.map((me, at) => {
            const values = rows.map((row) => row[at] ?? 0n);
            return [me, sumMaskedWide({ ...setup, me, values }, masked.rng)];
          }),
        );
        const run = masked.run({ ...parties, coordinator: sumMaskedCoordinator(setup) });
        expect(run.outputs.get("bob")).toEqual(rows.map(([a, b, c]) => a + b + c));
      }),
      { numRuns: 30 },
    );
  });

  it("takes numbers that are made when they are asked for, in frames of full size", () => {
    const at = (party: number, place: number): number => ((place * 7919 + party) % 2_000_003) - 1_000_001;
    const numbers = 2 * 32_762 + 5;
    const contributors = ["alice", "bob"];
    const ranges = [Object.fromEntries(contributors.map((party) => [party, { least: -2e6, most: 2e6 }]))];
    const transcript = primitives.sha256(Uint8Array.of(1));
    const session = { contributors, recipients: ["zoe"], transcript, bits: 64 as const, numbers, ranges };
    const node = (me: string, party?: number) => {
      const values = (from: number, to: number): Float64Array =>
        Float64Array.from({ length: to - from }, (_, place) => at(party ?? 0, from + place));
      return sumMaskedNode({ ...session, me, ...(party === undefined ? {} : { values }) }, masked.rng);
    };
    const parties = { alice: node("alice", 0), bob: node("bob", 1), zoe: node("zoe") };
    const run = masked.run({ ...parties, coordinator: sumMaskedCoordinator(session) });
    const opened = run.outputs.get("zoe") as Float64Array;
    expect(opened.length).toBe(numbers);
    expect(opened.every((value, place) => value === at(0, place) + at(1, place))).toBe(true);
    expect(Math.max(...run.transcript.map(({ bytes }) => bytes.length))).toBe(262_144);
    const described = sumMasked.describe({ ...session, params: "words-64", cells: numbers, columns: 1 });
    expectDescribed(run, described);
  });

  it("adds each party's noise once, to the numbers as they are committed to", () => {
    const noise = { mechanism: "gaussian" as const, parameter: { numerator: 10_000n, denominator: 1n } };
    const zeros = new Array<number>(40).fill(0);
    const setups = masked
      .setups({ values: { alice: zeros, bob: zeros, carol: zeros }, recipients: ["zoe"] })
      .map((setup) => ({ ...setup, noises: [noise] }));
    const jobs = new Map(aggregateJobs({ he: tinyBfv(seeded(primitives, "noise")), primitives }));
    const opened = masked.run(masked.parties(setups), { jobs }).outputs.get("zoe") as Float64Array;
    const variance = opened.reduce((sum, value) => sum + value * value, 0) / opened.length;
    expect(variance).toBeGreaterThan(7_500); // 30,000 expected; below a quarter, or above four times, once in 10^8
    expect(variance).toBeLessThan(120_000);
  });
});

describe("what never starts", () => {
  const setups = masked.setups({ values: { alice: [1, 2], bob: [3, 4] }, recipients: ["alice"] });
  it("a session that it cannot run is refused before anything leaves", () => {
    const [setup] = setups;
    if (setup === undefined) throw new Error("no node");
    const cases: readonly [Partial<typeof setup>, string][] = [
      [{ contributors: ["alice"] }, "setup"],
      [{ contributors: ["bob", "alice"] }, "setup"],
      [{ contributors: Array.from({ length: 33 }, (_, at) => `p${at + 10}`) }, "setup"],
      [{ recipients: [] }, "setup"],
      [{ transcript: new Uint8Array(31) }, "setup"],
      [{ bits: 128 }, "setup"],
      [{ numbers: 0 }, "too-large"],
      [{ numbers: 2 ** 27 + 1 }, "too-large"],
      [{ numbers: 3 }, "setup"],
      [{ ranges: [] }, "setup"],
      [{ ranges: [{}] }, "setup"],
      [{ ranges: [ranged(0, 2 ** 52)] }, "overflow"],
      [{ ranges: [ranged(0, 1)] }, "bounds"],
      [{ values: Float64Array.of(1, 2.5) }, "bounds"],
      [{ values: () => Float64Array.of(1) }, "setup"],
    ];
    for (const [change, code] of cases) {
      const changed = { ...setup, ...change } as MaskedNodeSetup<Float64Array>;
      expect(() => sumMaskedNode(changed, masked.rng).next()).toThrow(expect.objectContaining({ code }));
    }
    expect(() => sumMaskedNode({ ...setup, me: "zoe" }, masked.rng).next()).toThrow();
    expect(() => sumMaskedCoordinator({ ...setup, numbers: -1 }).next()).toThrow();
    expect(() => sumMasked.describe({ ...setup, params: "bfv-amt-50-pq", cells: 2, columns: 1 })).toThrow(
      expect.objectContaining({ code: "setup" }),
    );
  });

  it("numbers that change between committing and sending stop at their own node", () => {
    let asked = 0;
    const values = (from: number, to: number): Float64Array => {
      asked += 1;
      return new Float64Array(to - from).fill(asked);
    };
    const changed = setups.map((setup) => (setup.me === "bob" ? { ...setup, values } : setup));
    expect(() => masked.run(masked.parties(changed))).toThrow(
      expect.objectContaining({ code: "setup", message: expect.stringContaining("bob changed") }),
    );
  });
});

function ranged(least: number, most: number): Record<string, { least: number; most: number }> {
  return Object.fromEntries(["alice", "bob"].map((party) => [party, { least, most }]));
}
