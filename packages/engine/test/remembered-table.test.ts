// SPDX-License-Identifier: Apache-2.0
import { keysOf, NORM_VERSION, type Table, wholeOf } from "@koplamp/wire";
import { expect, test } from "vitest";
import { inputsOf, itemsOf } from "../src/items.ts";
import { memoryScratch } from "../src/memory-scratch.ts";
import type { Scratch } from "../src/ports.ts";
import { distinctCount, itemsAgain, rememberedItems } from "../src/remembered-table.ts";

const CONTEXT = {
  covenantId: "c",
  purposeId: "p",
  epoch: "2026-W48",
  keySpec: "opaque",
  normVersion: NORM_VERSION,
};
const pause = async (): Promise<void> => {};
const around = { scratch: memoryScratch(), pause };

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

test("the inputs of a list are packed once, where every worker reads them", async () => {
  const items = await rememberedItems(table(), ["id"], CONTEXT, pause);
  const inputs = inputsOf(items);
  expect(inputsOf(items)).toBe(inputs);
  expect(inputs).toEqual(wholeOf(items.list));
  for (const { buffer } of [inputs.bytes, inputs.ends]) expect(buffer).toBeInstanceOf(SharedArrayBuffer);
});

test("the items of a long table are made again for each question", async () => {
  const read = { ...table(), rows: 2 ** 18 };
  const longer = { ...read, rows: 2 ** 18 + 1 };
  const again = (of: Table) => itemsAgain(of, ["id"], CONTEXT, pause);
  expect(await again(read)).toBe(await again(read));
  const first = await again(longer);
  expect(await again(longer)).not.toBe(first);
  expect(await again(longer)).toEqual(first);
});

test("distinct keys are counted for each of the columns", async () => {
  const read = table();
  for (let time = 0; time < 2; time += 1) {
    expect(await distinctCount(read, ["id"], around)).toBe(2);
    expect(await distinctCount(read, ["other"], around)).toBe(3);
  }
});

test("those of a long list are counted outside memory, and nothing is left there", async () => {
  const files = { opened: 0, closed: 0 };
  const scratch: Scratch = {
    open: () => {
      files.opened += 1;
      const file = memoryScratch().open();
      return {
        put: (piece) => file.put(piece),
        get: (at) => file.get(at),
        close: () => {
          files.closed += 1;
        },
      };
    },
  };
  const rows = 2 ** 20 + 1;
  const id = { length: rows, at: (row: number) => `k${row % 70_000}`, *[Symbol.iterator]() {} };
  const count = (read: Table) => distinctCount(read, ["id"], { scratch, pause });
  expect(await count({ rows, columns: { id } })).toBe(70_000);
  expect(files).toEqual({ opened: 1, closed: 1 });
  expect(await count({ rows: 2 ** 20, columns: { id } })).toBe(70_000);
  expect(files.opened).toBe(1);
});

test("what failed is not remembered", async () => {
  const read = { ...table(), rows: 5000 };
  const failing = async (): Promise<void> => {
    throw new Error("stopped");
  };
  await expect(distinctCount(read, ["id"], { ...around, pause: failing })).rejects.toThrow("stopped");
  await expect(rememberedItems(read, ["id"], CONTEXT, failing)).rejects.toThrow("stopped");
  expect(await distinctCount(read, ["id"], around)).toBe(2);
  expect(keysOf((await rememberedItems(read, ["id"], CONTEXT, pause)).list)).toEqual([["x"], ["y"]]);
});
