// SPDX-License-Identifier: Apache-2.0
// Own rows as the history rule compares them: named under a key of this node alone, which the names say nothing without.
import { cellsOfRows, summedColumns } from "@koplamp/aggregate";
import { type AggregateAsk, type Cell, hex, type Input, type Table, utf8 } from "@koplamp/wire";
import type { Contribution } from "./contribution.ts";
import type { Members, Release, ReleasedCell } from "./history-rule.ts";
import type { Items } from "./items.ts";
import type { NodePorts } from "./node-ports.ts";
import { predicatesOf } from "./predicate.ts";
import type { QuestionRun } from "./question-run.ts";

/** Rows between two pauses: a few milliseconds of work. */
const STRETCH = 1024;
/** Hex digits of a member's name and of its values. */
const NAME = 16;
const VALUE = 8;

/** Makes names that only this node can make. */
type Namer = (text: string) => string;

/** The namer of one dataset. */
function namerOf({ primitives, keys }: NodePorts, dataset: string): Namer {
  const extracted = primitives.hkdfExtract(utf8("history"), keys.storage);
  const key = primitives.hkdfExpand(extracted, utf8(`koplamp.history/v1/${dataset}`), 32);
  extracted.fill(0);
  return (text) => hex(primitives.hmacSha256(key, utf8(text)).subarray(0, NAME / 2));
}

/** What the difference with other sums could tell. */
export async function releaseOfCube(
  node: NodePorts,
  { plan, contributors }: QuestionRun,
  ask: AggregateAsk,
  { input, table }: Contribution,
): Promise<Release> {
  const told = [...summedColumns(ask)].sort().join(" ");
  const cells = await cellsOfCube(node, ask, { input, table });
  return { about: "rows", contributors, told, minCount: plan.release.minCount, cells };
}

/**
 * Who stands in each cell of a cube. A member is what the dataset declares as its subject; without a subject, or where it
 * is empty, it is a row with all that is in it, and rows that are alike are told apart by their number.
 */
async function cellsOfCube(
  node: NodePorts,
  ask: AggregateAsk,
  { input, table }: Contribution,
): Promise<readonly ReleasedCell[]> {
  const name = namerOf(node, input.dataset);
  const { subject } = node.sources.specs[input.dataset] ?? {};
  const places = cellsOfRows(table, ask, input);
  const memberOf = membersOf(table, subject);
  const summed = summedColumns(ask);
  const predicates = predicatesOf(ask);
  const found = predicates.map(() => new Map<string, string[]>());
  for (let row = 0; row < table.rows; row += 1) {
    if (row % STRETCH === STRETCH - 1) await node.clock.sleep(0);
    const member = memberOf(row);
    const cells = places(row);
    if (cells.length === 0) continue;
    const [named, value] = [name(member), textOf(table, summed, row)];
    for (const place of cells) {
      const values = found[place]?.get(named);
      if (values === undefined) found[place]?.set(named, [value]);
      else values.push(value);
    }
  }
  return predicates.map((predicate, at) => ({ predicate, members: valued(found[at] ?? new Map(), name) }));
}

/**
 * What the difference with other counts could tell: who is on the list. A match tells of single keys in any case, and
 * who else brought data makes no difference: a count of two is a question of its own.
 */
export async function releaseOfKeys(
  node: NodePorts,
  { plan }: QuestionRun,
  { dataset, columns }: Input,
  { keys }: Items,
): Promise<Release | undefined> {
  if (plan.ask.kind === "match") return undefined;
  const name = namerOf(node, dataset);
  const members = new Map<string, string>();
  for (const [at, key] of keys.entries()) {
    if (at % STRETCH === STRETCH - 1) await node.clock.sleep(0);
    members.set(name(JSON.stringify(key)), "0".repeat(VALUE));
  }
  const cells = [{ predicate: [], members }];
  const { minCount } = plan.release;
  return { about: `keys ${columns.join(" ")}`, contributors: [], told: "", minCount, cells };
}

/** Members with their values, however many rows a member has. */
function valued(found: ReadonlyMap<string, readonly string[]>, name: Namer): Members {
  return new Map(
    [...found].map(([member, values]) => [member, name(JSON.stringify([...values].sort())).slice(0, VALUE)]),
  );
}

function membersOf(table: Table, subject: string | undefined): (row: number) => string {
  const columns = Object.keys(table.columns).sort();
  const subjects = subject === undefined ? [] : (table.columns[subject] ?? []);
  const seen = new Map<string, number>();
  return (row) => {
    const one = subjects[row] ?? null;
    if (one !== null) return JSON.stringify(["subject", one]);
    const text = textOf(table, columns, row);
    const number = seen.get(text) ?? 0;
    seen.set(text, number + 1);
    return JSON.stringify(["row", text, number]);
  };
}

function textOf(table: Table, columns: readonly string[], row: number): string {
  return JSON.stringify(columns.map((column): Cell => table.columns[column]?.[row] ?? null));
}
