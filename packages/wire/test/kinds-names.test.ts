// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalise } from "../src/index.ts";
import { canonicalOf, expectIdempotent, testKind } from "./kind-tables.ts";

testKind("person-name", {
  spec: { kind: "person-name" },
  alphabet: "abzÄßæøđłþœıİ '-.,\u0301",
  accepts: {
    "Jan Koplamp": "jan koplamp",
    "JAN KOPLAMP": "jan koplamp",
    "  Jan   Koplamp ": "jan koplamp",
    "Koplamp, Jan": "koplamp jan",
    "J. Koplamp": "j koplamp",
    "Jan-Piet Koplamp": "jan piet koplamp",
    "O'Koplamp": "o koplamp",
    Zoë: "zoe",
    "Zoe\u0308": "zoe",
    "François Ñandú": "francois nandu",
    Strauß: "strauss",
    STRAUẞ: "strauss",
    Ægir: "aegir",
    "Sørensen Ødegård": "sorensen odegard",
    "Đorđe Łukasz": "dorde lukasz",
    "Þór Œdipe": "thor oedipe",
    "İnci Işık": "inci isik",
    ışık: "isik",
    Guðrún: "guðrun",
    "ﬁnn ﬂoris": "finn floris",
    Ｊａｎ: "jan",
    "Nguyễn Thị": "nguyen thi",
    "van 't Koplamp": "van t koplamp",
    ab: "ab",
    [`${"a".repeat(64)} ${"b".repeat(64)}`]: `${"a".repeat(64)} ${"b".repeat(64)}`,
  },
  rejects: [
    ["J", "length"],
    ["J.", "length"],
    ["a".repeat(129), "length"],
    ["Иван", "script"],
    ["Jan Иванов", "script"],
    ["Γιώργος", "script"],
    ["محمد", "script"],
    ["王伟", "script"],
    ["たろう", "script"],
    ["김철수", "script"],
    ["Jаn", "script"],
    ["Jan2", "character"],
    ["12345", "character"],
    ["Jan (jr)", "character"],
    ["Jan/Piet", "character"],
    ["Jan & Piet", "character"],
    ["O\u2019Koplamp", "character"],
    ["Jan_Koplamp", "character"],
    ["Jan\u2013Piet", "character"],
    ["Jan; Piet", "character"],
    ["jan@example.org", "character"],
    ["<b>Jan</b>", "character"],
    ["?", "character"],
    ["Jan 🙂", "character"],
    ["Jan\u200bPiet", "character"],
    ["-", "nothing-left"],
    [".,'-", "nothing-left"],
    ["\u0301", "nothing-left"],
  ],
});

testKind("company-name", {
  spec: { kind: "company-name" },
  alphabet: "abv nBV.&+/-'szl12",
  accepts: {
    "Koplamp B.V.": "koplamp",
    "Koplamp BV": "koplamp",
    "KOPLAMP bv": "koplamp",
    "Koplamp b. v.": "koplamp",
    Koplamp: "koplamp",
    "Koplamp N.V.": "koplamp",
    "Koplamp NV SA": "koplamp",
    "Koplamp V.O.F.": "koplamp",
    "Jan & Piet Koplamp": "jan piet koplamp",
    "Koplamp+Lamp": "koplamp lamp",
    "Koplamp/Lamp": "koplamp lamp",
    "Koplamp 24/7 Ltd": "koplamp 24 7",
    "3 Lampen GmbH": "3 lampen",
    "Lampen G.m.b.H.": "lampen",
    "Société Lampe S.à r.l.": "societe lampe",
    "Société Lampe SARL": "societe lampe",
    "Lámpara, S.A.": "lampara",
    "Lamp Inc.": "lamp",
    "Lamp Corp": "lamp",
    "Lamp P.L.C.": "lamp",
    "B.V. Koplamp": "b v koplamp",
    BV: "bv",
    "B.V.": "b v",
    "Bvlamp NV": "bvlamp",
    "Lamp Beheer": "lamp beheer",
    "42": "42",
  },
  rejects: [
    ["A B.V.", "length"],
    ["A", "length"],
    ["7", "length"],
    ["a".repeat(129), "length"],
    ["ООО Лампа", "script"],
    ["Λάμπα ΑΕ", "script"],
    ["株式会社ランプ", "script"],
    ["Lamp ООО", "script"],
    ["شركة", "script"],
    ["Lamp (NL) BV", "character"],
    ["Lamp @ Home", "character"],
    ["Lamp!", "character"],
    ["Lamp®", "character"],
    ["Lamp_NL", "character"],
    ["Lamp: de beste", "character"],
    ["Lamp; Licht", "character"],
    ['"Lamp"', "character"],
    ["Lamp\u2019s", "character"],
    ["Lamp – Licht", "character"],
    ["Lamp #1", "character"],
    ["Lamp €", "character"],
    ["&", "nothing-left"],
    [". / + &", "nothing-left"],
  ],
});

describe("names", () => {
  test("any text of any script", () => {
    const texts = fc.string({ unit: "binary", minLength: 2, maxLength: 12 });
    const latin = fc.string({
      unit: fc.integer({ min: 0x41, max: 0x24f }).map((code) => String.fromCodePoint(code)),
      minLength: 2,
      maxLength: 8,
    });
    for (const kind of ["person-name", "company-name"] as const) {
      expectIdempotent({ kind }, texts, 300);
      expectIdempotent({ kind }, latin, 1000);
    }
  });

  test("every letter that Unicode has", () => {
    for (let code = 0x41; code < 0x1_f000; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const once = canonicalOf({ kind: "person-name" }, `ab${String.fromCodePoint(code)}`);
      if (!once.startsWith("<")) expect(canonicalOf({ kind: "person-name" }, once)).toBe(once);
    }
  });

  test("says what it took", () => {
    const took = (raw: string) => canonicalise({ kind: "company-name" }, raw);
    expect(took("lamp")).toMatchObject({ separatorsRemoved: false, folded: false });
    expect(took("lamp  licht")).toMatchObject({ separatorsRemoved: true, folded: false });
    expect(took("Lamp")).toMatchObject({ separatorsRemoved: false, folded: true });
    expect(took("lamp bv")).toMatchObject({ separatorsRemoved: false, folded: true });
  });
});
