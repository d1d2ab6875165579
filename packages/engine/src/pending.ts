// SPDX-License-Identifier: Apache-2.0
// Questions that wait for people, on disk: what it takes to go on with them after a restart.
import { type CatalogueEntry, readCatalogueEntry } from "@koplamp/query";
import { base64, canonicalBytes, fromBase64, type Hash, parseCanonical } from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { KeptOffer } from "./offer.ts";

const PREFIX = "pending/";
const MOST_BYTES = 2 ** 20;

const KEPT = z.strictObject({ entry: z.string(), digest: z.string(), salt: z.string() }).nullable();

/** Keeps a question that waits: its plan stands among the documents, here the offer that it rests on. */
export function keepPending(node: NodePorts, planHash: Hash, offer: KeptOffer | undefined): void {
  const name = nameOf(planHash);
  if (node.store.sealed(name) !== undefined) return; // it waited before this node started
  putAtRest(node, name, canonicalBytes(offer === undefined ? null : textOf(offer)));
}

/** The questions that waited when this node stopped. */
export function pendingQuestions({ store }: NodePorts): readonly Hash[] {
  return store.sealedNames(PREFIX).map((name) => `sha256:${name.slice(PREFIX.length)}`);
}

/** The offer of a question that waits, if this node brings data. @throws {EngineError} `integrity`. */
export function pendingOffer(node: NodePorts, planHash: Hash): KeptOffer | undefined {
  const bytes = readAtRest(node, nameOf(planHash));
  if (!(bytes instanceof Uint8Array)) {
    throw new EngineError("integrity", node.me, "a question that waits is not what was written");
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
