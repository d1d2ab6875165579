// SPDX-License-Identifier: Apache-2.0
// A trend as one SVG file: a strip for each group, with a line where there is a series, a mark of its own form for each
// alarm, and a hatched stretch for each period that is withheld, so that a reader does not take it for zero.
import { cut, escaped, MARGIN, pictureSvg, round, TOP, WIDTH } from "./picture.ts";

/** One period of a group. */
export interface LinePoint {
  readonly period: string;
  /** Absent where it is withheld, or where no series is told. */
  readonly value?: number;
  readonly alarm: boolean;
  /** In words; absent where it is not withheld. */
  readonly withheld?: string;
}

/** One group over time. */
export interface LineGroup {
  readonly label: string;
  /** Every period, in order. */
  readonly points: readonly LinePoint[];
}

/** A chart. All text is plain: it is escaped here. */
export interface LineChart {
  readonly title: string;
  /** What is measured: `count`, or that alarms alone are told. */
  readonly measure: string;
  readonly groups: readonly LineGroup[];
  /** A sentence or two under the chart. */
  readonly note: string;
  /** A number as people read it. */
  readonly format: (value: number) => string;
  /** The word for an alarm. */
  readonly alarm: string;
}

const NAME = 28;
const STRIP = 74;
/** A strip without a line has room for its marks alone. */
const MARKS = 20;
const PERIODS = 18;
const GAP = 16;
/** Room for the numbers at the left. */
const LEFT = 64;
const RIGHT = WIDTH - MARGIN - 6;

/** The chart as the text of an SVG file. At least one group with one period. */
export function linesSvg(chart: LineChart): string {
  let y = TOP;
  const strips = chart.groups.map((group) => {
    const strip = stripText(group, y, chart);
    y += strip.height;
    return strip.text;
  });
  return pictureSvg({
    title: chart.title,
    subtitle: chart.measure,
    description: described(chart),
    body: strips.join("\n"),
    bottom: y - GAP,
    notes: [chart.note],
  });
}

/** Where periods and values stand in one strip. */
interface Frame {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly top: number;
  readonly bottom: number;
  /** Half the room of a period. */
  readonly half: number;
}

function stripText(
  group: LineGroup,
  y: number,
  chart: LineChart,
): { readonly text: string; readonly height: number } {
  const { label, points } = group;
  const values = points.flatMap(({ value }) => value ?? []);
  const height = values.length === 0 ? MARKS : STRIP;
  const [top, bottom] = [y + NAME, y + NAME + height];
  const [least, most] = [Math.min(0, ...values), Math.max(1, ...values)];
  const room = (RIGHT - LEFT) / Math.max(1, points.length - 1);
  const frame: Frame = {
    x: (at) => round(points.length === 1 ? (LEFT + RIGHT) / 2 : LEFT + at * room),
    y: (value) => round(bottom - ((value - least) / (most - least)) * height),
    top,
    bottom,
    half: round(Math.min(room / 2, 12)),
  };
  const parts = [
    `<text x="${MARGIN}" y="${y + 12}">${escaped(cut(label, 58))}</text>`,
    ...points.map((point, at) => withheldText(point, at, frame)),
    ...(values.length === 0 ? [] : scaleText(least, most, frame, chart)),
    `<line class="axis" x1="${LEFT - 6}" y1="${bottom}" x2="${RIGHT + 6}" y2="${bottom}"/>`,
    lineText(points, frame),
    ...points.map((point, at) => markText(point, at, frame, chart)),
    ...periodTexts(points, frame),
  ];
  return { text: `<g>${parts.join("")}</g>`, height: NAME + height + PERIODS + GAP };
}

/** Least and most, as numbers and as lines. */
function scaleText(least: number, most: number, frame: Frame, { format }: LineChart): readonly string[] {
  return [least, most].flatMap((value) => [
    `<line class="grid" x1="${LEFT - 6}" y1="${frame.y(value)}" x2="${RIGHT + 6}" y2="${frame.y(value)}"/>`,
    `<text class="quiet" x="${LEFT - 10}" y="${round(frame.y(value) + 4)}" text-anchor="end">${escaped(cut(format(value), 9))}</text>`,
  ]);
}

function withheldText({ period, withheld }: LinePoint, at: number, { x, top, bottom, half }: Frame): string {
  if (withheld === undefined) return "";
  return `<rect class="withheld" x="${round(x(at) - half)}" y="${top}" width="${round(2 * half)}" height="${bottom - top}"><title>${escaped(`${period}: ${withheld}`)}</title></rect>`;
}

/** The values, with a break where one is missing. */
function lineText(points: readonly LinePoint[], { x, y }: Frame): string {
  const path = points.map(({ value }, at) => {
    if (value === undefined) return "";
    return `${points[at - 1]?.value === undefined ? "M" : "L"}${x(at)} ${y(value)}`;
  });
  return path.every((part) => part === "") ? "" : `<path class="line" d="${path.join("")}"/>`;
}

/** A point that stands alone is a dot, an alarm a triangle. */
function markText(
  point: LinePoint,
  at: number,
  { x, y, bottom }: Frame,
  { format, alarm }: LineChart,
): string {
  const { period, value } = point;
  const told = value === undefined ? "" : ` ${format(value)}`;
  const [left, height] = [x(at), value === undefined ? bottom - MARKS / 2 : y(value)];
  if (point.alarm) {
    return `<path class="alarm" d="M${left} ${round(height - 8)}l7 13h-14z"><title>${escaped(`${period}:${told} ${alarm}`)}</title></path>`;
  }
  if (value === undefined) return "";
  return `<circle class="dot" cx="${left}" cy="${height}" r="2"><title>${escaped(`${period}:${told}`)}</title></circle>`;
}

/** The periods with an alarm, then the first and the last, each where there is room. */
function periodTexts(points: readonly LinePoint[], { x, bottom }: Frame): readonly string[] {
  const last = points.length - 1;
  const taken: number[] = [];
  const wanted = [...points.flatMap(({ alarm }, at) => (alarm ? [at] : [])), 0, last];
  return wanted.flatMap((at) => {
    const [place, period] = [x(at), points[at]?.period ?? ""];
    if (taken.some((other) => Math.abs(other - place) < 62)) return [];
    taken.push(place);
    const anchor = place > RIGHT - 26 ? ' text-anchor="end"' : ' text-anchor="middle"';
    const left = place > RIGHT - 26 ? RIGHT + 6 : place;
    return [`<text class="quiet" x="${left}" y="${bottom + 15}"${anchor}>${escaped(cut(period, 10))}</text>`];
  });
}

/** The chart for who does not see it: every period of every group, in words. */
function described({ measure, groups, note, format, alarm }: LineChart): string {
  const rows = groups.map(({ label, points }) => {
    const told = points.flatMap((point): readonly string[] => {
      const parts = [
        point.value === undefined ? [] : format(point.value),
        point.withheld ?? [],
        point.alarm ? alarm : [],
      ].flat();
      return parts.length === 0 ? [] : [`${point.period} ${parts.join(", ")}`];
    });
    return `${label}: ${told.join("; ")}`;
  });
  return `${measure}. ${rows.join(". ")}. ${note}`;
}
