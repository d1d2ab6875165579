// SPDX-License-Identifier: Apache-2.0
// The shape of a join of two: who is what, how many ciphertexts go which way, and the limits.
import { fitsNoise } from "@koplamp/he";
import type { PartyId } from "@koplamp/protocol";
import { MOST_PAIR_ROWS } from "@koplamp/psi";
import { SumError } from "./errors.ts";
import { limbsOf } from "./join-limbs.ts";
import {
  checkJoinNode,
  type JoinNodeSetup,
  type JoinSession,
  mostMatched,
  paddedRows,
} from "./join-session.ts";
import type { Range } from "./session.ts";

/** Most ciphertexts that one message of totals holds, by the longest message. */
export const TOTALS_PART = 128;
/** Most ciphertexts with totals: the selecting node holds a sum for each. */
const MOST_TOTALS = 512;
/** Most ciphertexts with values: 2 GB. */
const MOST_SEALED = 8192;
/** Most evaluations that the selecting node unblinds: its rows, once for each group. */
const MOST_UNBLINDED = 2 ** 20;

/** Who is what in a join of two. */
export interface JoinRoles {
  /** Learns which slots match, and adds up what it cannot read. */
  readonly selector: PartyId;
  /** Owns the values and is the recipient. */
  readonly owner: PartyId;
}

/** The recipient owns the values, the other one selects. */
export function joinRoles({ contributors, recipients }: JoinSession): JoinRoles {
  const [owner = ""] = recipients;
  return { owner, selector: contributors.find((party) => party !== owner) ?? "" };
}

/** One list of numbers that the owner encrypts, a number a row. */
export interface SealedColumn {
  /** The group outside which all of it is zero; absent where the owner has no groups. */
  readonly cell?: number;
  /** Which column of the session it is, and which of its limbs; absent where it is 1 for each row. */
  readonly of?: { readonly column: number; readonly limb: number; readonly limbs: number };
  /** What one row may bring. */
  readonly range: Range;
}

/** What the owner encrypts, in order. Where it has groups: for each group a count, then the columns. */
export function sealedColumns(session: JoinSession): readonly SealedColumn[] {
  const { columns, set, cells } = session;
  const limbs = columns.flatMap(({ ranges }, column) =>
    limbsOf(ranges, mostMatched(session), set).map((range, limb, all): SealedColumn => {
      return { of: { column, limb, limbs: all.length }, range };
    }),
  );
  if (!ownerHasGroups(session)) return limbs;
  const each: readonly SealedColumn[] = [{ range: { least: 0, most: 1 } }, ...limbs];
  return Array.from({ length: cells }, (_, cell) => each.map((column) => ({ ...column, cell }))).flat();
}

/** Whether the recipient has the groups: then the other one cannot count them. */
export function ownerHasGroups(session: JoinSession): boolean {
  return session.groupOwner === joinRoles(session).owner;
}

/** How many groups the selecting party selects for. */
export function selections(session: JoinSession): number {
  return ownerHasGroups(session) ? 1 : session.cells;
}

/** Ciphertexts behind one column: a slot for each padded row of the owner. */
export function chunkCount(session: JoinSession): number {
  return Math.ceil(paddedRows(session, joinRoles(session).owner) / session.set.slots);
}

/** Ciphertexts with totals: selection by selection, in each the columns in order. */
export function totalCount(session: JoinSession): number {
  return selections(session) * sealedColumns(session).length;
}

/** How many ciphertexts each message of totals holds. */
export function totalsParts(session: JoinSession): readonly number[] {
  const totals = totalCount(session);
  return Array.from({ length: Math.ceil(totals / TOTALS_PART) }, (_, part) =>
    Math.min(TOTALS_PART, totals - part * TOTALS_PART),
  );
}

/** The checks of one node before anything leaves. @throws {SumError} what `checkJoinNode` throws. */
export function checkJoinPair(setup: JoinNodeSetup): void {
  checkJoinNode(setup);
  const { contributors, recipients, columns } = setup;
  const { owner } = joinRoles(setup);
  if (contributors.length !== 2 || recipients.length !== 1 || !contributors.includes(owner)) {
    throw new SumError("setup", "expected two parties, one of which is the recipient");
  }
  if (!columns.every(({ party }) => party === owner)) {
    throw new SumError("setup", `expected values of ${owner} alone, who is the recipient`);
  }
  checkPairLimits(setup);
}

/** What a join of two does not take, by public terms alone. @throws {SumError} `too-large` or `setup`. */
export function checkPairLimits(session: JoinSession): void {
  const { contributors, set } = session;
  const { selector } = joinRoles(session);
  const large = contributors.find((party) => paddedRows(session, party) > MOST_PAIR_ROWS);
  if (large !== undefined) {
    throw new SumError(
      "too-large",
      `${large} has more rows than the ${MOST_PAIR_ROWS} that one session takes`,
      BY_HUB,
    );
  }
  if (!fitsNoise(set, 1, chunkCount(session))) {
    throw new SumError("setup", `expected a parameter set for joins of so many rows, got ${set.id}`);
  }
  expectFew("ciphertexts with totals", totalCount(session), MOST_TOTALS);
  expectFew("ciphertexts with values", chunkCount(session) * sealedColumns(session).length, MOST_SEALED);
  expectFew(
    `selections at ${selector}, one for each row and group`,
    selections(session) * paddedRows(session, selector),
    MOST_UNBLINDED,
  );
}

const BY_HUB =
  "mode: hub: the coordinator then sees which pseudonyms several parties sent; or group by fewer values";

function expectFew(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw new SumError("too-large", `the join has ${count} ${what}, and a session takes ${most}`, BY_HUB);
}
