// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSource, readSourceIn } from "../src/read-source.ts";
import { dataset, opaque, plain, refusal, written } from "./support.ts";

/** The handles of this process on files that were in a folder, as the system has them. */
function handlesIn(folder: string): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder) ? [`/proc/self/fd/${fd}`] : [];
    } catch {
      return []; // the handle by which the list was read
    }
  });
}

describe("the thread", () => {
  test("gives a snapshot, and a refusal as it was thrown", async () => {
    const file = written("csv", "a,n\nx,1\ny,2\n");
    const spec = dataset(file, { a: opaque, n: { kind: "integer", min: 0, max: 1 } });
    const snapshot = await readSource(spec, ["a"]);
    expect(plain(snapshot.table)).toEqual({ rows: 2, columns: { a: ["x", "y"] } });
    expect(snapshot.digest).toBeInstanceOf(Uint8Array);
    expect(await refusal(() => readSource(spec, ["n"]))).toEqual({
      code: "out-of-range",
      message: 'row 2: column "n" is above its declared max 1',
    });
  });

  test("puts a column that is too long for memory into a sealed file without a name", async () => {
    const rows = 64 * 16_384 + 2; // one page more than stay in memory
    const file = written(
      "csv",
      `a,b\n${Array.from({ length: rows }, (_, at) => `s${at},s${at % 9}`).join("\n")}\n`,
    );
    const folder = mkdtempSync(join(tmpdir(), "koplamp-scratch-"));
    try {
      const { table, quality } = await readSourceIn(folder)(dataset(file, { a: opaque, b: opaque }), [
        "a",
        "b",
      ]);
      expect(readdirSync(folder)).toEqual([]);
      const [handle = "", ...more] = handlesIn(folder);
      expect(more).toEqual([]); // what was needed while it was read is closed
      const sealed = readFileSync(handle);
      expect(sealed.length).toBeGreaterThan(rows * 10);
      expect(sealed.includes("s12345")).toBe(false);
      for (const row of [0, 1_048_577, 16_384, 16_383, 500_000]) {
        expect(table.columns["a"]?.at(row)).toBe(`s${row}`);
        expect(table.columns["b"]?.at(row)).toBe(`s${row % 9}`);
      }
      expect(quality["a"]).toMatchObject({ accepted: rows, duplicates: 0, collisions: 0 });
      expect(quality["b"]).toMatchObject({ accepted: rows, duplicates: rows - 9, collisions: 0 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("keeps no file open for what fits memory, nor for what cannot be read", async () => {
    const folder = mkdtempSync(join(tmpdir(), "koplamp-scratch-"));
    try {
      const read = readSourceIn(folder);
      const { table } = await read(dataset(written("csv", "a\nx\n"), { a: opaque }), ["a"]);
      expect(plain(table)).toEqual({ rows: 1, columns: { a: ["x"] } });
      expect(handlesIn(folder)).toEqual([]);
      await refusal(() => read(dataset("none.csv", { a: opaque }), ["a"]));
      expect(handlesIn(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("reads 100,000 rows of six columns well within two seconds of CPU", async () => {
    const rows = Array.from(
      { length: 100_000 },
      (_, at) => `${at + 1e6},name ${at % 1000},"q,${at}",${at},c${at % 7},t`,
    );
    const file = written("csv", `a,b,c,d,e,f\n${rows.join("\n")}\n`);
    const columns = {
      a: opaque,
      b: opaque,
      c: opaque,
      d: { kind: "integer" },
      e: opaque,
      f: opaque,
    } as const;
    const start = process.cpuUsage();
    const { table } = await readSource(dataset(file, columns), Object.keys(columns));
    const { user, system } = process.cpuUsage(start);
    expect(table.rows).toBe(100_000);
    expect(table.columns["c"]?.at(99_999)).toBe("q,99999");
    expect((user + system) / 1e6).toBeLessThan(2.5); // a shared machine; about 1.2 when it is idle
  });
});
