// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { readSource } from "../src/read-source.ts";
import { dataset, opaque, plain, refusal, written } from "./support.ts";

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
