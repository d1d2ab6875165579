// SPDX-License-Identifier: Apache-2.0
// One party's rows under their keys: what a join, or a sum in which an event counts once, selects from.
import { type JoinLayout, joinRows } from "@koplamp/aggregate";
import {
  type AggregateAsk,
  DistinctInputs,
  type InputContext,
  type JoinAsk,
  keyOf,
  type PackedInputs,
  wholeOf,
} from "@koplamp/wire";
import type { Contribution } from "./contribution.ts";
import { EngineError } from "./errors.ts";
import { combinations, type Pause } from "./items.ts";

/** Rows with a key, each key once. */
export interface KeyedRows {
  /** Of each row's key: `keyAt` gives it back. */
  readonly inputs: PackedInputs;
  /** The group of each row, -1 for none. */
  readonly groupOf: Int32Array;
  /** Own columns in the order of the layout. */
  readonly values: readonly Float64Array[];
}

/** Rows between two pauses: a few milliseconds of work. */
const STRETCH = 2048;

/**
 * The rows of a party that have a key. In a join every key stands once at each party; where events count once, the first
 * row of an event counts, and rows outside all groups are left out before that.
 * @throws {EngineError} `source` when a key of a join stands twice; it does not say which.
 */
export async function keyedRows(
  { input, table }: Contribution,
  ask: JoinAsk | AggregateAsk,
  layout: JoinLayout,
  context: InputContext,
  pause: Pause,
): Promise<KeyedRows> {
  const { groupOf, values } = joinRows(table, ask, input, layout);
  const columns = keyOf(ask).map((name) => table.columns[name] ?? []);
  const inputs = new DistinctInputs(context);
  const rows: number[] = [];
  for (let row = 0; row < table.rows; row += 1) {
    if (row % STRETCH === STRETCH - 1) await pause();
    if (ask.kind === "aggregate" && groupOf(row) < 0) continue;
    const repeats = putAll(inputs, combinations(columns.map((column) => column.at(row) ?? null)));
    if (repeats > 0) expectOnce(ask, input);
    while (rows.length < inputs.count) rows.push(row);
  }
  return {
    inputs: wholeOf(inputs.take()),
    groupOf: Int32Array.from(rows, groupOf),
    values: values.map((numberAt) => Float64Array.from(rows, numberAt)),
  };
}

/** How many of these keys were there before. */
function putAll(inputs: DistinctInputs, keys: readonly (readonly string[])[]): number {
  const isRepeat = (key: readonly string[]): boolean => {
    const before = inputs.count;
    const position = inputs.put(key);
    return position >= 0 && position < before;
  };
  return keys.filter(isRepeat).length;
}

function expectOnce({ kind }: JoinAsk | AggregateAsk, { party, dataset }: Contribution["input"]): void {
  if (kind === "aggregate") return;
  throw new EngineError(
    "source",
    party,
    `a key stands twice in ${dataset} of ${party}, and a join counts each row once`,
    "join on columns that name a row, or have the source hold one row for each key",
  );
}
