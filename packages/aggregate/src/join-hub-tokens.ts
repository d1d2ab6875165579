// SPDX-License-Identifier: Apache-2.0
// A party's tokens as it sends them, and what the coordinator makes of everybody's: pure functions over pseudonyms.
import { type PartyId, ProtocolError } from "@koplamp/protocol";
import { TOKEN_BYTES } from "@koplamp/psi";
import { hex } from "@koplamp/wire/core";
import type { Draws } from "./draws.ts";
import { SumError } from "./errors.ts";
import type { RowsAt } from "./join-hub-layout.ts";
import type { Hub } from "./join-hub-session.ts";

/** Stands for a group that nobody's row is in. */
export const NO_GROUP: number = -1;

/** What a contributor sends the coordinator: tokens, and at the group owner of a join a pseudonymous group for each. */
export interface SentTokens {
  /** List by list, each ascending: 16 bytes a token. */
  readonly tokens: Uint8Array;
  readonly groups?: Uint32Array;
}

/** Tokens laid out, and which own row stands at each position. */
export interface LaidTokens extends SentTokens {
  readonly rowsAt: RowsAt;
}

/** How tokens are to be laid out. */
export interface TokenLayout {
  readonly me: PartyId;
  readonly lists: number;
  /** Tokens of each list. */
  readonly rows: number;
  /** By row: its list, or -1 for a row that is left out. */
  readonly listOf: Int32Array;
  /** By row, at the group owner of a join: its pseudonymous group; and how many groups there are. */
  readonly groupOf?: Int32Array;
  readonly groups: number;
}

/**
 * Sorts the tokens of each list among as many random ones as fill it: a token's position says nothing. `random` gives
 * that many uniform bytes. @throws {SumError} `setup` when a key stands twice.
 */
export function layTokens(
  { me, lists, rows, listOf, groupOf, groups }: TokenLayout,
  tokens: Uint8Array,
  random: (length: number) => Uint8Array,
  draws: Draws,
): LaidTokens {
  refuseTwice(me, tokens, listOf);
  const sent = new Uint8Array(lists * rows * TOKEN_BYTES);
  const rowsAt = new Int32Array(lists * rows).fill(-1);
  const groupsAt = new Uint32Array(rows);
  const padding = random(sent.length);
  for (let list = 0; list < lists; list += 1) {
    const own = [...listOf.keys()].filter((row) => listOf[row] === list);
    const all = new Uint8Array(padding.slice(list * rows * TOKEN_BYTES, (list + 1) * rows * TOKEN_BYTES));
    own.forEach((row, at) => void all.set(tokenAt(tokens, row), at * TOKEN_BYTES));
    inOrder(all).forEach((from, to) => {
      const at = list * rows + to;
      sent.set(tokenAt(all, from), at * TOKEN_BYTES);
      rowsAt[at] = own[from] ?? -1;
      groupsAt[to] = (from < own.length ? groupOf?.[own[from] ?? 0] : undefined) ?? draws.below(groups);
    });
  }
  return { tokens: sent, rowsAt, ...(groupOf === undefined ? {} : { groups: groupsAt }) };
}

function refuseTwice(me: PartyId, tokens: Uint8Array, listOf: Int32Array): void {
  const brought = [...listOf.keys()].filter((row) => (listOf[row] ?? -1) >= 0);
  if (new Set(brought.map((row) => nameAt(tokens, row))).size === brought.length) return;
  throw new SumError("setup", `a key stands twice at ${me}`, "keys of a join are unique per party");
}

/** Everything below the count, in random order: Fisher and Yates. */
export function permutation(count: number, draws: Draws): Int32Array {
  const order = Int32Array.from({ length: count }, (_, at) => at);
  for (let left = count - 1; left > 0; left -= 1) {
    const at = draws.below(left + 1);
    [order[left], order[at]] = [order[at] ?? 0, order[left] ?? 0];
  }
  return order;
}

/** Whom the coordinator selects. */
export interface Selection {
  /** Blocks that each ciphertext has. */
  readonly groups: number;
  /** By block: the pseudonymous group that it stands for, or `NO_GROUP`. In a distinct sum, block by block itself. */
  readonly order: Int32Array;
  /** By contributor, by position of its tokens: the block in which the row is selected, or -1. */
  readonly blocks: Readonly<Record<PartyId, Int32Array>>;
}

/**
 * Each token at its first holder in id order, in the block of its list.
 * @throws {ProtocolError} `invalid-message` when a party sent a token twice.
 */
