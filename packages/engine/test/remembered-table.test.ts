// SPDX-License-Identifier: Apache-2.0
import { keysOf, NORM_VERSION, type Table } from "@koplamp/wire";
import { expect, test } from "vitest";
import { itemsOf } from "../src/items.ts";
import { distinctCount, rememberedItems } from "../src/remembered-table.ts";

const CONTEXT = {
  covenantId: "c",
  purposeId: "p",
  epoch: "2026-W48",
  keySpec: "opaque",
  normVersion: NORM_VERSION,
};
const pause = async (): Promise<void> => {};

function table(): Table {
  return { rows: 3, columns: { id: ["x", "y", "x"], other: ["a", "b", "c"] } };
}

test("items are those of the table, made once for each reading of it, its columns and their context", async () => {
  const read = table();
  const first = await rememberedItems(read, ["id"], CONTEXT, pause);
  expect(first).toEqual(await itemsOf(read, ["id"], CONTEXT, pause));
  expect(await rememberedItems(read, ["id"], { ...CONTEXT }, pause)).toBe(first);
  expect(await rememberedItems(table(), ["id"], CONTEXT, pause)).not.toBe(first);
  for (const [key, context] of [
    [["other"], CONTEXT],
    [["id"], { ...CONTEXT, purposeId: "q" }],
    [["id"], { ...CONTEXT, epoch: "2026-W49" }],
  ] as const) {
    const other = await rememberedItems(read, key, context, pause);
    expect(other).toEqual(await itemsOf(read, key, context, pause));
  }
});

test("distinct keys are counted for each of the columns", async () => {
  const read = table();
  for (let time = 0; time < 2; time += 1) {
    expect(await distinctCount(read, ["id"], pause)).toBe(2);
    expect(await distinctCount(read, ["other"], pause)).toBe(3);
  }
});

test("what failed is not remembered", async () => {
  const read = { ...table(), rows: 5000 };
  const failing = async (): Promise<void> => {
    throw new Error("stopped");
  };
  await expect(distinctCount(read, ["id"], failing)).rejects.toThrow("stopped");
  await expect(rememberedItems(read, ["id"], CONTEXT, failing)).rejects.toThrow("stopped");
  expect(await distinctCount(read, ["id"], pause)).toBe(2);
  expect(keysOf((await rememberedItems(read, ["id"], CONTEXT, pause)).list)).toEqual([["x"], ["y"]]);
});
