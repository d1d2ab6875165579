// SPDX-License-Identifier: Apache-2.0
// A party's distinct keys where they go in several sessions: made a stretch at a time, and never all in memory.
import {
  FirstSeen,
  type InputContext,
  type InputForm,
  type InputList,
  inputForm,
  MOST_BYTES,
  type PackedInputs,
  putTail,
  stretchOf,
  type Table,
} from "@koplamp/wire";
import { combinations, type Pause, type Stretches } from "./items.ts";
import type { Scratch } from "./ports.ts";

/** Inputs that go to a worker at a time. */
const STRETCH = 2 ** 14;
/** Rows between two pauses: a few milliseconds of work. */
const ROWS = 2048;

/** A list that is in memory, to be gone through. */
export function stretchesOf(list: InputList): Stretches {
  const count = list.ends.length;
  return {
    count,
    head: list.head,
    *stretches() {
      for (let from = 0; from < count; from += STRETCH)
        yield stretchOf(list, from, Math.min(count, from + STRETCH));
    },
  };
}

/**
 * The distinct keys of a table, as `itemsOf` has them and in its order: a bit for each key of the table says whether it is the
 * first of its kind, and inputs are made anew each time that somebody goes through them.
 */
export async function longKeys(
  table: Table,
  key: readonly string[],
  context: InputContext,
  { scratch, pause }: { readonly scratch: Scratch; readonly pause: Pause },
): Promise<Stretches> {
  const form = inputForm(context);
  const file = scratch.open();
  try {
    const first = new FirstSeen(file, table.rows);
    const tail = new Uint8Array(MOST_BYTES);
    for (const [row, values] of keysIn(table, key)) {
      if (row % ROWS === ROWS - 1) await pause();
      const length = putTail(form, values, tail, 0);
      if (length >= 0) first.put(tail, 0, length);
    }
    for (const _part of first.settle()) await pause();
    return new LongKeys(table, key, form, first);
  } finally {
    file.close();
  }
}

class LongKeys implements Stretches {
  readonly #table: Table;
  readonly #key: readonly string[];
  readonly #form: InputForm;
  readonly #first: FirstSeen;

  constructor(table: Table, key: readonly string[], form: InputForm, first: FirstSeen) {
    this.#table = table;
    this.#key = key;
    this.#form = form;
    this.#first = first;
  }

  get count(): number {
    return this.#first.count;
  }

  get head(): Uint8Array {
    return this.#form.head;
  }

  *stretches(): Generator<PackedInputs> {
    const head = this.#form.head;
    let bytes = new Uint8Array();
    const ends = new Uint32Array(STRETCH);
    let [count, end, seen] = [0, 0, 0];
    for (const [, values] of keysIn(this.#table, this.#key)) {
      if (end + MOST_BYTES > bytes.length) bytes = longer(bytes, end);
      const length = putTail(this.#form, values, bytes, end + head.length);
      if (length < 0) continue;
      if (this.#first.isFirst(seen)) {
        bytes.set(head, end);
        end += head.length + length;
        ends[count] = end;
        count += 1;
      }
      seen += 1;
      if (seen % STRETCH > 0) continue;
      yield { bytes: bytes.slice(0, end), ends: ends.slice(0, count) };
      [count, end] = [0, 0];
    }
    if (count > 0) yield { bytes: bytes.slice(0, end), ends: ends.slice(0, count) };
  }
}

function longer(bytes: Uint8Array, end: number): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(2 * bytes.length + STRETCH * 16 + 2 * MOST_BYTES);
  more.set(bytes.subarray(0, end));
  return more;
}

/** Every key of a table with its row, as often as it stands there. */
function* keysIn(table: Table, key: readonly string[]): Generator<readonly [number, readonly string[]]> {
  const columns = key.map((name) => table.columns[name] ?? []);
  for (let row = 0; row < table.rows; row += 1)
    for (const values of combinations(columns.map((column) => column.at(row) ?? null))) yield [row, values];
}
