// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalise } from "../src/index.ts";
import { punycode } from "../src/kinds/punycode.ts";
import { canonicalOf, expectIdempotent, testKind } from "./kind-tables.ts";

testKind("email", {
  spec: { kind: "email" },
  alphabet: "abAB.@-+üß١ ",
  accepts: {
    "jan@example.org": "jan@example.org",
    "Jan@Example.ORG": "jan@example.org",
    "JAN@EXAMPLE.ORG": "jan@example.org",
    "jan.koplamp@example.org": "jan.koplamp@example.org",
    "jankoplamp@example.org": "jankoplamp@example.org",
    "jan+werk@example.org": "jan+werk@example.org",
    "j@example.org": "j@example.org",
    "1234@example.org": "1234@example.org",
    "jan_k@example.org": "jan_k@example.org",
    "jan-k@example.org": "jan-k@example.org",
    "o'brien@example.org": "o'brien@example.org",
    "!#$%&*/=?^`{|}~@example.org": "!#$%&*/=?^`{|}~@example.org",
    "jan@sub.sub.example.org": "jan@sub.sub.example.org",
    "jan@ex-ample.org": "jan@ex-ample.org",
    "jan@BÜCHER.example": "jan@xn--bcher-kva.example",
    "jan@bu\u0308cher.example": "jan@xn--bcher-kva.example",
    "jan@xn--bcher-kva.example": "jan@xn--bcher-kva.example",
    "jan@ｅｘａｍｐｌｅ.org": "jan@example.org",
    "jan@例え.テスト": "jan@xn--r8jz45g.xn--zckzah",
    "ZOË@example.org": "zoë@example.org",
    "zoe\u0308@example.org": "zoë@example.org",
    "ИВАН@example.org": "иван@example.org",
    [`${"a".repeat(64)}@example.org`]: `${"a".repeat(64)}@example.org`,
    [`jan@${"b".repeat(63)}.org`]: `jan@${"b".repeat(63)}.org`,
  },
  rejects: [
    ["jan", "format"],
    ["jan.example.org", "format"],
    ["@example.org", "local-part"],
    ['"jan"@example.org', "local-part"],
    ['"jan@home"@example.org', "local-part"],
    ["jan(werk)@example.org", "local-part"],
    ["jan@home@example.org", "local-part"],
    [".jan@example.org", "local-part"],
    ["jan.@example.org", "local-part"],
    ["jan..k@example.org", "local-part"],
    ["jan k@example.org", "local-part"],
    ["Jan <jan@example.org>", "local-part"],
    ["mailto:jan@example.org", "local-part"],
    ["jan;piet@example.org", "local-part"],
    ["jan@", "domain"],
    ["jan@example", "domain"],
    ["jan@example.org.", "domain"],
    ["jan@.org", "domain"],
    ["jan@-example.org", "domain"],
    ["jan@example-.org", "domain"],
    ["jan@exa_mple.org", "domain"],
    ["jan@exa mple.org", "domain"],
    ["jan@[192.0.2.1]", "domain"],
    ["jan@example.org>", "domain"],
    ["jan@ab--example.org", "domain"],
    ["jan@xn--.org", "domain"],
    ["jan@example。org", "domain"],
    [`jan@${"b".repeat(64)}.org`, "domain"],
    [`${"a".repeat(65)}@example.org`, "length"],
    [`${"ë".repeat(33)}@example.org`, "length"],
    [`jan@${`${"b".repeat(62)}.`.repeat(4)}org`, "length"],
  ],
});

describe("email", () => {
  test("RFC 3492, section 7.1", () => {
    const samples: Readonly<Record<string, string>> = {
      egbpdaj6bu4bxfgehfvwxn: "ليهمابتكلموشعربي؟",
      ihqwcrb4cv8a8dqg056pqjye: "他们为什么不说中文",
      "Proprostnemluvesky-uyb24dma41a": "Pročprostěnemluvíčesky",
      b1abfaaepdrnnbgefbadotcwatmq2g4l: "почемужеонинеговорятпорусски",
      "3B-ww4c5e180e575a65lsy2b": "3年B組金八先生",
      d9juau41awczczp: "そのスピードで",
    };
    for (const [ascii, label] of Object.entries(samples)) expect(punycode(label)).toBe(ascii);
  });

  test("any local part and any domain", () => {
    const part = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
    expectIdempotent(
      { kind: "email" },
      fc.tuple(part, part).map(([a, b]) => `${a}@${b}.org`),
      500,
    );
    expectIdempotent({ kind: "email" }, fc.emailAddress(), 200);
  });
});

