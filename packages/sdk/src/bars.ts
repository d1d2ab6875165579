// SPDX-License-Identifier: Apache-2.0
// A bar chart as one SVG file. What is withheld is a bar as well, hatched over all the room there is, so that a reader does
// not take it for zero; noise is a whisker.
import { cut, escaped, MARGIN, pictureSvg, round, TOP, WIDTH, widthOf } from "./picture.ts";

/** One bar: a value, how far it may be off, or why it is not given. */
export interface Bar {
  readonly label: string;
  readonly value?: number;
  /** Half the width of the interval; absent without noise. */
  readonly spread?: number;
  /** In words; absent where there is a value. */
  readonly withheld?: string;
}

/** A chart. All text is plain: it is escaped here. */
export interface BarChart {
  readonly title: string;
  /** What is measured: `count`, `sum(amount)`. */
  readonly measure: string;
  readonly bars: readonly Bar[];
  /** A sentence or two under the chart. */
  readonly note: string;
  /** A number as people read it. */
  readonly format: (value: number) => string;
}

const TEXT = 19;
const BAR = 14;
const GAP = 9;
/** Characters over the whole page, and the fewest that a label is cut to beside its value. */
const LINE = 58;
const LEAST_LABEL = 12;
/** What is withheld is told in smaller letters. */
const QUIETER = 0.85;

/** The chart as the text of an SVG file. At least one bar. */
export function barsSvg(chart: BarChart): string {
  const { title, measure, bars, note } = chart;
  const scale = scaleOf(bars);
  let y = TOP;
  const rows = bars.map((bar) => {
    const row = rowText(bar, y, scale, chart);
    y += row.height;
    return row.text;
  });
  return pictureSvg({
    title,
    subtitle: measure,
    description: described(chart),
    body: rows.join("\n"),
    bottom: y,
    notes: [note],
  });
}

/** From a value to a place on the page. */
interface Scale {
  at(value: number): number;
}

function scaleOf(bars: readonly Bar[]): Scale {
  const ends = bars.flatMap(({ value, spread = 0 }) =>
    value === undefined ? [] : [value - spread, value + spread],
  );
  const least = Math.min(0, ...ends);
  const most = Math.max(0, ...ends);
  const span = most - least || 1;
  return { at: (value) => round(MARGIN + ((value - least) / span) * (WIDTH - 2 * MARGIN)) };
}

/** A bar under its label and value; a value that leaves no room for a label has a line of its own. */
function rowText(
  bar: Bar,
  y: number,
  scale: Scale,
  { format }: BarChart,
): { readonly text: string; readonly height: number } {
  const told = valueText(bar, format);
  const quieter = bar.value === undefined ? QUIETER : 1;
  const room = Math.floor(LINE - 2 - widthOf(told) * quieter);
  const lines = room >= Math.min(LEAST_LABEL, widthOf(bar.label)) ? 1 : 2;
  const label = `<text x="${MARGIN}" y="${y + 13}">${escaped(cut(bar.label, lines === 1 ? room : LINE))}</text>`;
  const quiet = bar.value === undefined ? ' class="quiet"' : "";
  const value = `<text${quiet} x="${WIDTH - MARGIN}" y="${y + 13 + (lines - 1) * TEXT}" text-anchor="end">${escaped(told)}</text>`;
  const drawn = y + lines * TEXT;
  return { text: `<g>${label}${value}${drawing(bar, drawn, scale)}</g>`, height: lines * TEXT + BAR + GAP };
}

function drawing({ value, spread }: Bar, y: number, scale: Scale): string {
  if (value === undefined)
    return `<rect class="withheld" x="${MARGIN}" y="${y}" width="${WIDTH - 2 * MARGIN}" height="${BAR}"/>`;
  const [zero, place] = [scale.at(0), scale.at(value)];
  const rect = `<rect class="bar" x="${Math.min(zero, place)}" y="${y}" width="${round(Math.abs(place - zero))}" height="${BAR}"/>`;
  const axis = `<line class="axis" x1="${zero}" y1="${y - 2}" x2="${zero}" y2="${y + BAR + 2}"/>`;
  return `${rect}${axis}${spread === undefined ? "" : whisker(value, spread, y, scale)}`;
}

function whisker(value: number, spread: number, y: number, scale: Scale): string {
  const [from, to] = [scale.at(value - spread), scale.at(value + spread)];
  const middle = y + BAR / 2;
  return `<path class="whisker" d="M${from} ${middle}H${to}M${from} ${middle - 4}v8M${to} ${middle - 4}v8"/>`;
}

/** The chart for who does not see it: every bar, in words. */
function described({ measure, bars, note, format }: BarChart): string {
  const rows = bars.map((bar) => `${bar.label}: ${valueText(bar, format)}`);
  return `${measure}. ${rows.join("; ")}. ${note}`;
}

function valueText({ value, spread, withheld = "" }: Bar, format: (value: number) => string): string {
  if (value === undefined) return withheld;
  return spread === undefined ? format(value) : `${format(value)} ± ${format(spread)}`;
}
