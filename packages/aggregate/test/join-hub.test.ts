// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import type { JoinOpened } from "../src/index.ts";
import { describeHub } from "../src/join-hub-description.ts";
import { placesOfCells } from "../src/join-hub-jobs.ts";
import { groupChoices } from "../src/join-hub-layout.ts";
import { hubOfDistinct, hubOfJoin } from "../src/join-hub-session.ts";
import { expectDescribed } from "./described.ts";
import { seeded } from "./federation.ts";
import { HubFederation, type HubRow, type HubWorld, type Weather } from "./hub-federation.ts";
import { anyWeather } from "./weather.ts";

const primitives = nodePrimitives();

const toy = new HubFederation(tinyBfv(seeded(primitives, "toy")), primitives);
const PARTIES = ["alice", "bob", "carol", "dave", "erin"];

/** What a join must give, from the plain tables. */
function plainJoin({ rows, cells, groupOwner, columns, minCount = 1 }: HubWorld): JoinOpened {
  const parties = Object.keys(rows).sort();
  const find = (party: PartyId, key: string): HubRow | undefined =>
    rows[party]?.find((row) => row.key === key);
  const shared = (rows[parties[0] ?? ""] ?? [])
    .map(({ key }) => key)
    .filter((key) => parties.every((party) => find(party, key) !== undefined));
  const groupOf = (key: string): number =>
    groupOwner === undefined ? 0 : (find(groupOwner, key)?.group ?? 0);
  const counts = Array.from(
    { length: cells },
    (_, cell) => shared.filter((key) => groupOf(key) === cell).length,
  );
  const withheld = counts.flatMap((count, cell) => (count < minCount ? [cell] : []));
  const nth = columns.map((party, at) => columns.slice(0, at).filter((other) => other === party).length);
  const sums = columns.map((party, at) =>
    Float64Array.from({ length: cells }, (_, cell) =>
      withheld.includes(cell)
        ? 0
        : shared
            .filter((key) => groupOf(key) === cell)
            .reduce((sum, key) => sum + (find(party, key)?.values?.[nth[at] ?? 0] ?? 0), 0),
    ),
  );
  return { counts: Float64Array.from(counts, (count) => (count < minCount ? 0 : count)), sums, withheld };
}

/** What a distinct sum must give: of each key the first party's row. */
function plainDistinct({ rows, cells, columns, presence = false }: HubWorld): JoinOpened {
  const first = new Map<string, HubRow>();
  for (const party of Object.keys(rows).sort()) {
    for (const row of (rows[party] ?? []).filter(({ group = 0 }) => group >= 0)) {
      if (!first.has(row.key)) first.set(row.key, row);
    }
  }
  const inCell = (cell: number): readonly HubRow[] =>
    [...first.values()].filter(({ group = 0 }) => group === cell);
  const holders = (cell: number): number =>
    Object.values(rows).filter((own) => own.some(({ group = 0 }) => group === cell)).length;
  return {
    ...(presence ? { contributors: Float64Array.from({ length: cells }, (_, cell) => holders(cell)) } : {}),
    counts: Float64Array.from({ length: cells }, (_, cell) => inCell(cell).length),
    sums: columns.map((_, at) =>
      Float64Array.from({ length: cells }, (_row, cell) =>
        inCell(cell).reduce((sum, { values }) => sum + (values?.[at] ?? 0), 0),
      ),
    ),
    withheld: [],
  };
}

const value = fc.oneof(fc.constantFrom(0, 1000, -1000), fc.integer({ min: -1000, max: 1000 }));

function anyRows(cells: number): fc.Arbitrary<readonly HubRow[]> {
  const row = fc.record({
    key: fc.constantFrom(..."abcdefghij"),
    group: fc.integer({ min: -1, max: cells - 1 }),
    values: fc.tuple(value, value),
  });
  return fc.uniqueArray(row, { selector: ({ key }) => key, maxLength: 9 });
}

