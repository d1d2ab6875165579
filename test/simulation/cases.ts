// SPDX-License-Identifier: Apache-2.0
// Random federations and questions: skew, duplicates, empty tables, Unicode, sizes up to 1 to 1,000, 2 to 6 parties.
import fc from "fast-check";
import { type PlainQuestion, type Pool, type RawTable, withUniqueKeys } from "./plaintext.ts";

/** A federation's raw data and a question about them. */
export interface Case {
  readonly pool: Pool;
  readonly question: PlainQuestion;
  /** How the question is answered; null leaves it to the planner. */
  readonly mode:
    | "hub"
    | "recipient"
    | "atLeast"
    | "pair"
    | "bulk"
    | "bulk.nobody"
    | "pairs.local"
    | "pairs.blind"
    | null;
  /** In how many sessions a match runs; absent: in one. */
  readonly shards?: number;
}

/** Mostly one; of a small list each takes a part. */
const shardCount = fc.constantFrom(1, 1, 2, 4);

const PARTIES = ["aa", "bb", "cc", "dd", "ee", "ff"];

/** Few names, so that parties meet; two spellings of one letter, blanks, another script, a pair of surrogates. */
const NAMES = [
  "a",
  "A",
  " a ",
  "caf\u00e9",
  "cafe\u0301",
  "\u0416",
  "\u{1d11e}",
  "",
  " ",
  "b;c",
  "0",
  "00",
  "\ufb01",
];
const SHIPS = ["9187629", "IMO 9187629", "7303803", "7389704", "9187628", "", "0000000", "ship", "7408873"];
const GROUPS = ["NL", "BE", "\u00c5L", "A\u030aL", "nl", "", "elsewhere"];
const MONTHS = ["2026-01", "2026-02", "2025-12", "2026-13", ""];
const AMOUNTS = ["0", "1", "2", "007", "999", "1000", "", "none", "3.5"];
const OPEN = ["true", "false", "", "yes"];

const row = fc.record({
  name: fc.constantFrom(...NAMES),
  ship: fc.constantFrom(...SHIPS),
  group: fc.constantFrom(...GROUPS),
  month: fc.constantFrom(...MONTHS),
  amount: fc.constantFrom(...AMOUNTS),
  open: fc.constantFrom(...OPEN),
});

/** Mostly few rows, often none. */
const table: fc.Arbitrary<RawTable> = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 5, arbitrary: fc.array(row, { maxLength: 12 }) },
  { weight: 1, arbitrary: row.map((one) => Array.from({ length: 9 }, () => one)) },
);

/** How many rows one party has beside the drawn ones: a register a thousand times as large as another. */
const bulk = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }) },
  { weight: 1, arbitrary: fc.constant(1000) },
);

/** Mostly few parties: with six a case takes five times as long as with two. */
const partyCount = fc.oneof(
  { weight: 9, arbitrary: fc.constant(2) },
  { weight: 5, arbitrary: fc.constant(3) },
  { weight: 3, arbitrary: fc.constant(4) },
  { weight: 2, arbitrary: fc.constant(5) },
  { weight: 1, arbitrary: fc.constant(6) },
);

const pool: fc.Arbitrary<Pool> = partyCount
  .chain((count) =>
    fc.record({
      tables: fc.array(table, { minLength: count, maxLength: count }),
      bulk,
      shared: fc.integer({ min: 0, max: 30 }),
    }),
  )
  .map(({ tables, bulk: more, shared }) =>
    Object.fromEntries(
      tables.map((rows, at) => {
        const extra = at === 0 ? more : Math.min(more, shared);
        return [
          PARTIES[at] ?? "",
          [...rows, ...Array.from({ length: extra }, (_, number) => bulkRow(number))],
        ];
      }),
    ),
  );

/** The first party holds all of these, the others the first few. */
function bulkRow(number: number): RawTable[number] {
  return {
    name: `bulk ${number}`,
    ship: "7303803",
    group: number % 7 === 0 ? "BE" : "NL",
    month: "2026-01",
    amount: String(number),
    open: "true",
  };
}

const key = fc.constantFrom(["name"], ["ship"], ["name", "ship"]);

function recipientsOf(parties: readonly string[]): fc.Arbitrary<readonly string[]> {
  return fc.subarray([...parties], { minLength: 1 });
}

function match(parties: readonly string[]): fc.Arbitrary<PlainQuestion> {
  return fc.record({
    kind: fc.constant("match" as const),
    key,
    atLeast: fc.integer({ min: 2, max: parties.length }),
    tell: fc.constantFrom("holders" as const, "count" as const, "nothing" as const),
    recipients: recipientsOf(parties),
  });
}

function overlap(parties: readonly string[]): fc.Arbitrary<PlainQuestion> {
  return fc.record({
    kind: fc.constant("overlap-count" as const),
    key,
    shape: fc.constantFrom("histogram" as const, "pairs" as const, "atLeast" as const),
    atLeast: fc.integer({ min: 1, max: parties.length }),
    recipients: recipientsOf(parties),
  });
}

