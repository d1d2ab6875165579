// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import type { ReadSource } from "@koplamp/engine";
import { describe, expect, test } from "vitest";
import { openSources } from "../src/open-sources.ts";
import { dataset, opaque, readPlain, refusal, written } from "./support.ts";

function counted(): { readonly readings: () => number; readonly read: ReadSource } {
  let readings = 0;
  const read: ReadSource = (spec, columns) => {
    readings += 1;
    return readPlain(spec, columns);
  };
  return { readings: () => readings, read };
}

describe("open sources", () => {
  test("read a file once for everybody, and again when it has changed", async () => {
    const file = written("csv", "a,b\n1,2\n");
    const { readings, read } = counted();
    const sources = openSources({ things: dataset(file, { a: opaque }) }, read);
    const [one, two] = await Promise.all([sources.snapshot("things"), sources.snapshot("things")]);
    expect(one).toBe(two);
    expect(await sources.snapshot("things")).toBe(one);
    expect(readings()).toBe(1);
    appendFileSync(file, "3,4\n");
    expect((await sources.snapshot("things")).table).toEqual({ rows: 2, columns: { a: ["1", "3"] } });
    expect(readings()).toBe(2);
  });

  test("what a question holds stays, also when the file changes or goes", async () => {
    const file = written("csv", "a\n1\n");
    const { readings, read } = counted();
    const sources = openSources({ things: dataset(file, { a: opaque }) }, read);
    const first = await sources.snapshot("things");
    const [letGo, letGoToo] = [sources.hold(), sources.hold()];
    appendFileSync(file, "2\n");
    expect(await sources.snapshot("things")).toBe(first);
    letGo();
    letGo(); // a second call changes nothing
    rmSync(file);
    expect(await sources.snapshot("things")).toBe(first);
    letGoToo();
    expect((await refusal(() => sources.snapshot("things"))).code).toBe("missing-file");
    expect(readings()).toBe(2);
  });

  test("a failed reading is not kept: a corrected file is read at the next question", async () => {
    const file = written("csv", "b\n1\n");
    const sources = openSources({ things: dataset(file, { a: opaque }) }, readPlain);
    expect((await refusal(() => sources.snapshot("things"))).code).toBe("missing-column");
    writeFileSync(file, "a\n1\n");
    expect((await sources.snapshot("things")).table.rows).toBe(1);
  });

  test("only declared datasets exist", async () => {
    const sources = openSources({ ships: dataset(written("csv", "a\n1\n"), { a: opaque }) }, readPlain);
    expect(await refusal(() => sources.snapshot("ship"))).toEqual({
      code: "unknown-dataset",
      message: 'there is no dataset "ship"; did you mean "ships"?',
    });
    expect((await refusal(() => sources.snapshot("constructor"))).code).toBe("unknown-dataset");
  });
});
