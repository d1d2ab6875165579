// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasShared, sharedJson } from "../../../test/shared.ts";
import { type ColumnKind, canonicalise, DATE_FORMATS, MONTH_FORMATS, NORM_VERSION } from "../src/index.ts";
import { canonicalOf, expectIdempotent, testKind } from "./kind-tables.ts";

const self = (values: string): Record<string, string> =>
  Object.fromEntries(values.split(" ").map((value) => [value, value]));

testKind("date", {
  spec: { kind: "date", format: "D-M-YYYY" },
  alphabet: "0123456789-",
  accepts: {
    ...self(
      "1800-01-01 1899-12-31 1900-01-01 1970-01-01 1985-03-12 1999-12-31 2000-02-29 2004-02-29 2023-02-28",
    ),
    ...self("2024-02-29 2026-11-23 2099-06-30 2100-02-28 2200-12-31"),
    "12-03-1985": "1985-03-12",
    "12-3-1985": "1985-03-12",
    "1-1-2000": "2000-01-01",
    "29-2-2024": "2024-02-29",
    "31-12-1999": "1999-12-31",
    "01-10-2026": "2026-10-01",
    "30-4-2026": "2026-04-30",
  },
  rejects: [
    ["2023-02-29", "calendar"],
    ["1900-02-29", "calendar"],
    ["2100-02-29", "calendar"],
    ["2023-04-31", "calendar"],
    ["2023-13-01", "calendar"],
    ["2023-00-10", "calendar"],
    ["2023-10-00", "calendar"],
    ["0000-00-00", "calendar"],
    ["31-4-2023", "calendar"],
    ["13-13-2023", "calendar"],
    ["1799-12-31", "range"],
    ["2201-01-01", "range"],
    ["9999-12-31", "range"],
    ["0001-01-01", "range"],
    ["12-03-85", "format"],
    ["85-03-12", "format"],
    ["1985/03/12", "format"],
    ["12/03/1985", "format"],
    ["19850312", "format"],
    ["1985-3-12", "format"],
    ["12.03.1985", "format"],
    ["1985-03-12T00:00:00Z", "format"],
    ["1985-03-12 00:00:00", "format"],
    ["12 maart 1985", "format"],
    ["onbekend", "format"],
    ["１９８５-03-12", "format"],
  ],
});

describe("date", () => {
  test("other forms only through the column's format", () => {
    const read = (raw: string, format: string) => canonicalOf({ kind: "date", format }, raw);
    expect(canonicalOf({ kind: "date" }, "12-03-1985")).toBe("<format>");
    expect(read("12-03-1985", "DD-MM-YYYY")).toBe("1985-03-12");
    expect(read("12-3-1985", "DD-MM-YYYY")).toBe("<format>");
    expect(read("03/12/1985", "MM/DD/YYYY")).toBe("1985-03-12");
    expect(read("12/03/1985", "DD/MM/YYYY")).toBe("1985-03-12");
    expect(read("12.3.1985", "D.M.YYYY")).toBe("1985-03-12");
    expect(read("19850312", "YYYYMMDD")).toBe("1985-03-12");
    expect(read("1985-12-03", "YYYY-DD-MM")).toBe("1985-12-03");
    expect(read("12-03-1985", "any")).toBe("<format>");
  });

  test("is a day exactly when the platform has it, in every format", () => {
    const part = (most: number) => fc.integer({ min: 0, max: most });
    fc.assert(
      fc.property(
        fc.constantFrom(...DATE_FORMATS),
        part(2300),
        part(13),
        part(32),
        (format, year, month, day) => {
          const pad = (value: number, width: number) => String(value).padStart(width, "0");
          const iso = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
          const raw = format
            .replace("YYYY", pad(year, 4))
            .replace(/MM|M/, (token) => pad(month, token.length))
            .replace(/DD|D/, (token) => pad(day, token.length));
          const instant = new Date(`${iso}T00:00:00Z`);
          const real = !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(iso);
          const expected = !real ? "<calendar>" : year < 1800 || year > 2200 ? "<range>" : iso;
          expect(canonicalOf({ kind: "date", format }, raw)).toBe(expected);
          expectIdempotent({ kind: "date", format }, fc.constant(raw), 1);
        },
      ),
      { numRuns: 500 },
    );
  });
});

for (const kind of ["opaque", "name-key"] as const) {
  testKind(kind, {
    spec: { kind },
    alphabet: "aé\u0301한\u1100 ｆﬁ",
    accepts: {
      ...self(
        "a A 0 007 a-b a.b a/b a_b a'b a\"b <b> ; , | 'NL' ٠١٢ 王伟 Иван 🙂 null undefined __proto__ -1e3 =1+1",
      ),
      "Jan  Koplamp": "Jan  Koplamp",
      "cafe\u0301": "café",
      "\u1112\u1161\u11ab": "한",
      "\u212b": "Å",
      "\uff46": "\uff46",
      ["é".repeat(128)]: "é".repeat(128),
      ["a".repeat(256)]: "a".repeat(256),
    },
    rejects: [
      ["a".repeat(257), "length"],
      ["é".repeat(129), "length"],
      ["e\u0301".repeat(129), "length"],
      ["王".repeat(86), "length"],
      ["🙂".repeat(65), "length"],
      [`${"a".repeat(255)}é`, "length"],
      ["a".repeat(5000), "length"],
      ["a\u0000b", "control"],
      ["a\u0001b", "control"],
      ["a\tb", "control"],
      ["a\nb", "control"],
      ["a\rb", "control"],
      ["a\u001ab", "control"],
      ["a\u001b[31mb", "control"],
      ["a\u007fb", "control"],
      ["a\u0080b", "control"],
      ["a\u0085b", "control"],
      ["a\u009bb", "control"],
      ["\u0000", "control"],
      ["\ud800", "unicode"],
      ["a\udc00b", "unicode"],
      ["\udc00\ud800", "unicode"],
    ],
  });
}

