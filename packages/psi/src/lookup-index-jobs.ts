// SPDX-License-Identifier: Apache-2.0
import { hashToGroup, inputSecrets, type PackedInputs, wipe } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, selectInputs } from "@koplamp/wire/core";
import { ascending, compareAt, rowAt } from "./ascending.ts";
import type { PsiBackend } from "./backend.ts";
import { PsiError } from "./errors.ts";
import { inputAt, keyedInputs } from "./keyed.ts";
import { provenKey, shareIn } from "./keyset-jobs.ts";
import { type IndexRoute, indexTokens, openKept, sealKept } from "./lookup-kept.ts";
import type { Churn } from "./lookup-messages.ts";
import { IndexPages, sealPages } from "./lookup-pages.ts";
import { TOKEN_BYTES } from "./messages.ts";

// A row that a holder keeps of what it published: HMAC-SHA256(cacheKey, in(y))[0..16), or zeros for a dummy; the token.
const NAME_BYTES = 16;
const ROW_BYTES: number = NAME_BYTES + TOKEN_BYTES;
/** Items that are hashed and multiplied at a time. */
const STRETCH = 8192;

/** An index as its holder publishes it, and what it keeps of it. */
export interface Published {
  readonly tokens: Uint8Array;
  readonly kept: Uint8Array;
}

/** A churn as its holder publishes it, and what it keeps of the index after it. */
export interface Churned {
  readonly churn: Churn;
  readonly kept: Uint8Array;
}

/** How a list differs from what was published of it. Never leaves the holder. */
export interface Changes {
  readonly fresh: number;
  readonly gone: number;
  readonly dummies: number;
  /** Rows of the index, dummies included. */
  readonly rows: number;
}

/** Checks a holder's key and its proof of possession; gives the key. @throws {PsiError} `proof`, naming the holder. */
export const checkLookupKey: Job<[route: IndexRoute, message: Uint8Array], Uint8Array> =
  job("psi.lookup.key");
/**
 * A row of each input, in their order, under the key in a sealed share: each takes a hash to the group and a multiplication,
 * and none depends on another. Any vault with `cacheKey` can make some of them.
 */
export const itemRows: Job<[route: IndexRoute, share: Uint8Array, inputs: PackedInputs], Uint8Array> =
  job("psi.lookup.rows");
/** The index of these rows: sorted, each once, and padded with random tokens to `rows`. */
export const makeIndex: Job<
  [route: IndexRoute, named: Uint8Array, rows: number, seed: Uint8Array],
  Published
> = job("psi.lookup.make");
/** The index that was published before, once more. */
export const republish: Job<[route: IndexRoute, kept: Uint8Array], Uint8Array> = job("psi.lookup.again");
/** How far a list is from what was published of it. */
export const compareIndex: Job<[route: IndexRoute, kept: Uint8Array, inputs: PackedInputs], Changes> =
  job("psi.lookup.compare");
/** The difference with what was published, padded to `changes` additions and as many removals. */
export const makeChurn: Job<
  [route: IndexRoute, kept: Uint8Array, inputs: PackedInputs, changes: number, seed: Uint8Array],
  Churned
> = job("psi.lookup.churn");
/** An index as its asker keeps it. */
export const keepIndex: Job<[route: IndexRoute, tokens: Uint8Array, seed: Uint8Array], Uint8Array> =
  job("psi.lookup.keep");
/** An index after its churn. @throws {PsiError} `index`, naming the holder, for a change that cannot be made. */
export const applyChurn: Job<
  [route: IndexRoute, sealed: Uint8Array, churn: Churn, seed: Uint8Array],
  Uint8Array
> = job("psi.lookup.apply");

/** The code behind the jobs of this file. */
export function lookupIndexJobs(backend: PsiBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    bind(checkLookupKey, (_vault, { context, holder }, message) =>
      provenKey(backend, context, holder, message),
    ),
    bind(itemRows, (vault, route, share, inputs) => {
      const k = shareIn(primitives, vault, route.context, share);
      try {
        return namedRows(backend, vault, route, { k, inputs });
      } finally {
        wipe(k);
      }
    }),
    bind(makeIndex, (vault, route, named, rows, seed) =>
      published(backend, vault, route, {
        all: concat(named, dummyRows(backend, rows - count(named), seed)),
        seed,
      }),
    ),
    bind(republish, (vault, route, kept) => tokensOf(openKept(primitives, vault, route, kept))),
    bind(compareIndex, (vault, route, kept, inputs) => {
      const { fresh, gone, dummies, before } = compared(backend, vault, route, kept, inputs);
      return { fresh: fresh.length, gone: gone.length, dummies: dummies.length, rows: count(before) };
    }),
    bind(makeChurn, (vault, route, kept, inputs, changes, seed) =>
      churned(backend, vault, route, { kept, inputs, changes, seed }),
    ),
    bind(keepIndex, (vault, route, tokens, seed) => sealPages(primitives, vault, route, { tokens, seed })),
    bind(applyChurn, (vault, route, sealed, churn, seed) => {
      const pages = new IndexPages(primitives, vault, route, sealed);
      try {
        return sealPages(primitives, vault, route, {
          tokens: merged(route.holder, pages.all(), churn),
          seed,
        });
      } finally {
        pages.close();
      }
    }),
  ];
}