const condition = fc.constantFrom(
  { column: "group", op: "=", value: "NL" },
  { column: "group", op: "in", value: ["NL", "\u00c5L"] },
  { column: "month", op: ">=", value: "2026-01" },
  { column: "month", op: "<", value: "2026-02" },
  { column: "amount", op: ">=", value: 2 },
  { column: "amount", op: "<", value: 999 },
  { column: "open", op: "=", value: true },
);

const DOMAIN = {
  group: ["NL", "BE", "\u00c5L", "nobody"],
  month: ["2025-12", "2026-01", "2026-02"],
} as const;

function aggregate(parties: readonly string[]): fc.Arbitrary<PlainQuestion> {
  return fc.record({
    kind: fc.constant("aggregate" as const),
    where: fc.uniqueArray(condition, { maxLength: 2 }),
    groupBy: fc.constantFrom<readonly ("group" | "month")[]>(
      ["group"],
      ["month"],
      ["group", "month"],
      ["month", "group"],
    ),
    domain: fc.constant(DOMAIN),
    measures: fc.constantFrom(
      ["count"],
      ["count", "sum(amount)"],
      ["sum(amount)", "mean(amount)"],
      ["count", "sum(amount)", "mean(amount)"],
    ),
    minCount: fc.integer({ min: 1, max: 4 }),
    minContributors: fc.integer({ min: 1, max: parties.length }),
    recipients: recipientsOf(parties),
  });
}

/** Sums in which an event counts once. */
export function distinctCases(): fc.Arbitrary<Case> {
  return pool.chain((data) =>
    fc.record({
      pool: fc.constant(data),
      question: fc
        .tuple(aggregate(Object.keys(data)), key)
        .map(([question, distinctBy]) => ({ ...question, distinctBy })),
      mode: fc.constant(null),
    }),
  );
}

/** Joins of all parties, with groups of any of them or none, and numbers of any. */
export function joinCases(): fc.Arbitrary<Case> {
  return fc.tuple(pool, key).chain(([data, by]) => {
    const parties = Object.keys(data);
    const one = fc.constantFrom(...parties);
    const groups = one.chain((owner) =>
      fc.constantFrom<readonly string[]>([], [`${owner}.group`], [`${owner}.group`, `${owner}.month`]),
    );
    const measures = fc
      .uniqueArray(fc.tuple(fc.constantFrom("sum", "mean"), one), { maxLength: 3, selector: String })
      .map((drawn) => ["count", ...drawn.map(([what, party]) => `${what}(${party}.amount)`)]);
    return fc.record({
      pool: fc.constant(withUniqueKeys(data, by)),
      question: fc.record({
        kind: fc.constant("join-aggregate" as const),
        key: fc.constant(by),
        groupBy: groups,
        domain: fc.constant(domainAt(parties)),
        measures,
        minCount: fc.integer({ min: 1, max: 4 }),
        recipients: recipientsOf([...parties, "zz"]),
      }),
      mode: fc.constantFrom("hub" as const, null),
    });
  });
}

function domainAt(parties: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    parties.flatMap((party) =>
      Object.entries(DOMAIN).map(([column, values]) => [`${party}.${column}`, values]),
    ),
  );
}

/** Two parties and a question that match-pair/1 or bulk-pair/1 answers: recipients are any of them, and a third that holds nothing. */
export function pairCases(): fc.Arbitrary<Case> {
  return pool.chain((data) => {
    const [one = "", two = ""] = Object.keys(data);
    const both = [one, two];
    const count = overlap([...both, "zz"]).map((question) => ({ ...question, shape: "pairs" as const }));
    const ask = {
      pair: match(both),
      bulk: match(both),
      "bulk.nobody": match(both),
      "pairs.local": count,
      "pairs.blind": count,
    };
    const modes = ["pair", "bulk", "bulk.nobody", "pairs.local", "pairs.blind"] as const;
    return fc.constantFrom(...modes).chain((mode) =>
      fc.record({
        pool: fc.constant({ [one]: data[one] ?? [], [two]: data[two] ?? [] }),
        question: ask[mode],
        mode: fc.constant(mode),
        shards: shardCount, // of a match
      }),
    );
  });
}

const ASKED = { match, "overlap-count": overlap, aggregate };

/** A case. Of every six, three are sums, two counts, one a match, when `kinds` names them all. */
export function cases(kinds: readonly (keyof typeof ASKED)[]): fc.Arbitrary<Case> {
  return pool.chain((data) => {
    const parties = Object.keys(data);
    return fc.record({
      pool: fc.constant(data),
      question: fc.oneof(...kinds.map((kind) => ASKED[kind](parties))),
      mode: fc.constantFrom("hub" as const, "recipient" as const, "atLeast" as const, null),
      shards: shardCount,
    });
  });
}
