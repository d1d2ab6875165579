// SPDX-License-Identifier: Apache-2.0

import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findFile, inspect, refuseChange } from "../src/file.ts";
import { dataset, folder, opaque, read, readPlain, refusal, written } from "./support.ts";

describe("files that cannot be used say why, and quote nothing", () => {
  const secret = "s3cr3t";

  test("missing, empty, a folder, no rights, an unknown form", async () => {
    expect(await refusal(() => read(join(folder, "none.csv"), { a: opaque }))).toEqual({
      code: "missing-file",
      message: 'there is no file "…/none.csv"',
    });
    expect((await refusal(() => read(written("csv", ""), { a: opaque }))).code).toBe("empty-file");
    mkdirSync(join(folder, "folder.csv"));
    expect((await refusal(() => read(join(folder, "folder.csv"), { a: opaque }))).code).toBe(
      "unreadable-file",
    );
    expect((await refusal(() => read(join(folder, "a.xlsx"), { a: opaque }))).code).toBe("unsupported-file");
    writeFileSync(join(folder, "many*.csv"), "a\n1\n");
    expect((await refusal(() => read(join(folder, "many*.csv"), { a: opaque }))).code).toBe(
      "unsupported-file",
    );
    const shut = written("csv", "a\n1\n");
    chmodSync(shut, 0);
    // Root may read everything.
    if (process.getuid?.() !== 0) {
      expect((await refusal(() => read(shut, { a: opaque }))).code).toBe("unreadable-file");
    }
  });

  test("columns that are not there, not declared, or there twice", async () => {
    const file = written("csv", `imo,programme,${secret},twice,twice\n1,2,3,4,5\n`);
    expect(await refusal(() => read(file, { program: opaque }), [secret])).toEqual({
      code: "missing-column",
      message: expect.stringMatching(/has no column "program"; did you mean "programme"\?$/),
    });
    expect(
      await refusal(() => read(file, { "far-away-name": opaque }), [secret, "imo", "twice"]),
    ).toMatchObject({
      code: "missing-column",
    });
    expect((await refusal(() => read(file, { twice: opaque }))).code).toBe("ambiguous-column");
    expect(await refusal(() => readPlain(dataset(file, { imo: opaque }), ["imoo"]))).toEqual({
      code: "unknown-column",
      message: 'no column "imoo" is declared; did you mean "imo"?',
    });
    expect((await refusal(() => readPlain(dataset(file, {}), ["constructor"]))).code).toBe("unknown-column");
    expect((await refusal(() => read(written("csv", "\n1,2\n"), { a: opaque }))).code).toBe("malformed");
    expect((await refusal(() => read(written("csv", 'a,"b'), { a: opaque }))).code).toBe("malformed");
  });

  test("rows with a field too few or too many, also in columns that nobody asked for", async () => {
    const many = `${secret},1\n`.repeat(5000);
    for (const [content, line] of [
      [`a,b\n1,2\n${secret}\n`, 3],
      [`a,b\n1,${secret},3\n`, 2],
      [`a,b\n${many}${secret}\n`, 5002],
    ] as const) {
      const refused = await refusal(() => read(written("csv", content), { a: opaque }), [secret]);
      expect(refused).toEqual({
        code: "ragged-row",
        message: expect.stringMatching(new RegExp(`^line ${line} of ".*" has another number of fields`)),
      });
    }
  });

  test("quotes that do not fit, and mixed line ends", async () => {
    for (const content of [`a,b\n1,"${secret}\n`, `a,b\n1,"${secret}"x\n`, `a,b\r\n1,${secret}\n3,4\r\n`]) {
      const refused = await refusal(() => read(written("csv", content), { a: opaque }), [secret]);
      expect(refused.code).toBe("malformed");
    }
  });

  test("bytes that are not UTF-8, with their line, in any column and beyond a megabyte", async () => {
    const latin = Buffer.from(`é,${secret}\n`, "latin1");
    const long = Buffer.from("é,x\n".repeat(300_000));
    for (const [before, line] of [
      [Buffer.from("a,b\n1,2\n"), 3],
      [Buffer.concat([Buffer.from("a,b\n"), long]), 300_002],
    ] as const) {
      const file = written("csv", Buffer.concat([before, latin, Buffer.from("3,4\n")]));
      expect(await refusal(() => read(file, { b: opaque }), [secret])).toEqual({
        code: "encoding",
        message: expect.stringMatching(new RegExp(`^line ${line} of ".*" is not UTF-8$`)),
      });
    }
    const cut = Buffer.from("a,b\n1,é").subarray(0, -1);
    expect((await refusal(() => read(written("csv", cut), { b: opaque }))).code).toBe("encoding");
    const wide = Buffer.from(`\uFEFFa,b\n1,${secret}\n`, "utf16le");
    expect((await refusal(() => read(written("csv", wide), { a: opaque }), [secret])).code).toBe("encoding");
  });

  test("a file that changes while it is read", async () => {
    const path = written("csv", "a\n1\n");
    const file = await findFile(path);
    const before = await inspect(file);
    await refuseChange(file, before);
    appendFileSync(path, "2\n");
    expect((await refusal(() => refuseChange(file, before))).code).toBe("changed-file");
    const again = await inspect(file);
    writeFileSync(path, readFileSync(path)); // the same bytes, but somebody wrote
    expect((await refusal(() => refuseChange(file, again))).code).toBe("changed-file");
  });
});
