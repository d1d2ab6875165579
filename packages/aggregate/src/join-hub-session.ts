// SPDX-License-Identifier: Apache-2.0
// What `join-sum-hub/1` and `distinct-sum/1` are to their roles: one mechanism under two rules of selection.
import type { ParameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { type CachedItems, MOST_ROWS } from "@koplamp/psi";
import { SumError } from "./errors.ts";
import { limbsOf, splitLimbs } from "./join-limbs.ts";
import {
  checkJoin,
  checkJoinNode,
  type JoinNodeSetup,
  type JoinSession,
  mostMatched,
  paddedRows,
} from "./join-session.ts";
import { cellsPerBlock, checkSession, type Range, rangeOf, type SumSession } from "./session.ts";

/** What a node's s_x come from: `CachedItems` without the inputs, which the setup has. */
export type KeyCache = Omit<CachedItems, "inputs">;

/** One node's view of `join-sum-hub/1`. */
export interface JoinHubSetup extends JoinNodeSetup {
  /** At a contributor: evaluations of all its inputs, as for a count over the hub. */
  readonly cache?: KeyCache;
}

/** What everybody in `distinct-sum/1` knows of it: rows that several parties report count once. */
export interface DistinctSession
  extends Pick<JoinSession, "contributors" | "recipients" | "transcript" | "set" | "rowsPadded" | "cells"> {
  /** What is summed beside the number of rows: by contributor, what one row may bring. */
  readonly columns: readonly Readonly<Record<PartyId, Range>>[];
  /** Whether it is also told how many parties brought rows to each cell. */
  readonly presence?: boolean;
}

/** One node's view of `distinct-sum/1`. */
export interface DistinctSetup extends DistinctSession, Pick<JoinHubSetup, "me" | "inputs" | "cache"> {
  /** At a contributor: the cell of each own row, -1 for a row outside all of them: such a row is left out. */
  readonly groupOf?: Int32Array;
  /** At a contributor: one number a row for each column. A row without a value brings 0. */
  readonly values?: readonly Float64Array[];
}

/** What one block of the sum adds up: one number of each selected row, or one of each party. */
export interface HubColumn {
  /** By owner of such numbers: what one row may bring. Nobody where each party adds one number of its own. */
  readonly of: Readonly<Record<PartyId, Range>>;
  /** What the sum over one group may be. */
  readonly total: Range;
  /** Which column of the session it belongs to, or `ROWS` or `PARTIES`. */
  readonly column: number;
}

/** In place of a column: the count of rows. */
const ROWS = -1;
/** In place of a column: the count of parties with rows. */
export const PARTIES: number = -2;

/** Either protocol, as roles, messages and description take it. */
export interface Hub {
  /** `all`: rows that every contributor holds. `first`: each row once, at its first holder in id order. */
  readonly rule: "all" | "first";
  readonly contributors: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  readonly transcript: Uint8Array;
  readonly set: ParameterSet;
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  readonly cells: number;
  readonly minCount: number;
  readonly groupOwner?: PartyId;
  /** The count of rows first, then the limbs of each column. */
  readonly columns: readonly HubColumn[];
  /** Who takes selections: the owners of numbers, in id order. */
  readonly owners: readonly PartyId[];
  /** Lists of tokens that each contributor sends: one, or one for each cell. */
  readonly lists: number;
}

/** What a node brings. */
export interface HubNode {
  readonly me: PartyId;
  readonly items?: CachedItems;
  readonly groupOf?: Int32Array;
  /** By column of the hub: one number for each row, where this node owns such. */
  readonly numbers: readonly (Float64Array | undefined)[];
  /** By cell, in a distinct sum: 1 where this node has rows in it. */
  readonly present?: Float64Array;
}

const ONCE: Range = { least: 0, most: 1 };

/** The hub of an inner join. @throws {SumError} what `checkJoin` throws. */
export function hubOfJoin(session: JoinSession): Hub {
  checkJoin(session);
  const { contributors, recipients, transcript, set, rowsPadded, cells, minCount, groupOwner } = session;
  const rows = mostMatched(session);
  const columns: readonly HubColumn[] = [
    { of: { [counterOf(session)]: ONCE }, total: { least: 0, most: rows }, column: ROWS },
    ...session.columns.flatMap(({ party, ranges }, column) =>
      limbsOf(ranges, rows, set).map((limb) => ({
        of: { [party]: limb },
        total: totalOf([[rows, limb]]),
        column,
      })),
    ),
  ];
  const hub: Hub = {
    ...{ rule: "all", contributors, recipients, transcript, set, rowsPadded, cells, minCount },
    ...{ columns, owners: ownersOf(contributors, columns), lists: 1 },
    ...(groupOwner === undefined ? {} : { groupOwner }),
  };
  checkSizes(hub);
  return hub;
}

/** The hub of a distinct sum. @throws {SumError} `setup`, `too-large` or `overflow`. */
export function hubOfDistinct(session: DistinctSession): Hub {
  const { contributors, recipients, transcript, set, rowsPadded, cells, presence = false } = session;
  if (!Number.isSafeInteger(cells) || cells < 1) {
    throw new SumError("setup", `expected 1 cell or more, got ${cells}`);
  }
  const rows = contributors.map((party) => paddedRows(session, party));
  const all = rows.reduce((sum, own) => sum + own, 0);
  const counts = Object.fromEntries(contributors.map((party) => [party, ONCE]));
  const columns: readonly HubColumn[] = [
    { of: counts, total: { least: 0, most: all }, column: ROWS },
    ...session.columns.flatMap((ranges, column) => distinctLimbs(session, ranges, rows, column)),
    ...(presence ? [{ of: {}, total: { least: 0, most: contributors.length }, column: PARTIES }] : []),
  ];
  const hub: Hub = {
    ...{ rule: "first", contributors, recipients, transcript, set, rowsPadded, cells, minCount: 0 },
    ...{ columns, owners: contributors, lists: cells },
  };
  checkSizes(hub);
  return hub;
}

/** All parties split alike: by the widest range of any. */
function distinctLimbs(
  { contributors, set }: DistinctSession,
  ranges: Readonly<Record<PartyId, Range>>,
  rows: readonly number[],
  column: number,
): readonly HubColumn[] {
  const own = contributors.map((party) => rangeOf(ranges, party));
  const widest = {
    least: Math.min(...own.map(({ least }) => least)),
    most: Math.max(...own.map(({ most }) => most)),
  };
  const all = rows.reduce((sum, more) => sum + more, 0);
  return limbsOf(widest, all, set).map((limb) => ({
    of: Object.fromEntries(contributors.map((party) => [party, limb])),
    total: totalOf([[all, limb]]),
    column,
  }));
}

/** What a node brings to a join. @throws {SumError} what `checkJoinNode` throws. */
export function nodeOfJoin(setup: JoinHubSetup, hub: Hub): HubNode {
  checkJoinNode(setup);
  const { me, groupOf, columns } = setup;
  const own = columns.flatMap(({ party }, column) => (party === me ? [column] : []));
  const values = new Map(own.map((column, at) => [column, setup.values?.[at] ?? new Float64Array()]));
  return {
    ...itemsOf(setup, hub),
    ...(groupOf === undefined ? {} : { groupOf }),
    numbers: numbersOf(hub, setup, values),
  };
}

/** What a node brings to a distinct sum. @throws {SumError} `setup`, `too-large` or `bounds`. */
export function nodeOfDistinct(setup: DistinctSetup, hub: Hub): HubNode {
  const { me, inputs, groupOf, values = [], columns, cells } = setup;
  const rows = inputs?.ends.length ?? 0;
  const takesPart = hub.contributors.includes(me);
  const whole = [...values, ...(groupOf === undefined ? [] : [groupOf])].every(
    ({ length }) => length === rows,
  );
  if ((inputs !== undefined) !== takesPart || (groupOf !== undefined) !== takesPart || !whole) {
    throw new SumError(
      "setup",
      `expected keys, cells and values of each row at contributors, and nowhere else`,
    );
  }
  if (values.length !== (takesPart ? columns.length : 0)) {
    throw new SumError("setup", `expected ${columns.length} columns at ${me}, got ${values.length}`);
  }
  if (takesPart && rows > paddedRows(setup, me)) {
    throw new SumError(
      "too-large",
      `${me} has more rows than the ${paddedRows(setup, me)} that the plan states`,
    );
  }
  if (groupOf?.every((cell) => cell >= -1 && cell < cells) === false) {
    throw new SumError("setup", `expected cells from 0 to ${cells - 1} at ${me}, or -1`);
  }
  if (takesPart) checkValues(setup, values);
  return {
    ...itemsOf(setup, hub),
    ...(groupOf === undefined ? {} : { groupOf, present: presentIn(groupOf, cells) }),
    numbers: numbersOf(hub, setup, new Map(values.entries())),
  };
}

function presentIn(groupOf: Int32Array, cells: number): Float64Array {
  const held = new Set(groupOf);
  return Float64Array.from({ length: cells }, (_, cell) => Number(held.has(cell)));
}

function checkValues({ me, columns }: DistinctSetup, values: readonly Float64Array[]): void {
  const within = columns.every((ranges, at) => {
    const { least, most } = rangeOf(ranges, me);
    return values[at]?.every(
      (value) => value === 0 || (Number.isSafeInteger(value) && value >= least && value <= most),
    );
  });
  if (within) return;
  throw new SumError(
    "bounds",
    `a value at ${me} is outside the bounds that it declared for its dataset`,
    "correct the source, or declare wider bounds: nothing is clipped in silence",
  );
}

function itemsOf(
  { me, inputs, cache }: Pick<JoinHubSetup, "me" | "inputs" | "cache">,
  hub: Hub,
): Pick<HubNode, "me" | "items"> {
  if (inputs === undefined) return { me };
  if (cache === undefined) {
    throw new SumError(
      "setup",
      `expected evaluations of the keys of ${me} in one of ${hub.contributors.length}`,
    );
  }
  return { me, items: { inputs, ...cache } };
}

/** The rows' numbers in every column that this node owns: ones for the count, limbs for the rest. */
function numbersOf(
  { columns }: Hub,
  { me, inputs }: Pick<JoinHubSetup, "me" | "inputs">,
  values: ReadonlyMap<number, Float64Array>,
): readonly (Float64Array | undefined)[] {
  const limbs = new Map(
    [...values].map(([column, own]) => [column, splitLimbs(own, limbsIn(columns, column))]),
  );
  const used = new Map<number, number>();
  return columns.map(({ of, column }) => {
    if (of[me] === undefined) return undefined;
    if (column === ROWS) return new Float64Array(inputs?.ends.length ?? 0).fill(1);
    const limb = used.get(column) ?? 0;
    used.set(column, limb + 1);
    return limbs.get(column)?.[limb];
  });
}

/** How many blocks a column of the session takes. */
function limbsIn(columns: readonly HubColumn[], column: number): number {
  return columns.filter((block) => block.column === column).length;
}

/** Who puts a one for each row: an owner of values with the shortest list, for it takes selections anyway. */
function counterOf(session: JoinSession): PartyId {
  const owners = session.contributors.filter((party) =>
    session.columns.some((column) => column.party === party),
  );
  const among = owners.length > 0 ? owners : session.contributors;
  return among.reduce((best, party) =>
    paddedRows(session, party) < paddedRows(session, best) ? party : best,
  );
}

function ownersOf(contributors: readonly PartyId[], columns: readonly HubColumn[]): readonly PartyId[] {
  return contributors.filter((party) => columns.some(({ of }) => of[party] !== undefined));
}

function totalOf(parts: readonly (readonly [number, Range])[]): Range {
  return {
    least: parts.reduce((sum, [rows, { least }]) => sum + rows * Math.min(0, least), 0),
    most: parts.reduce((sum, [rows, { most }]) => sum + rows * Math.max(0, most), 0),
  };
}

/** The session of blocks under the collective key: one block a column. */
export function blocksOf({ contributors, recipients, transcript, set, columns }: Hub): SumSession {
  return { contributors, recipients, transcript, set, numbers: columns.length * cellsPerBlock(set) };
}

/** Tokens that a contributor sends. */
export function tokenCount({ lists, rowsPadded }: Hub, party: PartyId): number {
  return lists * paddedRows({ rowsPadded }, party);
}

function checkSizes(hub: Hub): void {
  const { mostShares } = hub.set;
  if (hub.contributors.length > mostShares) {
    const message = `a sum over what the coordinator selects takes at most ${mostShares} parties, got ${hub.contributors.length}`;
    const all =
      hub.rule === "first" ? ", or leave `distinctBy` out: then an event counts once for each party" : "";
    throw new SumError("too-large", message, `ask fewer parties at a time${all}`);
  }
  checkSession(blocksOf(hub));
  for (const party of hub.contributors) {
    const tokens = tokenCount(hub, party);
    if (tokens <= MOST_ROWS) continue;
    throw new SumError(
      "too-large",
      `${party} would send ${tokens} pseudonyms; one session takes at most ${MOST_ROWS}`,
      "group by fewer columns, or list fewer values in `domain`",
    );
  }
}