describe("values", () => {
  test("integer", () => {
    const read = (raw: string) => canonicalOf({ kind: "integer" }, raw);
    const accepted = { "0": "0", "-0": "0", "+5": "5", "007": "7", "-12": "-12", "-0012": "-12", " 3 ": "3" };
    expect(Object.keys(accepted).map(read)).toEqual(Object.values(accepted));
    expect(read("9007199254740991")).toBe("9007199254740991");
    expect(read("-0009007199254740991")).toBe("-9007199254740991");
    for (const raw of ["9007199254740992", "-9007199254740992", "9".repeat(40)])
      expect(read(raw)).toBe("<range>");
    for (const raw of ["1.0", "1,000", "1e5", "0x10", "--1", "1 000", "٣", "NaN", "-", "five", "1_0", "5€"])
      expect(read(raw)).toBe("<format>");
  });

  test("month", () => {
    expect(canonicalOf({ kind: "month" }, "2026-11")).toBe("2026-11");
    expect(canonicalOf({ kind: "month" }, "2026-13")).toBe("<calendar>");
    expect(canonicalOf({ kind: "month" }, "1799-12")).toBe("<range>");
    for (const raw of ["2026-1", "202611", "11-2026", "2026-11-01", "2026-W11", "nov 2026"])
      expect(canonicalOf({ kind: "month" }, raw)).toBe("<format>");
    const written = ["2026-11", "202611", "2026/11", "11-2026", "11/2026", "11-2026", "11/2026"];
    expect(
      MONTH_FORMATS.map((format, at) => canonicalOf({ kind: "month", format }, written[at] ?? "")),
    ).toEqual(written.map(() => "2026-11"));
  });

  test("boolean and category", () => {
    expect(canonicalOf({ kind: "boolean" }, " true ")).toBe("true");
    expect(canonicalOf({ kind: "boolean" }, "false")).toBe("false");
    for (const raw of ["TRUE", "True", "1", "0", "ja", "yes", "t"])
      expect(canonicalOf({ kind: "boolean" }, raw)).toBe("<format>");
    expect(canonicalOf({ kind: "category" }, " PRK ")).toBe("PRK");
    expect(canonicalOf({ kind: "category" }, "a".repeat(257))).toBe("<length>");
  });

  test("are their own canonical form", () => {
    for (const kind of ["integer", "month", "boolean", "category"] as const) {
      expectIdempotent({ kind }, fc.string({ unit: "grapheme" }), 200);
      expectIdempotent({ kind }, fc.string({ unit: fc.constantFrom(..."0123456789+- ") }), 300);
    }
  });
});

const KINDS: readonly ColumnKind[] = [
  ...([
    "bsn",
    "rsin",
    "kvk",
    "iban",
    "imo",
    "imo-company",
    "plate",
    "phone",
    "email",
    "lei",
    "passport",
  ] as const),
  ...(["person-name", "company-name", "date", "name-key", "opaque", "category", "integer", "month"] as const),
  "boolean",
];

describe("any text", () => {
  test("is accepted, refused or empty in every kind, and keeps its form", () => {
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme-composite" }));
    for (const kind of KINDS) expectIdempotent({ kind }, texts, 100);
  });

  test.skipIf(!hasShared)("515 naughty strings (needs ../shared)", () => {
    // The file is a list of strings; another shape fails the count.
    const strings = sharedJson("vectors/naughty-strings/blns.json") as readonly string[];
    expect(strings).toHaveLength(515);
    for (const kind of KINDS) expectIdempotent({ kind }, fc.constantFrom(...strings), 1);
    for (const raw of strings) {
      const plain = raw.trim().normalize("NFC").trim();
      const kept = [`<control>`, "<length>", "<empty>", plain];
      for (const kind of KINDS) {
        const outcome = canonicalise({ kind }, raw);
        if (outcome.kind === "value") expect(outcome.value).not.toMatch(/[\p{Cc}]/u);
      }
      expect(kept).toContain(canonicalOf({ kind: "opaque" }, raw));
    }
  });
});

test("the version names what the rules lean on", () => {
  const versions = ["ibantools", "libphonenumber-js"].map((name) => [name, versionOf(name)].join("-"));
  expect(NORM_VERSION).toBe(["1", ...versions].join("+"));
});

function versionOf(dependency: string): string {
  // Safe because it is the package's own manifest, which npm has checked.
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return manifest.dependencies[dependency] ?? "none";
}