testKind("phone", {
  spec: { kind: "phone", region: "NL" },
  alphabet: "0123456789 +-()",
  accepts: {
    "+31201234567": "+31201234567",
    "+31 20 123 4567": "+31201234567",
    "+31 (0)20 123 45 67": "+31201234567",
    "+31-20-1234567": "+31201234567",
    "020-1234567": "+31201234567",
    "(020) 123 45 67": "+31201234567",
    "020 1234567": "+31201234567",
    "0201234567": "+31201234567",
    "0031201234567": "+31201234567",
    "00 31 20 1234567": "+31201234567",
    "06 12345678": "+31612345678",
    "06-12 34 56 78": "+31612345678",
    "+31612345678": "+31612345678",
    "0612345678": "+31612345678",
    "+44 20 7946 0958": "+442079460958",
    "+44 (0)20 7946 0958": "+442079460958",
    "+1 202-555-0123": "+12025550123",
    "+1 (202) 555 0123": "+12025550123",
    "+49 30 23125000": "+493023125000",
    "+33 1 99 00 12 34": "+33199001234",
    "+32 2 555 12 12": "+3225551212",
    "+39 06 69812345": "+390669812345",
  },
  rejects: [
    ["1234567", "invalid"],
    ["112", "invalid"],
    ["0", "invalid"],
    ["+31", "invalid"],
    ["+3120123456", "invalid"],
    ["+312012345678", "invalid"],
    ["+999 123456789", "invalid"],
    ["+0031201234567", "invalid"],
    ["++31201234567", "invalid"],
    ["020-12345678", "invalid"],
    ["0000000000", "invalid"],
    ["-", "invalid"],
    ["()", "invalid"],
    ["+1 202 555", "invalid"],
    ["+31201234567 x5", "extension"],
    ["020-1234567 ext. 12", "extension"],
    ["020-1234567#12", "extension"],
    ["020-1234567;ext=12", "extension"],
    ["020-1234567, 020-1234568", "extension"],
    ["tel:+31201234567", "character"],
    ["020 KOPLAMP", "character"],
    ["020_1234567", "character"],
    ["+31\u00a020\u00a01234567", "character"],
    ["０２０１２３４５６７", "character"],
    ["٠٢٠١٢٣٤٥٦٧", "character"],
    ["onbekend", "character"],
  ],
});

describe("phone", () => {
  test("a national form needs a region", () => {
    expect(canonicalOf({ kind: "phone" }, "020-1234567")).toBe("<region>");
    expect(canonicalOf({ kind: "phone" }, "0031201234567")).toBe("<region>");
    expect(canonicalOf({ kind: "phone" }, "+31 20 123 4567")).toBe("+31201234567");
    expect(canonicalOf({ kind: "phone", region: "XX" }, "020-1234567")).toBe("<region>");
    expect(canonicalOf({ kind: "phone", region: "BE" }, "02 555 12 12")).toBe("+3225551212");
  });

  test("says what it took", () => {
    expect(canonicalise({ kind: "phone", region: "NL" }, "020-1234567")).toMatchObject({
      separatorsRemoved: true,
      folded: true,
    });
    expect(canonicalise({ kind: "phone" }, "+31 201234567")).toMatchObject({
      separatorsRemoved: true,
      folded: false,
    });
  });

  test("numbers of any country keep their form", () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 6, maxLength: 13 });
    const codes = fc.constantFrom(
      "1",
      "31",
      "32",
      "33",
      "34",
      "39",
      "44",
      "49",
      "52",
      "54",
      "55",
      "7",
      "61",
      "90",
      "225",
    );
    expectIdempotent(
      { kind: "phone" },
      fc.tuple(codes, digits).map(([code, rest]) => `+${code} ${rest}`),
      1500,
    );
  });
});
