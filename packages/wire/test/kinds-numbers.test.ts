// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { stdnum } from "stdnum";
import { describe, expect, test } from "vitest";
import { canonicalise, looksLikePlaceholder } from "../src/index.ts";
import { canonicalOf, type KindTable, testKind } from "./kind-tables.ts";

const self = (values: string): Record<string, string> =>
  Object.fromEntries(values.split(" ").map((value) => [value, value]));

const BSN: Omit<KindTable, "spec"> = {
  alphabet: "0123456789 .-",
  accepts: {
    ...self(
      "999906756 999908704 999910450 999910644 999911144 999912598 999913050 999915496 999916361 999916968",
    ),
    ...self("999922312 999927176 999938691 999940247 000000012 000000024"),
    "9999.43.388": "999943388",
    "9999 58 379": "999958379",
    "999-965-918": "999965918",
    "9 9 9 9 7 1 1 5 3": "999971153",
    "99.99-75 365": "999975365",
    "999976515.": "999976515",
  },
  rejects: [
    ["99990675", "length"],
    ["9999067560", "length"],
    ["1", "length"],
    ["000000000", "zero"],
    ["000.000.000", "zero"],
    ["999906757", "check-digit"],
    ["999906765", "check-digit"],
    ["123456789", "check-digit"],
    ["999999999", "check-digit"],
    ["999908740", "check-digit"],
    ["99990675X", "character"],
    ["NL999906756", "character"],
    ["999906756B01", "character"],
    ["999/906/756", "character"],
    ["999_906_756", "character"],
    ["999,906,756", "character"],
    ["999\u00a0906\u00a0756", "character"],
    ["999\u2011906\u2011756", "character"],
    ["９９９９０６７５６", "character"],
    ["٩٩٩٩٠٦٧٥٦", "character"],
    ["+999906756", "character"],
    ["onbekend", "character"],
    ["-", "nothing-left"],
    [". . .", "nothing-left"],
  ],
};

testKind("bsn", { spec: { kind: "bsn" }, ...BSN });
testKind("rsin", { spec: { kind: "rsin" }, ...BSN });

testKind("kvk", {
  spec: { kind: "kvk" },
  alphabet: "0123456789 .",
  accepts: {
    ...self(
      "90000001 90000002 00000001 99999998 90000010 90000011 90000012 90000013 90000014 90000015 90000016",
    ),
    "9000 0020": "90000020",
    "90 00 00 21": "90000021",
    "90.00.00.22": "90000022",
    "9000.0023": "90000023",
    "9 0 0 0 0 0 2 4": "90000024",
    "90000025.": "90000025",
    "9000  0026": "90000026",
    "900 00027": "90000027",
    "900.000 28": "90000028",
    ".90000029": "90000029",
  },
  rejects: [
    ["9000000", "length"],
    ["900000010", "length"],
    ["900000010001", "length"],
    ["9000 0001 0001", "length"],
    ["0", "length"],
    ["00000000", "zero"],
    ["0000 0000", "zero"],
    ["9000-0001", "character"],
    ["KvK 90000001", "character"],
    ["KVK90000001", "character"],
    ["NL90000001", "character"],
    ["9000000A", "character"],
    ["9000O001", "character"],
    ["90000001/0001", "character"],
    ["9000,0001", "character"],
    ["+90000001", "character"],
    ["-90000001", "character"],
    ["9000\u20090001", "character"],
    ["９００００００１", "character"],
    ["n.v.t.", "character"],
    ["...", "nothing-left"],
  ],
});

testKind("imo", {
  spec: { kind: "imo" },
  alphabet: "0123456789 IMO",
  accepts: {
    ...self(
      "9990478 9990507 9991202 9991367 9991472 9991850 9992268 9992969 9993157 9994060 9994292 9995533",
    ),
    "IMO 9995703": "9995703",
    IMO9995739: "9995739",
    "IMO  9995844": "9995844",
    "999 5909": "9995909",
    "9 9 9 5 9 9 7": "9995997",
    "IMO 999 6989": "9996989",
    "IMO 9998 353": "9998353",
    "9998793 ": "9998793",
  },
  rejects: [
    ["999047", "length"],
    ["99904780", "length"],
    ["244999047", "length"],
    ["IMO 1", "length"],
    ["0000000", "zero"],
    ["IMO 0000000", "zero"],
    ["9990479", "check-digit"],
    ["9909764", "check-digit"],
    ["9910285", "check-digit"],
    ["1234568", "check-digit"],
    ["9990748", "check-digit"],
    ["imo 9990478", "character"],
    ["IMO-9990478", "character"],
    ["IMO: 9990478", "character"],
    ["IMO No 9990478", "character"],
    ["IMO IMO 9990478", "character"],
    ["I M O 9990478", "character"],
    ["9990478 IMO", "character"],
    ["999.0478", "character"],
    ["IMO", "character"],
    ["９９９０４７８", "character"],
    ["MMSI 244999047", "character"],
  ],
});

