// SPDX-License-Identifier: Apache-2.0
import { z } from "zod";
import { utf8 } from "../text.ts";
import { anyKeyForm, areAlternatives, bandsForm } from "./alternative-forms.ts";
import {
  type Ask,
  type ColumnDomain,
  flowColumns,
  INTERESTS,
  type LookupAsk,
  type MatchAsk,
  measuredColumn,
  NOBODY,
  ownColumn,
} from "./asks.ts";
import { atLeastOne, list, name, party, same, sortedList, uniqueList } from "./fields.ts";
import { areRanges, isMade, MOST_TEXT, measureText, parseMeasure } from "./measures.ts";

/** Most parties of one document. */
export const MOST_PARTIES: number = 64;

const source = z.strictObject({ party, dataset: name });
const from = sortedList(source, (row) => row.party, MOST_PARTIES, 1);
const key = uniqueList(name, same, 16, 1);

const TWO_PARTIES = { message: "expected two parties in this mode", path: ["mode"] };

const word = z
  .string()
  .refine(
    (value) => value.trim() === value && value !== "" && utf8(value).length <= 256,
    "expected a canonical value",
  );
const whole = z.int("expected an integer");

const condition = z
  .strictObject({
    column: name,
    op: z.enum(["=", "in", ">=", "<"], "expected a comparison"),
    value: z.union(
      [word, whole, z.boolean(), list(z.union([word, whole]), 1000, 1)],
      "expected a value or a list",
    ),
  })
  .refine(({ op, value }) => (op === "in") === (typeof value === "object"), {
    message: "expected a list with in, and one value with the others",
    path: ["value"],
  });

const match = z
  .strictObject({
    kind: z.literal("match"),
    key,
    anyKey: anyKeyForm.exactOptional(),
    bands: bandsForm.exactOptional(),
    from,
    atLeast: z.int("expected a count").min(2, "expected at least 2"),
    tell: z.enum(["holders", "count", "nothing"], "expected holders, count or nothing"),
    flaggedBy: list(condition, 16, 1).exactOptional(),
    mode: z
      .enum(["pair", "bulk", "tokens", "threshold"], "expected pair, bulk, tokens or threshold, or no mode")
      .exactOptional(),
    dealer: z.union([party, z.literal(NOBODY)], "expected a party id, or nobody").exactOptional(),
  })
  .refine((ask) => ask.atLeast <= ask.from.length, {
    message: "expected at most all parties",
    path: ["atLeast"],
  })
  .refine(areAlternatives, {
    message: "expected the columns of all alternatives, each once, and bands of alternatives that there are",
    path: ["key"],
  })
  .refine(({ mode, from: two }) => (mode !== "pair" && mode !== "bulk") || two.length === 2, TWO_PARTIES)
  .refine(({ dealer, mode }) => dealer === undefined || mode === "bulk", {
    message: "expected a dealer with mode: bulk only",
    path: ["dealer"],
  })
  .refine(({ flaggedBy, anyKey, mode }) => flaggedBy === undefined || isThreshold(anyKey, mode), {
    message: "expected flags with one key, at a threshold",
    path: ["flaggedBy"],
  });

/** A histogram that begins above one holder says nothing of what one party alone holds. */
function fitsShape(shape: "histogram" | "pairs" | "atLeast", atLeast: number | null): boolean {
  if (shape === "histogram") return atLeast === null || atLeast >= 2;
  return (shape === "atLeast") === (atLeast !== null);
}

const overlap = z
  .strictObject({
    kind: z.literal("overlap-count"),
    key,
    from,
    shape: z.enum(["histogram", "pairs", "atLeast"], "expected histogram, pairs or atLeast"),
    atLeast: atLeastOne.nullable(),
    mode: z
      .enum(
        ["hub", "recipient", "atLeast", "pairs.local", "pairs.blind"],
        "expected hub, recipient, atLeast, pairs.local, pairs.blind or null",
      )
      .nullable(),
  })
  .refine(({ shape, atLeast }) => fitsShape(shape, atLeast), {
    message: "expected a number with shape atLeast, null or at least 2 with histogram, and null with pairs",
    path: ["atLeast"],
  })
  .refine((ask) => (ask.atLeast ?? 0) <= ask.from.length, {
    message: "expected at most all parties",
    path: ["atLeast"],
  })
  .refine(({ mode, shape }) => mode !== "atLeast" || shape !== "pairs", {
    message: "expected shape histogram or atLeast in this mode",
    path: ["mode"],
  })
  .refine(({ mode, shape }) => !mode?.startsWith("pairs.") || shape === "pairs", {
    message: "expected shape pairs in this mode",
    path: ["mode"],
  });

