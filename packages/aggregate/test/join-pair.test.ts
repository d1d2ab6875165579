// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { describeJoinPair } from "../src/join-pair-description.ts";
import { expectDescribed } from "./described.ts";
import { seeded } from "./federation.ts";
import { type Join, PairFederation, plainJoin, type Row } from "./join-pair-federation.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();

let pair: PairFederation;
beforeAll(() => {
  pair = new PairFederation(toyGroup(), tinyBfv(seeded(primitives, "toy")), primitives);
});

const LARGE = 2 ** 46; // times 40 rows is below 2^53, and in three limbs at t = 2^46

function anyTable(
  columns: number,
  cells: number,
  bounds: readonly { least: number; most: number }[],
): fc.Arbitrary<Row[]> {
  const row = fc.record({
    key: fc.integer({ min: 0, max: 50 }).map(String),
    values: fc.tuple(
      ...Array.from({ length: columns }, (_, at) => {
        const { least, most } = bounds[at] ?? { least: 0, most: 0 };
        return fc.oneof(fc.constantFrom(0, least, most), fc.integer({ min: least, max: most }));
      }),
    ),
    group: fc.integer({ min: -1, max: cells - 1 }),
  });
  return fc.uniqueArray(row, { maxLength: 40, selector: ({ key }) => key });
}

const anyJoin: fc.Arbitrary<Join> = fc
  .record({
    cells: fc.integer({ min: 1, max: 4 }),
    groupOwner: fc.constantFrom<("alice" | "bob" | "nobody")[]>("alice", "bob", "nobody"),
    bounds: fc.array(
      fc.constantFrom(
        { least: 0, most: 1 },
        { least: -1000, most: 5 },
        { least: 7, most: 1e9 },
        { least: -LARGE, most: LARGE },
      ),
      { maxLength: 3 },
    ),
    minCount: fc.constantFrom(0, 1, 3),
  })
  .chain(({ cells, groupOwner, bounds, minCount }) => {
    const groups = groupOwner === "nobody" ? {} : { groupOwner, cells };
    return fc
      .tuple(anyTable(0, cells, []), anyTable(bounds.length, cells, bounds))
      .map(([alice, bob]): Join => ({ alice, bob, ...groups, ranges: bounds, minCount }));
  });

describe("join-sum-pair/1", () => {
  it("equals the joined tables, and sends what it describes: any tables, groups, columns and interleaving", () => {
    fc.assert(
      fc.property(anyJoin, anyWeather(), (join, weather) => {
        const { alice, bob } = pair.setups(join);
        const run = pair.run(pair.parties({ alice, bob }), weather);
        expect(run.outputs.get("bob")).toEqual(plainJoin(join));
        expect(run.outputs.get("alice")).toBeUndefined();
        expectDescribed(run, describeJoinPair(bob));
      }),
      { numRuns: 60 },
    );
  });
});
