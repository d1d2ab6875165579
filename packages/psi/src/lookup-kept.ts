// SPDX-License-Identifier: Apache-2.0
// What a holder keeps between look-ups, sealed under the node's own key: its rows with their tokens.
import { type Primitives, wipe } from "@koplamp/crypto";
import type { PartyId, Vault } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire/core";
import { PsiError } from "./errors.ts";
import { kdf } from "./keyed.ts";
import { TOKEN_BYTES } from "./messages.ts";

/** Whose index for whom, and under which key: 32 bytes that name the ceremony (`lookupContext`). */
export interface IndexRoute {
  readonly context: Uint8Array;
  readonly holder: PartyId;
  readonly asker: PartyId;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals rows under the vault's `cacheKey`, for this index alone. */
export function sealKept(
  primitives: Primitives,
  vault: Vault,
  { context }: IndexRoute,
  { bytes, seed }: { readonly bytes: Uint8Array; readonly seed: Uint8Array },
): Uint8Array {
  const key = kdf(primitives, vault.get("cacheKey"), context, "lookup/published", [], 32);
  const nonce = kdf(primitives, seed, context, "lookup/nonce", [], NONCE_BYTES);
  const sealed = primitives.aesGcmSeal(key, nonce, labelOf(context), bytes);
  wipe(key);
  return concat(nonce, sealed);
}

/** @throws {PsiError} `index` when it is damaged, or another's. */
export function openKept(
  primitives: Primitives,
  vault: Vault,
  { context }: IndexRoute,
  sealed: Uint8Array,
): Uint8Array {
  const key = kdf(primitives, vault.get("cacheKey"), context, "lookup/published", [], 32);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const opened =
    sealed.length < NONCE_BYTES + TAG_BYTES
      ? undefined
      : primitives.aesGcmOpen(key, nonce, labelOf(context), sealed.subarray(NONCE_BYTES));
  wipe(key);
  if (opened !== undefined) return opened;
  throw new PsiError("index", "an index at rest is damaged, or of another key: it has to be published again");
}

function labelOf(context: Uint8Array): Uint8Array {
  return concat(lp("koplamp/lookup/1"), lp("published"), context);
}

/** The index token of each item: HMAC(s_x, "koplamp/idx/1", ctx, holder, asker)[0..16). `secrets`: s_x, 32 bytes each. */
export function indexTokens(
  { hmacSha256Under }: Primitives,
  { context, holder, asker }: IndexRoute,
  secrets: Uint8Array,
): Uint8Array {
  const message = concat(lp("koplamp/idx/1"), context, lp(holder), lp(asker));
  return hmacSha256Under(secrets, message, TOKEN_BYTES);
}
