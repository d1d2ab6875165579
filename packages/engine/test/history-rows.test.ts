// SPDX-License-Identifier: Apache-2.0
// Who stands in a cell, as a node remembers it: by the dataset's subject, or by the whole row.
import type { AggregateAsk, Cell, Input, Plan, Table } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { Filled, MEMBER_LANES } from "../src/history-members.ts";
import { releaseOfCube } from "../src/history-rows.ts";
import { differenceOf, type Release } from "../src/history-rule.ts";
import type { NodePorts } from "../src/index.ts";
import type { QuestionRun } from "../src/question-run.ts";
import { primitives } from "./federation.ts";

const columns = ["who", "region", "n", "seen"];
const kinds = ["opaque", "category", "integer", "date"];
const ask: AggregateAsk = {
  kind: "aggregate",
  from: [{ party: "anna", dataset: "list" }],
  where: [],
  groupBy: ["region"],
  domain: [{ column: "region", values: ["north", "south"] }],
  measures: ["count", "sum(n)"],
};
const input = { party: "anna", dataset: "list", columns, kinds } as unknown as Input; // no more of it is read

type Row = readonly [who: Cell, region: Cell, n: string, seen: string];

function releaseOf(rows: readonly Row[], subject?: string, storage = 1): Promise<Release> {
  const table: Table = {
    rows: rows.length,
    columns: Object.fromEntries(columns.map((name, at) => [name, rows.map((row) => row[at] ?? null)])),
  };
  const node = {
    primitives,
    keys: { storage: new Uint8Array(32).fill(storage) },
    sources: {
      specs: { list: { file: "", nulls: [], columns: {}, ...(subject === undefined ? {} : { subject }) } },
    },
    clock: { now: () => 0, sleep: async () => {} },
  } as unknown as NodePorts; // no more of it is used
  const plan = { release: { minCount: 3, noise: null } } as Plan;
  const run = { plan, contributors: ["anna", "bert"] } as unknown as QuestionRun;
  return releaseOfCube(node, run, ask, { input, table });
}

const DAY = "2026-11-01";
const FOUR: readonly Row[] = ["a", "b", "c", "d"].map((who): Row => [who, "north", "1", DAY]);
const sizes = ({ members }: Release): readonly number[] => {
  const filled = new Filled(members);
  return [0, 1].map((cell) => filled.sizeOf(cell));
};

describe("members of a cell", () => {
  it("are subjects, whatever else of their rows changes", async () => {
    const before = await releaseOf(FOUR, "who");
    const later = await releaseOf(
      [...FOUR, ["e", "north", "1", DAY] as const].map(
        ([who, region, n]): Row => [who, region, n, "2026-12-01"],
      ),
      "who",
    );
    expect(sizes(later)).toEqual([5, 0]);
    expect(differenceOf(before, later)).toBe("rows");
    // Without a subject a row is all that is in it: nobody is recognised once every row has changed.
    const [rows, changed] = await Promise.all([
      releaseOf(FOUR),
      releaseOf(FOUR.map(([who, region, n]): Row => [who, region, n, "2026-12-01"])),
    ]);
    expect(differenceOf(rows, changed)).toBeUndefined();
    expect(differenceOf(rows, await releaseOf(FOUR.slice(1)))).toBe("rows");
  });

  it("have one number for what they add, however many rows they have and in whatever order", async () => {
    const rows: readonly Row[] = [["a", "north", "1", DAY], ["a", "north", "2", DAY], ...FOUR];
    const one = await releaseOf(rows, "who");
    expect(sizes(one)).toEqual([4, 0]);
    expect(differenceOf(one, await releaseOf([...rows].reverse(), "who"))).toBeUndefined();
    expect(differenceOf(one, await releaseOf(rows.slice(1), "who"))).toBe("rows");
  });

  it("are rows where a subject is empty, each of several that are alike", async () => {
    expect(
      sizes(
        await releaseOf(
          [
            [null, "north", "1", DAY],
            [null, "north", "1", DAY],
          ],
          "who",
        ),
      ),
    ).toEqual([2, 0]);
    expect(sizes(await releaseOf([["a", ["north", "south"], "1", DAY]], "who"))).toEqual([1, 1]);
    expect(sizes(await releaseOf([["a", null, "1", DAY]], "who"))).toEqual([0, 0]);
  });

  it("have names that another node cannot make, and that hold nothing of them", async () => {
    const names = async (storage: number): Promise<readonly string[]> => {
      const { members } = await releaseOf(FOUR, "who", storage);
      const at = Array.from({ length: members.length / MEMBER_LANES }, (_, member) => member * MEMBER_LANES);
      return at.map((lane) => `${members[lane + 1]} ${members[lane + 2]}`);
    };
    const [ours, theirs] = [await names(1), await names(2)];
    expect(ours.length).toBe(4);
    expect(ours.some((name) => theirs.includes(name))).toBe(false);
    expect(await names(1)).toEqual(ours);
  });
});
