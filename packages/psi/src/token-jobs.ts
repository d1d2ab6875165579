// SPDX-License-Identifier: Apache-2.0

import type { Primitives } from "@koplamp/crypto";
import { groupSecretHandle } from "@koplamp/crypto";
import { bind, type Job, type JobEntry, job, type PartyId, type Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire";
import { ascending, compareAt, distinctRows } from "./ascending.ts";
import { DISTINCT, SECRETS } from "./cache.ts";
import { PsiError } from "./errors.ts";
import { cutRows, kdf } from "./keyed.ts";
import { PADDING_BYTES, TOKEN_BYTES } from "./messages.ts";
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

/** Whose numbers of dummies are masked against each other, and for whom (absent: the coordinator). */
export interface PaddingRoute {
  readonly sid: Uint8Array;
  readonly me: PartyId;
  readonly among: readonly PartyId[];
  readonly to?: PartyId;
}

/**
 * The number of dummies among `rows` tokens plus masks that cancel over `among`: 16 bytes, little-endian, mod 2^128.
 * Whoever gets it from all of them learns the sum, which any count of singles shows anyway, and nothing else.
 */
export const maskPadding: Job<[route: PaddingRoute, rows: number], Uint8Array> = job("psi.tokens.padding");

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
    bind(maskPadding, (vault, route, rows) => maskedPadding(primitives, vault, route, rows)),
    bind(countVenn, (_vault, lists) => venn(lists)),
  ];
}

/** `token(i→R, x)` of protocols.md, section 6, of every loaded item, in their order. */
function tokensOf(primitives: Primitives, vault: Vault, { sid, from, to }: TokenRoute): Uint8Array {
  const message = concat(lp("koplamp/tok/1"), sid, lp(from), lp(to));
  return cutRows(primitives.hmacSha256Under(vault.get(SECRETS), message), TOKEN_BYTES);
}

/** The hub token of protocols.md, section 10, of every loaded item, in their order. */
function hubTokensOf(primitives: Primitives, vault: Vault, { sid, use }: HubRoute): Uint8Array {
  const pepper = vault.get(groupSecretHandle(use));
  const macs = primitives.hmacSha256Under(vault.get(SECRETS), concat(lp("koplamp/hub/1"), sid));
  const ends = Uint32Array.from({ length: macs.length / 32 }, (_, at) => (at + 1) * 32);
  return cutRows(primitives.hmacSha256Each(pepper, macs, ends), TOKEN_BYTES);
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

function maskedPadding(
  primitives: Primitives,
  vault: Vault,
  { sid, me, among, to = "" }: PaddingRoute,
  rows: number,
): Uint8Array {
  const distinct = vault.get(DISTINCT);
  const dummies = rows - new DataView(distinct.buffer, distinct.byteOffset, 4).getUint32(0);
  const sum = new Uint8Array(PADDING_BYTES);
  new DataView(sum.buffer).setUint32(0, dummies, true);
  for (const peer of among.filter((party) => party !== me)) {
    const mask = kdf(primitives, vault.get(`exporter/${peer}`), sid, `padding/${to}`, [], PADDING_BYTES);
    addTo(sum, me < peer ? mask : negated(mask));
  }
  return sum;
}

/**
 * The number of dummies that all senders added together, once their masks have cancelled.
 * @throws {PsiError} `count` when what is left is no such number.
 */
export function sumPadding(paddings: readonly Uint8Array[]): number {
  const sum = new Uint8Array(PADDING_BYTES);
  for (const padding of paddings) addTo(sum, padding);
  if (sum.subarray(4).some((byte) => byte !== 0)) {
    throw new PsiError(
      "count",
      "the senders' numbers of dummies do not add up: one of them is not what it was masked as",
    );
  }
  return new DataView(sum.buffer).getUint32(0, true);
}

/** Little-endian addition mod 2^128, in bytes: masks never become numbers. */
function addTo(sum: Uint8Array, addend: Uint8Array): void {
  let carry = 0;
  for (let at = 0; at < sum.length; at += 1) {
    carry += (sum[at] ?? 0) + (addend[at] ?? 0);
    sum[at] = carry & 0xff;
    carry >>= 8;
  }
}

function negated(value: Uint8Array): Uint8Array {
  const complement = value.map((byte) => ~byte);
  addTo(complement, Uint8Array.of(1));
  return complement;
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
