// SPDX-License-Identifier: Apache-2.0
// Costs over sizes as one SVG file: measured points, the model as a line, and what is its floor as a dotted one. Both
// axes are logarithmic, so that sizes a thousand times apart are read alike.
import { cut, escaped, MARGIN, pictureSvg, round, TOP, WIDTH } from "./picture.ts";

/** A place in a panel. Both are above 0. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}

/** One cost over one measure of size. */
export interface ChartPanel {
  readonly label: string;
  readonly measured: readonly ChartPoint[];
  /** The model, in order of x. */
  readonly model: readonly ChartPoint[];
  /** What cannot be undercut; empty where nothing is known of it. */
  readonly floor: readonly ChartPoint[];
}

/** A chart. All text is plain: it is escaped here. */
export interface CurveChart {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly ChartPanel[];
  readonly notes: readonly string[];
}

const NAME = 24;
const PLOT = 104;
const SIZES = 18;
const GAP = 18;
/** Room for the numbers at the left. */
const LEFT = 64;
const RIGHT = WIDTH - MARGIN - 12;

/** The chart as the text of an SVG file: the same text for the same chart. */
export function curveSvg({ title, subtitle, panels, notes }: CurveChart): string {
  const height = NAME + PLOT + SIZES + GAP;
  return pictureSvg({
    title,
    subtitle,
    description: `${subtitle}. ${panels.map(described).join(". ")}. ${notes.join(" ")}`,
    body: panels.map((panel, at) => panelText(panel, TOP + at * height)).join("\n"),
    bottom: TOP + panels.length * height - GAP,
    notes,
  });
}

/** A number as people read it on an axis. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value) && value < 10_000) return `${value}`;
  const [, unit, step] = UNITS.find(([least]) => value >= least) ?? [0, "", 1];
  const scaled = value / step;
  const digits = scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${Number(scaled.toFixed(digits))}${unit}`;
}

/** A part of a whole, as people read it: on one line. */
export function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)}\u00a0%`;
}

const UNITS: readonly (readonly [least: number, unit: string, step: number])[] = [
  [1e12, "T", 1e12],
  [1e9, "G", 1e9],
  [1e6, "M", 1e6],
  [1e3, "k", 1e3],
];

/** Where values stand in one panel. */
interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly bottom: number;
}

function panelText(panel: ChartPanel, top: number): string {
  const { label, measured, model, floor } = panel;
  const all = [...measured, ...model, ...floor];
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
  const bottom = top + NAME + PLOT;
  const [least, most] = [Math.min(...ys) / ROOM, Math.max(...ys) * ROOM];
  const frame: Frame = {
    x: (value) => round(LEFT + (RIGHT - LEFT) * placeOf(value, Math.min(...xs), Math.max(...xs))),
    y: (value) => round(bottom - PLOT * placeOf(value, least, most)),
    bottom,
  };
  const parts = [
    `<text x="${MARGIN}" y="${top + 12}">${escaped(cut(label, 58))}</text>`,
    ...gridOf(least, most).map((value) => gridText(value, frame)),
    `<line class="axis" x1="${LEFT - 6}" y1="${bottom}" x2="${RIGHT + 6}" y2="${bottom}"/>`,
    pathText("hidden", floor, frame),
    pathText("line", model, frame),
    ...measured.map((point) => dotText(point, frame)),
    ...sizeTexts(measured, frame),
  ];
  return `<g>${parts.join("")}</g>`;
}

/** So that no mark stands on the edge. */
const ROOM = 1.15;

/** From 0 to 1 by the logarithm; in the middle where all are the same. */
function placeOf(value: number, least: number, most: number): number {
  return most > least ? Math.log(value / least) / Math.log(most / least) : 0.5;
}

/** Powers of ten; where there is at most one, twice and five times them too; where there is none, the ends. A few of them. */
function gridOf(least: number, most: number): readonly number[] {
  const powers = Array.from({ length: 40 }, (_, at) => 10 ** (at - 12));
  const within = (value: number): boolean => value >= least && value <= most;
  const tens = powers.filter(within);
  const lines =
    tens.length > 1 ? tens : powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(within);
  if (lines.length === 0) return [least * ROOM, most / ROOM];
  const step = Math.ceil(lines.length / 4);
  return lines.filter((_, at) => at % step === 0);
}

function gridText(value: number, { y }: Frame): string {
  return `<line class="grid" x1="${LEFT - 6}" y1="${y(value)}" x2="${RIGHT + 6}" y2="${y(value)}"/><text class="quiet" x="${LEFT - 10}" y="${round(y(value) + 4)}" text-anchor="end">${escaped(shortNumber(value))}</text>`;
}

function pathText(style: string, points: readonly ChartPoint[], frame: Frame): string {
  if (points.length === 0) return "";
  const path = points.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${frame.x(x)} ${frame.y(y)}`);
  return `<path class="${style}" d="${path.join("")}"/>`;
}

function dotText({ x, y }: ChartPoint, frame: Frame): string {
  return `<circle class="dot" cx="${frame.x(x)}" cy="${frame.y(y)}" r="4"><title>${escaped(`${shortNumber(x)}: ${shortNumber(y)}`)}</title></circle>`;
}

/** The sizes that were measured, where there is room for them. */
function sizeTexts(measured: readonly ChartPoint[], { x, bottom }: Frame): readonly string[] {
  const taken: number[] = [];
  return measured.flatMap((point) => {
    const place = x(point.x);
    if (taken.some((other) => Math.abs(other - place) < 34)) return [];
    taken.push(place);
    return [
      `<text class="quiet" x="${place}" y="${bottom + 15}" text-anchor="middle">${escaped(shortNumber(point.x))}</text>`,
    ];
  });
}

/** A panel for who does not see it. */
function described({ label, measured }: ChartPanel): string {
  return `${label}: ${measured.map(({ x, y }) => `${shortNumber(y)} at ${shortNumber(x)}`).join(", ")}`;
}
