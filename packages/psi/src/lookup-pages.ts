// SPDX-License-Identifier: Apache-2.0
// An asker's index as it rests on its disk: sealed in pages, so that a question opens those in which its tokens would
// stand and no others. Of a million tokens that is one part in 245 for each question.
import { type Primitives, wipe } from "@koplamp/crypto";
import type { Vault } from "@koplamp/protocol";
import { concat, i2osp, lp } from "@koplamp/wire/core";
import { compareAt } from "./ascending.ts";
import { PsiError } from "./errors.ts";
import { kdf } from "./keyed.ts";
import type { IndexRoute } from "./lookup-kept.ts";
import { TOKEN_BYTES } from "./messages.ts";

const PAGE_TOKENS = 4096;
const PAGE_BYTES = PAGE_TOKENS * TOKEN_BYTES;
const ID_BYTES = 16;
const NONCE_BYTES = 12;
const SEALING_BYTES: number = NONCE_BYTES + 16;
const COUNT_BYTES = 4;

/**
 * Seals ascending tokens under the vault's `cacheKey`, for this index alone: a number that names the sealing, the number of
 * tokens, the first token of each page, and the pages. Each part says which it is, so that none stands for another, nor a
 * part of an earlier sealing.
 */
export function sealPages(
  primitives: Primitives,
  vault: Vault,
  { context }: IndexRoute,
  { tokens, seed }: { readonly tokens: Uint8Array; readonly seed: Uint8Array },
): Uint8Array {
  const head = concat(
    kdf(primitives, seed, context, "lookup/sealing", [], ID_BYTES),
    i2osp(tokens.length / TOKEN_BYTES, COUNT_BYTES),
  );
  const key = kdf(primitives, vault.get("cacheKey"), context, "lookup/index", [], 32);
  const seal = (part: number, bytes: Uint8Array): Uint8Array => {
    const nonce = kdf(primitives, seed, context, "lookup/nonce", [part], NONCE_BYTES);
    return concat(nonce, primitives.aesGcmSeal(key, nonce, labelOf(context, head, part), bytes));
  };
  const pages = Array.from({ length: pageCount(tokens.length) }, (_, page) =>
    tokens.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES),
  );
  const fences = concat(...pages.map((page) => page.subarray(0, TOKEN_BYTES)));
  const sealed = concat(head, seal(0, fences), ...pages.map((page, at) => seal(at + 1, page)));
  wipe(key, fences);
  return sealed;
}

/** A sealed index, opened page by page. `close` forgets its key and what is open. */
export class IndexPages {
  /** How many tokens it has. */
  readonly tokens: number;
  readonly #primitives: Primitives;
  readonly #context: Uint8Array;
  readonly #sealed: Uint8Array;
  readonly #key: Uint8Array;
  readonly #fences: Uint8Array;
  readonly #open = new Map<number, Uint8Array>();

  /** @throws {PsiError} `index` when it is damaged, or another's. */
  constructor(primitives: Primitives, vault: Vault, { context }: IndexRoute, sealed: Uint8Array) {
    this.#primitives = primitives;
    this.#context = context;
    this.#sealed = sealed;
    const count = sealed.subarray(ID_BYTES, ID_BYTES + COUNT_BYTES);
    this.tokens = count.reduce((all, byte) => all * 256 + byte, 0);
    const pages = pageCount(this.tokens * TOKEN_BYTES);
    const whole = startOf(pages + 1, pages) - (pages * PAGE_BYTES - this.tokens * TOKEN_BYTES);
    if (sealed.length !== whole) throw damaged();
    this.#key = kdf(primitives, vault.get("cacheKey"), context, "lookup/index", [], 32);
    this.#fences = this.#part(0, pages);
  }

  /** Whether a token stands in it. */
  has(tokens: Uint8Array, from: number): boolean {
    const page = placeIn(this.#fences, tokens, from);
    if (page < 0) return false;
    const open = this.#open.get(page) ?? this.#part(page + 1, this.#fences.length / TOKEN_BYTES);
    this.#open.set(page, open);
    const place = placeIn(open, tokens, from);
    return place >= 0 && compareAt(open, place * TOKEN_BYTES, tokens, from, TOKEN_BYTES) === 0;
  }

  /** All its tokens, ascending. */
  all(): Uint8Array {
    const pages = this.#fences.length / TOKEN_BYTES;
    return concat(...Array.from({ length: pages }, (_, page) => this.#part(page + 1, pages)));
  }

  close(): void {
    wipe(this.#key, this.#fences, ...this.#open.values());
    this.#open.clear();
  }

  #part(part: number, pages: number): Uint8Array {
    const head = this.#sealed.subarray(0, ID_BYTES + COUNT_BYTES);
    const bytes = this.#sealed.subarray(startOf(part, pages), startOf(part + 1, pages));
    const [nonce, body] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
    const label = labelOf(this.#context, head, part);
    const opened = this.#primitives.aesGcmOpen(this.#key, nonce, label, body);
    if (opened !== undefined) return opened;
    wipe(this.#key);
    throw damaged();
  }
}

/** Where a part begins: part 0 are the first tokens of all pages, the others are pages. */
function startOf(part: number, pages: number): number {
  const fences = ID_BYTES + COUNT_BYTES;
  return part === 0 ? fences : fences + SEALING_BYTES * part + pages * TOKEN_BYTES + (part - 1) * PAGE_BYTES;
}

function pageCount(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}

/** The last of ascending tokens that is not after this one; -1 where it is before all of them. */
function placeIn(list: Uint8Array, tokens: Uint8Array, from: number): number {
  let [low, high] = [0, list.length / TOKEN_BYTES];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(list, middle * TOKEN_BYTES, tokens, from, TOKEN_BYTES) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function labelOf(context: Uint8Array, head: Uint8Array, part: number): Uint8Array {
  return concat(lp("koplamp/lookup/1"), lp("index"), context, head, i2osp(part, 4));
}

function damaged(): PsiError {
  return new PsiError(
    "index",
    "an index at rest is damaged, or of another key: it has to be published again",
  );
}
