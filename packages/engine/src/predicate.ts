// SPDX-License-Identifier: Apache-2.0
// What the rows of a cell have in common, and when one cell's rows are all among another's.
import { type ColumnDomain, type Condition, parseRange } from "@koplamp/wire";

/** Conditions that all hold; none is every row. */
export type Predicate = readonly Condition[];

/** What makes up one place on an axis. */
export function conditionsOf({ column, ranges }: ColumnDomain, value: string): readonly Condition[] {
  const range = ranges === undefined ? undefined : parseRange(value);
  if (range === undefined) return [{ column, op: "=", value }];
  return [
    { column, op: ">=", value: range.least },
    { column, op: "<", value: range.most + 1 },
  ];
}

/** Whether every row of `inner` is one of `outer`, as far as their conditions tell. */
export function isWithin(inner: Predicate, outer: Predicate): boolean {
  return outer.every((wanted) => inner.some((given) => implies(given, wanted)));
}

/** Whether a value that passes `given` passes `wanted`: each is about one value of a column that may hold several. */
function implies(given: Condition, wanted: Condition): boolean {
  if (given.column !== wanted.column) return false;
  if (given.op === "=" || given.op === "in") return valuesOf(given).every((value) => passes(value, wanted));
  if (given.op !== wanted.op) return false;
  return given.op === ">=" ? !isBelow(given.value, wanted.value) : !isBelow(wanted.value, given.value);
}

/** Whether a value passes a condition. */
export function passes(value: string | number | boolean, wanted: Condition): boolean {
  if (wanted.op === ">=") return !isBelow(value, wanted.value);
  if (wanted.op === "<") return isBelow(value, wanted.value);
  return valuesOf(wanted).map(String).includes(String(value));
}

function valuesOf({ value }: Condition): readonly (string | number | boolean)[] {
  return typeof value === "object" ? value : [value];
}

/** Canonical months and dates are in order as text; numbers are not. */
function isBelow(value: Condition["value"], bound: Condition["value"]): boolean {
  return typeof bound === "number" ? Number(value) < bound : String(value) < String(bound);
}
