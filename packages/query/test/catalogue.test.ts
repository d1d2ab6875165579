// SPDX-License-Identifier: Apache-2.0
import { canonicalBytes, utf8 } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { readCatalogueEntry } from "../src/index.ts";
import { entry } from "./agreement.ts";

const good = entry("harbour", "ships", { imo: "imo", tons: "integer" });
const read = (value: unknown) => readCatalogueEntry("harbour", canonicalBytes(value as object));

describe("an entry of another party's catalogue", () => {
  test("is what was sent", () => {
    expect(read(good)).toEqual(good);
  });

  const cases: readonly (readonly [what: string, value: unknown])[] = [
    ["another party's name", { ...good, party: "customs" }],
    ["an unknown field", { ...good, rows: 7 }],
    ["a missing field", { ...good, snapshot: undefined }],
    ["a size that is no bucket", { ...good, rowsPadded: 1000 }],
    ["a size below the smallest bucket", { ...good, rowsPadded: 128 }],
    ["a kind nobody knows", { ...good, columns: [{ ...good.columns[0], kind: "secret" }] }],
    [
      "bounds of something that is no integer",
      { ...good, columns: [{ ...good.columns[0], min: 0, max: 1 }] },
    ],
    ["one bound", { ...good, columns: [{ ...good.columns[1], max: null }] }],
    ["bounds the wrong way round", { ...good, columns: [{ ...good.columns[1], min: 2, max: 1 }] }],
    ["a column twice", { ...good, columns: [good.columns[0], good.columns[0]] }],
    ["a column's name that is none", { ...good, columns: [{ ...good.columns[0], name: "a b" }] }],
    ["a hash of another form", { ...good, snapshot: "sha256:00" }],
    ["no rows in a cell", { ...good, maxRowsPerCell: 0 }],
    ["a list", []],
  ];
  for (const [what, value] of cases) {
    test(`${what} is refused, naming the party and not the content`, () => {
      const bytes = canonicalBytes(JSON.parse(JSON.stringify(value)));
      expect(() => readCatalogueEntry("harbour", bytes)).toThrow(
        expect.objectContaining({
          code: "catalogue",
          party: "harbour",
          message: expect.stringMatching(/^harbour sent a catalogue entry/),
        }),
      );
    });
  }

  test("bytes that are not canonical are refused", () => {
    for (const bytes of [utf8(JSON.stringify(good, null, 1)), utf8(""), utf8("{"), new Uint8Array([255])]) {
      expect(() => readCatalogueEntry("harbour", bytes)).toThrow(
        expect.objectContaining({ code: "catalogue" }),
      );
    }
  });
});
