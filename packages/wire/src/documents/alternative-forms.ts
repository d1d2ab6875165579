// SPDX-License-Identifier: Apache-2.0
import { z } from "zod";
import { type Band, columnsOfAlternatives, MOST_ALTERNATIVES, MOST_BANDS } from "./alternatives.ts";
import { list, name, same, uniqueList } from "./fields.ts";

const MOST_COLUMNS = 8;

/** Alternatives of composite keys: at least two, no two alike. */
export const anyKeyForm: z.ZodType<readonly (readonly string[])[]> = uniqueList(
  uniqueList(name, same, MOST_COLUMNS, 1),
  (columns) => columns.join(" "),
  MOST_ALTERNATIVES,
  2,
);

const position = z
  .int("expected a position")
  .min(0, "expected a position")
  .max(MOST_ALTERNATIVES - 1, "expected a position");

/** What bands mean. */
export const bandsForm: z.ZodType<readonly Band[]> = list(
  z.strictObject({
    any: uniqueList(position, String, MOST_ALTERNATIVES),
    atLeast: z
      .int("expected a count")
      .min(1, "expected at least 1")
      .max(MOST_ALTERNATIVES + 1, "expected at most one more than all"),
  }),
  MOST_BANDS,
  1,
);

/** Whether a match states its alternatives in normal form: `key` has all their columns, and bands speak of what there is. */
export function areAlternatives({
  key,
  anyKey,
  bands,
}: {
  readonly key: readonly string[];
  readonly anyKey?: readonly (readonly string[])[];
  readonly bands?: readonly Band[];
}): boolean {
  if (anyKey === undefined) return bands === undefined;
  const positions = (bands ?? []).map(({ any }) => any);
  return (
    columnsOfAlternatives(anyKey).join(" ") === key.join(" ") &&
    positions.every((any) => any.every((at, place) => at < anyKey.length && at > (any[place - 1] ?? -1)))
  );
}
