// SPDX-License-Identifier: Apache-2.0
// Diagrams of flows and of trends: what is drawn, what is said of it, and that names are text.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { barsSvg, type Flow, type LineGroup, type LinePoint, linesSvg, sankeySvg } from "../src/index.ts";

const format = (value: number): string => `${value}!`;
const flows = (list: readonly Flow[], title = "flows"): string =>
  sankeySvg({ title, measure: "sum(amount)", flows: list, note: "a note", format, withheld: "withheld" });
const lines = (groups: readonly LineGroup[], title = "trend"): string =>
  linesSvg({ title, measure: "count", groups, note: "a note", format, alarm: "alarm" });
const strip = (points: readonly Partial<LinePoint>[], label = "group"): LineGroup => ({
  label,
  points: points.map((point, at) => ({ period: `2026-${10 + at}`, alarm: false, ...point })),
});
const numbers = (text: string, form: RegExp): readonly number[] =>
  [...text.matchAll(form)].map(([, number]) => Number(number));
const tags = (text: string): readonly string[] => text.match(/<\/?[a-z]+/gi) ?? [];
const said = (text: string): string => /<desc[^>]*>(.*)<\/desc>/.exec(text)?.[1] ?? "";

describe("a diagram of flows", () => {
  test("has bands as wide as their sums, in one scale for both sides", () => {
    const text = flows([
      { from: "a", to: "x", value: 100 },
      { from: "a", to: "y", value: 50 },
      { from: "b", to: "x", value: 25 },
    ]);
    const [wide = 0, half = 0, quarter = 0] = numbers(text, /class="flow [^>]*stroke-width="([\d.]+)"/g);
    expect(wide / half).toBeCloseTo(2, 1);
    expect(wide / quarter).toBeCloseTo(4, 1);
    const heights = numbers(text, /class="node" [^>]*height="([\d.]+)"/g);
    expect(heights[0]).toBeCloseTo(wide + half, 0); // a
    expect(heights[2]).toBeCloseTo(wide + quarter, 0); // x
    expect(text).toContain(">150!</text>"); // what left a
  });

  test("shows what is withheld as a line of its own, and never as none", () => {
    const text = flows([
      { from: "a", to: "x", value: 100, withheld: "2/12 withheld: few" },
      { from: "b", to: "x", withheld: "withheld: few" },
      { from: "b", to: "y", value: 0 },
      { from: "c", to: "y", withheld: "withheld: few" },
    ]);
    expect(text.match(/class="hidden"/g)).toHaveLength(2);
    expect(text).toContain(">≥ 100!</text>");
    expect(text).toContain(">≥ 0!</text>");
    expect(text).toContain(">withheld</text>"); // c, of which nothing is told
    expect(said(text)).toBe(
      "sum(amount). a → x: 100!, 2/12 withheld: few; b → x: withheld: few; b → y: 0!; c → y: withheld: few. a note",
    );
  });

  test("tells sums that are too long for the page in millions, and whole in words", () => {
    const text = flows([{ from: "a", to: "x", value: 9_007_199_254_740_991 }]);
    expect(text).toContain(">9007199255! M</text>".replace("9007199255!", format(9_007_199_255)));
    expect(said(text)).toContain("9007199254740991!");
  });

  test("stands when all flows are withheld or nothing flows", () => {
    for (const list of [[{ from: "a", to: "x", withheld: "w" }], [{ from: "a", to: "x", value: 0 }]]) {
      expect(flows(list)).not.toMatch(/NaN|Infinity/);
    }
  });
});

describe("lines of a trend", () => {
  test("break where a period is withheld, which is hatched", () => {
    const text = lines([strip([{ value: 1 }, { value: 3 }, { withheld: "few" }, { value: 2 }])]);
    expect(/class="line" d="([^"]*)"/.exec(text)?.[1]).toMatch(/^M[^ML]+L[^ML]+M[^ML]+$/);
    expect(text.match(/class="withheld"/g)).toHaveLength(1);
    expect(said(text)).toBe("count. group: 2026-10 1!; 2026-11 3!; 2026-12 few; 2026-13 2!. a note");
  });

  test("mark an alarm by form and word, at its value and with its period", () => {
    const text = lines([strip([{ value: 0 }, { value: 10, alarm: true }, { value: 5 }])]);
    expect(text.match(/class="alarm"/g)).toHaveLength(1);
    expect(text.match(/class="dot"/g)).toHaveLength(2);
    const [height = 0] = numbers(text, /class="alarm" d="M[\d.]+ ([\d.]+)/g);
    const [first = 0, last = 0] = numbers(text, /class="dot" cx="[\d.]+" cy="([\d.]+)"/g);
    expect(height).toBeLessThan(last);
    expect(last).toBeLessThan(first); // zero is at the bottom
    expect(text).toMatch(/>2026-11<\/text>/);
    expect(said(text)).toContain("2026-11 10!, alarm");
  });

  test("name the period of an alarm where there is no room for the last one too", () => {
    const points = Array.from({ length: 20 }, (_, at) => ({ value: at, alarm: at === 18 }));
    const text = lines([strip(points)]);
    expect(text).toContain(">2026-28</text>");
    expect(text).not.toContain(">2026-29</text>");
  });

  test("are left out where alarms alone are told", () => {
    const text = lines([strip([{}, { alarm: true }, {}])]);
    expect(text).not.toContain('class="line"');
    expect(text).not.toContain('class="dot"');
    expect(text.match(/class="alarm"/g)).toHaveLength(1);
    expect(said(text)).toBe("count. group: 2026-11 alarm. a note");
  });

  test("stand for one period, for equal values, and for values below zero", () => {
    expect(lines([strip([{ value: 7 }])])).not.toMatch(/NaN|Infinity/);
    expect(lines([strip([{ value: 0 }, { value: 0 }])])).not.toMatch(/NaN|Infinity/);
    const [least = 0] = numbers(lines([strip([{ value: -5 }, { value: 5 }])]), /cy="([\d.]+)"/g);
    expect(least).toBeGreaterThan(62);
  });
});

describe("every picture", () => {
  const anyText = fc.string({ unit: "binary" });
  const pictures: Readonly<Record<string, (name: string) => string>> = {
    bars: (name) =>
      barsSvg({ title: name, measure: name, bars: [{ label: name, withheld: name }], note: name, format }),
    flows: (name) => flows([{ from: name, to: name, withheld: name }], name),
    lines: (name) => lines([strip([{ withheld: name, alarm: true }], name)], name),
  };

  it.each(Object.keys(pictures))("of %s takes names as text, whatever is in them", (kind) => {
    const draw = pictures[kind];
    if (draw === undefined) throw new Error("expected a picture");
    const marked = (text: string): readonly string[] =>
      tags(text).filter((tag) => tag !== "<text" && tag !== "</text");
    const plain = marked(draw("x"));
    fc.assert(
      fc.property(anyText, (name) => {
        const text = draw(name);
        expect(marked(text)).toEqual(plain); // a long note has more lines, and nothing else is new
        expect(text.replace(/&(?:amp|lt|gt|quot);/g, "")).not.toContain("&");
      }),
    );
    const hostile = draw('"/><script>alert(1)</script><a href="javascript:0"\u0000');
    expect(hostile).not.toMatch(/<script|<a |\son[a-z]+=/);
  });

  it.each(Object.keys(pictures))(
    "of %s fetches nothing, runs nothing, and has a title and a description",
    (kind) => {
      const text = pictures[kind]?.("name") ?? "";
      expect(text).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 480 [\d.]+"/);
      expect(text).toContain('role="img" aria-labelledby="title description"');
      expect(text).toContain("prefers-color-scheme: dark");
      expect(text.replace("http://www.w3.org/2000/svg", "")).not.toMatch(
        /https?:|@import|@font-face|href|<script|<image/,
      );
    },
  );
});
