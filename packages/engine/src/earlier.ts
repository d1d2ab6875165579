// SPDX-License-Identifier: Apache-2.0
// What a recipient was told before of the same datasets, and what is public of them, as the derivation audit takes it: a
// new table must not open with those what it withholds, or what they did (aggregation.md, section 9.1).
import { groupsOf } from "@koplamp/aggregate";
import { type AuditTable, agreementOf, type Outside, type Overlay } from "@koplamp/covenant";
import {
  type AggregateAsk,
  type AggregateCell,
  type AggregateResult,
  type AnswerResult,
  cubeOfTrend,
  isWithheld,
  type KnownTotal,
  type Plan,
  type TrendAsk,
  type TrendPoint,
} from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import { keptOutcomes } from "./outcome-kept.ts";
import type { QuestionRun } from "./question-run.ts";
import { refinementOf, type Shape } from "./refinement.ts";

/** A table that this node holds. */
export interface EarlierTable {
  readonly ask: AggregateAsk;
  readonly release: Plan["release"];
  readonly result: AggregateResult;
}

/**
 * Exact tables over the same datasets of the same parties that this node was told and still holds, newest first.
 * @throws {EngineError} `refused` where one has no parts in common with the question that could be looked at.
 */
export function earlierTables(node: NodePorts, run: QuestionRun, ask: AggregateAsk): readonly EarlierTable[] {
  if (run.plan.release.noise !== null) return []; // what noise tells adds up in a budget of its own
  const tables = keptOutcomes(node).flatMap(({ planHash, outcome }): readonly EarlierTable[] => {
    if (planHash === run.planHash || outcome.status !== "released" || outcome.plan === undefined) return [];
    return tableIn(outcome.plan, outcome.result, ask);
  });
  if (tables.some((table) => refinementOf([ask, table.ask]) === undefined)) throw refused(node, run);
  return tables;
}

/** What an answer says of the rows that a question is about: a table, or a trend that was told with its series. */
export function tableIn(
  { ask, release }: Pick<Plan, "ask" | "release">,
  result: AnswerResult | undefined,
  now: Pick<AggregateAsk, "from">,
): readonly EarlierTable[] {
  if (release.noise !== null || JSON.stringify(ask.from) !== JSON.stringify(now.from)) return [];
  if (ask.kind === "trend" && result?.kind === "trend" && result.series !== undefined) {
    const cells = result.series.map((point) => cellOf(point, ask));
    return [{ ask: cubeOfTrend(ask), release, result: { kind: "aggregate", cells } }];
  }
  if (ask.kind !== "aggregate" || ask.distinctBy !== undefined || result?.kind !== "aggregate") return [];
  return [{ ask, release, result }];
}

/** A period of a series as the cell that it was. */
function cellOf(point: TrendPoint, { period, measures }: TrendAsk): AggregateCell {
  const group = { ...point.group, [period]: point.period };
  if ("withheld" in point) return { group, withheld: point.withheld };
  return { group, measures: { [measures[0] ?? ""]: point.value } };
}

function refused({ me }: NodePorts, run: QuestionRun): EngineError {
  const refusal = {
    party: me,
    rule: "derivable",
    message: `${me} holds an answer about the same data, and cannot tell what it would give away beside this one: together they have too many cells`,
    hint: "ask by fewer columns, by those of the earlier answer, or when the term of that is over",
  };
  run.refuse(refusal);
  return new EngineError("refused", me, refusal.message, refusal.hint);
}

/** For each cell its parts. */
type Parts = readonly (readonly number[])[];

/** What is known of a table's rows besides: a shape of its own, and what it says, the most first. */
interface Claim {
  readonly shape: Shape;
  readonly variants: readonly ((own: Parts) => readonly Outside[])[];
}

/** A claim, and which of its variants holds. */
interface Held {
  readonly claim: Claim;
  readonly variant: number;
}

/** Claims that are looked at together. `closed`: every row has a value that they name, in each of their columns. */
interface Bundle {
  readonly closed: boolean;
  readonly held: readonly Held[];
}

/**
 * Earlier tables and public totals over a table's cells: as many of them together as hang together like a network, and
 * none that cannot be of the same rows.
 */
export function overlaysOf(
  table: Pick<AuditTable, "cells" | "columns">,
  {
    ask,
    summed,
    known = [],
  }: { readonly ask: AggregateAsk; readonly summed: readonly string[] } & Pick<Plan["release"], "known">,
  earlier: readonly EarlierTable[],
): readonly Overlay[] {
  const claims = [
    ...known.map((total) => publicClaim(ask, summed, total)),
    ...earlier.map((one) => tableClaim(one, summed)),
  ];
  const bundles = claims.reduce<readonly Bundle[]>(
    (before, claim) => withClaim(table, ask, before, claim),
    [],
  );
  return bundles.flatMap((bundle) => overlayOf(ask, bundle) ?? []);
}

