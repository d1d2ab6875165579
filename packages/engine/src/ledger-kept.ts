// SPDX-License-Identifier: Apache-2.0
import { type Primitives, wipe } from "@koplamp/crypto";
import { canonicalBytes, hex, parseCanonical, utf8 } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { Store } from "./ports.ts";

/** What stands beside an entry and never in it. */
export type Kept = Readonly<Record<string, string>>;

/** Who keeps it, under which key. */
export interface KeptParts {
  readonly store: Store;
  readonly primitives: Primitives;
  /** 32 bytes. */
  readonly storage: Uint8Array;
}

/** An entry about the register of interests lists the hash of every act since the one before. */
const MOST_BYTES = 2 ** 20;

/** Seals what belongs to the entry with this leaf hash. Written with the entry: none lacks it. */
export function sealKept(parts: KeptParts, leafHash: Uint8Array, kept: Kept): void {
  const name = keptName(leafHash);
  const bytes = canonicalBytes(kept);
  withKey(parts, leafHash, (key) => {
    parts.store.putSealed(name, parts.primitives.aesGcmSeal(key, NONCE, utf8(name), bytes));
  });
}

/** What was kept beside the entry with this leaf hash, or undefined once it is erased. @throws {EngineError} `integrity` */
export function openKept(parts: KeptParts, leafHash: Uint8Array): Kept | undefined {
  const name = keptName(leafHash);
  const sealed = parts.store.sealed(name);
  if (sealed === undefined) return undefined;
  const bytes = withKey(parts, leafHash, (key) =>
    parts.primitives.aesGcmOpen(key, NONCE, utf8(name), sealed),
  );
  if (bytes === undefined)
    throw new EngineError("integrity", "node", "what is kept beside an entry was sealed under another key");
  // Safe because it was sealed here as a map of strings.
  return parseCanonical(bytes, { maxBytes: MOST_BYTES, maxDepth: 1 }) as Kept;
}

/** Each entry has its own key, used once: a constant nonce is enough. */
const NONCE = new Uint8Array(12);

function withKey<T>(
  { primitives, storage }: KeptParts,
  leafHash: Uint8Array,
  act: (key: Uint8Array) => T,
): T {
  const extracted = primitives.hkdfExtract(leafHash, storage);
  const key = primitives.hkdfExpand(extracted, utf8("koplamp.kept/v1"), 32);
  try {
    return act(key);
  } finally {
    wipe(extracted, key);
  }
}

/** Under which name it is kept. */
export function keptName(leafHash: Uint8Array): string {
  return `kept/${hex(leafHash)}`;
}
