// SPDX-License-Identifier: Apache-2.0
// What people really hand in: each case is a sentence, a count or a null, and never a guess.
import { appendFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSources } from "../src/open-sources.ts";
import { readSource } from "../src/read-source.ts";
import { cells, dataset, opaque, read, refusal, written } from "./support.ts";

describe("bad input", () => {
  test("a column of the wrong kind gives nulls, all counted by reason", async () => {
    const file = written("csv", "imo,name\nOrion,1\nVega,2\n9187629,3\n");
    const { table, quality } = await read(file, { imo: { kind: "imo" } });
    expect(table).toEqual({ rows: 3, columns: { imo: [null, null, "9187629"] } });
    expect(quality["imo"]).toMatchObject({ accepted: 1, empty: 0, rejected: { character: 2 } });
  });

  test("a file of which every row is rejected is a table of nulls", async () => {
    const file = written("csv", "imo,x\n1234568,1\n7654321,2\n");
    const { table, quality } = await read(file, { imo: { kind: "imo" } });
    expect(table).toEqual({ rows: 2, columns: { imo: [null, null] } });
    expect(quality["imo"]).toMatchObject({ accepted: 0, rejected: { "check-digit": 2 } });
  });

  test("rows that stand twice stay, and are counted", async () => {
    const file = written("csv", "imo,x\n9187629,1\n9187629,1\nIMO 9187629,1\n");
    const { table, quality } = await read(file, { imo: { kind: "imo" } });
    expect(table.columns["imo"]).toEqual(["9187629", "9187629", "9187629"]);
    expect(quality["imo"]).toMatchObject({ accepted: 3, duplicates: 2, collisions: 1, separatorsRemoved: 1 });
  });

  test("NUL and other control characters reject the value, a byte order mark within one does not", async () => {
    const file = written("csv", "a,b\nx\u0000y,1\nx\u0007y,2\n\uFEFFz,3\n");
    const { table, quality } = await read(file, { a: opaque });
    expect(table.columns["a"]).toEqual([null, null, "z"]);
    expect(quality["a"]).toMatchObject({ rejected: { control: 2 } });
  });

  test("two forms of one letter are one value; marks that UTF-8 cannot say stop the file", async () => {
    expect(await cells(written("csv", "a,b\ncafe\u0301,1\ncaf\u00e9,2\n"), { a: opaque })).toEqual({
      a: ["caf\u00e9", "caf\u00e9"],
    });
    const mixed = Buffer.concat([Buffer.from("a,b\ncaf\u00e9,1\n"), Buffer.from("caf\u00e9,2\n", "latin1")]);
    expect(await refusal(() => read(written("csv", mixed), { b: opaque }))).toEqual({
      code: "encoding",
      message: expect.stringMatching(/^line 3 of /),
    });
  });

  test("a file that grows while its thread reads it is refused, and read at the next question", async () => {
    const file = written("csv", `a,b\n${"x,1\n".repeat(400_000)}`);
    const spec = dataset(file, { a: opaque });
    const sources = openSources({ things: spec }, readSource);
    const reading = refusal(() => sources.snapshot("things"));
    const writing = setInterval(() => appendFileSync(file, "y,2\n"), 5);
    expect((await reading.finally(() => clearInterval(writing))).code).toBe("changed-file");
    expect((await sources.snapshot("things")).table.rows).toBeGreaterThan(400_000);
  });
});
