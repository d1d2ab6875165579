// SPDX-License-Identifier: Apache-2.0
// The same hubs on SEAL.
import { type HeBackend, loadHe } from "@koplamp/he";
import { beforeAll, describe, expect, it } from "vitest";
import { nodePrimitives } from "../../pool/src/index.ts";
import { distinctSum, type JoinOpened, joinHub } from "../src/index.ts";
import { HUB_MEASURES } from "../src/join-hub-jobs.ts";
import { expectDescribed } from "./described.ts";
import { HubFederation, type HubRow, type HubWorld } from "./hub-federation.ts";
import { HubBench } from "./hub-workbench.ts";

const primitives = nodePrimitives();
let he: HeBackend;
let federation: HubFederation;

beforeAll(async () => {
  he = await loadHe(primitives);
  federation = new HubFederation(he, primitives);
});

/** Rows of consecutive keys. */
function table(from: number, count: number, row: (key: number) => Partial<HubRow>): readonly HubRow[] {
  return Array.from({ length: count }, (_, at) => ({ key: `${from + at}`, ...row(from + at) }));
}

const params = "bfv-sel-42-pq";

describe("hubs on SEAL", () => {
  it("join three parties, one with groups only, for somebody who brings nothing", () => {
    const world: HubWorld = {
      rows: {
        kvk: table(0, 700, (key) => ({ group: key % 40 < 3 ? key % 40 : 39 })),
        politie: table(100, 400, (key) => ({ values: [key % 7] })),
        tax: table(0, 450, (key) => ({ values: [1_000_000 * key] })),
      },
      ...{ recipients: ["riec"], cells: 40, groupOwner: "kvk", columns: ["politie", "tax"], minCount: 10 },
      ...{ least: -5, most: 1_000_000_000 },
    };
    const setups = federation.join(world);
    const run = federation.run(federation.joinParties(setups));
    const { counts, sums, withheld } = run.outputs.get("riec") as JoinOpened;
    const shared = Array.from({ length: 350 }, (_, at) => 100 + at);
    for (const group of [0, 1, 2]) {
      const own = shared.filter((key) => key % 40 === group);
      expect(counts[group]).toBe(own.length < 10 ? 0 : own.length);
      const add = (value: (key: number) => number): number =>
        own.length < 10 ? 0 : own.reduce((sum, key) => sum + value(key), 0);
      expect([sums[0]?.[group], sums[1]?.[group]]).toEqual([
        add((key) => key % 7),
        add((key) => 1_000_000 * key),
      ]);
    }
    expect(counts[39]).toBe(shared.filter((key) => key % 40 >= 3).length);
    expect(withheld.length).toBe(40 - counts.filter((count) => count > 0).length);
    const [session] = setups;
    if (session === undefined) throw new Error("no node");
    expectDescribed(run, joinHub.describe({ ...session, params, quotas: {} }));
  }, 60_000);

  it("count once what five report, each cell in its place", () => {
    const parties = ["a", "b", "c", "d", "e"];
    const world: HubWorld = {
      rows: Object.fromEntries(
        parties.map((party, at) => [
          party,
          table(at * 100, 250, (key) => ({ group: key % 15, values: [key * 1_000_000 - at] })),
        ]),
      ),
      ...{ recipients: ["c"], cells: 15, columns: ["any"], least: -5, most: 10 ** 9 },
    };
    const setups = federation.distinct(world);
    const run = federation.run(federation.distinctParties(setups));
    const { counts, sums } = run.outputs.get("c") as JoinOpened;
    const keys = Array.from({ length: 650 }, (_, key) => key);
    const firstOf = (key: number): number => Math.max(0, Math.floor((key - 150) / 100));
    for (let cell = 0; cell < 15; cell += 1) {
      const own = keys.filter((key) => key % 15 === cell);
      expect(counts[cell]).toBe(own.length);
      expect(sums[0]?.[cell]).toBe(own.reduce((sum, key) => sum + key * 1_000_000 - firstOf(key), 0));
    }
    const [session] = setups;
    if (session === undefined) throw new Error("no node");
    expectDescribed(run, distinctSum.describe({ ...session, params, quotas: {} }));
  }, 60_000);

  it("show single slots without masks that add up to zero, and none with them", () => {
    const backend = he.forSet(params);
    const { slots } = backend.set;
    const numbers = Float64Array.from({ length: slots }, (_, at) => (at < 500 ? 1_000_000 + at : 0));
    numbers[slots - 1] = 1;
    const selected = new Float64Array(slots).fill(1, 0, 300);
    const read = (measures: typeof HUB_MEASURES): number => {
      const opened = new HubBench(backend, primitives, numbers, selected, measures).peek();
      return numbers.subarray(0, 500).filter((number, at) => opened[at] === number).length;
    };
    expect(read({ ...HUB_MEASURES, zeroSumMasks: () => undefined })).toBe(300);
    expect(read(HUB_MEASURES)).toBe(0);
  }, 60_000);
});
