// SPDX-License-Identifier: Apache-2.0

import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { cells, folder, opaque, read, refusal, written } from "./support.ts";

describe("typed files", () => {
  const JSONL = [
    '{"a": 12345678901234567890, "b": "x", "c": 3.0, "d": true, "x/y~z\'": "q"}',
    '{"a": -5, "c": 2.50, "d": null, "extra": [1]}',
    "",
  ].join("\n");

  test("JSON lines: numbers, booleans and missing names in text form", async () => {
    const columns = { a: opaque, b: opaque, c: opaque, d: opaque, odd: { ...opaque, from: "x/y~z'" } };
    const expected = {
      a: ["12345678901234567890", "-5"],
      b: ["x", null],
      c: ["3", "2.5"],
      d: ["true", null],
      odd: ["q", null],
    };
    expect(await cells(written("jsonl", JSONL), columns)).toEqual(expected);
    const array = `[${JSONL.trim().split("\n").join(",")}]`;
    expect(await cells(written("json", array), columns)).toEqual(expected);
  });

  test("JSON without records has no rows", async () => {
    expect((await read(written("json", "[]"), { a: opaque })).table).toEqual({ rows: 0, columns: { a: [] } });
    expect((await read(written("jsonl", "\n"), { a: opaque })).table).toEqual({
      rows: 0,
      columns: { a: [] },
    });
  });

  test("JSON that is no list of objects, or is broken, or holds lists", async () => {
    const secret = "s3cr3t";
    const cases = [
      ["json", `{"a":"${secret}"}`, "malformed", "is not a JSON array of objects"],
      ["json", `[{"a":"${secret}"},{"a":`, "malformed", "is not valid JSON"],
      ["jsonl", `{"a":1}\n{"a":${secret}}\n`, "malformed", "line 2 of"],
      ["jsonl", `{"a":1}\n["${secret}"]\n`, "malformed", "not objects"],
      ["jsonl", `{"a":1}\n{"a":["${secret}"]}\n`, "unsupported-type", 'column "a"'],
      ["jsonl", `{"a":1}\n{"a":{"b":"${secret}"}}\n`, "unsupported-type", 'column "a"'],
    ] as const;
    for (const [end, content, code, part] of cases) {
      const refused = await refusal(() => read(written(end, content), { a: opaque }), [secret]);
      expect(refused).toEqual({ code, message: expect.stringContaining(part) });
    }
  });

  test("Parquet: integers, decimals, doubles, dates and booleans in text form", async () => {
    const file = join(folder, "typed.parquet");
    const instance = await DuckDBInstance.create(":memory:");
    const engine = await instance.connect();
    await engine.run(
      `COPY (SELECT 9007199254740993::BIGINT AS i, 1.50::DECIMAL(9,2) AS d, 4.0::DOUBLE AS f, NULL::DOUBLE AS g,
        DATE '2024-01-02' AS day, TRUE AS b, 'x' AS "odd ""name", [1] AS l, 'ab'::BLOB AS bytes) TO '${file}'`,
    );
    instance.closeSync();
    const columns = { i: opaque, d: opaque, f: opaque, g: opaque, day: opaque, b: opaque };
    expect(await cells(file, { ...columns, odd: { ...opaque, from: 'odd "name' } })).toEqual({
      i: ["9007199254740993"],
      d: ["1.50"],
      f: ["4"],
      g: [null],
      day: ["2024-01-02"],
      b: ["true"],
      odd: ["x"],
    });
    for (const name of ["l", "bytes"]) {
      expect((await refusal(() => read(file, { [name]: opaque }))).code).toBe("unsupported-type");
    }
    expect((await refusal(() => read(file, { j: opaque }))).code).toBe("missing-column");
    const broken = written("parquet", "PAR1 this is none");
    expect(await refusal(() => read(broken, { i: opaque }))).toMatchObject({ code: "malformed" });
  });
});