/** Rows of what was published, as a holder keeps them: for the job that finds who was reported. */
export function publishedRows(
  { primitives }: PsiBackend,
  vault: Vault,
  route: IndexRoute,
  kept: Uint8Array,
): { readonly names: (at: number) => Uint8Array; readonly tokens: Uint8Array } {
  const rows = openKept(primitives, vault, route, kept);
  return { names: (at) => rowAt(rows, ROW_BYTES, at).subarray(0, NAME_BYTES), tokens: tokensOf(rows) };
}

/** The names under which a holder keeps its items: 16 bytes each. */
export function itemNames({ primitives }: PsiBackend, vault: Vault, inputs: PackedInputs): Uint8Array {
  return keyedInputs(primitives, vault.get("cacheKey"), inputs, NAME_BYTES);
}

function namedRows(
  backend: PsiBackend,
  vault: Vault,
  route: IndexRoute,
  { k, inputs }: { readonly k: Uint8Array; readonly inputs: PackedInputs },
): Uint8Array {
  const { group, primitives } = backend;
  const items = inputs.ends.length;
  const rows = new Uint8Array(items * ROW_BYTES);
  const names = itemNames(backend, vault, inputs);
  for (let from = 0; from < items; from += STRETCH) {
    const some = Array.from({ length: Math.min(STRETCH, items - from) }, (_, at) =>
      inputAt(inputs, from + at),
    );
    const hashed = hashToGroup(group, primitives, some);
    const evaluated = group.mulSame(k, hashed);
    const secrets = inputSecrets(primitives, some, evaluated);
    const tokens = indexTokens(primitives, route, secrets);
    some.forEach((_, at) => {
      rows.set(rowAt(names, NAME_BYTES, from + at), (from + at) * ROW_BYTES);
      rows.set(rowAt(tokens, TOKEN_BYTES, at), (from + at) * ROW_BYTES + NAME_BYTES);
    });
    wipe(hashed, evaluated, secrets);
  }
  return rows;
}

/** So many rows without an item: zeros for a name, and a random token. */
function dummyRows({ primitives }: PsiBackend, rows: number, seed: Uint8Array): Uint8Array {
  const random = primitives.aes256Ctr(seed, Math.max(0, rows) * TOKEN_BYTES);
  const made = new Uint8Array(Math.max(0, rows) * ROW_BYTES);
  for (let at = 0; at < rows; at += 1) {
    made.set(rowAt(random, TOKEN_BYTES, at), at * ROW_BYTES + NAME_BYTES);
  }
  return made;
}

/** Rows in the order of their tokens, sealed, and the tokens alone. */
function published(
  { primitives }: PsiBackend,
  vault: Vault,
  route: IndexRoute,
  { all, seed }: { readonly all: Uint8Array; readonly seed: Uint8Array },
): Published {
  const order = ascending(tokensOf(all), TOKEN_BYTES);
  const rows = picked(all, order);
  return {
    tokens: tokensOf(rows),
    kept: sealKept(primitives, vault, route, { bytes: rows, seed }),
  };
}

interface Compared {
  /** What was published, in the order of its tokens. */
  readonly before: Uint8Array;
  /** Positions of inputs that have no row, and of rows that have no input any more, or never had one. */
  readonly fresh: readonly number[];
  readonly gone: readonly number[];
  readonly dummies: readonly number[];
}

function compared(
  backend: PsiBackend,
  vault: Vault,
  route: IndexRoute,
  kept: Uint8Array,
  inputs: PackedInputs,
): Compared {
  const before = openKept(backend.primitives, vault, route, kept);
  const [names, rows] = [itemNames(backend, vault, inputs), namesOf(before)];
  const [byName, byRow] = [ascending(names, NAME_BYTES), ascending(rows, NAME_BYTES)];
  const [fresh, gone, dummies]: [number[], number[], number[]] = [[], [], []];
  let place = 0;
  for (const row of byRow) {
    const order = (): number =>
      place < byName.length
        ? compareAt(names, (byName[place] ?? 0) * NAME_BYTES, rows, row * NAME_BYTES, NAME_BYTES)
        : 1;
    if (isDummy(rows, row)) {
      dummies.push(row);
      continue;
    }
    while (order() < 0) {
      fresh.push(byName[place] ?? 0);
      place += 1;
    }
    if (order() === 0) place += 1;
    else gone.push(row);
  }
  for (; place < byName.length; place += 1) fresh.push(byName[place] ?? 0);
  return { before, fresh, gone, dummies };
}

