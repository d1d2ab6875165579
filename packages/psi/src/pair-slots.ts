// SPDX-License-Identifier: Apache-2.0
// A match whose tokens stand in slots: the sender's in a random order that it keeps, so that values can be laid beside
// them, and the receiver learns which slots match (aggregation.md, section 7.1).
import {
  hashToGroup,
  type PackedInputs,
  POINT_BYTES,
  type Primitives,
  scalarsFromSeed,
  wipe,
} from "@koplamp/crypto";
import {
  bind,
  type Job,
  type JobEntry,
  job,
  type PartyId,
  ProtocolError,
  type Vault,
} from "@koplamp/protocol";
import { concat } from "@koplamp/wire/core";
import { ascending, compareAt, split } from "./ascending.ts";
import type { PsiBackend } from "./backend.ts";
import { PsiError } from "./errors.ts";
import { inputAt, kdf, keyedInputs } from "./keyed.ts";
import { TOKEN_BYTES } from "./messages.ts";
import {
  blaming,
  type Committed,
  committed,
  elementTokens,
  type Opening,
  openedTokens,
  sortedRows,
  TOKENS,
  type TokenForm,
} from "./pair-jobs.ts";

/** Where the vault of the sender keeps the row of each slot, and that of the receiver the group that it chose it for. */
export const SLOT_ROWS = "pair/slot-rows";
export const SLOT_GROUPS = "pair/slot-groups";

/** Refuses inputs of which one stands twice: a row would count twice. @throws {PsiError} `setup`. */
export const refuseRepeats: Job<[me: PartyId, inputs: PackedInputs], void> = job("psi.pair.refuse-repeats");

/**
 * As `commitTokens`, but each token stands in a slot of its own, in a random order, and random ones fill the others. The
 * order stays in the vault under `SLOT_ROWS`: a little-endian word a slot, at or above the number of rows where it is
 * filled.
 */
export const commitSlots: Job<
  [form: TokenForm, inputs: PackedInputs, slots: number, seed: Uint8Array],
  Committed
> = job("psi.pair.commit-slots");

/** Own rows in groups; `groupOf` has -1 for a row that plays no part, and is absent where all are in one. */
export interface Grouping {
  readonly groups: number;
  readonly groupOf?: Int32Array;
}

/** As `blindSorted`, with a scalar for each group in place of the one; rows outside all groups are left out. */
export const blindGroups: Job<
  [grouping: Grouping, inputs: PackedInputs, elements: number, transcript: Uint8Array],
  Uint8Array
> = job("psi.pair.blind-groups");

/** As `unblindSorted`: the tokens that each answer would have in each group, list by list. @throws {PsiError} `element`. */
export const unblindGroups: Job<[groups: number, from: PartyId, reply: Uint8Array], void> =
  job("psi.pair.unblind-groups");

/**
 * Finds the slots whose tokens are own ones and gives how many there are in each group; which ones they are stays in
 * the vault under `SLOT_GROUPS`: a little-endian word a slot, -1 where it does not match. Own tokens are those of
 * `unblindGroups`.
 * @throws {PsiError} `commitment`, or {ProtocolError} `invalid-message` where a token stands twice, naming the sender.
 */
export const matchSlots: Job<[opened: Opening, groups: number], Float64Array> = job("psi.pair.match-slots");

const SCALARS = "pair/group-scalars";

/** The code behind the jobs of this file. */
export function slotJobs(backend: PsiBackend): readonly JobEntry[] {
  const { group, primitives } = backend;
  return [
    bind(refuseRepeats, (vault, me, inputs) => {
      if (!hasRepeats(keyedInputs(primitives, vault.get("salt"), inputs, 32), 32)) return;
      throw new PsiError("setup", `expected each key once at ${me}, got one in two rows`);
    }),
    bind(commitSlots, (vault, form, inputs, slots, seed) =>
      committed(backend, vault, { form, seed }, inputs, (plain, dummies) =>
        inSlots(primitives, vault, plain, slots, dummies),
      ),
    ),
    bind(blindGroups, (vault, grouping, inputs, elements, transcript) =>
      groupRequest(backend, vault, grouping, inputs, elements, transcript),
    ),
    bind(unblindGroups, (vault, groups, from, reply) => {
      blaming(from, () => group.decodeCheck(reply)); // attacker-controlled
      const lists = split(vault.get(SCALARS).slice(0, groups * 32)).map((scalar) => {
        const unblinded = group.mulSame(group.scalarInvert(scalar), reply);
        const tokens = elementTokens(primitives, unblinded);
        wipe(unblinded, scalar);
        return tokens;
      });
      vault.put(TOKENS, concat(...lists));
      vault.drop(SCALARS);
    }),
    bind(matchSlots, (vault, opened, groups) => matched(primitives, vault, opened, groups)),
  ];
}

