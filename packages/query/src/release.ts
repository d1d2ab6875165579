// SPDX-License-Identifier: Apache-2.0
// The release rules of a question: as its analyst asks for them, and as the plan has them, no looser than the agreement.
import type { PartyId } from "@koplamp/protocol";
import {
  type Ask,
  type Covenant,
  type Dominance,
  dominanceFloor,
  type KnownTotal,
  measuredColumns,
  type Plan,
  stricterDominance,
} from "@koplamp/wire";
import type { CatalogueEntry } from "./catalogue.ts";
import { QueryError } from "./errors.ts";
import { type AskedNoise, noisePlan, readNoise } from "./noise.ts";
import {
  anyMapOf,
  distinct,
  entriesOf,
  field,
  integerOf,
  listOf,
  mapOf,
  required,
  textOf,
  wordOf,
} from "./yaml-fields.ts";
import type { YamlValue } from "./yaml-source.ts";

/** `release` of a question's file. */
export interface AskedRelease {
  readonly minCount: number;
  readonly minContributors: number;
  readonly noise: AskedNoise | null;
  readonly dominance?: Dominance;
  readonly rounding?: number;
  readonly known?: readonly KnownTotal[];
}

const FIELDS = ["minCount", "minContributors", "noise", "dominance", "rounding", "known"] as const;

/** Reads `release`. @throws {QueryError} with its place. */
export function readRelease(value: YamlValue | undefined): AskedRelease {
  if (value === undefined) return { minCount: 1, minContributors: 1, noise: null };
  const map = mapOf(value, FIELDS);
  const [noise, dominance] = [field(map, "noise"), field(map, "dominance")];
  const [minCount, minContributors] = [field(map, "minCount"), field(map, "minContributors")];
  const [rounding, known] = [field(map, "rounding"), field(map, "known")];
  return {
    minCount: minCount === undefined ? 1 : integerOf(minCount, 1, 1_000_000_000),
    minContributors: minContributors === undefined ? 1 : integerOf(minContributors, 1, 64),
    noise: noise === undefined ? null : readNoise(noise),
    ...(dominance === undefined ? {} : { dominance: readDominance(dominance) }),
    ...(rounding === undefined ? {} : { rounding: integerOf(rounding, 2, 1_000_000_000) }),
    ...(known === undefined ? {} : { known: listOf(known, 1, 1000).items.map(readKnown) }),
  };
}

function readDominance(value: YamlValue): Dominance {
  const map = mapOf(value, ["largest", "percent"]);
  const largest = field(map, "largest");
  return {
    largest: largest === undefined ? 1 : integerOf(largest, 1, 16),
    percent: integerOf(required(map, "percent", "how much of a sum the largest may make: 50"), 0, 100),
  };
}

