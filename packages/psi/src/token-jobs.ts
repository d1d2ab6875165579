// SPDX-License-Identifier: Apache-2.0

import type { Primitives } from "@koplamp/crypto";
import { groupSecretHandle } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { ascending, compareAt, distinctRows } from "./ascending.ts";
import { SECRETS } from "./cache.ts";
import { TOKEN_BYTES } from "./messages.ts";
import type { Venn } from "./overlap-cells.ts";

/** Which tokens: of this session, from whom (empty where the sender must not count) and for whom. */
export interface TokenRoute {
  readonly sid: Uint8Array;
  readonly from: PartyId | "";
  readonly to: PartyId;
}

/** Tokens of the loaded items, each once, sorted, and padded with random ones to `rows`; 0 pads nothing. */
export const makeTokens: Job<[route: TokenRoute, rows: number, seed: Uint8Array], Uint8Array> =
  job("psi.tokens.make");
/** The positions of own items that stand in a sorted list of the route, in the order of the tokens. */
export const joinTokens: Job<[route: TokenRoute, list: Uint8Array], Uint32Array> = job("psi.tokens.join");

/** Hub tokens: of this session, under the group secret of `use`. */
export interface HubRoute {
  readonly sid: Uint8Array;
  readonly use: string;
}

/** As `makeTokens`, for the coordinator to count. */
export const makeHubTokens: Job<[route: HubRoute, rows: number, seed: Uint8Array], Uint8Array> =
  job("psi.tokens.hub");

/** Hub tokens of the loaded items, 16 bytes each, in their order and without padding: for who lays them out itself. */
export const hubTokens: Job<[route: HubRoute], Uint8Array> = job("psi.tokens.hub-in-order");

/** Who holds what: for each set of lists, how many tokens stand in exactly these. At most 32 sorted lists. */
export const countVenn: Job<[lists: readonly Uint8Array[]], Venn> = job("psi.tokens.venn");

/** The code behind the jobs of this file. */
export function tokenJobs(primitives: Primitives): readonly JobEntry[] {
  return [
    bind(makeTokens, (vault, route, rows, seed) =>
      padded(primitives, tokensOf(primitives, vault, route), rows, seed),
    ),
    bind(joinTokens, (vault, route, list) => joined(tokensOf(primitives, vault, route), list)),
    bind(makeHubTokens, (vault, route, rows, seed) =>
      padded(primitives, hubTokensOf(primitives, vault, route), rows, seed),
    ),
    bind(hubTokens, (vault, route) => hubTokensOf(primitives, vault, route)),
    bind(countVenn, (_vault, lists) => venn(lists)),
  ];
}

/** `token(i→R, x)` of protocols.md, section 6, of every loaded item, in their order. */
function tokensOf(primitives: Primitives, vault: Vault, { sid, from, to }: TokenRoute): Uint8Array {
  const message = concat(lp("koplamp/tok/1"), sid, lp(from), lp(to));
  return primitives.hmacSha256Under(vault.get(SECRETS), message, TOKEN_BYTES);
}

/** The hub token of protocols.md, section 10, of every loaded item, in their order. */
function hubTokensOf(primitives: Primitives, vault: Vault, { sid, use }: HubRoute): Uint8Array {
  const pepper = vault.get(groupSecretHandle(use));
  const macs = primitives.hmacSha256Under(vault.get(SECRETS), concat(lp("koplamp/hub/1"), sid));
  const ends = Uint32Array.from({ length: macs.length / 32 }, (_, at) => (at + 1) * 32);
  return primitives.hmacSha256Each(pepper, macs, ends, 0, TOKEN_BYTES);
}

/** Tokens sorted, each once, and as many random ones among them as make `rows`; 0 adds none. */
export function padded(
  { aes256Ctr }: Primitives,
  tokens: Uint8Array,
  rows: number,
  seed: Uint8Array,
): Uint8Array {
  const distinct = distinctRows(tokens, TOKEN_BYTES, ascending(tokens, TOKEN_BYTES));
  const missing = Math.max(0, rows * TOKEN_BYTES - distinct.length);
  if (missing === 0) return distinct;
  const all = concat(distinct, aes256Ctr(seed, missing));
  return distinctRows(all, TOKEN_BYTES, ascending(all, TOKEN_BYTES));
}

/** The positions of tokens that stand in a sorted list, in the order of the tokens. */
export function joined(tokens: Uint8Array, list: Uint8Array): Uint32Array {
  const found: number[] = [];
  let at = 0;
  for (const own of ascending(tokens, TOKEN_BYTES)) {
    while (at < list.length && compareAt(list, at, tokens, own * TOKEN_BYTES, TOKEN_BYTES) < 0)
      at += TOKEN_BYTES;
    if (at < list.length && compareAt(list, at, tokens, own * TOKEN_BYTES, TOKEN_BYTES) === 0)
      found.push(own);
  }
  return Uint32Array.from(found);
}

function venn(lists: readonly Uint8Array[]): Venn {
  const items = new Map<number, number>();
  const heads = lists.map(() => 0);
  for (;;) {
    const least = leastHead(lists, heads);
    if (least < 0) break;
    const list = lists[least] ?? NONE;
    const from = heads[least] ?? 0;
    let holders = 0;
    lists.forEach((other, party) => {
      const head = heads[party] ?? 0;
      if (head >= other.length || compareAt(other, head, list, from, TOKEN_BYTES) !== 0) return;
      holders |= 1 << party;
      heads[party] = head + TOKEN_BYTES;
    });
    items.set(holders >>> 0, (items.get(holders >>> 0) ?? 0) + 1);
  }
  return { holders: Uint32Array.from(items.keys()), items: Uint32Array.from(items.values()) };
}

const NONE = new Uint8Array();

/** The list whose next token is the smallest, or -1 when all are read. */
function leastHead(lists: readonly Uint8Array[], heads: readonly number[]): number {
  let least = -1;
  lists.forEach((list, party) => {
    const head = heads[party] ?? 0;
    if (head >= list.length) return;
    const best = lists[least];
    if (best === undefined || compareAt(list, head, best, heads[least] ?? 0, TOKEN_BYTES) < 0) least = party;
  });
  return least;
}
