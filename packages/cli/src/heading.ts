// SPDX-License-Identifier: Apache-2.0
import type { CheckedDataset, Question } from "@koplamp/sdk";
import { columns, counted, grouped } from "./table.ts";

/** A question in one line: `ships-two-lists   class F match   eu × ofac   by imo, on at least 2 lists`. */
export function headingLine({ id, class: letter, ask, sources, key }: Question): string {
  const askers = ask.kind === "lookup" ? [ask.asker] : [];
  const parties = [...new Set([...askers, ...sources.map(({ party }) => party)])];
  const who = parties.length <= 6 ? parties.join(" × ") : `${parties.length} parties`;
  const parts = [id, `class ${letter} ${ask.kind}`, who];
  if ("groupBy" in ask) parts.push(`by ${ask.groupBy.join(", ")}`);
  else
    parts.push(`by ${keysText(ask, key)}${ask.kind === "match" ? `, on at least ${ask.atLeast} lists` : ""}`);
  return parts.join("   ");
}

/** One key by its columns, or how many there are of which any may agree. */
function keysText(ask: Question["ask"], key: readonly string[]): string {
  return ask.kind === "match" && ask.anyKey !== undefined
    ? `any of ${ask.anyKey.length} keys`
    : key.join(", ");
}

/** What was found in each dataset, in counts. Key columns are told apart; without any, all columns are. */
export function qualityLines(datasets: readonly CheckedDataset[], key: readonly string[]): readonly string[] {
  if (datasets.length > 40 && key.length === 0) {
    const rows = datasets.reduce((sum, { rows: count }) => sum + count, 0);
    return [`  ${counted(datasets.length, "dataset")}   ${counted(rows, "row")}`];
  }
  return columns(
    datasets.map(({ party, dataset, rows, quality }) => {
      const found = Object.entries(quality).filter(([name]) => key.length === 0 || key.includes(name));
      const [only] = found;
      const keys =
        key.length === 1 && only !== undefined ? counted(only[1].accepted - only[1].duplicates, "key") : "";
      return [`  ${party}`, dataset, counted(rows, "row"), keys, rejectsText(found)];
    }),
    [2, 3],
  );
}

function rejectsText(found: readonly (readonly [string, CheckedDataset["quality"][string]])[]): string {
  const parts = found.flatMap(([name, { rejected }]) => {
    const count = Object.values(rejected).reduce((sum, each) => sum + each, 0);
    const reasons = Object.entries(rejected).map(([reason, each]) => `${reason} ${grouped(each)}`);
    return count === 0 ? [] : [`${grouped(count)} rejected (${name}: ${reasons.join(", ")})`];
  });
  return parts.join("   ");
}
