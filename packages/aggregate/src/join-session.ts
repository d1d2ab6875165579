// SPDX-License-Identifier: Apache-2.0
// What all protocols over matched rows share: what a session is, what a node brings to it, and what is refused before
// anything leaves.
import type { PackedInputs } from "@koplamp/crypto";
import type { ParameterSet } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { SumError } from "./errors.ts";
import { limbsOf } from "./join-limbs.ts";
import { ascending, FEWEST_CONTRIBUTORS, MOST_CONTRIBUTORS, type Range } from "./session.ts";

/** Values that are summed over matched rows. */
export interface JoinColumn {
  /** Whose values they are. */
  readonly party: PartyId;
  /** What one row may bring. A row without a value brings 0, also where that is no value of the column. */
  readonly ranges: Range;
}

/** What everybody in a join knows of it, the coordinator included. */
export interface JoinSession {
  /** Who brings keys, in id order. */
  readonly contributors: readonly PartyId[];
  /** In id order. */
  readonly recipients: readonly PartyId[];
  /** `T` of channel.md, section 2: 32 bytes. */
  readonly transcript: Uint8Array;
  readonly set: ParameterSet;
  /** Public bucket of each contributor's number of rows. */
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  /** The public number of groups; 1 where there are none. */
  readonly cells: number;
  /** Whose rows carry the group; absent where there are none. */
  readonly groupOwner?: PartyId;
  /** What is summed. The number of rows that match is always told too, and stands before these. */
  readonly columns: readonly JoinColumn[];
  /** A group with fewer matched rows is not opened. */
  readonly minCount: number;
}

/** One node's view of a join. */
export interface JoinNodeSetup extends JoinSession {
  readonly me: PartyId;
  /** At a contributor: `in(x)` of every row; no key stands twice. */
  readonly inputs?: PackedInputs;
  /** At the group owner: the group of each own row, -1 for a row outside all of them. */
  readonly groupOf?: Int32Array;
  /** At an owner of values: one number a row for each own column, in the order of `columns`. */
  readonly values?: readonly Float64Array[];
}

/** What a recipient learns. */
export interface JoinOpened {
  /** By group: how many rows match; 0 where it was withheld. */
  readonly counts: Float64Array;
  /** By column, then by group; 0 where it was withheld. */
  readonly sums: readonly Float64Array[];
  /** By cell: how many parties brought rows to it; absent where no rule asks. */
  readonly contributors?: Float64Array;
  /** The groups that the protocol did not open, because too few rows match in them. */
  readonly withheld: readonly number[];
}

/** The padded number of rows of a contributor. @throws {SumError} `setup`. */
export function paddedRows({ rowsPadded }: Pick<JoinSession, "rowsPadded">, party: PartyId): number {
  const rows = rowsPadded[party];
  if (rows !== undefined && Number.isSafeInteger(rows) && rows >= 1) return rows;
  throw new SumError("setup", `the plan states no padded size for ${party}`);
}

/** Most rows that can match: keys are unique per party, so no more than the shortest list has. */
export function mostMatched(session: JoinSession): number {
  return Math.min(...session.contributors.map((party) => paddedRows(session, party)));
}

/** A party's own columns, in order. */
function columnsOf({ columns }: JoinSession, party: PartyId): readonly JoinColumn[] {
  return columns.filter((column) => column.party === party);
}

/** The checks that everybody makes before anything leaves. @throws {SumError} `setup`, `too-large` or `overflow`. */
export function checkJoin(session: JoinSession): void {
  checkRoster(session);
  const { contributors, columns, groupOwner, cells, minCount, set } = session;
  const owners = [...columns.map(({ party }) => party), ...(groupOwner === undefined ? [] : [groupOwner])];
  if (!owners.every((party) => contributors.includes(party))) {
    throw new SumError("setup", "expected columns and groups of parties that bring keys");
  }
  if (!Number.isSafeInteger(cells) || cells < 1 || (groupOwner === undefined && cells !== 1)) {
    throw new SumError("setup", `expected 1 group or more, and 1 where nobody has groups, got ${cells}`);
  }
  if (!Number.isSafeInteger(minCount) || minCount < 0) {
    throw new SumError("setup", `expected a minimum count of 0 or more, got ${minCount}`);
  }
  for (const { ranges } of columns) limbsOf(ranges, mostMatched(session), set);
}

function checkRoster({ contributors, recipients, transcript }: JoinSession): void {
  if (contributors.length < FEWEST_CONTRIBUTORS || contributors.length > MOST_CONTRIBUTORS) {
    throw new SumError(
      "setup",
      `expected ${FEWEST_CONTRIBUTORS} to ${MOST_CONTRIBUTORS} contributors, got ${contributors.length}`,
    );
  }
  if (!ascending(contributors) || !ascending(recipients) || recipients.length === 0) {
    throw new SumError("setup", "expected contributors and at least one recipient, in id order");
  }
  if (transcript.length !== 32) {
    throw new SumError("setup", `expected a transcript of 32 bytes, got ${transcript.length}`);
  }
}

/**
 * The checks of one node: it brings what its part asks for, as many rows as the plan allows, and values within their
 * bounds. @throws {SumError} what `checkJoin` throws, or `bounds` for its own values.
 */
export function checkJoinNode(setup: JoinNodeSetup): void {
  checkJoin(setup);
  const { me, contributors, groupOwner, inputs, groupOf, values = [] } = setup;
  const rows = inputs?.ends.length ?? 0;
  const brings = (inputs !== undefined) === contributors.includes(me);
  const groups = (groupOf !== undefined) === (me === groupOwner);
  if (!brings || !groups || values.length !== columnsOf(setup, me).length) {
    throw new SumError(
      "setup",
      `expected keys, groups and values at ${me} where it has them, and nowhere else`,
    );
  }
  if (![...values, ...(groupOf === undefined ? [] : [groupOf])].every(({ length }) => length === rows)) {
    throw new SumError("setup", `expected a group and a value for each row of ${me}`);
  }
  if (inputs !== undefined && rows > paddedRows(setup, me)) {
    throw new SumError(
      "too-large",
      `${me} has more rows than the ${paddedRows(setup, me)} that the plan states for it`,
    );
  }
  checkRows(setup, values);
}

function checkRows(setup: JoinNodeSetup, values: readonly Float64Array[]): void {
  const { me, cells, groupOf } = setup;
  if (groupOf?.every((cell) => cell >= -1 && cell < cells) === false) {
    throw new SumError("setup", `expected groups from 0 to ${cells - 1} at ${me}, or -1`);
  }
  const within = columnsOf(setup, me).every(({ ranges: { least, most } }, at) =>
    values[at]?.every(
      (value) => value === 0 || (Number.isSafeInteger(value) && value >= least && value <= most),
    ),
  );
  if (within) return;
  throw new SumError(
    "bounds",
    `a value at ${me} is outside the bounds that it declared for its dataset`,
    "correct the source, or declare wider bounds: nothing is clipped in silence",
  );
}
