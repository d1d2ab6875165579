// SPDX-License-Identifier: Apache-2.0
import {
  type AggregateAsk,
  type Ask,
  flowColumns,
  type MatchAsk,
  type MoneyFlow,
  type OverlapAsk,
} from "@koplamp/wire";
import { readKeys } from "./ask-any.ts";
import { modeAtThreshold, withFlags } from "./ask-flags.ts";
import { readJoin } from "./ask-join.ts";
import { DECONFLICT_FIELDS, LOOKUP_FIELDS, readDeconflict, readLookup } from "./ask-lookup.ts";
import {
  columnIn,
  FEWER_GROUPS,
  FEWER_MEASURES,
  readDomain,
  readFrom,
  readKey,
  readWhere,
  statisticIn,
} from "./ask-rows.ts";
import { readTrend } from "./ask-trend.ts";
import { ASK_KINDS } from "./names.ts";
import {
  anyMapOf,
  distinct,
  field,
  integerOf,
  listOf,
  mapOf,
  oneOf,
  required,
  textOf,
} from "./yaml-fields.ts";
import { failAt, type YamlMap, type YamlValue } from "./yaml-source.ts";

/** An ask in normal form: maps are lists, sources in party order, the domain in `groupBy` order. */
export type QuestionAsk = Ask;

const FIELDS = {
  match: ["kind", "key", "anyKey", "bands", "from", "atLeast", "tell", "flaggedBy", "mode", "dealer"],
  "overlap-count": ["kind", "key", "from", "shape", "atLeast", "mode"],
  aggregate: ["kind", "from", "where", "groupBy", "flow", "domain", "measures", "distinctBy", "totals"],
  "join-aggregate": ["kind", "key", "from", "groupBy", "domain", "measures", "mode"],
  trend: ["kind", "from", "where", "groupBy", "domain", "measures", "period", "alarm", "reveal"],
  lookup: LOOKUP_FIELDS,
  deconflict: DECONFLICT_FIELDS,
} as const;

const AMONG = "no more parties can hold an item than stand in `from`: name more of them, or a lower number";

/**
 * Reads the `ask` of a question.
 * @throws {QueryError} with its place; `not-yet` for kinds and options that no protocol answers yet.
 */
export function readAsk(value: YamlValue): Ask {
  const kind = oneOf(required(anyMapOf(value), "kind", `one of: ${ASK_KINDS.join(", ")}`), ASK_KINDS);
  const map = mapOf(value, FIELDS[kind]);
  if (kind === "match") return readMatch(map);
  if (kind === "overlap-count") return readOverlap(map);
  if (kind === "aggregate") return readAggregate(map);
  if (kind === "join-aggregate") return readJoin(map);
  if (kind === "trend") return readTrend(map);
  return kind === "deconflict" ? readDeconflict(map) : readLookup(map);
}

function readMatch(map: YamlMap): MatchAsk {
  const from = readFrom(map);
  const tell = oneOf(required(map, "tell", "holders, count or nothing"), ["holders", "count", "nothing"]);
  const atLeast = integerOf(
    required(map, "atLeast", "the smallest number of holders"),
    2,
    from.length,
    AMONG,
  );
  const ask = withFlags(map, { kind: "match", ...readKeys(map), from, atLeast, tell });
  const mode = field(map, "mode");
  const dealer = readDealer(map, from);
  if (mode === undefined) return ask;
  const named = modeAtThreshold(oneOf(mode, ["pair", "bulk", "tokens", "threshold"]), mode, ask);
  if ((named !== "pair" && named !== "bulk") || from.length === 2) return { ...ask, mode: named, ...dealer };
  const message = `mode: ${named} is for two parties, got ${from.length}`;
  throw failAt(mode, "invalid-value", message, "leave `mode` out: match-tokens/1 takes up to 32 parties");
}

/** @throws {QueryError} `invalid-value` without `mode: bulk`, or when one of the two would deal. */
function readDealer(map: YamlMap, from: MatchAsk["from"]): Pick<MatchAsk, "dealer"> {
  const value = field(map, "dealer");
  if (value === undefined) return {};
  const [dealer, mode] = [textOf(value), field(map, "mode")];
  if (mode === undefined || textOf(mode) !== "bulk") {
    throw failAt(
      value,
      "invalid-value",
      "only in mode: bulk somebody deals, or nobody",
      "leave `dealer` out",
    );
  }
  if (!from.some(({ party }) => party === dealer)) return { dealer };
  const message = `${dealer} brings a list and cannot deal: whoever deals and a party together break the other's list`;
  throw failAt(
    value,
    "invalid-value",
    message,
    "name a third party or nobody, or leave `dealer` out: the coordinator deals",
  );
}

