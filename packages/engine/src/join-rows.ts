// SPDX-License-Identifier: Apache-2.0
// One party's rows under their keys: what a join, or a sum in which an event counts once, selects from.
import { type JoinLayout, joinRows } from "@koplamp/aggregate";
import {
  type AggregateAsk,
  type Cell,
  type InputContext,
  inputEncoder,
  type JoinAsk,
  keyOf,
  type PackedInputs,
  packInputs,
} from "@koplamp/wire";
import type { Contribution } from "./contribution.ts";
import { EngineError } from "./errors.ts";
import { combinations, encodedOrNothing, type Pause } from "./items.ts";

/** Rows with a key, each key once. */
export interface KeyedRows {
  /** One canonical string per key column. */
  readonly keys: readonly (readonly string[])[];
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
  const columns = keyOf(ask).map((name): readonly Cell[] => table.columns[name] ?? []);
  const encode = inputEncoder(context);
  const seen = new Set<string>();
  const found: Found = { keys: [], inputs: [], groups: [], rows: [] };
  for (let row = 0; row < table.rows; row += 1) {
    if (row % STRETCH === STRETCH - 1) await pause();
    const group = groupOf(row);
    if (ask.kind === "aggregate" && group < 0) continue;
    for (const key of combinations(columns.map((column) => column[row] ?? null))) {
      const encoded = encodedOrNothing(encode, key);
      if (encoded === undefined || isRepeated(seen, key, ask, input)) continue;
      found.keys.push(key);
      found.inputs.push(encoded);
      found.groups.push(group);
      found.rows.push(row);
    }
  }
  return {
    keys: found.keys,
    inputs: packInputs(found.inputs),
    groupOf: Int32Array.from(found.groups),
    values: values.map((numberAt) => Float64Array.from(found.rows, numberAt)),
  };
}

interface Found {
  readonly keys: (readonly string[])[];
  readonly inputs: Uint8Array[];
  readonly groups: number[];
  readonly rows: number[];
}

function isRepeated(
  seen: Set<string>,
  key: readonly string[],
  { kind }: JoinAsk | AggregateAsk,
  { party, dataset }: Contribution["input"],
): boolean {
  const name = key.join("\u0000"); // safe because canonical values hold no control characters
  if (!seen.has(name)) {
    seen.add(name);
    return false;
  }
  if (kind === "aggregate") return true;
  throw new EngineError(
    "source",
    party,
    `a key stands twice in ${dataset} of ${party}, and a join counts each row once`,
    "join on columns that name a row, or have the source hold one row for each key",
  );
}