const COLUMN = "[A-Za-z][A-Za-z0-9_-]{0,63}";
const AT_PARTY = `[a-z][a-z0-9-]{0,31}\\.${COLUMN}`;
const measure = (column: string): z.ZodType<string> =>
  z.string().regex(new RegExp(`^(?:count|(?:sum|mean)\\(${column}\\))$`), "expected a measure");
const statistic = z.string().refine(isMeasure, "expected a measure in its one spelling");
const RANGES = { message: "expected ranges least..most, each above the one before", path: ["values"] };
const domain = (column: z.ZodType<string>): z.ZodType<readonly ColumnDomain[]> =>
  list(
    z
      .strictObject({
        column,
        values: uniqueList(word, same, 1000, 1),
        ranges: z.literal(true, "expected true, or nothing").exactOptional(),
      })
      .refine((axis) => axis.ranges === undefined || areRanges(axis.values), RANGES),
    9,
  );

const IN_ORDER = {
  message: "expected one entry for each column of groupBy, in that order",
  path: ["domain"],
};

const rows = {
  from,
  where: list(condition, 16),
  groupBy: uniqueList(name, same, 8),
  domain: domain(name),
};

const aggregate = z
  .strictObject({
    kind: z.literal("aggregate"),
    ...rows,
    measures: uniqueList(statistic, same, 16, 1),
    distinctBy: key.exactOptional(),
    totals: z.enum(["total", "margins"], "expected total or margins").exactOptional(),
    flow: z.strictObject({ origin: name, destination: name, period: name.exactOptional() }).exactOptional(),
  })
  .refine(({ groupBy, flow }) => flow === undefined || groupBy.join() === flowColumns(flow).join(), {
    message: "expected groups by the columns of the flow, in that order",
    path: ["groupBy"],
  })
  .refine(({ groupBy, domain: axes }) => areAxes(groupBy, axes), IN_ORDER)
  .refine((ask) => ask.measures.every((text) => isMade(text, ask)), {
    message: "expected statistics of the table over columns of groupBy, and none of products with distinctBy",
    path: ["measures"],
  });

const join = z
  .strictObject({
    kind: z.literal("join-aggregate"),
    key,
    from,
    groupBy: uniqueList(z.string().regex(new RegExp(`^${AT_PARTY}$`), "expected party.column"), same, 8),
    domain: domain(z.string()),
    measures: uniqueList(measure(AT_PARTY), same, 16, 1),
    mode: z.enum(["pair", "hub"], "expected pair or hub, or no mode").exactOptional(),
  })
  .refine(({ groupBy, domain: axes }) => areAxes(groupBy, axes), IN_ORDER)
  .refine(({ from: sources }) => sources.length >= 2, {
    message: "expected at least two parties",
    path: ["from"],
  })
  .refine(({ mode, from: sources }) => mode !== "pair" || sources.length === 2, TWO_PARTIES)
  .refine(
    ({ from: sources, groupBy, measures }) =>
      [...groupBy, ...measures.map(measuredColumn)].every(
        (column) => column === "" || sources.some(({ party: id }) => ownColumn(column, id) !== undefined),
      ),
    { message: "expected columns of parties that bring rows", path: ["measures"] },
  )
  .refine(
    ({ from: sources, groupBy }) =>
      groupBy.length === 0 ||
      sources.some(({ party: id }) => groupBy.every((column) => ownColumn(column, id) !== undefined)),
    { message: "expected groups of one party", path: ["groupBy"] },
  );

const thresholdMilli = z
  .int("expected a count")
  .min(1, "expected more than none")
  .max(1_000_000, "expected at most 1000000");
