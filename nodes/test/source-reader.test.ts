// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSource } from "@koplamp/sources";
import { afterAll, expect, test } from "vitest";
import { sourceReader } from "../src/source-reader.ts";

const dir = mkdtempSync(join(tmpdir(), "koplamp-reader-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = join(dir, "list.csv");
const SPEC = { file, nulls: [], columns: { id: { kind: "opaque" } } } as const;
writeFileSync(file, "id\na\nb\na\n");

test("a source is read beside the node's store, where nothing of it is left", async () => {
  const state = join(dir, "state");
  mkdirSync(join(state, "scratch"), { recursive: true });
  const read = await sourceReader({ state });
  expect(read).not.toBe(readSource);
  const { table, quality } = await read(SPEC, ["id"]);
  expect([table.rows, quality["id"]?.duplicates]).toEqual([3, 1]);
  expect(readdirSync(join(state, "scratch"))).toEqual([]);
});

test("and in memory where the node has not made that folder: nobody else does", async () => {
  const state = join(dir, "other");
  const read = await sourceReader({ state });
  expect(read).toBe(readSource);
  expect((await read(SPEC, ["id"])).table.rows).toBe(3);
  expect(existsSync(state)).toBe(false);
});