function hasRepeats(rows: Uint8Array, width: number): boolean {
  const order = ascending(rows, width);
  return order.some((at, place) => {
    return place > 0 && compareAt(rows, at * width, rows, (order[place - 1] ?? 0) * width, width) === 0;
  });
}

/** Tokens in slots in a random order: that in which random rows of 16 bytes ascend. */
function inSlots(
  { aes256Ctr }: Primitives,
  vault: Vault,
  plain: Uint8Array,
  slots: number,
  seed: Uint8Array,
): Uint8Array {
  const stream = aes256Ctr(seed, 2 * slots * TOKEN_BYTES);
  const order = ascending(stream.subarray(0, slots * TOKEN_BYTES), TOKEN_BYTES);
  const tokens = stream.slice(slots * TOKEN_BYTES);
  order.forEach((row, slot) => {
    const token = plain.subarray(row * TOKEN_BYTES, (row + 1) * TOKEN_BYTES);
    tokens.set(token, slot * TOKEN_BYTES); // nothing, above the last row
  });
  vault.put(SLOT_ROWS, new Uint8Array(order.buffer));
  wipe(stream);
  return tokens;
}

function groupRequest(
  { group, primitives }: PsiBackend,
  vault: Vault,
  { groups, groupOf }: Grouping,
  inputs: PackedInputs,
  elements: number,
  transcript: Uint8Array,
): Uint8Array {
  const seed = kdf(primitives, vault.get("salt"), transcript, "blind-groups", [], 32);
  const dummySeed = kdf(primitives, seed, transcript, "dummies", [], 32);
  try {
    const scalars = scalarsFromSeed(group, primitives, seed, groups);
    vault.put(SCALARS, scalars);
    const members: Uint8Array[][] = Array.from({ length: groups }, () => []);
    inputs.ends.forEach((_, row) => void members[groupOf?.[row] ?? 0]?.push(inputAt(inputs, row)));
    const blinded = members.map((items, at) => {
      if (items.length === 0) return new Uint8Array();
      const scalar = scalars.subarray(at * 32, (at + 1) * 32);
      return group.mulSame(scalar, hashToGroup(group, primitives, items));
    });
    const missing = elements - blinded.reduce((sum, { length }) => sum + length / POINT_BYTES, 0);
    const dummies = hashToGroup(group, primitives, split(primitives.aes256Ctr(dummySeed, missing * 32)));
    return sortedRows(concat(...blinded, dummies), POINT_BYTES);
  } finally {
    wipe(seed, dummySeed);
  }
}

function matched(primitives: Primitives, vault: Vault, opened: Opening, groups: number): Float64Array {
  const list = openedTokens(primitives, opened);
  if (hasRepeats(list, TOKEN_BYTES)) {
    const message = `expected each token once in Tpi of ${opened.from}, got one twice`;
    throw new ProtocolError("invalid-message", message, opened.from);
  }
  const tokens = vault.get(TOKENS);
  const each = tokens.length / TOKEN_BYTES / groups;
  const counts = new Float64Array(groups);
  const chosen = new Int32Array(list.length / TOKEN_BYTES).fill(-1);
  eachMatch(tokens, list, (at, slot) => {
    const found = Math.floor(at / each);
    chosen[slot] = found;
    counts[found] = (counts[found] ?? 0) + 1;
  });
  vault.put(SLOT_GROUPS, new Uint8Array(chosen.buffer));
  return counts;
}

/** Visits the positions of tokens that stand in both lists. */
function eachMatch(
  tokens: Uint8Array,
  list: Uint8Array,
  visit: (inTokens: number, inList: number) => void,
): void {
  const slots = ascending(list, TOKEN_BYTES);
  let place = 0;
  for (const at of ascending(tokens, TOKEN_BYTES)) {
    const differs = (): number =>
      compareAt(list, (slots[place] ?? 0) * TOKEN_BYTES, tokens, at * TOKEN_BYTES, TOKEN_BYTES);
    while (place < slots.length && differs() < 0) place += 1;
    if (place < slots.length && differs() === 0) visit(at, slots[place] ?? 0);
  }
}
