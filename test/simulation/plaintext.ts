// SPDX-License-Identifier: Apache-2.0
// The answer over the pooled plaintext, by the words of lab-format.md. It shares no code with Koplamp, not even the
// canonical forms: what it knows of a kind stands here.

/** A raw table of one party: rows of cells as they stand in a file. */
export type RawTable = readonly Readonly<Record<string, string>>[];
/** Party to its table. */
export type Pool = Readonly<Record<string, RawTable>>;

/** A question, as far as its answer depends on it. Parties in alphabetical order. */
export type PlainQuestion = PlainMatch | PlainOverlap | PlainAggregate | PlainJoin;

interface Asked {
  readonly recipients: readonly string[];
}

export interface PlainMatch extends Asked {
  readonly kind: "match";
  readonly key: readonly string[];
  readonly atLeast: number;
  readonly tell: "holders" | "count" | "nothing";
}

export interface PlainOverlap extends Asked {
  readonly kind: "overlap-count";
  readonly key: readonly string[];
  readonly shape: "histogram" | "pairs" | "atLeast";
  readonly atLeast: number;
}

export interface PlainAggregate extends Asked {
  readonly kind: "aggregate";
  readonly where: readonly { readonly column: string; readonly op: string; readonly value: unknown }[];
  readonly groupBy: readonly string[];
  readonly domain: Readonly<Record<string, readonly string[]>>;
  readonly measures: readonly string[];
  readonly minCount: number;
  readonly minContributors: number;
  /** What names an event; absent where every row counts. */
  readonly distinctBy?: readonly string[];
}

/** Groups and measures are written `party.column`. */
export interface PlainJoin extends Asked {
  readonly kind: "join-aggregate";
  readonly key: readonly string[];
  readonly groupBy: readonly string[];
  readonly domain: Readonly<Record<string, readonly string[]>>;
  readonly measures: readonly string[];
  readonly minCount: number;
}

/** Column to what it holds; a column that is not here holds text. */
const KINDS: Readonly<Record<string, "imo" | "integer" | "month" | "boolean">> = {
  ship: "imo",
  amount: "integer",
  month: "month",
  open: "boolean",
};

/** Recipient to result, with nothing in it that has an order. */
export function plainResults(pool: Pool, question: PlainQuestion): Readonly<Record<string, unknown>> {
  const { recipients } = question;
  if (question.kind === "match") {
    return Object.fromEntries(recipients.map((party) => [party, matchesOf(party, pool, question)]));
  }
  return Object.fromEntries(recipients.map((party) => [party, resultAt(party, pool, question)]));
}

function resultAt(recipient: string, pool: Pool, question: Exclude<PlainQuestion, PlainMatch>): unknown {
  if (question.kind === "overlap-count") return countsOf(pool, question);
  return question.kind === "aggregate" ? cellsOf(recipient, pool, question) : joinedCells(pool, question);
}

function canonical(name: string, raw: string): string | undefined {
  const text = raw.normalize("NFC").trim();
  switch (KINDS[name.slice(name.indexOf(".") + 1)]) {
    case "imo":
      return imo(text);
    case "integer":
      return /^-?\d+$/.test(text) ? String(BigInt(text)) : undefined;
    case "month":
      return /^\d{4}-(0[1-9]|1[0-2])$/.test(text) ? text : undefined;
    case "boolean":
      return text === "true" || text === "false" ? text : undefined;
    default:
      return text === "" || Buffer.byteLength(text) > 256 ? undefined : text;
  }
}

function imo(text: string): string | undefined {
  const digits = text.replace(/^IMO/i, "").replaceAll(" ", "");
  if (!/^\d{7}$/.test(digits) || digits === "0000000") return undefined;
  const sum = [7, 6, 5, 4, 3, 2].reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return sum % 10 === Number(digits[6]) ? digits : undefined;
}

/** Key, as one text, to its holders in order. */
function holdersOf(pool: Pool, key: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>();
  for (const party of Object.keys(pool).sort()) {
    const own = new Set<string>();
    for (const row of pool[party] ?? []) {
      const values = key.map((column) => canonical(column, row[column] ?? ""));
      if (values.every((value) => value !== undefined)) own.add(JSON.stringify(values));
    }
    for (const name of own) holders.set(name, [...(holders.get(name) ?? []), party]);
  }
  return holders;
}

function matchesOf(recipient: string, pool: Pool, { key, atLeast, tell }: PlainMatch): unknown {
  const matches: Record<string, unknown> = {};
  for (const [name, held] of holdersOf(pool, key)) {
    if (held.length < atLeast || !held.includes(recipient)) continue;
    matches[name] = tell === "holders" ? held.join(",") : tell === "count" ? held.length : "";
  }
  return matches;
}

function countsOf(pool: Pool, { key, shape, atLeast }: PlainOverlap): unknown {
  const all = [...holdersOf(pool, key).values()];
  const parties = Object.keys(pool).sort();
  if (shape === "atLeast") return { [atLeast]: all.filter((held) => held.length >= atLeast).length };
  if (shape === "histogram") {
    return Object.fromEntries(
      parties
        .map((_, at) => at + 1)
        .filter((number) => number >= atLeast)
        .map((number) => [number, all.filter((held) => held.length === number).length]),
    );
  }
  const pairs = parties.flatMap((one, at) => parties.slice(at + 1).map((other) => [one, other] as const));
  return Object.fromEntries(
    pairs.map(([one, other]) => [
      `${one}&${other}`,
      all.filter((held) => held.includes(one) && held.includes(other)).length,
    ]),
  );
}

