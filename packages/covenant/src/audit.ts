// SPDX-License-Identifier: Apache-2.0
// The derivation audit (aggregation.md, section 9.1): nothing that is withheld can be computed, or narrowed too far, from
// what is shown. It may only withhold more. Method and limits: docs/disclosure-control.md.

import { AuditState } from "./audit-state.ts";
import { type Finding, narrowed, type Reader } from "./audit-sums.ts";
import type { Audited, AuditTable } from "./audit-table.ts";
import { hidingOf, leavesOpen, NO_PART, saidOf } from "./hiding.ts";
import { common } from "./network.ts";
import { unionOf, withheldBy } from "./release.ts";

/** More withheld cells than this are not looked at together: their table has no margins. */
const MOST_WITHHELD = 5000;

/** What withholds each cell and each line, so that none of them gives away another. The same table gives the same. */
export function audit(table: AuditTable): Audited {
  const state = new AuditState(table);
  const lost = new Set<string>();
  const readers: readonly Reader[] = state.hasOwn ? ["everybody", "recipient"] : ["everybody"];
  while (readers.some((reader) => auditLines(state, reader) || auditTogether(state, reader, lost))) {
    // each step withholds one thing more
  }
  return state.audited;
}

/** Each line alone: what is left of it when the shown cells are taken away is judged as one cell. */
function auditLines(state: AuditState, reader: Reader): boolean {
  for (const line of state.lines) {
    const rest = restOf(state, line);
    if (rest.length === 0 || hidesEnough(state, rest, reader)) continue;
    const cell = state.leastShown(state.line(line).cells);
    if (cell === undefined) state.withdraw(line);
    else state.withhold(cell);
    return true;
  }
  return false;
}

/** The withheld cells of a line, less those of shown lines inside it: their sums are known too. */
function restOf(state: AuditState, line: number): readonly number[] {
  const own = new Set(state.line(line).cells);
  const taken = new Set<number>();
  for (const other of [...state.lines].reverse()) {
    const { cells } = state.line(other);
    if (cells.length >= own.size || cells.some((cell) => !own.has(cell) || taken.has(cell))) continue;
    for (const cell of cells) taken.add(cell);
  }
  return [...own].filter((cell) => !taken.has(cell) && state.isSecret(cell));
}

/** Whether cells whose sum is known pass the rules together, and can each be anything that they may be. */
function hidesEnough(state: AuditState, rest: readonly number[], reader: Reader): boolean {
  const { rules, columns } = state.table;
  const facts = rest.map((cell) => state.cell(cell).facts);
  const passes =
    reader === "recipient" ? state.leavesOthers(rest) : withheldBy(unionOf(facts), rules).length === 0;
  if (rest.length < 2 || !passes) return false;
  return [undefined, ...columns.keys()].every((column) => isOpen(state, rest, column, reader));
}

/** Each withheld number of one known sum: from what the others leave at least to what they leave at most. */
function isOpen(
  state: AuditState,
  rest: readonly number[],
  column: number | undefined,
  reader: Reader,
): boolean {
  const { minCount } = state.table.rules;
  const quantity = column === undefined ? undefined : state.table.columns[column];
  const sum = rest.reduce((total, cell) => total + state.valueOf(cell, column), 0n);
  const words = rest.map((cell) => state.wordOf(cell));
  const own = rest.map((cell) => (reader === "recipient" ? state.ownIn([cell], column) : NO_PART));
  const said = words.map((word, at) => saidOf(quantity, word, minCount, own[at]));
  const least = said.reduce((all, { lo }) => all + lo, 0n);
  const most = said.reduce((all, { hi }) => all + hi, 0n);
  return said.every((range, at) => {
    const must = hidingOf(quantity, words[at] ?? "nothing", minCount, own[at]);
    if (must === undefined) return true;
    return leavesOpen(common(range, { lo: sum - (most - range.hi), hi: sum - (least - range.lo) }), must);
  });
}

/** All lines together, and each overlay with them: the range of everything that is withheld. */
function auditTogether(state: AuditState, reader: Reader, lost: Set<string>): boolean {
  const { overlays } = state.table;
  if (overlays.length === 0 && (state.lines.length === 0 || state.isOneLine)) return false; // looked at alone
  if (state.withheld.length > MOST_WITHHELD) return withdrawAll(state);
  const finding = narrowed(state, reader, lost);
  return finding !== undefined && remedied(state, finding, lost);
}

function withdrawAll(state: AuditState): boolean {
  const { lines } = state;
  for (const line of lines) state.withdraw(line);
  if (lines.length > 0 || state.table.overlays.length === 0) return lines.length > 0;
  const shown = state.cellOrder.filter((cell) => !state.isWithheld(cell));
  for (const cell of shown) state.withhold(cell);
  return state.mute(state.withheld);
}

/**
 * Where the rules of withheld cells narrow it, they are not told. Otherwise the smallest line that narrows it goes, then
 * the smallest cell; what neither helps was known before.
 */
function remedied(state: AuditState, { near, name, byWords }: Finding, lost: Set<string>): boolean {
  if (byWords && state.mute([...near])) return true;
  const line = state.lines.find((at) => state.line(at).cells.some((cell) => near.has(cell)));
  const cell = line === undefined ? state.leastShown([...near]) : undefined;
  const any = line ?? cell ?? state.leastShown([...state.cellOrder]);
  if (line !== undefined) state.withdraw(line);
  else if (any !== undefined) state.withhold(any);
  else lost.add(name);
  return true;
}
