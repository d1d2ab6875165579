// SPDX-License-Identifier: Apache-2.0
import { isValidIBAN } from "ibantools";
import { describe, expect, test } from "vitest";
import { canonicalise } from "../src/index.ts";
import { canonicalOf, testKind } from "./kind-tables.ts";

const self = (values: string): Record<string, string> =>
  Object.fromEntries(values.split(" ").map((value) => [value, value]));

const IBANS =
  "NL55KOPL7762098351 NL61KOPL7550669089 NL07KOPL9053654215 NL10KOPL8427910944 DE94189490319406543312 " +
  "DE37743417539090246302 BE07485238360207 BE96648013645773 FR9550803177437422337517623 GB72KOPL64295759481682 " +
  "NO7074169596981 MT76KOPL12345ABCDEFGH0123456789 LU48123ABCDEF0123456 XK251234567890123456 PL63838555392424490341216809";

testKind("iban", {
  spec: { kind: "iban" },
  alphabet: "0123456789 NLnlKOPL",
  accepts: {
    ...self(IBANS),
    "NL33 KOPL 5209 8189 36": "NL33KOPL5209818936",
    nl40kopl2795823848: "NL40KOPL2795823848",
    "Nl57 Kopl 8546 8628 47": "NL57KOPL8546862847",
    "NL 83KOPL 7395 047810": "NL83KOPL7395047810",
    "gb02 kopl 1317 5471 2079 97": "GB02KOPL13175471207997",
  },
  rejects: [
    ["NL55KOPL776209835", "length"],
    ["NL55KOPL77620983510", "length"],
    ["BE0748523836020", "length"],
    ["NL56KOPL7762098351", "check-digit"],
    ["NL55KOPL7762098315", "check-digit"],
    ["NL55KOPM7762098351", "check-digit"],
    ["NL00KOPL7762098351", "check-digit"],
    ["NL01KOPL7762098351", "check-digit"],
    ["NL99KOPL7762098351", "check-digit"],
    ["NLA5KOPL7762098351", "check-digit"],
    ["KOPL7762098351", "country"],
    ["7762098351", "country"],
    ["US55KOPL7762098351", "country"],
    ["ZZ55KOPL7762098351", "country"],
    ["IBAN NL55KOPL7762098351", "country"],
    ["NL55-KOPL-7762-0983-51", "character"],
    ["NL55.KOPL.7762", "character"],
    ["NL55KOPL7762098351;", "character"],
    ["ΝL55KOPL7762098351", "character"],
    ["NL55\u00a0KOPL7762098351", "character"],
    ["ＮＬ55KOPL7762098351", "character"],
    ["ﬁ55KOPL7762098351", "character"],
  ],
});

testKind("lei", {
  spec: { kind: "lei" },
  alphabet: "0123456789 ABH",
  accepts: {
    ...self("000000H7DPUJR117FL59 00000041TJ3T2Y0QKF47 000000MKQQA7MSUAK228 000000ZWJ8D51111G611"),
    ...self("0000001DNEP4LHXDGA89 000000KGZBEP0KSYZ661 000000HH7566VFKGXS95 0000006L9BP9ZKB9VF54"),
    ...self("000000S9ZLYQ8XQNR190 000000QN97YBBT6SNY11 0000004YZFQGQ6NXP643 000000A6YFH0N6M3XF20"),
    ...self("000000151FLLJBK5K621 000000YKJBAG9J3NPB32"),
    "0000 00SP U8RW S2JD Y532": "000000SPU8RWS2JDY532",
    "000000928jk98b4mak62": "000000928JK98B4MAK62",
    "000000 MK6HDW996GDR 97": "000000MK6HDW996GDR97",
    "000000Ntcg84be4W8860": "000000NTCG84BE4W8860",
    "0 00000NT4868R9SN4J06": "000000NT4868R9SN4J06",
    "0000002h14 wer3epvh51": "0000002H14WER3EPVH51",
  },
  rejects: [
    ["000000H7DPUJR117FL5", "length"],
    ["000000H7DPUJR117FL590", "length"],
    ["H7DPUJR117FL59", "length"],
    ["LEI000000H7DPUJR117FL59", "length"],
    ["1", "length"],
    ["000000H7DPUJR117FL58", "check-digit"],
    ["000000H7DPUJR117FL95", "check-digit"],
    ["000000H7DPUJR171FL59", "check-digit"],
    ["000000H7DPUJR11OFL59", "check-digit"],
    ["00000000000000000000", "check-digit"],
    ["AAAAAAAAAAAAAAAAAAAA", "check-digit"],
    ["000000-H7DPUJR117FL59", "character"],
    ["000000.H7DPUJR117FL59", "character"],
    ["000000H7DPUJR117FL5_", "character"],
    ["LEI:000000H7DPUJR117FL59", "character"],
    ["000000Н7DPUJR117FL59", "character"],
    ["000000H7DPUJR117FLß9", "character"],
    ["000000ſ7DPUJR117FL59", "character"],
    ["000000H7DPUJR117\u00a0FL59", "character"],
    ["000000Ｈ7DPUJR117FL59", "character"],
    ["geen", "length"],
  ],
});

