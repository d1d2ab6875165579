// SPDX-License-Identifier: Apache-2.0
// Keys of a list that is never in memory: those of the list that is, in its order; and a cut of it.
import { type Cell, type InputContext, keysOf, type Table } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CutList } from "../src/cut-list.ts";
import { itemsOf, type Stretches } from "../src/items.ts";
import { longKeys, stretchesOf } from "../src/long-keys.ts";
import { memoryScratch } from "../src/memory-scratch.ts";

const CONTEXT: InputContext = {
  covenantId: "lab/test",
  purposeId: "lab",
  epoch: "2026-W48",
  keySpec: "opaque+category",
  normVersion: "1",
};
const pause = async (): Promise<void> => {};
const KEY = ["id", "kind"];
const parts = { scratch: memoryScratch(), pause };

function tableOf(rows: readonly (readonly [Cell, Cell])[]): Table {
  return { rows: rows.length, columns: { id: rows.map(([id]) => id), kind: rows.map(([, kind]) => kind) } };
}

/** All inputs of a list, each as its bytes. */
function inputsIn(list: Stretches): readonly string[] {
  return [...list.stretches()].flatMap(({ bytes, ends }) =>
    Array.from(ends, (end, at) =>
      Buffer.from(bytes.subarray(at === 0 ? 0 : ends[at - 1], end)).toString("hex"),
    ),
  );
}

describe("keys of a long list", () => {
  it("are those of the list in memory, in its order", async () => {
    const long = "l".repeat(2100); // too long for an input
    const text = fc.oneof(fc.constantFrom("a", "b", "c", long), fc.string({ maxLength: 2 }));
    const cell = fc.oneof(text, fc.constant(null), fc.uniqueArray(text, { minLength: 1, maxLength: 3 }));
    const rows = fc.array(fc.tuple(cell, cell), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(rows, async (made) => {
        const table = tableOf(made);
        const { list } = await itemsOf(table, KEY, CONTEXT, pause);
        const keys = await longKeys(table, KEY, CONTEXT, parts);
        expect(inputsIn(keys)).toEqual(inputsIn(stretchesOf(list)));
        expect(keys.count).toBe(list.ends.length);
        expect(keys.head).toEqual(list.head);
      }),
      { numRuns: 100 },
    );
  });

  it("come a stretch at a time, as often as somebody goes through them, and no step takes long", async () => {
    const table = tableOf(Array.from({ length: 100_000 }, (_, at) => [`k${at % 40_000}`, "x"]));
    const keys = await longKeys(table, KEY, CONTEXT, parts);
    const sizes = [...keys.stretches()].map(({ ends }) => ends.length);
    expect(sizes.slice(0, 3)).toEqual([16384, 16384, 40_000 - 2 * 16384]);
    expect(sizes.slice(3)).toEqual([0, 0, 0]); // rows with nothing new: others may go on in between
    expect(inputsIn(keys)).toEqual(inputsIn(keys));
  });
});

describe("a list in parts", () => {
  it("has every input once, in its order, with its position, and nothing when it is closed", async () => {
    const { list } = await itemsOf(
      tableOf(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, "x"])),
      KEY,
      CONTEXT,
      pause,
    );
    const cut = new CutList(memoryScratch(), list.head, 8);
    let at = 0;
    for (const stretch of stretchesOf(list).stretches()) {
      cut.put(
        stretch,
        Uint16Array.from(stretch.ends, () => (at++ * 5) % 8),
      );
    }
    cut.end();
    expect([...cut.sizes]).toEqual(new Array(8).fill(2500));
    const keys = keysOf(list);
    for (let part = 0; part < 8; part += 1) {
      const { inputs, positions } = cut.part(part);
      expect([...positions]).toEqual(
        Array.from(keys.keys()).filter((position) => (position * 5) % 8 === part),
      );
      expect(keysOf(inputs)).toEqual(Array.from(positions, (position) => keys[position]));
    }
    cut.close();
    expect(() => cut.part(0)).toThrow("expected a piece");
  });
});
