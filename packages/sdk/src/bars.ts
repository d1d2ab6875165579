// SPDX-License-Identifier: Apache-2.0
// A bar chart as one SVG file: no script, no font of its own, nothing fetched. What is withheld is a bar as well, hatched
// over all the room there is, so that a reader does not take it for zero; noise is a whisker.

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
  /** One sentence under the chart. */
  readonly note: string;
  /** A number as people read it. */
  readonly format: (value: number) => string;
}

const WIDTH = 880;
const LABELS = 216;
const VALUES = 260;
const TOP = 64;
const ROW = 26;
const BAR = 16;
const MOST_LABEL = 24;

/** The chart as the text of an SVG file. At least one bar. */
export function barsSvg(chart: BarChart): string {
  const { title, measure, bars, note } = chart;
  const height = TOP + bars.length * ROW + 44;
  const scale = scaleOf(bars);
  const rows = bars.map((bar, at) => rowText(bar, TOP + at * ROW, scale, chart)).join("\n");
  const axis = scale.at(0);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(described(chart))}</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: #1b1b1b }
.title { font-weight: 600; font-size: 16px }
.quiet { fill: #595959 }
.bar { fill: #9fc1e0; stroke: #1f5f99 }
.whisker { stroke: #1b1b1b; stroke-width: 1.5; fill: none }
.axis { stroke: #595959 }
.withheld { fill: url(#hatch); stroke: #6b6b6b; stroke-dasharray: 3 3 }
</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#ffffff"/><line x1="0" y1="0" x2="0" y2="6" stroke="#b5b5b5" stroke-width="2"/></pattern></defs>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text class="title" x="16" y="26">${escaped(title)}</text>
<text class="quiet" x="16" y="46">${escaped(measure)}</text>
${rows}
<line class="axis" x1="${axis}" y1="${TOP - 6}" x2="${axis}" y2="${TOP + bars.length * ROW}"/>
<text class="quiet" x="16" y="${height - 16}">${escaped(note)}</text>
</svg>
`;
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
  const room = WIDTH - LABELS - VALUES;
  const span = most - least || 1;
  return { at: (value) => round(LABELS + ((value - least) / span) * room) };
}

function rowText(bar: Bar, y: number, scale: Scale, { format }: BarChart): string {
  const middle = y + BAR / 2 + 4.5;
  const label = `<text x="${LABELS - 10}" y="${middle}" text-anchor="end">${escaped(cut(bar.label))}</text>`;
  const { value, spread, withheld = "" } = bar;
  const end = WIDTH - VALUES;
  if (value === undefined) {
    return `<g>${label}<rect class="withheld" x="${LABELS}" y="${y}" width="${end - LABELS}" height="${BAR}"/><text class="quiet" x="${end + 8}" y="${middle}">${escaped(withheld)}</text></g>`;
  }
  const [zero, place] = [scale.at(0), scale.at(value)];
  const rect = `<rect class="bar" x="${Math.min(zero, place)}" y="${y}" width="${round(Math.abs(place - zero))}" height="${BAR}"/>`;
  const text = `<text x="${end + 8}" y="${middle}">${escaped(valueText(bar, format))}</text>`;
  return `<g>${label}${rect}${spread === undefined ? "" : whisker(value, spread, y, scale)}${text}</g>`;
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

function cut(text: string): string {
  const points = [...text];
  return points.length <= MOST_LABEL ? text : `${points.slice(0, MOST_LABEL - 1).join("")}…`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Text inside XML. What XML cannot hold is left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