testKind("plate", {
  spec: { kind: "plate" },
  alphabet: "0123456789 -ABCDE:",
  accepts: {
    ...self("KL012P 12KLPA KLPA12 1KLP23 KL12PA 12KL34 KLP12A A1B2C3 0KOPL1 999KL9"),
    "KL-012-P": "KL012P",
    "kl-012-p": "KL012P",
    "12-KL-PA": "12KLPA",
    "12 kl pa": "12KLPA",
    "1-KLP-23": "1KLP23",
    " KL 12 PA": "KL12PA",
    "k l p - 1 2 a": "KLP12A",
    "DE:KOPL123": "DE:KOPL123",
    "DE:KO-PL 123": "DE:KOPL123",
    "BE:1-klp-234": "BE:1KLP234",
    "PL:KL0": "PL:KL0",
  },
  rejects: [
    ["KL012", "length"],
    ["KL0123P", "length"],
    ["M-KL 1234", "length"],
    ["A", "length"],
    ["KOPLAM", "format"],
    ["012345", "format"],
    ["01-23-45", "format"],
    ["KL.012.P", "character"],
    ["KL_012_P", "character"],
    ["KL012P*", "character"],
    ["КL012P", "character"],
    ["kl012ρ", "character"],
    ["kl012ı", "character"],
    ["ſl012p", "character"],
    ["ＫL012P", "character"],
    ["KL\u2013012\u2013P", "character"],
    ["-", "nothing-left"],
    ["- - -", "nothing-left"],
    ["NL:KL012P", "country"],
    ["de:KL012P", "character"],
    ["DEU:KL012", "character"],
    ["DE:", "nothing-left"],
    ["DE:K", "length"],
    ["DE:KOPLAMP0123", "length"],
    ["DE:Ä123", "character"],
  ],
});

describe("plate with a country", () => {
  test("is written behind it, and no other country is taken", () => {
    const german = { kind: "plate", country: "DE" } as const;
    expect(canonicalOf(german, "M-KL 1234")).toBe("DE:MKL1234");
    expect(canonicalOf(german, "DE:MKL1234")).toBe("DE:MKL1234");
    expect(canonicalOf(german, "BE:1KLP234")).toBe("<country>");
    expect(canonicalOf({ kind: "plate", country: "NL" }, "KL-012-P")).toBe("KL012P");
    expect(canonicalOf({ kind: "plate", country: "Germany" }, "M-KL 1234")).toBe("<country>");
    expect(canonicalise(german, "m-kl 1234")).toEqual({
      kind: "value",
      value: "DE:MKL1234",
      separatorsRemoved: true,
      folded: true,
    });
  });
});

testKind("passport", {
  spec: { kind: "passport", country: "NLD" },
  alphabet: "0123456789 NLD:AX",
  accepts: {
    KLPA12345: "NLD:KLPA12345",
    KLPA12346: "NLD:KLPA12346",
    "KLPA 12347": "NLD:KLPA12347",
    "K L P A 1 2 3 4 8": "NLD:KLPA12348",
    "NLD:KLPA12349": "NLD:KLPA12349",
    "NLD:KLPA 12350": "NLD:KLPA12350",
    "NLD: KLPA12351": "NLD:KLPA12351",
    KLPA1: "NLD:KLPA1",
    "12345": "NLD:12345",
    ABCDE: "NLD:ABCDE",
    KLPA12345678901: "NLD:KLPA12345678901",
    X1234567: "NLD:X1234567",
    "00000": "NLD:00000",
    KLPB00001: "NLD:KLPB00001",
    KLPB00002: "NLD:KLPB00002",
    KLPB00003: "NLD:KLPB00003",
    KLPB00004: "NLD:KLPB00004",
    KLPB00005: "NLD:KLPB00005",
    KLPB00006: "NLD:KLPB00006",
    NLD12: "NLD:NLD12",
  },
  rejects: [
    ["KLPA", "length"],
    ["1234", "length"],
    ["KLPA123456789012", "length"],
    ["NLD:KLPA", "length"],
    ["klpa12345", "character"],
    ["KLPa12345", "character"],
    ["KLPA-12345", "character"],
    ["KLPA.12345", "character"],
    ["KLPA/12345", "character"],
    ["KLPA12345<", "character"],
    ["NL:KLPA12345", "character"],
    ["NLDX:KLPA12345", "character"],
    ["nld:KLPA12345", "character"],
    ["КLPA12345", "character"],
    ["KLPÁ12345", "character"],
    ["ＫLPA12345", "character"],
    ["KLPA\u00a012345", "character"],
    ["BEL:KLPA12345", "country"],
    ["DEU:KLPA12345", "country"],
    ["XXX:KLPA12345", "country"],
    ["NLD:", "nothing-left"],
    ["NLD:NLD:KLPA12345", "character"],
  ],
});

describe("passport", () => {
  test("a number without a country is refused, one that names it is not", () => {
    expect(canonicalOf({ kind: "passport" }, "KLPA12345")).toBe("<country>");
    expect(canonicalOf({ kind: "passport" }, "BEL:KLPA12345")).toBe("BEL:KLPA12345");
    expect(canonicalOf({ kind: "passport" }, "QQQ:KLPA12345")).toBe("<country>");
    expect(canonicalOf({ kind: "passport", country: "NL" }, "KLPA12345")).toBe("<country>");
  });
});

test("account numbers are those of another implementation where the bank has no test of its own", () => {
  const ours = IBANS.split(" ").filter((iban) => /^(?:NL|DE|GB|MT|LU)/.test(iban));
  expect(ours.length).toBeGreaterThan(8);
  for (const iban of ours) expect(isValidIBAN(iban)).toBe(true);
});
