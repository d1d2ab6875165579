// SPDX-License-Identifier: Apache-2.0
import type { PackedInputs } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { PsiError } from "./errors.ts";

/** The party id under which the coordinator takes part. */
export const COORDINATOR: "coordinator" = "coordinator";
/** Most parties in one session (protocols.md, section 6). */
export const MOST_PARTIES: number = 32;
/** Most items of one party in one session; a longer list takes several (query-shards.ts), where its protocol can. */
export const MOST_ROWS: number = 2 ** 20;

/** Most items of one party in one shard of a pair. */
export const MOST_PAIR_ROWS: number = 2 ** 17;

/** What every node of a session knows of it. */
export interface Session {
  readonly me: PartyId;
  /** The parties of `ask.from`, in id order: they hold the items and, one share each, the key. */
  readonly parties: readonly PartyId[];
  /** `T` of channel.md, section 2: 32 bytes. */
  readonly transcript: Uint8Array;
}

/** A query session: everything is bound to `sid`, every length to `rowsPadded`. */
export interface QuerySession extends Session {
  /** SHA-256(lp("koplamp/sid/1") ‖ transcript): 32 bytes. */
  readonly sid: Uint8Array;
  readonly recipients: readonly PartyId[];
  /** Public bucket of each party's number of items. */
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
}

/** A party's items, all of which it has had evaluated before. */
export interface CachedItems {
  /** `in(x)` of every item, in the order in which the answer will speak of them. */
  readonly inputs: PackedInputs;
  /** 32 bytes that name key set, key columns and rules of normalisation; see `cacheScope`. */
  readonly scope: Uint8Array;
  /**
   * Sealed chunks of s_x, as `evaluateAsker` gave them, of all earlier sessions. Absent: the host has put what is needed
   * of them in the vault (`loadSealed`).
   */
  readonly chunks?: readonly Uint8Array[];
}

/** The number of inputs. */
export function inputCount(inputs: PackedInputs): number {
  return inputs.ends.length;
}

/** All parties but this one, in id order. */
export function othersOf({ me, parties }: Session): readonly PartyId[] {
  return parties.filter((party) => party !== me);
}

/**
 * Refuses a session that this package cannot run, before anything leaves.
 * @throws {PsiError} `setup` or `too-large`.
 */
export function checkParties({ parties, transcript }: Session): void {
  const ascending = parties.every((party, at) => at === 0 || (parties[at - 1] ?? "") < party);
  if (!ascending || parties.length < 2 || parties.length > MOST_PARTIES) {
    throw new PsiError("setup", `expected 2 to ${MOST_PARTIES} parties in id order, got ${parties.length}`);
  }
  if (transcript.length !== 32) {
    throw new PsiError("setup", `expected a transcript of 32 bytes, got ${transcript.length}`);
  }
}

/** The padded size of a party's list. @throws {PsiError} `setup` or `too-large`. */
export function rowsOf(rowsPadded: Readonly<Record<PartyId, number>>, party: PartyId): number {
  const rows = rowsPadded[party];
  if (rows === undefined || !Number.isSafeInteger(rows) || rows < 1) {
    throw new PsiError("setup", `the plan states no padded size for ${party}`);
  }
  if (rows > MOST_ROWS) {
    throw new PsiError(
      "too-large",
      `${party} brings up to ${rows} items; one session takes at most ${MOST_ROWS}`,
    );
  }
  return rows;
}

/** The checks of a query session at one node. @throws {PsiError} `setup` or `too-large`, before anything leaves. */
export function checkQuery(session: QuerySession, items: Pick<CachedItems, "inputs"> | undefined): void {
  checkParties(session);
  if (session.sid.length !== 32)
    throw new PsiError("setup", `expected a sid of 32 bytes, got ${session.sid.length}`);
  for (const party of session.parties) rowsOf(session.rowsPadded, party);
  const holds = items !== undefined;
  if (holds !== session.parties.includes(session.me) || session.recipients.length === 0) {
    throw new PsiError(
      "setup",
      "expected items at the parties of the question and nowhere else, and a recipient",
    );
  }
  if (!holds) return;
  const rows = rowsOf(session.rowsPadded, session.me);
  if (inputCount(items.inputs) > rows) {
    throw new PsiError(
      "too-large",
      `${session.me} has more items than the ${rows} that the plan states for it`,
    );
  }
}
