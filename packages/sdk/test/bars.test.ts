// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bar, barsSvg } from "../src/index.ts";

const chart = (bars: readonly Bar[], title = "reports"): string =>
  barsSvg({ title, measure: "count", bars, note: "a note", format: (value) => `${value}!` });
const numbers = (text: string, form: RegExp): readonly number[] =>
  [...text.matchAll(form)].map(([, number]) => Number(number));
const tags = (text: string): readonly string[] => text.match(/<\/?[a-z]+/gi) ?? [];

describe("a bar chart", () => {
  it("has bars as long as their values, from zero in both directions", () => {
    const text = chart([
      { label: "a", value: 100 },
      { label: "b", value: 50 },
      { label: "c", value: -25 },
    ]);
    const [a = 0, b = 0, c = 0] = numbers(text, /class="bar" [^>]*width="([\d.]+)"/g);
    expect(a / b).toBeCloseTo(2, 2);
    expect(b / c).toBeCloseTo(2, 2);
    const [zero = 0] = numbers(text, /class="axis" x1="([\d.]+)"/g);
    expect(numbers(text, /class="bar" x="([\d.]+)"/g).slice(0, 2)).toEqual([zero, zero]);
    expect(numbers(text, /class="bar" x="([\d.]+)"/g)[2]).toBeCloseTo(zero - c, 1);
  });

  it("shows noise as a whisker of its whole width, and keeps it off the numbers", () => {
    const text = chart([{ label: "a", value: 100, spread: 20 }]);
    const [from = 0, to = 0] =
      /class="whisker" d="M([\d.]+) [\d.]+H([\d.]+)/.exec(text)?.slice(1).map(Number) ?? [];
    const [bar = 0] = numbers(text, /class="bar" [^>]*width="([\d.]+)"/g);
    expect((to - from) / bar).toBeCloseTo(0.4, 2);
    const [value = 0] = numbers(text, /y="([\d.]+)" text-anchor="end">100!/g);
    const [line = 0] = numbers(text, /class="whisker" d="M[\d.]+ ([\d.]+)/g);
    expect(line - 4).toBeGreaterThan(value); // it does not run through the number above it
    expect(text).toContain("100! ± 20!");
  });

  it("marks what is withheld over all the room there is, with its rule, and never as zero", () => {
    const text = chart([
      { label: "a", value: 3 },
      { label: "b", withheld: "withheld: fewer than 10" },
    ]);
    expect(text.match(/class="bar"/g)).toHaveLength(1);
    expect(text.match(/class="withheld"/g)).toHaveLength(1);
    expect(text.match(/withheld: fewer than 10/g)).toHaveLength(2); // beside the bar, and in the description
  });

  it("says every bar in words, whole, to those who do not see it", () => {
    const label = "a name that is much longer than there is room for";
    const text = chart([{ label, value: 7 }], "title");
    expect(text).toMatch(/role="img" aria-labelledby="title description"/);
    expect(/<desc[^>]*>(.*)<\/desc>/.exec(text)?.[1]).toBe(`count. ${label}: 7!. a note`);
    const long = "a".repeat(99);
    expect(chart([{ label: long, value: 7 }])).toContain(`>${"a".repeat(53)}…<`);
    expect(chart([{ label: long, withheld: "w".repeat(60) }])).toContain(`>${"a".repeat(57)}…<`); // on a line of its own
  });

  it("takes names as text, whatever is in them", () => {
    const plain = tags(chart([{ label: "x", withheld: "w" }], "t"));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (label, title) => {
        const text = chart([{ label, withheld: label }], title);
        expect(tags(text)).toEqual(plain);
        expect(text.replace(/&(?:amp|lt|gt|quot);/g, "")).not.toContain("&");
      }),
    );
    expect(chart([{ label: '</text><script>"&\u0000', value: 1 }])).toContain(
      "&lt;/text&gt;&lt;script&gt;&quot;&amp;",
    );
  });

  it("stands when all values are zero", () => {
    expect(chart([{ label: "a", value: 0, spread: 0 }])).not.toMatch(/NaN|Infinity/);
  });
});