function readOverlap(map: YamlMap): OverlapAsk {
  const from = readFrom(map);
  const shape = oneOf(required(map, "shape", "histogram, pairs or atLeast"), [
    "histogram",
    "pairs",
    "atLeast",
  ]);
  return {
    kind: "overlap-count",
    key: readKey(map),
    from,
    shape,
    atLeast: readAtLeast(map, shape, from.length),
    mode: readMode(map, shape),
  };
}

function readAtLeast(map: YamlMap, shape: OverlapAsk["shape"], parties: number): number | null {
  const value = field(map, "atLeast");
  if (shape === "atLeast")
    return integerOf(required(map, "atLeast", "the smallest number of holders"), 1, parties, AMONG);
  if (value === undefined) return null;
  if (shape === "histogram") return integerOf(value, 2, parties, AMONG);
  throw failAt(
    value,
    "invalid-value",
    `"atLeast" goes with shape: atLeast or histogram, not with shape: ${shape}`,
  );
}

function readMode(map: YamlMap, shape: OverlapAsk["shape"]): OverlapAsk["mode"] {
  const value = field(map, "mode");
  if (value === undefined) return null;
  const mode = oneOf(value, ["hub", "recipient", "atLeast", "pairs.blind", "pairs.local"]);
  const hint = "leave `mode` out: the coordinator counts pseudonyms";
  if (mode === "pairs.blind" || mode === "pairs.local") {
    if (shape === "pairs") return mode;
    throw failAt(value, "invalid-value", `mode: ${mode} answers shape: pairs, not ${shape}`, hint);
  }
  if (mode === "hub" || shape !== "pairs") return mode;
  const message = `mode: ${mode} answers histogram and atLeast, not pairs`;
  throw failAt(value, "invalid-value", message, "leave `mode` out");
}

function readAggregate(map: YamlMap): AggregateAsk {
  const [distinctBy, totals] = [field(map, "distinctBy"), field(map, "totals")];
  const flow = readFlow(map);
  const columns = flow === undefined ? readGroups(map) : flowColumns(flow);
  return {
    kind: "aggregate",
    from: readFrom(map),
    where: readWhere(field(map, "where")),
    groupBy: columns,
    domain: readDomain(map, columns),
    measures: distinct(
      listOf(required(map, "measures", "count, sum(column), mean(column)"), 1, 16, FEWER_MEASURES).items,
      statisticIn,
    ),
    ...(flow === undefined ? {} : { flow }),
    ...(totals === undefined ? {} : { totals: oneOf(totals, ["total", "margins"]) }),
    ...(distinctBy === undefined ? {} : { distinctBy: distinct(listOf(distinctBy, 1, 16).items, columnIn) }),
  };
}

function readGroups(map: YamlMap): readonly string[] {
  const groupBy = field(map, "groupBy");
  return groupBy === undefined ? [] : distinct(listOf(groupBy, 0, 8, FEWER_GROUPS).items, columnIn);
}

/** Money on its way: its columns are the groups. */
function readFlow(map: YamlMap): MoneyFlow | undefined {
  const [value, groupBy] = [field(map, "flow"), field(map, "groupBy")];
  if (value === undefined) return undefined;
  if (groupBy !== undefined) {
    const hint = "leave `groupBy` out: the columns of the flow are the groups";
    throw failAt(groupBy, "invalid-value", '"groupBy" does not go with "flow"', hint);
  }
  const flow = mapOf(value, ["origin", "destination", "period"]);
  const [origin, destination] = [
    columnIn(required(flow, "origin", "the column that says from where")),
    columnIn(required(flow, "destination", "the column that says to where")),
  ];
  const period = field(flow, "period");
  const read: MoneyFlow = {
    origin,
    destination,
    ...(period === undefined ? {} : { period: columnIn(period) }),
  };
  if (new Set(flowColumns(read)).size === flowColumns(read).length) return read;
  throw failAt(value, "invalid-value", "expected another column for each end of a flow and for its period");
}
