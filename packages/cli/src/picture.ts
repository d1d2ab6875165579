// SPDX-License-Identifier: Apache-2.0
// Which picture a result makes: bars of a count or a sum, bands of a money flow, lines of a trend.
import {
  type Bar,
  barsSvg,
  type Flow,
  type LineGroup,
  type LinePoint,
  linesSvg,
  sankeySvg,
} from "@koplamp/sdk";
import { type PlainFlow, type PlainResult, type PlainSums, withheldText } from "./answer.ts";
import { UsageError } from "./errors.ts";
import type { ResultRow, ResultTable } from "./result-rows.ts";
import { resultTable } from "./result-table.ts";
import type { Session } from "./session.ts";
import { grouped } from "./table.ts";
import type { PlainTrend } from "./trend-lines.ts";

/** More than these are no picture any more. */
const MOST_BARS = 100;
const MOST_BANDS = 400;
const MOST_STRIPS = 24;

/** What a picture is made from. */
export interface PictureRequest {
  readonly title: string;
  readonly result: PlainResult;
  /** The measure that is asked for; absent where the first will do. */
  readonly measure: string | undefined;
  readonly lang: Session["lang"];
}

/** The picture as the text of an SVG file. @throws {UsageError} where the result makes none. */
export function pictureOf(request: PictureRequest): string {
  const { result } = request;
  if (result.kind === "match" || result.kind === "lookup")
    throw new UsageError("keys make no picture", "--format csv gives them as a table");
  if (result.kind === "trend") return trendPicture(request, result);
  const sums = result.kind === "overlap-count" ? undefined : result;
  return sums?.flow === undefined ? barPicture(request) : flowPicture(request, sums, sums.flow);
}

/** The table of a result, and which of its measures is drawn. */
function measured(
  { result, measure }: PictureRequest,
  first: (measures: readonly string[]) => string | undefined,
): { readonly table: ResultTable; readonly name: string; readonly at: number } {
  const table = resultTable(result);
  const name = measure ?? first(table.measures) ?? "";
  const at = table.measures.indexOf(name);
  if (at >= 0) return { table, name, at };
  throw new UsageError(`no measure "${name}" is in it`, `measures: ${table.measures.join(", ")}`);
}

function expectFew(number: number, most: number, what: string): void {
  if (number >= 1 && number <= most) return;
  throw new UsageError(`a picture has 1 to ${most} ${what}, and this result ${number}`, "--format csv");
}

function barPicture(request: PictureRequest): string {
  const { table, name, at } = measured(request, ([first]) => first);
  expectFew(table.rows.length, MOST_BARS, "bars");
  const { lang, title } = request;
  const words = WORDS[lang];
  const groups = table.groups.length === 0 ? "" : ` ${words.per} ${table.groups.join(", ")}`;
  return barsSvg({
    title,
    measure: `${name}${groups}`,
    bars: table.rows.map((row) => barOf(row, at, lang)),
    note: `${table.noisy ? words.noisy : words.lead}${othersNote(request)}`,
    format: grouped,
  });
}

/** What a picture cannot draw one by one. */
function othersNote({ result, lang }: PictureRequest): string {
  if (!("others" in result) || result.others === undefined) return "";
  const { cells, withheld } = result.others;
  return ` ${WORDS[lang].others}: ${grouped(cells)}, ${withheldText([withheld].flat(), { lang })}.`;
}

function barOf({ group, values, spreads, withheld }: ResultRow, at: number, lang: Session["lang"]): Bar {
  const label = group.join(" · ");
  const [value, spread] = [values[at], spreads[at]];
  if (value === undefined)
    return { label, withheld: withheld.length === 0 ? WORDS[lang].none : withheldText(withheld, { lang }) };
  return { label, value: Number(value), ...(spread === undefined ? {} : { spread: Number(spread) }) };
}

/** Bands between origins and destinations, over all periods; a sum rather than a count where there is one. */
function flowPicture(request: PictureRequest, { cells }: PlainSums, flow: PlainFlow): string {
  const { table, name, at } = measured(
    request,
    (measures) => measures.find((measure) => measure.startsWith("sum(")) ?? measures[0],
  );
  const [from, to] = [table.groups.indexOf(flow.origin), table.groups.indexOf(flow.destination)];
  const pairs = new Map<string, ResultRow[]>();
  for (const row of table.rows) {
    const pair = JSON.stringify([row.group[from], row.group[to]]);
    pairs.set(pair, [...(pairs.get(pair) ?? []), row]);
  }
  expectFew(Math.min(pairs.size, cells.length), MOST_BANDS, "flows");
  const { lang, title } = request;
  const words = WORDS[lang];
  return sankeySvg({
    title,
    measure: `${name}, ${flow.origin} → ${flow.destination}`,
    flows: [...pairs.values()].map((rows) => flowOf(rows, [from, to, at], lang)),
    note: `${words.flow}${othersNote(request)}`,
    format: grouped,
    withheld: words.withheld,
  });
}