const anyWorld: fc.Arbitrary<HubWorld> = fc
  .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 9 }))
  .chain(([parties, cells]) => {
    const names = PARTIES.slice(0, parties);
    return fc.record({
      rows: fc
        .tuple(...names.map(() => anyRows(cells)))
        .map((tables) => Object.fromEntries(tables.map((rows, at) => [names[at] ?? "", rows]))),
      recipients: fc.subarray([...names, "aaron", "zoe"], { minLength: 1, maxLength: 3 }),
      cells: fc.constant(cells),
      groupOwner: fc.constantFrom(...names),
      columns: fc.shuffledSubarray([...names, names[0] ?? ""], { maxLength: 3 }),
      minCount: fc.constantFrom(0, 1, 2),
      presence: fc.boolean(),
      pad: fc.constantFrom(
        (rows: number) => rows + 1,
        () => 9,
      ),
    });
  });

const plain = ({ counts, sums, withheld, contributors }: JoinOpened): unknown => ({
  ...(contributors === undefined ? {} : { contributors: [...contributors] }),
  counts: [...counts],
  sums: sums.map((sum) => [...sum]),
  withheld,
});

describe("join-sum-hub/1", () => {
  it("equals the join of the plain tables, for any tables, groups, recipients and interleaving", () => {
    fc.assert(
      fc.property(anyWorld, anyWeather(), (world, weather: Weather) => {
        const run = toy.run(toy.joinParties(toy.join(world)), weather);
        for (const recipient of world.recipients) {
          expect(plain(run.outputs.get(recipient) as JoinOpened)).toEqual(plain(plainJoin(world)));
        }
        const [session] = toy.join(world);
        if (session === undefined) throw new Error("no node");
        const hub = hubOfJoin(session);
        expectDescribed(run, describeHub(hub, {}, groupChoices(hub)[0] ?? 0));
        for (const other of Object.keys(world.rows).filter((party) => !world.recipients.includes(party))) {
          expect(run.outputs.get(other)).toBeUndefined();
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("what the coordinator is told of groups and cells", () => {
  const world: HubWorld = {
    rows: { alice: [{ key: "a", group: 3 }], bob: [{ key: "a", group: 4 }] },
    ...{ recipients: ["zoe"], cells: 9, groupOwner: "alice", columns: [] },
  };
  const cells = Array.from({ length: 9 }, (_, cell) => cell);

  it("is another name in each session, in a join", () => {
    const names = [0, 1].map(() => {
      const { transcript } = toy.run(toy.joinParties(toy.join(world)));
      const table =
        transcript.find(({ output }) => output === "groups.alice.zoe")?.bytes.slice() ?? new Uint8Array();
      return [...new Uint32Array(table.buffer)];
    });
    for (const own of names) expect([...own].sort()).toEqual(cells);
    expect(names[0]).not.toEqual(names[1]);
    expect(names).not.toContainEqual(cells);
  });

  it("is another order in each session, the same at all nodes, in a distinct sum", () => {
    const places: string[] = [];
    const before = toy.jobs;
    toy.jobs = new Map(before).set(placesOfCells.name, (vault, ...args) => {
      const order = before.get(placesOfCells.name)?.(vault, ...args) as Int32Array;
      places.push(order.join());
      return order;
    });
    for (const _ of [0, 1]) toy.run(toy.distinctParties(toy.distinct(world)));
    toy.jobs = before;
    expect(places.length).toBe(6);
    expect(new Set(places).size).toBe(2);
    expect(places).not.toContain(cells.join());
    for (const own of places) expect(own.split(",").sort()).toEqual(cells.map(String));
  });
});

/** Two parties, as many rows of each group as `counts` says, and a bucket that makes selections dear. */
function dear(counts: readonly number[], more: Partial<HubWorld> = {}): HubWorld {
  const rows = counts.flatMap((count, group) =>
    Array.from({ length: count }, (_, at) => ({ key: `${group}/${at}`, group, values: [10 ** group] })),
  );
  const base = { recipients: ["bob"], cells: 8, groupOwner: "alice", columns: ["bob"], minCount: 1 };
  return { ...base, rows: { alice: rows, bob: rows }, pad: () => 70, ...more };
}

describe("join-sum-hub/1 where selections are dear", () => {
  it.each([
    [[2, 0, 1, 0, 3, 0, 0, 0], 4],
    [[0, 0, 0, 0, 0, 0, 0, 0], 4],
    [[1, 1, 1, 1, 0, 0, 0, 0], 4],
    [[1, 1, 1, 1, 1, 0, 0, 0], 8],
  ])("selects for %j in %i groups", (counts, groups) => {
    const world = dear(counts, { most: 10 ** 8 });
    const setups = toy.join(world);
    const run = toy.run(toy.joinParties(setups));
    expect(plain(run.outputs.get("bob") as JoinOpened)).toEqual(plain(plainJoin(world)));
    const [session] = setups;
    if (session === undefined) throw new Error("no node");
    expect(groupChoices(hubOfJoin(session))).toEqual([4, 8]);
    expectDescribed(run, describeHub(hubOfJoin(session), {}, groups));
  });
});

describe("sums that no slot holds", () => {
  const most = 2 ** 45;
  const rows = [2, 0, 1].flatMap((count, group) =>
    Array.from({ length: count }, (_, at) => ({
      key: `${group}/${at}`,
      group,
      values: [at === 0 ? -most : most - 1],
    })),
  );
  const world = dear([], { rows: { alice: rows, bob: rows }, cells: 3, least: -most, most, pad: () => 9 });

  it("come in limbs, and are whole again at the recipient", () => {
    const joined = toy.run(toy.joinParties(toy.join(world))).outputs.get("bob") as JoinOpened;
    expect(plain(joined)).toEqual(plain(plainJoin(world)));
    const once = toy.run(toy.distinctParties(toy.distinct(world))).outputs.get("bob") as JoinOpened;
    expect(plain(once)).toEqual(plain(plainDistinct(world)));
    expect([...(once.sums[0] ?? [])]).toEqual([-1, 0, -most]);
  });
});

describe("distinct-sum/1", () => {
  it("takes what the first party in id order says where copies disagree, cell included", () => {
    const row = (key: string, group: number, value: number): HubRow => ({ key, group, values: [value] });
    const world: HubWorld = {
      rows: {
        alice: [row("a", 0, 1), row("out", -1, 100)],
        bob: [row("a", 1, 2), row("b", 1, 4), row("out", 1, 200)],
        carol: [row("a", 1, 8), row("b", 0, 16), row("c", 0, 32), row("out", 0, 400)],
      },
      ...{ recipients: ["zoe"], cells: 2, columns: ["any"] },
    };
    const opened = toy.run(toy.distinctParties(toy.distinct(world))).outputs.get("zoe") as JoinOpened;
    // a row outside all cells is left out where it is, so that the next holder's counts
    expect(plain(opened)).toEqual({ counts: [2, 2], sums: [[33, 204]], withheld: [] });
  });

  it("says how many parties brought rows to a cell, whoever's row is selected, and asks nobody which", () => {
    const rows = ["a", "b"].map((key): HubRow => ({ key, group: 0 }));
    const world: HubWorld = {
      rows: { alice: rows, bob: rows, carol: [{ key: "a", group: 1 }] },
      ...{ recipients: ["zoe"], cells: 3, columns: [], presence: true },
    };
    const opened = toy.run(toy.distinctParties(toy.distinct(world))).outputs.get("zoe") as JoinOpened;
    // carol's row is selected at alice, and counts there; that carol has a cell of her own stays so
    expect(plain(opened)).toEqual({ counts: [2, 0, 0], sums: [], withheld: [], contributors: [2, 1, 0] });
  });

  it("counts each key once, at its first holder, for any tables, recipients and interleaving", () => {
    fc.assert(
      fc.property(anyWorld, anyWeather(), (world, weather: Weather) => {
        const run = toy.run(toy.distinctParties(toy.distinct(world)), weather);
        for (const recipient of world.recipients) {
          expect(plain(run.outputs.get(recipient) as JoinOpened)).toEqual(plain(plainDistinct(world)));
        }
        const [session] = toy.distinct(world);
        if (session === undefined) throw new Error("no node");
        expectDescribed(run, describeHub(hubOfDistinct(session), {}, world.cells));
      }),
      { numRuns: 40 },
    );
  });
});
