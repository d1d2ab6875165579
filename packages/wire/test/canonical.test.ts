// SPDX-License-Identifier: Apache-2.0
// Signed bytes have one reading. Vectors: RFC 8785 (the author's files) and the JSON parsing test suite.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared.ts";
import { canonicalBytes, canonicalText, fromUtf8, parseCanonical, utf8, WireError } from "../src/index.ts";

const LIMITS = { maxBytes: 2 ** 20 };
const read = (text: string) => parseCanonical(utf8(text), LIMITS);
const refused = (act: () => unknown): string => {
  try {
    act();
  } catch (reason) {
    if (reason instanceof WireError) return reason.code;
    throw reason;
  }
  return "read";
};

/** Values that documents may hold. */
const plain = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((text) => text.normalize("NFC").replace(/\p{Cc}/gu, ""));
const { value: documentValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    plain,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,5}$/), tie("value"), { maxKeys: 4 }),
  ),
}));

describe("canonical bytes", () => {
  it("come back as they were, in one order of names", () => {
    fc.assert(
      fc.property(documentValue, (value) => {
        const bytes = canonicalBytes(value);
        const again = parseCanonical(bytes, LIMITS);
        expect(canonicalBytes(again)).toEqual(bytes);
        expect(JSON.parse(fromUtf8(bytes))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("have no second form: every other byte is refused, or another value", () => {
    fc.assert(
      fc.property(documentValue, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, mask) => {
        const bytes = canonicalBytes(value);
        const changed = bytes.map((byte, at) => (at === place % bytes.length ? byte ^ mask : byte));
        if (refused(() => parseCanonical(changed, LIMITS)) !== "read") return;
        expect(parseCanonical(changed, LIMITS)).not.toEqual(parseCanonical(bytes, LIMITS));
      }),
    );
  });

  it.each([
    ["a space", '{"a": 1}', "not-canonical"],
    ["a line end", '{"a":1}\n', "not-canonical"],
    ["another order", '{"b":1,"a":2}', "not-canonical"],
    ["an equal name", '{"a":1,"a":1}', "not-canonical"],
    ["a fraction of an integer", '{"a":1.0}', "not-canonical"],
    ["an exponent", '{"a":1e2}', "not-canonical"],
    ["minus zero", '{"a":-0}', "not-canonical"],
    ["an escape that needs none", '{"a":"\\u0041"}', "not-canonical"],
    ["a solidus escaped", '{"a":"\\/"}', "not-canonical"],
    ["a fraction", '{"a":1.5}', "invalid-value"],
    ["2^53", '{"a":9007199254740992}', "invalid-value"],
    ["a lone surrogate", '{"a":"\\ud800"}', "invalid-value"],
    ["a control character", '{"a":"\\u0007"}', "invalid-value"],
    ["another normal form", '{"a":"e\u0301"}', "invalid-value"],
    ["__proto__", '{"__proto__":{"polluted":1}}', "invalid-value"],
    ["a name with a space", '{"a b":1}', "invalid-value"],
    ["no JSON", "{", "not-json"],
    ["nothing", "", "not-json"],
    ["a byte order mark", "\ufeff{}", "not-json"],
  ])("refuse %s", (_what, text, code) => {
    expect(refused(() => read(text))).toBe(code);
  });

  it("refuse bytes that are no UTF-8, without a word of them", () => {
    for (const bytes of [
      [0xff],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xf4, 0x90, 0x80, 0x80],
    ]) {
      expect(refused(() => parseCanonical(Uint8Array.from(bytes), LIMITS))).toBe("not-utf8");
    }
  });

  it("leave prototypes alone", () => {
    const value = read('{"constructor":{"a":1},"toString":2}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.isFrozen(value)).toBe(true);
    expect(Object.isFrozen(value["constructor"])).toBe(true);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("are bounded: 16 levels, and as many bytes as the reader says", () => {
    const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    expect(refused(() => read(deep(16)))).toBe("read");
    expect(refused(() => read(deep(17)))).toBe("invalid-value");
    expect(refused(() => read(deep(100_000)))).toMatch(/invalid-value|not-json/);
    expect(refused(() => parseCanonical(utf8(deep(4)), { maxBytes: 100, maxDepth: 3 }))).toBe(
      "invalid-value",
    );
    expect(refused(() => parseCanonical(utf8('"aaa"'), { maxBytes: 4 }))).toBe("too-large");
  });

  it.each([undefined, Number.NaN, Infinity, 1n, () => 1, new Date(0), [undefined], { a: undefined }])(
    "are not made of %s",
    (value) => {
      expect(refused(() => canonicalBytes(value))).toBe("invalid-value");
    },
  );
});

describe.skipIf(!hasShared)("published vectors (need ../shared)", () => {
  const folder = (...path: string[]): string => join(sharedPath("vectors"), ...path);

  it("RFC 8785: the six files of its author", () => {
    const names = readdirSync(folder("jcs-rfc8785", "input"));
    expect(names.length).toBeGreaterThanOrEqual(6);
    for (const name of names) {
      const input: unknown = JSON.parse(readFileSync(folder("jcs-rfc8785", "input", name), "utf8"));
      expect(canonicalText(input)).toBe(
        readFileSync(folder("jcs-rfc8785", "output", name), "utf8").trimEnd(),
      );
    }
  });

  it("JSON parsing: what is none is refused, what is some has one form", () => {
    const names = readdirSync(folder("json-testsuite", "test_parsing"));
    const codes = new Map<string, number>();
    for (const name of names) {
      const bytes = new Uint8Array(readFileSync(folder("json-testsuite", "test_parsing", name)));
      const code = refused(() => parseCanonical(bytes, LIMITS));
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (name.startsWith("n_")) expect(code, name).not.toBe("read");
      if (code === "read") expect(canonicalBytes(JSON.parse(fromUtf8(bytes))), name).toEqual(bytes);
    }
    expect(names.length).toBeGreaterThan(300);
    expect(codes.get("read")).toBeGreaterThan(10);
  });
});