/**
 * A claim joins the first bundle beside which it can be true, or begins one. Whoever reads both tables may take it that
 * no row is outside them: that is tried first.
 */
function withClaim(
  table: Pick<AuditTable, "cells" | "columns">,
  ask: AggregateAsk,
  bundles: readonly Bundle[],
  claim: Claim,
): readonly Bundle[] {
  for (const bundle of [...bundles, { closed: true, held: [] }, { closed: false, held: [] }]) {
    for (const variant of claim.variants.keys()) {
      const wider: Bundle = { ...bundle, held: [...bundle.held, { claim, variant }] };
      const overlay = overlayOf(ask, wider);
      if (overlay === undefined || agreementOf(table, overlay) !== "agrees") continue;
      return [...bundles.filter((one) => one !== bundle), wider];
    }
  }
  return bundles;
}

function overlayOf(ask: AggregateAsk, { closed, held }: Bundle): Overlay | undefined {
  const all = refinementOf([ask, ...held.map(({ claim }) => claim.shape)]);
  if (all === undefined) return undefined;
  const outside = new Set(closed ? all.outside : []);
  const [own = [], ...others] = all.cells.map((cells) =>
    cells.map((parts) => parts.filter((part) => !outside.has(part))),
  );
  return {
    cells: own,
    outside: held.flatMap(({ claim, variant }, at) => claim.variants[variant]?.(others[at] ?? []) ?? []),
  };
}

/** A total that is public: of the cells of the question itself. */
function publicClaim(
  ask: AggregateAsk,
  summed: readonly string[],
  { group, measure, value }: KnownTotal,
): Claim {
  const allows = (own: AggregateCell["group"]): boolean =>
    group.every(({ column, values }) => values.includes(own[column] ?? ""));
  const groups = groupsOf(ask);
  return {
    shape: ask,
    variants: [
      (cells) =>
        toldOf(
          cells.filter((_, at) => allows(groups[at] ?? {})).flat(),
          summed,
          { [measure]: value },
          undefined,
        ),
    ],
  };
}

/**
 * What an earlier table says; its margins may hang together with a new table in no way that can be computed. A cell that
 * is withheld for what it would tell of others has no fewer rows than the floor, unless its rules were not told.
 */
function tableClaim({ ask, release, result }: EarlierTable, summed: readonly string[]): Claim {
  const { rounding, minCount } = release;
  const groups = groupsOf(ask);
  const said = (cells: readonly AggregateCell[], own: Parts, derivable: "large" | "nothing") =>
    cells.flatMap((cell): readonly Outside[] => {
      const parts = own.filter((_, at) => isPartOf(groups[at] ?? {}, cell.group)).flat();
      if ("measures" in cell) return toldOf(parts, summed, cell.measures, rounding);
      const other = cell.withheld.includes("derivable") ? derivable : "large";
      return [
        { kind: "withheld", parts, minCount, word: cell.withheld.includes("minCount") ? "small" : other },
      ];
    });
  const lines = linesIn(result);
  const told = lines.length === 0 ? [[]] : [lines, []];
  return {
    shape: ask,
    variants: told.flatMap((more) =>
      (["large", "nothing"] as const).map((derivable) => (own: Parts) => [
        ...said(result.cells, own, derivable),
        ...said(more, own, derivable),
      ]),
    ),
  };
}

/** Totals and margins that were told; one that was withheld says nothing. */
function linesIn({ total, margins = [] }: AggregateResult): readonly AggregateCell[] {
  const all = total === undefined || isWithheld(total) ? [] : [{ group: {}, measures: total }];
  return [...all, ...margins].filter((line) => "measures" in line);
}

function toldOf(
  parts: readonly number[],
  summed: readonly string[],
  measures: Readonly<Record<string, number | bigint>>,
  rounding: number | undefined,
): readonly Outside[] {
  return Object.entries(measures).flatMap(([measure, value]): Outside[] => {
    const column = summed.findIndex((name) => measure === `sum(${name})`);
    if (measure !== "count" && column < 0) return [];
    const off = BigInt(rounding ?? 0) / 2n;
    const [lo, hi] = [BigInt(value) - off, BigInt(value) + off];
    return [{ kind: "told", parts, lo, hi, ...(column < 0 ? {} : { column }) }];
  });
}

function isPartOf(group: AggregateCell["group"], line: AggregateCell["group"]): boolean {
  return Object.entries(line).every(([column, value]) => group[column] === value);
}