export function selectFirst(hub: Hub, sent: Readonly<Record<PartyId, SentTokens>>): Selection {
  const held = new Set<string>();
  const blocks: Record<PartyId, Int32Array> = {};
  for (const party of hub.contributors) {
    const names = namesOf(party, sent);
    const rows = names.length / hub.lists;
    blocks[party] = Int32Array.from(names, (name, at) => (held.has(name) ? -1 : Math.floor(at / rows)));
    for (const name of names) held.add(name);
  }
  const order = Int32Array.from({ length: hub.cells }, (_, at) => at);
  return { groups: hub.cells, order, blocks };
}

/**
 * The tokens that every contributor holds, in the block of their group: groups with at least `minCount` of them, in
 * random order among empty ones. `choices`: the numbers of blocks that may be. @throws {SumError} `too-large`.
 */
export function selectShared(
  hub: Hub,
  choices: readonly number[],
  sent: Readonly<Record<PartyId, SentTokens>>,
  draws: Draws,
): Selection {
  const { contributors, groupOwner, minCount, cells } = hub;
  const positions = sharedPositions(hub, sent);
  const groupsAt = groupOwner === undefined ? undefined : sent[groupOwner]?.groups;
  const groupOf = positions.map((at) =>
    groupOwner === undefined ? 0 : (groupsAt?.[at[groupOwner] ?? 0] ?? 0),
  );
  const counts = new Int32Array(cells);
  for (const group of groupOf) counts[group] = (counts[group] ?? 0) + 1;
  const passing = [...counts.keys()].filter((group) => (counts[group] ?? 0) >= Math.max(1, minCount));
  const groups = choices.find((count) => count >= passing.length);
  if (groups === undefined) {
    throw new SumError(
      "too-large",
      "more groups pass the minimum count than one session can sum",
      "group by fewer columns",
    );
  }
  const places = permutation(groups, draws);
  const order = new Int32Array(groups).fill(NO_GROUP);
  const blockOf = new Int32Array(cells).fill(-1);
  passing.forEach((group, at) => {
    const block = places[at] ?? 0;
    order[block] = group;
    blockOf[group] = block;
  });
  const blocks = Object.fromEntries(
    contributors.map((party) => {
      const own = new Int32Array((sent[party]?.tokens.length ?? 0) / TOKEN_BYTES).fill(-1);
      positions.forEach((at, item) => {
        own[at[party] ?? 0] = blockOf[groupOf[item] ?? 0] ?? -1;
      });
      return [party, own];
    }),
  );
  return { groups, order, blocks };
}

/** For each token that all contributors hold: its position at each of them. */
function sharedPositions(
  { contributors }: Hub,
  sent: Readonly<Record<PartyId, SentTokens>>,
): readonly Readonly<Record<PartyId, number>>[] {
  const [first = "", ...others] = contributors;
  const indices = others.map((party): [PartyId, ReadonlyMap<string, number>] => [
    party,
    new Map(namesOf(party, sent).map((name, at) => [name, at])),
  ]);
  return namesOf(first, sent).flatMap((name, own) => {
    const at: Record<PartyId, number> = { [first]: own };
    for (const [party, index] of indices) {
      const found = index.get(name);
      if (found === undefined) return [];
      at[party] = found;
    }
    return [at];
  });
}

function namesOf(party: PartyId, sent: Readonly<Record<PartyId, SentTokens>>): readonly string[] {
  const tokens = sent[party]?.tokens ?? new Uint8Array();
  const names = Array.from({ length: tokens.length / TOKEN_BYTES }, (_, at) => nameAt(tokens, at));
  if (new Set(names).size === names.length) return names;
  throw new ProtocolError("invalid-message", `${party} sent a token twice`);
}

function nameAt(tokens: Uint8Array, at: number): string {
  return hex(tokenAt(tokens, at));
}

function tokenAt(tokens: Uint8Array, at: number): Uint8Array {
  return tokens.subarray(at * TOKEN_BYTES, (at + 1) * TOKEN_BYTES);
}

/** The positions of tokens in ascending order. */
function inOrder(tokens: Uint8Array): readonly number[] {
  const names = Array.from({ length: tokens.length / TOKEN_BYTES }, (_, at) => nameAt(tokens, at));
  return [...names.keys()].sort((left, right) => ((names[left] ?? "") < (names[right] ?? "") ? -1 : 1));
}