testKind("imo-company", {
  spec: { kind: "imo-company" },
  alphabet: "0123456789 IMO",
  accepts: {
    ...self(
      "9909764 9910285 9913418 9915961 9916885 9929458 9930787 9933747 9939998 9940704 9949111 9951465",
    ),
    "IMO 9959240": "9959240",
    IMO9961016: "9961016",
    "IMO  9970059": "9970059",
    "997 4241": "9974241",
    "9 9 7 6 2 8 2": "9976282",
    "IMO 998 1331": "9981331",
    "IMO 9987 110": "9987110",
    "9989748 ": "9989748",
  },
  rejects: [
    ["990976", "length"],
    ["99097640", "length"],
    ["IMO 1", "length"],
    ["0000000", "zero"],
    ["000 0000", "zero"],
    ["9909765", "check-digit"],
    ["9990478", "check-digit"],
    ["9990507", "check-digit"],
    ["9991202", "check-digit"],
    ["9907964", "check-digit"],
    ["1234567", "check-digit"],
    ["imo 9909764", "character"],
    ["Imo 9909764", "character"],
    ["IMO-9909764", "character"],
    ["IMO#9909764", "character"],
    ["IMO IMO 9909764", "character"],
    ["I MO 9909764", "character"],
    ["9909764 IMO", "character"],
    ["990.9764", "character"],
    ["IMO", "character"],
    ["9909764A", "character"],
    ["９９０９７６４", "character"],
  ],
});

describe("padding", () => {
  test("only where the column says so", () => {
    expect(canonicalOf({ kind: "bsn", padLeft: 9 }, "12")).toBe("000000012");
    expect(canonicalise({ kind: "bsn", padLeft: 9 }, "1-2")).toEqual({
      kind: "value",
      value: "000000012",
      separatorsRemoved: true,
      folded: true,
    });
    expect(canonicalOf({ kind: "kvk", padLeft: 8 }, "1")).toBe("00000001");
    expect(canonicalOf({ kind: "bsn", padLeft: 10 }, "12")).toBe("<length>");
    expect(canonicalOf({ kind: "bsn", padLeft: 9 }, "0")).toBe("<zero>");
  });
});

describe("against another implementation", () => {
  test("the eleven test agrees with stdnum", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), (number) => {
        const text = String(number).padStart(9, "0");
        expect(canonicalise({ kind: "bsn" }, text).kind === "value").toBe(
          stdnum["NL"]?.["bsn"]?.validate(text).isValid,
        );
      }),
      { numRuns: 500 },
    );
  });

  test("one changed digit never stays a bsn", () => {
    const change = fc.tuple(
      fc.constantFrom(...Object.values(BSN.accepts)),
      fc.nat(8),
      fc.integer({ min: 1, max: 9 }),
    );
    fc.assert(
      fc.property(change, ([value, at, by]) => {
        const digit = (Number(value[at]) + by) % 10;
        const changed = `${value.slice(0, at)}${digit}${value.slice(at + 1)}`;
        expect(canonicalise({ kind: "bsn" }, changed).kind).toBe("reject");
      }),
      { numRuns: 200 },
    );
  });
});

test("fillers are suspected, and used all the same", () => {
  expect(canonicalise({ kind: "bsn" }, "111222333").kind).toBe("value");
  expect(looksLikePlaceholder("bsn", "111222333")).toBe(true);
  expect(looksLikePlaceholder("bsn", "999906756")).toBe(false);
  expect(looksLikePlaceholder("date", "1900-01-01")).toBe(true);
  expect(looksLikePlaceholder("opaque", "Onbekend")).toBe(true);
  expect(looksLikePlaceholder("imo", "onbekend")).toBe(false);
  // 9999-12-31 lies outside what a date may be, so it is counted among the rejects.
  expect(canonicalise({ kind: "date" }, "9999-12-31")).toEqual({ kind: "reject", reason: "range" });
});