const alarm = z.union(
  [
    z.strictObject({
      rule: z.enum(["zscore", "cusum", "seasonal"], "expected zscore, cusum or seasonal"),
      window: z.int("expected a count").min(2, "expected at least 2").max(1000, "expected at most 1000"),
      thresholdMilli,
    }),
    z.strictObject({
      rule: z.enum(["zscore", "cusum"], "expected zscore or cusum"),
      baseline: z.strictObject({
        mean: whole,
        deviation: z.int("expected a count").min(1, "expected more than none"),
      }),
      thresholdMilli,
    }),
  ],
  "expected a rule that looks back, or one with a baseline",
);

const trend = z
  .strictObject({
    kind: z.literal("trend"),
    ...rows,
    measures: uniqueList(measure(COLUMN), same, 1, 1),
    period: name,
    alarm,
    reveal: z.enum(["alarms", "series"], "expected alarms or series"),
  })
  .refine(({ groupBy, period, domain: axes }) => areAxes([...groupBy, period], axes), {
    message: "expected one entry for each column of groupBy, in that order, then the periods",
    path: ["domain"],
  })
  .refine(({ groupBy, period }) => !groupBy.includes(period), {
    message: "expected the period beside the groups, not among them",
    path: ["groupBy"],
  })
  .refine(({ domain: axes }) => (axes.at(-1)?.values ?? []).every(afterTheOneBefore), {
    message: "expected each period after the one before",
    path: ["domain"],
  });

/** Most elements of one look-up: more questions are asked in several. */
const MOST_ELEMENTS = 8192;
/** Of an open one: each element may be a request with an entry of its own in ledger and evidence. */
const MOST_OPEN = 1024;

const lookup = z
  .strictObject({
    kind: z.literal("lookup"),
    key,
    from: sortedList(source, (row) => row.party, 1, 1),
    asker: party,
    elements: z
      .int("expected a count")
      .min(1, "expected at least 1")
      .max(MOST_ELEMENTS, `expected at most ${MOST_ELEMENTS}`),
    tell: z.enum(["asker", "both-on-hit"], "expected asker or both-on-hit"),
    open: z.literal(true).exactOptional(),
    interests: z
      .strictObject({
        place: z.enum(["geohash-5", "geohash-6"], "expected geohash-5 or geohash-6"),
        time: z.enum(["hour", "day"], "expected hour or day"),
      })
      .exactOptional(),
  })
  .refine((ask) => ask.interests === undefined || isOfInterests(ask), {
    message: `expected ${INTERESTS.elements} elements of the registers of interests, told to both`,
    path: ["interests"],
  })
  .refine(({ open, elements }) => open === undefined || elements <= MOST_OPEN, {
    message: `expected at most ${MOST_OPEN} elements where they are asked one by one`,
    path: ["elements"],
  })
  .refine(({ asker, from: sources }) => sources.every((row) => row.party !== asker), {
    message: "expected an asker that is not the holder",
    path: ["asker"],
  });

/** Always as many, from the registers and nothing else: what a run sends says nothing of them. */
function isOfInterests({ key, from: sources, elements, tell, open }: Omit<LookupAsk, "kind">): boolean {
  const { dataset, column, elements: all } = INTERESTS;
  const ofRegisters = key.join() === column && sources.every((row) => row.dataset === dataset);
  return ofRegisters && elements === all && tell === "both-on-hit" && open === undefined;
}

function isThreshold(anyKey: unknown, mode: MatchAsk["mode"]): boolean {
  return anyKey === undefined && (mode === undefined || mode === "threshold");
}

function isMeasure(text: string): boolean {
  const parsed = parseMeasure(text);
  return text.length <= MOST_TEXT && parsed !== undefined && measureText(parsed) === text;
}

function areAxes(columns: readonly string[], axes: readonly ColumnDomain[]): boolean {
  return columns.length === axes.length && columns.every((column, at) => axes[at]?.column === column);
}

function afterTheOneBefore(value: string, at: number, values: readonly string[]): boolean {
  return at === 0 || (values[at - 1] ?? "") < value;
}

/** What a question asks, as documents state it. */
export const askForm: z.ZodType<Ask> = z.discriminatedUnion(
  "kind",
  [match, overlap, aggregate, join, trend, lookup],
  "expected a kind of question",
);
