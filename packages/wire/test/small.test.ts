// SPDX-License-Identifier: Apache-2.0
// Times, buckets and encodings: one form each.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addPeriod,
  base64,
  bucket,
  fromBase64,
  fromHex,
  fromUtf8,
  hex,
  isoWeek,
  periodStart,
  timeMs,
  timeText,
  utf8,
} from "../src/index.ts";

describe("a time", () => {
  it("is text and milliseconds, both ways, as Date has it", () => {
    const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (second) => {
        const text = timeText(second * 1000);
        expect(timeMs(text)).toBe(second * 1000);
        expect(text).toBe(new Date(second * 1000).toISOString().replace(".000Z", "Z"));
      }),
    );
  });

  it.each([
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00.0Z",
    "2026-01-01 00:00:00Z",
    "2026-1-1T00:00:00Z",
  ])("is not %s", (text) => {
    expect(() => timeMs(text)).toThrow(expect.objectContaining({ code: "invalid-time" }));
  });

  it("has a week of ISO 8601, also where the year ends in it", () => {
    for (const [day, week] of [
      ["2020-12-31", "2020-W53"],
      ["2021-01-03", "2020-W53"],
      ["2021-01-04", "2021-W01"],
      ["2024-12-30", "2025-W01"],
      ["2026-11-23", "2026-W48"],
      ["2027-01-03", "2026-W53"],
    ] as const) {
      expect(isoWeek(timeMs(`${day}T12:00:00Z`))).toBe(week);
    }
  });

  it("moves by days, months and years, and never past the end of a month", () => {
    expect(addPeriod("2026-01-31T10:00:00Z", "P1M")).toBe("2026-02-28T10:00:00Z");
    expect(addPeriod("2024-02-29T10:00:00Z", "P1Y")).toBe("2025-02-28T10:00:00Z");
    expect(addPeriod("2026-12-31T10:00:00Z", "P1D")).toBe("2027-01-01T10:00:00Z");
    expect(() => addPeriod("2026-12-31T10:00:00Z", "PT1H")).toThrow();
  });

  it("lies in one period of each length: a calendar month, a calendar year, so many days", () => {
    expect(periodStart("2026-11-26T10:11:12Z", "P1M")).toBe("2026-11-01T00:00:00Z");
    expect(periodStart("2026-11-26T10:11:12Z", "P3M")).toBe("2026-10-01T00:00:00Z");
    expect(periodStart("2026-11-26T10:11:12Z", "P1Y")).toBe("2026-01-01T00:00:00Z");
    expect(periodStart("1970-01-09T23:59:59Z", "P7D")).toBe("1970-01-08T00:00:00Z");
    expect(periodStart("2026-11-26T10:11:12Z", "P1D")).toBe("2026-11-26T00:00:00Z");
    expect(() => periodStart("2026-11-26T10:11:12Z", "PT1H")).toThrow();
    for (const period of ["P1D", "P7D", "P30D", "P1M", "P5M", "P1Y", "P4Y"]) {
      for (let at = Date.parse("2026-01-01T00:00:00Z"); at < Date.parse("2027-03-01T00:00:00Z"); at += 3e8) {
        const since = periodStart(timeText(at), period);
        const next = addPeriod(since, period);
        expect(since <= timeText(at) && timeText(at) < next).toBe(true);
        expect(periodStart(next, period)).toBe(next);
      }
    }
  });
});

describe("a bucket", () => {
  it("is 2^k or 1.5·2^k, at least 256, holds its count, and grows with it", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.nat(1000), (count, more) => {
        const size = bucket(count);
        expect(size).toBeGreaterThanOrEqual(Math.max(count, 256));
        const power = 2 ** Math.floor(Math.log2(size));
        expect([power, 1.5 * power]).toContain(size);
        if (count > 256) expect(size).toBeLessThan(count * 1.5);
        expect(bucket(count + more)).toBeGreaterThanOrEqual(size);
      }),
    );
    expect([0, 1, 256, 257, 384, 385].map(bucket)).toEqual([256, 256, 256, 384, 384, 512]);
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 53]) expect(() => bucket(bad)).toThrow(RangeError);
  });
});

describe("an encoding", () => {
  it("is that of the platform, and comes back", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.string({ unit: "binary", maxLength: 50 }),
        (bytes, text) => {
          expect(hex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
          expect(fromHex(hex(bytes))).toEqual(bytes);
          expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
          expect(fromBase64(base64(bytes))).toEqual(bytes);
          if (!text.isWellFormed()) return;
          expect(utf8(text)).toEqual(new Uint8Array(Buffer.from(text)));
          expect(fromUtf8(utf8(text))).toBe(text);
        },
      ),
    );
  });

  it.each([12_287, 12_288, 12_289, 24_577, 100_000])("is that of the platform for %d bytes", (length) => {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 2_654_435_761) >>> 24);
    const text = String.fromCharCode(...bytes.subarray(0, 1000).map((byte) => byte & 127)).repeat(
      length / 1000,
    );
    expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    expect(fromBase64(base64(bytes))).toEqual(bytes);
    for (const one of [text, `${text}é`, `é${text}😀`]) {
      expect(utf8(one)).toEqual(new Uint8Array(Buffer.from(one)));
      expect(fromUtf8(utf8(one))).toBe(one);
    }
  });

  it.each(["QQ", "QQ=", "QR==", "Q===", "QQ==\n", " QQ==", "QQ-_", "QUI=QUI="])(
    "in base64 is not %j",
    (text) => {
      expect(() => fromBase64(text)).toThrow();
    },
  );

  it.each(["a", "AB", "0g", "0x00", "00 "])("in hex is not %j", (text) => {
    expect(() => fromHex(text)).toThrow();
  });

  it("refuses what the platform's strict decoder refuses, and nothing else", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let expected: string | undefined;
        try {
          expected = decoder.decode(bytes);
        } catch {
          expected = undefined;
        }
        if (expected === undefined) expect(() => fromUtf8(bytes)).toThrow(RangeError);
        else expect(fromUtf8(bytes)).toBe(expected);
      }),
    );
  });
});