function flowOf(
  rows: readonly ResultRow[],
  [from, to, at]: readonly [number, number, number],
  lang: Session["lang"],
): Flow {
  const [first] = rows;
  const ends = { from: first?.group[from] ?? "", to: first?.group[to] ?? "" };
  const told = rows.flatMap(({ values }) => values[at] ?? []);
  const hidden = rows.length - told.length;
  const why = withheldText([...new Set(rows.flatMap(({ withheld }) => withheld))], { lang });
  const withheld =
    hidden === 0 ? {} : { withheld: rows.length === 1 ? why : `${hidden}/${rows.length} ${why}` };
  const value = told.reduce<number>((sum, one) => sum + Math.max(0, Number(one)), 0);
  return told.length === 0 ? { ...ends, ...withheld } : { ...ends, value, ...withheld };
}

function trendPicture({ title, lang }: PictureRequest, { alarms, series }: PlainTrend): string {
  const words = WORDS[lang];
  const raised = new Set(alarms.map(nameOf));
  const points = series ?? alarms;
  const periods = [...new Set(points.map(({ period }) => period))].sort();
  const groups = new Map(points.map(({ group }) => [JSON.stringify(group), group]));
  expectFew(groups.size, MOST_STRIPS, "groups");
  const known = new Map(points.map((point) => [nameOf(point), point]));
  const strips = [...groups.values()].map((group): LineGroup => {
    const label = Object.values(group).join(" · ");
    return {
      label: label === "" ? words.all : label,
      points: (series === undefined ? monthsOf(periods) : periods).map((period): LinePoint => {
        const { value, withheld } = known.get(nameOf({ group, period })) ?? {};
        return {
          period,
          alarm: raised.has(nameOf({ group, period })),
          ...(series === undefined || value === undefined ? {} : { value: Number(value) }),
          ...(withheld === undefined ? {} : { withheld: withheldText([withheld].flat(), { lang }) }),
        };
      }),
    };
  });
  const [measure, note] = series === undefined ? [words.alarms, words.noSeries] : [words.series, words.trend];
  return linesSvg({ title, measure, groups: strips, note, format: grouped, alarm: words.alarm });
}

function nameOf({ group, period }: Pick<PlainTrend["alarms"][number], "group" | "period">): string {
  return JSON.stringify([group, period]);
}

/** Every month from the first to the last, so that alarms stand at their distance. */
function monthsOf(periods: readonly string[]): readonly string[] {
  const [first, last] = [periods[0] ?? "", periods.at(-1) ?? ""];
  const [start, end] = [first, last].map(
    (period) => Number(period.slice(0, 4)) * 12 + Number(period.slice(5, 7)) - 1,
  );
  if (start === undefined || end === undefined || !(end - start < 1200)) return periods;
  return Array.from({ length: end - start + 1 }, (_, at) => {
    const month = start + at;
    return `${String(Math.floor(month / 12)).padStart(4, "0")}-${String((month % 12) + 1).padStart(2, "0")}`;
  });
}

const WORDS = {
  nl: {
    per: "per",
    all: "alles",
    others: "Niet getekend",
    none: "geen waarde",
    noisy:
      "Balken met ruis: het streepje bevat de ware waarde 95 van de 100 keer. Gearceerd: achtergehouden.",
    lead: "Gearceerd: achtergehouden. Een uitkomst is een aanwijzing; de eigenaar van de gegevens gaat haar na.",
    flow: "Gestippeld: achtergehouden, niet nul. ≥: een deel is achtergehouden. Een uitkomst is een aanwijzing; de eigenaar van de gegevens gaat haar na.",
    withheld: "achtergehouden",
    trend: "Driehoek: alarm. Gearceerd: achtergehouden, niet nul.",
    noSeries: "Driehoek: alarm. Andere perioden: geen alarm, of niet te zeggen; waarden zijn niet verteld.",
    series: "waarde per periode",
    alarms: "alarmen, zonder waarden",
    alarm: "alarm",
  },
  en: {
    per: "per",
    all: "all",
    others: "Not drawn",
    none: "no value",
    noisy: "With noise: the whisker holds the true value 95 times in 100. Hatched: withheld, not zero.",
    lead: "Hatched: withheld, not zero. An answer is a lead; the owner of the data checks it first.",
    flow: "Dotted: withheld, not none. ≥: a part is withheld. An answer is a lead; the owner of the data checks it first.",
    withheld: "withheld",
    trend: "Triangle: alarm. Hatched: withheld, not zero.",
    noSeries: "Triangle: alarm. Elsewhere: none, or it cannot be said; no values are told.",
    series: "value per period",
    alarms: "alarms, without values",
    alarm: "alarm",
  },
} as const;
