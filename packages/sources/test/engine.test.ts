// SPDX-License-Identifier: Apache-2.0

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { textColumns, withEngine } from "../src/engine.ts";
import { cells, folder, opaque, written } from "./support.ts";

describe("the engine can open one file and nothing else", () => {
  test.each([
    ["another file", "SELECT * FROM read_text('OTHER')"],
    ["a folder", "SELECT * FROM glob('FOLDER/*')"],
    ["writing", "COPY (SELECT 1) TO 'FOLDER/out.csv'"],
    ["a database", "ATTACH 'FOLDER/out.db'"],
    ["the network", "SELECT * FROM read_csv('https://localhost:1/x.csv')"],
    ["an extension", "INSTALL httpfs"],
    ["loading an extension", "LOAD httpfs"],
    ["settings", "SET enable_external_access = true"],
    ["more settings", "SET threads = 8"],
    ["its list of files", "SET allowed_paths = ['OTHER']"],
  ])("%s is refused", async (_what, statement) => {
    const [mine, other] = [written("csv", "a\n1\n"), written("csv", "b\n2\n")];
    const outcome = withEngine(mine, (engine) =>
      textColumns(engine, statement.replace("OTHER", other).replace("FOLDER", folder)),
    );
    await expect(outcome).rejects.toThrow(/disabled|locked|[Pp]ermission|cannot|Cannot/);
  });

  test("its own file is open to it, through a link as well", async () => {
    const target = written("csv", "a\n1\n");
    const link = join(folder, "link.csv");
    symlinkSync(target, link);
    expect(await cells(link, { a: opaque })).toEqual({ a: ["1"] });
  });
});
