// SPDX-License-Identifier: Apache-2.0
// Own rows as the history rule compares them: named under a key of this node alone, which the names say nothing without.
import { cellsOfRows, summedColumns } from "@koplamp/aggregate";
import { wipe } from "@koplamp/crypto";
import {
  type AggregateAsk,
  type Cell,
  type Input,
  type JoinAsk,
  keyAt,
  measuredColumn,
  ownColumn,
  type Table,
  utf8,
} from "@koplamp/wire";
import type { Contribution } from "./contribution.ts";
import { MemberList, type Members, type Name } from "./history-members.ts";
import type { Release } from "./history-rule.ts";
import type { Items } from "./items.ts";
import type { KeyedRows } from "./join-rows.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** Rows between two pauses: a few milliseconds of work. */
const STRETCH = 1024;

/** Makes names that only this node can make. */
type Namer = (text: string) => Name;

/** Does something with the namer of one dataset; its key is gone afterwards. */
async function withNamer<T>(
  { primitives, keys }: NodePorts,
  dataset: string,
  act: (name: Namer) => Promise<T>,
): Promise<T> {
  const extracted = primitives.hkdfExtract(utf8("history"), keys.storage);
  const key = primitives.hkdfExpand(extracted, utf8(`koplamp.history/v1/${dataset}`), 32);
  try {
    return await act((text) => nameIn(primitives.hmacSha256(key, utf8(text))));
  } finally {
    wipe(extracted, key);
  }
}

/** The first eight bytes. */
function nameIn({ buffer, byteOffset }: Uint8Array): Name {
  const view = new DataView(buffer, byteOffset);
  return [view.getUint32(0), view.getUint32(4)];
}

/** What the difference with other sums could tell. */
export async function releaseOfCube(
  node: NodePorts,
  { plan, contributors }: QuestionRun,
  ask: AggregateAsk,
  { input, table }: Contribution,
): Promise<Release> {
  const told = [...summedColumns(ask)].sort().join(" ");
  const members = await withNamer(node, input.dataset, (name) =>
    membersOfCube(node, ask, { input, table }, name),
  );
  const { minCount, noise } = plan.release;
  const { where, domain } = ask;
  return { about: "rows", contributors, told, minCount, noisy: noise !== null, where, domain, members };
}

/**
 * Who stands in each cell of a cube. A member is what the dataset declares as its subject; without a subject, or where it
 * is empty, it is a row with all that is in it, and rows that are alike are told apart by their number.
 */
async function membersOfCube(
  node: NodePorts,
  ask: AggregateAsk,
  { input, table }: Contribution,
  name: Namer,
): Promise<Members> {
  const { subject } = node.sources.specs[input.dataset] ?? {};
  const places = cellsOfRows(table, ask, input);
  const memberOf = membersOf(table, subject);
  const summed = summedColumns(ask);
  const adds = valuesBy(name);
  const found = new MemberList();
  for (let row = 0; row < table.rows; row += 1) {
    if (row % STRETCH === STRETCH - 1) await node.clock.sleep(0);
    const member = memberOf(row);
    const cells = places(row);
    if (cells.length === 0) continue;
    const [named, value] = [name(member), adds(textOf(table, summed, row))];
    for (const place of cells) found.add(place, named, value);
  }
  return found.members;
}

/** A number for what a row adds to the sums: equal for equal values. */
function valuesBy(name: Namer): (text: string) => number {
  const known = new Map<string, number>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const [value] = name(`values ${text}`);
    known.set(text, value);
    return value;
  };
}

/**
 * What the difference with other counts could tell: who is on the list. A match tells of single keys in any case, and
 * who else brought data makes no difference: a count of two is a question of its own.
 */
export async function releaseOfKeys(
  node: NodePorts,
  { plan }: QuestionRun,
  { dataset, columns }: Input,
  { list }: Items,
): Promise<Release | undefined> {
  if (plan.ask.kind === "match") return undefined;
  const members = await withNamer(node, dataset, async (name) => {
    const all = new MemberList();
    for (let at = 0; at < list.ends.length; at += 1) {
      if (at % STRETCH === STRETCH - 1) await node.clock.sleep(0);
      all.add(0, name(JSON.stringify(keyAt(list, at))), 0);
    }
    return all.members;
  });
  const { minCount } = plan.release;
  const same = { contributors: [], told: "", minCount, noisy: false };
  return { about: `keys ${columns.join(" ")}`, ...same, where: [], domain: [], members };
}

/**
 * What the difference with other joins could tell: who is in each of its own groups, or on its list where another party
 * has the groups, and with which values. Which of them match is known to nobody here.
 */
export async function releaseOfJoin(
  node: NodePorts,
  { plan, contributors }: QuestionRun,
  { key, groupBy, domain, measures }: JoinAsk,
  { input, rows }: { readonly input: Input; readonly rows: KeyedRows },
): Promise<Release> {
  const owns = groupBy.some((column) => ownColumn(column, input.party) !== undefined);
  const found = new MemberList();
  await withNamer(node, input.dataset, async (name) => {
    const adds = valuesBy(name);
    for (let at = 0; at < rows.groupOf.length; at += 1) {
      if (at % STRETCH === STRETCH - 1) await node.clock.sleep(0);
      const value = adds(JSON.stringify(rows.values.map((column) => column[at] ?? 0)));
      const cell = owns ? (rows.groupOf[at] ?? -1) : 0;
      if (cell >= 0) found.add(cell, name(JSON.stringify(keyAt(rows.inputs, at))), value);
    }
  });
  const told = measures
    .filter((measure) => ownColumn(measuredColumn(measure), input.party))
    .sort()
    .join(" ");
  const { minCount } = plan.release;
  const { members } = found;
  const cells = { where: [], domain: owns ? domain : [], members };
  return { about: `join ${key.join(" ")}`, contributors, told, minCount, noisy: false, ...cells };
}

function membersOf(table: Table, subject: string | undefined): (row: number) => string {
  const columns = Object.keys(table.columns).sort();
  const subjects = subject === undefined ? [] : (table.columns[subject] ?? []);
  const seen = new Map<string, number>();
  return (row) => {
    const one = subjects.at(row) ?? null;
    if (one !== null) return JSON.stringify(["subject", one]);
    const text = textOf(table, columns, row);
    const number = seen.get(text) ?? 0;
    seen.set(text, number + 1);
    return JSON.stringify(["row", text, number]);
  };
}

function textOf(table: Table, columns: readonly string[], row: number): string {
  return JSON.stringify(columns.map((column): Cell => table.columns[column]?.at(row) ?? null));
}
