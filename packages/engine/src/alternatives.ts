// SPDX-License-Identifier: Apache-2.0
// Own records that stand under several keys, of which any may agree: their items, and what a match of items says of them.
import type { PartyId } from "@koplamp/protocol";
import type { Matched } from "@koplamp/psi";
import {
  bandName,
  bandOf,
  DistinctInputs,
  type Input,
  type InputContext,
  joinInputs,
  keyAt,
  listOf,
  type Match,
  type MatchAsk,
  type PackedInputs,
  type Table,
  wholeOf,
} from "@koplamp/wire";
import { combinations, type Items, type Pause } from "./items.ts";

/** Rows between two pauses: a few milliseconds of work. */
const STRETCH = 1024;

/** One own record: for each alternative the positions of its keys among all items, one but for cells with several values. */
type OwnRecord = readonly (readonly number[])[];

/** A party's keys under all alternatives, and its distinct records. */
export interface RecordItems extends Items {
  readonly records: readonly OwnRecord[];
}

/**
 * What the keys of one alternative are evaluated under: the kinds and names of its columns. Names too, since the same
 * value in another column is another key.
 */
function alternativeSpec(
  columns: readonly string[],
  { columns: all, kinds }: Pick<Input, "columns" | "kinds">,
): string {
  return columns.map((column) => `${kinds[all.indexOf(column)] ?? ""}:${column}`).join("+");
}

/**
 * The distinct keys of every alternative, one alternative after the other. A record with an empty column has no key under
 * the alternatives that take it; one without any key is no record. Records with the same keys are one.
 */
export async function recordItems(
  table: Table,
  alternatives: readonly (readonly string[])[],
  {
    input,
    context,
    pause,
  }: {
    readonly input: Pick<Input, "columns" | "kinds">;
    readonly context: InputContext;
    readonly pause: Pause;
  },
): Promise<RecordItems> {
  const lists: PackedInputs[] = [];
  let before = 0;
  const perRow: number[][][] = Array.from({ length: table.rows }, () => []);
  for (const columns of alternatives) {
    const found = new DistinctInputs({ ...context, keySpec: alternativeSpec(columns, input) });
    const cells = columns.map((name) => table.columns[name] ?? []);
    for (let row = 0; row < table.rows; row += 1) {
      if (row % STRETCH === STRETCH - 1) await pause();
      const keys = combinations(cells.map((column) => column.at(row) ?? null));
      const positions = keys.map((values) => found.put(values)).filter((position) => position >= 0);
      perRow[row]?.push(positions.map((position) => before + position));
    }
    before += found.count;
    lists.push(wholeOf(found.take()));
  }
  const records = new Map(perRow.map((record) => [JSON.stringify(record), record]));
  return {
    list: listOf(joinInputs(lists)),
    records: [...records.values()].filter((record) => record.some((positions) => positions.length > 0)),
  };
}

/**
 * What a recipient's node shows of its own records: those that at least `atLeast` parties hold under some alternative, the
 * recipient among them. The key is one of the first alternative that agrees. The band is that of the weakest holder, so
 * that every holder which is told reaches it. Records of which the same is told are one match.
 */
export function recordMatches(
  { parties, holders = new Uint32Array() }: Pick<Matched, "parties" | "holders">,
  { tell, atLeast, bands }: MatchAsk,
  { list, records }: RecordItems,
  me: PartyId,
): readonly Match[] {
  const others = parties.flatMap((party, bit) => (party === me ? [] : [{ party, bit }]));
  const matches = new Map<string, Match>();
  for (const record of records) {
    const found = others.flatMap(({ party, bit }) => {
      const agreed = record.flatMap((items, at) =>
        items.some((item) => isHeld(holders, item, bit)) ? [at] : [],
      );
      return agreed.length === 0 ? [] : [{ party, bit, agreed }];
    });
    if (found.length + 1 < atLeast) continue;
    const agreed = record.flatMap((_, at) => (found.some((one) => one.agreed.includes(at)) ? [at] : []));
    const shown = record[agreed[0] ?? 0]?.find((item) => found.some(({ bit }) => isHeld(holders, item, bit)));
    const match: Match = {
      key: shown === undefined ? [] : keyAt(list, shown),
      ...told(tell, [me, ...found.map(({ party }) => party)]),
      agreed,
      band: bandName(Math.max(...found.map((one) => bandOf(one.agreed, bands)))),
    };
    matches.set(JSON.stringify(match), match);
  }
  return [...matches.values()];
}

function isHeld(holders: Uint32Array, item: number, bit: number): boolean {
  return (((holders[item] ?? 0) >>> bit) & 1) === 1;
}

function told(tell: MatchAsk["tell"], holders: readonly PartyId[]): Pick<Match, "holders"> {
  if (tell === "nothing") return {};
  return { holders: tell === "count" ? holders.length : [...holders].sort() };
}