/** A total that is public anyway: `{ group: { month: [2026-01, 2026-02] }, measure: count, value: 812 }`. */
function readKnown(value: YamlValue): KnownTotal {
  const map = mapOf(value, ["group", "measure", "value"]);
  const group = anyMapOf(
    required(map, "group", "the cells that it is the total of: group: { column: value }"),
  );
  return {
    group: entriesOf(group).map(([column, { value: named }]) => ({
      column, // one of the question's: see `checkedKnown`
      values: valuesOf(named),
    })),
    measure: textOf(required(map, "measure", "count or sum(column)"), 200),
    value: integerOf(required(map, "value"), Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  };
}

function valuesOf(value: YamlValue): readonly string[] {
  if (value.kind === "scalar") return [wordOf(value)];
  return distinct(listOf(value, 1, 1000).items, (item) => wordOf(item));
}

/** What rules follow from, beside the question. */
export interface ReleaseTerms {
  readonly recipients: readonly PartyId[];
  readonly floors: Covenant["floors"];
  readonly entries: readonly CatalogueEntry[];
}

/**
 * The stricter of question and covenant, and the noise that the question asks for.
 * @throws {QueryError} where a rule has no meaning for the question, or no protocol can tell what it needs.
 */
export function releaseOf(asked: AskedRelease, ask: Ask, terms: ReleaseTerms): Plan["release"] {
  const { floors, entries, recipients } = terms;
  const { minCount, minContributors, noise, rounding, known } = asked;
  if (noise !== null && ask.kind !== "aggregate") {
    throw new QueryError("invalid-value", `noise goes into sums, not into a question of kind "${ask.kind}"`, {
      hint: "leave `release.noise` out",
    });
  }
  const dominance =
    sumsOf(ask).length === 0 ? undefined : stricterDominance(dominanceFloor(floors), asked.dominance);
  expectExact(ask, noise !== null, dominance);
  return {
    minCount: Math.max(minCount, floors.minCount),
    minContributors: Math.max(minContributors, floors.minContributors),
    noise: noise === null ? null : noisePlan(noise, entries, recipients),
    ...(dominance === undefined ? {} : { dominance }),
    ...(rounding === undefined ? {} : { rounding }),
    ...(known === undefined ? {} : { known: checkedKnown(ask, known) }),
  };
}

/** The columns under measures; a question that adds up nothing has no sum to be dominated. */
function sumsOf(ask: Ask): readonly string[] {
  return "measures" in ask ? ask.measures.flatMap(measuredColumns) : [];
}

/** What each party put in is known of rows that are summed as they are, and only there. */
function expectExact(ask: Ask, noisy: boolean, dominance: Dominance | undefined): void {
  const totals = ask.kind === "aggregate" && ask.totals !== undefined;
  if (dominance === undefined && !totals) return;
  expectFewMargins(ask);
  const what = dominance === undefined ? "totals" : "a rule about dominance";
  if (noisy) {
    throw new QueryError("not-yet", `${what} and noise do not go together yet`, {
      hint: totals ? "leave `totals` out: noisy cells add up" : "ask for counts, or without noise",
    });
  }
  if (ask.kind === "aggregate" && ask.distinctBy === undefined) return;
  throw new QueryError(
    "not-yet",
    `${what} cannot be judged for a question of kind "${ask.kind}" with these options yet`,
    {
      hint:
        dominance === undefined
          ? "leave `totals` out"
          : "ask for counts, or over rows of an `aggregate` without `distinctBy`",
    },
  );
}

/** Most columns whose margins are told: each one more doubles them. */
const MOST_MARGIN_COLUMNS = 4;

function expectFewMargins(ask: Ask): void {
  if (ask.kind !== "aggregate" || ask.totals !== "margins" || ask.groupBy.length <= MOST_MARGIN_COLUMNS)
    return;
  const message = `margins are told over at most ${MOST_MARGIN_COLUMNS} columns, got ${ask.groupBy.length}`;
  throw new QueryError("too-many", message, { hint: "totals: total gives the sum of all" });
}

function checkedKnown(ask: Ask, known: readonly KnownTotal[]): readonly KnownTotal[] {
  if (ask.kind === "join-aggregate" || (ask.kind === "aggregate" && ask.distinctBy !== undefined)) {
    throw new QueryError("not-yet", "what is public cannot be weighed beside sums over selected rows yet", {
      hint: "leave `release.known` out, and ask by no group that a public total would open",
    });
  }
  const measures = ["count", ...sumsOf(ask).map((column) => `sum(${column})`)];
  const columns = ask.kind === "aggregate" ? ask.groupBy : [];
  for (const { group, measure } of known) {
    const column = group.find((own) => !columns.includes(own.column))?.column;
    if (measures.includes(measure) && column === undefined) continue;
    const got = column === undefined ? `measure "${measure}"` : `column "${column}"`;
    throw new QueryError("invalid-value", `\`release.known\` is about cells of the question, got ${got}`, {
      hint: `columns: ${columns.join(", ")}; measures: ${measures.join(", ")}`,
    });
  }
  return known;
}