function churned(
  backend: PsiBackend,
  vault: Vault,
  route: IndexRoute,
  {
    kept,
    inputs,
    changes,
    seed,
  }: {
    readonly kept: Uint8Array;
    readonly inputs: PackedInputs;
    readonly changes: number;
    readonly seed: Uint8Array;
  },
): Churned {
  const { before, fresh, gone, dummies } = compared(backend, vault, route, kept, inputs);
  const retired = shuffled(backend, dummies, seed).slice(0, changes - gone.length);
  if (fresh.length > changes || gone.length + retired.length !== changes) {
    throw new PsiError("index", `the list of ${route.holder} has changed by more than this churn holds`);
  }
  const some = selectInputs(inputs, Uint32Array.from(fresh));
  const named = namedRows(backend, vault, route, { k: vault.get("k"), inputs: some });
  const added = concat(named, dummyRows(backend, changes - fresh.length, seed));
  const removed = picked(before, Uint32Array.from([...gone, ...retired]));
  const out = new Set([...gone, ...retired]);
  const stays = Uint32Array.from({ length: count(before) }, (_, at) => at).filter((at) => !out.has(at));
  const after = published(backend, vault, route, { all: concat(picked(before, stays), added), seed });
  return { churn: { additions: sortedTokens(added), removals: sortedTokens(removed) }, kept: after.kept };
}

/** Which dummies leave must not follow from their tokens: the ones that stay would show. */
function shuffled(
  { primitives }: PsiBackend,
  positions: readonly number[],
  seed: Uint8Array,
): readonly number[] {
  const keys = primitives.aes256Ctr(primitives.sha256(seed), positions.length * 16);
  return Array.from(ascending(keys, 16), (at) => positions[at] ?? 0);
}

function sortedTokens(rows: Uint8Array): Uint8Array {
  return tokensOf(picked(rows, ascending(tokensOf(rows), TOKEN_BYTES)));
}

/** An asker's index after a churn: every removal stood in it, and no addition. */
function merged(holder: PartyId, before: Uint8Array, { additions, removals }: Churn): Uint8Array {
  const after = new Uint8Array(before.length + additions.length - removals.length);
  const head = { before: 0, added: 0, removed: 0, after: 0 };
  const wrong = new PsiError(
    "index",
    `the churn of ${holder} does not fit the index that it published`,
    holder,
  );
  const take = (from: Uint8Array, at: number): void => {
    if (head.after >= after.length) throw wrong;
    after.set(from.subarray(at, at + TOKEN_BYTES), head.after);
    head.after += TOKEN_BYTES;
  };
  while (head.before < before.length || head.added < additions.length) {
    const next = headOrder(before, head.before, additions, head.added);
    if (next === 0) throw wrong; // an addition that stands in it already
    if (next > 0) {
      take(additions, head.added);
      head.added += TOKEN_BYTES;
      continue;
    }
    if (headOrder(before, head.before, removals, head.removed) === 0) head.removed += TOKEN_BYTES;
    else take(before, head.before);
    head.before += TOKEN_BYTES;
  }
  if (head.removed !== removals.length || head.after !== after.length) throw wrong;
  return after;
}

/** How the next token of one list stands to that of another; a list that is read stands behind every other. */
function headOrder(left: Uint8Array, i: number, right: Uint8Array, j: number): number {
  if (i >= left.length) return 1;
  return j >= right.length ? -1 : compareAt(left, i, right, j, TOKEN_BYTES);
}

function count(rows: Uint8Array): number {
  return rows.length / ROW_BYTES;
}

function isDummy(names: Uint8Array, at: number): boolean {
  return rowAt(names, NAME_BYTES, at).every((byte) => byte === 0);
}

function picked(rows: Uint8Array, positions: Uint32Array): Uint8Array {
  const chosen = new Uint8Array(positions.length * ROW_BYTES);
  positions.forEach((from, to) => void chosen.set(rowAt(rows, ROW_BYTES, from), to * ROW_BYTES));
  return chosen;
}

function namesOf(rows: Uint8Array): Uint8Array {
  return columnOf(rows, 0, NAME_BYTES);
}

function tokensOf(rows: Uint8Array): Uint8Array {
  return columnOf(rows, NAME_BYTES, TOKEN_BYTES);
}

function columnOf(rows: Uint8Array, offset: number, width: number): Uint8Array {
  const column = new Uint8Array(count(rows) * width);
  for (let at = 0; at < count(rows); at += 1) {
    column.set(rows.subarray(at * ROW_BYTES + offset, at * ROW_BYTES + offset + width), at * width);
  }
  return column;
}