function cellsOf(recipient: string, pool: Pool, question: PlainAggregate): unknown {
  const cells: Record<string, unknown> = {};
  const all = Object.values(counted(pool, question)).flat();
  const own = Object.entries(pool).map(([party, rows]) => ({
    party,
    rows: Object.values(counted({ [party]: rows }, question)).flat(),
  }));
  // Where a floor asks for several, nobody who brought rows is left with those of one other; of two parties each is.
  const isJudged = question.minContributors > 1 && own.length > 2 && question.distinctBy === undefined;
  for (const group of product(question.groupBy.map((column) => question.domain[column] ?? []))) {
    const inCell = (rows: RawTable): RawTable => rows.filter((row) => inGroup(row, question.groupBy, group));
    const contributors = own.filter(({ rows }) => inCell(rows).length > 0); // whoever's row counts
    const others = contributors.filter(({ party }) => party !== recipient).length;
    const alone = isJudged && recipient in pool && others < 2;
    cells[JSON.stringify(group)] = alone ? "withheld" : cellOf(inCell(all), contributors.length, question);
  }
  return cells;
}

/** The rows that count: those in any cell, and of each event the first row of the first party that has one. */
function counted(pool: Pool, question: PlainAggregate): Pool {
  const { groupBy, domain, distinctBy } = question;
  const groups = product(groupBy.map((column) => domain[column] ?? []));
  const seen = new Set<string>();
  const isNew = (row: Readonly<Record<string, string>>): boolean => {
    if (distinctBy === undefined) return true;
    const name = keyText(row, distinctBy);
    if (name === undefined || seen.has(name)) return false;
    seen.add(name);
    return true;
  };
  return Object.fromEntries(
    Object.keys(pool)
      .sort()
      .map((party) => [
        party,
        (pool[party] ?? []).filter(
          (row) =>
            passes(row, question) && groups.some((group) => inGroup(row, groupBy, group)) && isNew(row),
        ),
      ]),
  );
}

function keyText(row: Readonly<Record<string, string>>, key: readonly string[]): string | undefined {
  const values = key.map((column) => canonical(column, row[column] ?? ""));
  return values.every((value) => value !== undefined) ? JSON.stringify(values) : undefined;
}

/** The pool with each key once at every party: what a join takes. */
export function withUniqueKeys(pool: Pool, key: readonly string[]): Pool {
  return Object.fromEntries(
    Object.entries(pool).map(([party, rows]) => {
      const seen = new Set<string>();
      const first = (row: Readonly<Record<string, string>>): boolean => {
        const name = keyText(row, key);
        if (name === undefined) return true;
        const isNew = !seen.has(name);
        seen.add(name);
        return isNew;
      };
      return [party, rows.filter(first)];
    }),
  );
}

/** One row for each key that every party holds, with its columns under `party.column`, judged group by group. */
function joinedCells(pool: Pool, question: PlainJoin): unknown {
  const parties = Object.keys(pool).sort();
  const joined = [...holdersOf(pool, question.key)]
    .filter(([, held]) => held.length === parties.length)
    .map(([name]) =>
      Object.fromEntries(
        parties.flatMap((party) => {
          const row = (pool[party] ?? []).find((one) => keyText(one, question.key) === name) ?? {};
          return Object.entries(row).map(([column, raw]) => [`${party}.${column}`, raw]);
        }),
      ),
    );
  const groups = product(question.groupBy.map((column) => question.domain[column] ?? []));
  return Object.fromEntries(
    groups.map((group) => {
      const rows = joined.filter((row) => inGroup(row, question.groupBy, group));
      const cell =
        rows.length < question.minCount
          ? "withheld"
          : Object.fromEntries(question.measures.map((measure) => [measure, measureOf(measure, rows)]));
      return [JSON.stringify(group), cell];
    }),
  );
}

function product(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return lists.reduce<readonly (readonly string[])[]>(
    (all, list) => all.flatMap((start) => list.map((value) => [...start, value])),
    [[]],
  );
}

function passes(row: Readonly<Record<string, string>>, { where }: PlainAggregate): boolean {
  return where.every(({ column, op, value }) => {
    const own = canonical(column, row[column] ?? "");
    if (own === undefined) return false;
    if (op === "=") return own === String(value);
    if (op === "in") return Array.isArray(value) && value.map(String).includes(own);
    const low = KINDS[column] === "integer" ? BigInt(own) < BigInt(String(value)) : own < String(value);
    return op === "<" ? low : !low;
  });
}

function inGroup(
  row: Readonly<Record<string, string>>,
  columns: readonly string[],
  group: readonly string[],
): boolean {
  return columns.every((column, at) => canonical(column, row[column] ?? "") === group[at]);
}

function cellOf(rows: RawTable, contributors: number, question: PlainAggregate): unknown {
  if (rows.length < question.minCount || contributors < question.minContributors) return "withheld";
  return Object.fromEntries(question.measures.map((measure) => [measure, measureOf(measure, rows)]));
}

function measureOf(measure: string, rows: RawTable): string | undefined {
  if (measure === "count") return String(rows.length);
  const column = /\((.*)\)/.exec(measure)?.[1] ?? "";
  const values = rows.flatMap((row) => canonical(column, row[column] ?? "") ?? []).map(BigInt);
  const sum = values.reduce((total, value) => total + value, 0n);
  if (measure.startsWith("sum")) return String(sum);
  return values.length === 0 ? undefined : String(halfToEven(sum, BigInt(values.length)));
}

function halfToEven(sum: bigint, count: bigint): bigint {
  const rest = ((sum % count) + count) % count;
  const floor = (sum - rest) / count;
  if (2n * rest !== count) return 2n * rest > count ? floor + 1n : floor;
  return floor % 2n === 0n ? floor : floor + 1n;
}
