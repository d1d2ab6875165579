// SPDX-License-Identifier: Apache-2.0
// Invented questions and federations: ships on two lists, and reports summed over three offices.

/** A match of ship numbers over two registers, under keys of the epoch. */
export const SHIPS = `koplamp: query/v1
id: ships-on-two-lists
class: F
purpose: ports-2026
legalBasis: ["covenant art. 3"]
indication: "two ships changed flag within a week"
necessity: "the registers have no common list"
intendedEffect: { text: "inspect ships that both watch", measure: "inspections within 30 days" }
ask:
  kind: match
  key: [imo]
  from: { harbour: ships, customs: watch }
  atLeast: 2
  tell: holders
  mode: tokens
recipients: [customs]
release: { minCount: 1, minContributors: 1 }
expires: 2027-01-31
`;

/** Reports per region and month, summed over three offices. */
export const REPORTS = `koplamp: query/v1
id: reports-per-region
class: A
purpose: fraud-2026
legalBasis: ["covenant art. 3"]
indication: { nl: "meer meldingen", en: "more reports" }
necessity: "only the sum is needed"
subsidiarity: "published figures are a year old"
intendedEffect: { text: "choose two regions", measure: "plan in March" }
ask:
  kind: aggregate
  from: { west: reports, north: reports, south: reports }
  where: [ { column: settled, op: "=", value: true } ]
  groupBy: [region, month]
  domain:
    month: [2026-01, 2026-02]
    region: [coast, hills, city]
  measures: [count, "sum(amount)"]
recipients: [north]
release: { minCount: 10, minContributors: 3 }
expires: 2027-01-31
`;

/** How many ships exactly one, two, three registers know. */
export const COUNTS = `koplamp: query/v1
id: ships-counts
class: B
purpose: ports-2026
legalBasis: ["covenant art. 3"]
indication: "more ships under a false flag"
necessity: "size of the overlap only"
intendedEffect: { text: "decide whether a match is worth it", measure: "decision in March" }
ask:
  kind: overlap-count
  key: [imo]
  from: { harbour: ships, customs: watch, coastguard: seen }
  shape: histogram
recipients: [insurer]
expires: 2027-01-31
`;

/** A match of two under a key for this question only. */
export const PAIR_MATCH: string = SHIPS.replace("mode: tokens", "mode: pair");

/** A match that leaves the choice to the planner. */
export const ONE_OFF_MATCH: string = SHIPS.replace("  mode: tokens\n", "");

/** How many ships two registers share, counted by one of them, for that one and an insurer. */
export const PAIR_COUNT: string = COUNTS.replace(", coastguard: seen", "")
  .replace("shape: histogram", "shape: pairs\n  mode: pairs.blind")
  .replace("[insurer]", "[customs, insurer]");

export const FEDERATION = `koplamp: federation/v1
id: ports
covenant: default
parties:
  - id: harbour
    name: Harbour master
    datasets:
      ships:
        file: ships.csv
        nulls: ["-0-", ""]
        subject: imo
        columns:
          imo: { kind: imo, from: "IMO number", split: ";" }
          flag: { kind: category }
          tons: { kind: integer, min: 0, max: 500000, unit: ton }
  - id: customs
    name: Customs
    datasets: {}
`;
