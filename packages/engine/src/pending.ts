// SPDX-License-Identifier: Apache-2.0
// Questions that wait for people, on disk: what it takes to go on with them after a restart.
import { type Primitives, wipe } from "@koplamp/crypto";
import { type CatalogueEntry, readCatalogueEntry } from "@koplamp/query";
import { base64, canonicalBytes, fromBase64, type Hash, parseCanonical, utf8 } from "@koplamp/wire";
import { z } from "zod";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { KeptOffer } from "./offer.ts";

const PREFIX = "pending/";
/** One name is sealed once, and each name has a key of its own: a constant nonce is enough. */
const NONCE = new Uint8Array(12);
const MOST_BYTES = 2 ** 20;

const KEPT = z.strictObject({ entry: z.string(), digest: z.string(), salt: z.string() }).nullable();

/** Keeps a question that waits: its plan stands among the documents, here the offer that it rests on. */
export function keepPending(node: NodePorts, planHash: Hash, offer: KeptOffer | undefined): void {
  const name = nameOf(planHash);
  if (node.store.sealed(name) !== undefined) return; // it waited before this node started
  const bytes = canonicalBytes(offer === undefined ? null : textOf(offer));
  const sealed = withKey(node, name, (key) => node.primitives.aesGcmSeal(key, NONCE, utf8(name), bytes));
  node.store.putSealed(name, sealed);
}

/** The questions that waited when this node stopped. */
export function pendingQuestions({ store }: NodePorts): readonly Hash[] {
  return store.sealedNames(PREFIX).map((name) => `sha256:${name.slice(PREFIX.length)}`);
}

/** The offer of a question that waits, if this node brings data. @throws {EngineError} `integrity`. */
export function pendingOffer(node: NodePorts, planHash: Hash): KeptOffer | undefined {
  const name = nameOf(planHash);
  const sealed = node.store.sealed(name) ?? new Uint8Array();
  const bytes = withKey(node, name, (key) => node.primitives.aesGcmOpen(key, NONCE, utf8(name), sealed));
  if (bytes === undefined) {
    throw new EngineError("integrity", node.me, "a question that waits was sealed under another key");
  }
  const kept = KEPT.parse(parseCanonical(bytes, { maxBytes: MOST_BYTES, maxDepth: 2 }));
  if (kept === null) return undefined;
  const entry: CatalogueEntry = readCatalogueEntry(node.me, fromBase64(kept.entry));
  return { entry, digest: fromBase64(kept.digest), salt: fromBase64(kept.salt) };
}

/** Forgets a question that waits no longer. */
export function dropPending({ store }: NodePorts, planHash: Hash): void {
  store.dropSealed(nameOf(planHash));
}

function textOf({ entry, digest, salt }: KeptOffer): z.infer<typeof KEPT> {
  return { entry: base64(canonicalBytes(entry)), digest: base64(digest), salt: base64(salt) };
}

function nameOf(planHash: Hash): string {
  return `${PREFIX}${planHash.slice(7)}`;
}

function withKey<T>(
  { primitives, keys }: { readonly primitives: Primitives; readonly keys: NodePorts["keys"] },
  name: string,
  act: (key: Uint8Array) => T,
): T {
  const extracted = primitives.hkdfExtract(utf8(name), keys.storage);
  const key = primitives.hkdfExpand(extracted, utf8("koplamp.pending/v1"), 32);
  try {
    return act(key);
  } finally {
    wipe(extracted, key);
  }
}
