// SPDX-License-Identifier: Apache-2.0
// The demo's answers: compared with what was planted, and said in a few lines.
import type { PartyId } from "@koplamp/protocol";
import type { AggregateCell, AnswerResult } from "@koplamp/wire";

const FIRST_KEYS = 2;

/** Whether a result is the planted one, as `expected.json` has it. */
export function sameResult(result: AnswerResult, planted: unknown): boolean {
  const want = Object(planted) as Readonly<Record<string, unknown>>; // generate.ts wrote it
  if (result.kind === "match")
    return listText(matchTexts(result.matches)) === listText(matchTexts(arrayOf(want["matches"])));
  if (result.kind === "overlap-count") return countsText(result.histogram) === countsText(want["histogram"]);
  if (!("cells" in result)) return false; // no trend is planted
  return listText(result.cells.map(cellText)) === listText(arrayOf(want["cells"]).map(plantedCellText));
}

/** `at exactly 2 agencies: 24`. */
export function histogramLines(result: AnswerResult): readonly string[] {
  if (result.kind !== "overlap-count") return [];
  const counts = Object.entries(result.histogram ?? {}).map(
    ([holders, count]) => `${String(count).padStart(4)} at exactly ${holders}`,
  );
  return [`companies: ${counts.join(", ")}   (no company is named to anybody)`];
}

/** What one party learned: the first keys, with their holders, and how many more. */
export function matchLines(party: PartyId, result: AnswerResult): readonly string[] {
  if (result.kind !== "match") return [];
  const [first, ...rest] = result.matches.slice(0, FIRST_KEYS).map(({ key, holders }) => {
    const others = Array.isArray(holders) ? holders.filter((holder) => holder !== party) : [];
    return `${key.join(" ")}  also at ${others.join(", ")}`;
  });
  const more = result.matches.length - FIRST_KEYS;
  const label = `${party} learns of ${result.matches.length}`;
  return [
    `${label.padEnd(30)}${first ?? "none"}`,
    ...rest.map((line) => `${" ".repeat(30)}${line}`),
    ...(more > 0 ? [`${" ".repeat(30)}… ${more} more`] : []),
  ];
}

/** The cells, the withheld ones with their rule and without a number. */
export function cellLines(result: AnswerResult): readonly string[] {
  if (result.kind !== "aggregate") return [];
  const rows = result.cells.map((cell) => {
    const group = Object.values(cell.group).join(" ").padEnd(10);
    if ("withheld" in cell) return `${group}  withheld: ${cell.withheld.join(", ")}`;
    const { count = 0, "sum(amount)": sum = 0 } = cell.measures;
    return `${group}${String(count).padStart(6)} reports ${euros(BigInt(sum)).padStart(16)} EUR`;
  });
  return rows;
}

function euros(cents: bigint): string {
  const whole = String(cents / 100n).replace(/\B(?=(?:\d{3})+$)/g, ",");
  return `${whole}.${String(cents % 100n).padStart(2, "0")}`;
}

function arrayOf(value: unknown): readonly object[] {
  return Array.isArray(value) ? value : [];
}

function listText(texts: readonly string[]): string {
  return [...texts].sort().join("\n");
}

function matchTexts(matches: readonly object[]): readonly string[] {
  return matches.map((match) => {
    const { key, holders } = match as {
      readonly key: readonly string[];
      readonly holders?: readonly string[];
    };
    return `${key.join(" ")} ${[...(holders ?? [])].sort().join(",")}`;
  });
}

/** Numbers of holders that no key has are left out: absent means none. */
function countsText(counts: unknown): string {
  const entries = Object.entries(Object(counts) as Readonly<Record<string, unknown>>);
  return listText(
    entries.filter(([, count]) => Number(count) !== 0).map(([name, count]) => `${name} ${count}`),
  );
}

function cellText(cell: AggregateCell): string {
  const values =
    "withheld" in cell
      ? ["withheld"]
      : Object.entries(cell.measures).map(([name, value]) => `${name}=${value}`);
  return `${Object.values(cell.group).join(" ")} ${values.sort().join(" ")}`;
}

function plantedCellText(cell: object): string {
  const { group, withheld, ...measures } = cell as Readonly<Record<string, unknown>>;
  const values =
    withheld === undefined
      ? Object.entries(measures).map(([name, value]) => `${name}=${value}`)
      : ["withheld"];
  return `${Object.values(Object(group)).join(" ")} ${values.sort().join(" ")}`;
}
