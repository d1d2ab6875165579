// SPDX-License-Identifier: Apache-2.0
// What a node keeps of look-ups between questions: a holder what it published, an asker the index that it got. Sealed,
// and erased at the end of the epoch; and an asker's questions, until they have been asked.
import type { PartyId } from "@koplamp/protocol";
import type { GotIndex, KeptIndex } from "@koplamp/psi";
import { type CatalogueEntry, readCatalogueEntry } from "@koplamp/query";
import {
  base64,
  canonicalBytes,
  fromBase64,
  fromHex,
  type Hash,
  hex,
  type LookupAsk,
  NORM_VERSION,
  type Plan,
  parseCanonical,
  type Time,
  timeText,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Store } from "./ports.ts";

/** What names an index, at both sides: whose it is, for whom, over which list, and until when. */
export interface IndexScope {
  readonly holder: PartyId;
  readonly asker: PartyId;
  /** 64 hex digits. */
  readonly name: string;
}

/** The index of a look-up. Another purpose, epoch, asker, list or way to read it has another key. */
export function indexScope(
  { primitives }: NodePorts,
  { covenantHash, protocol, purpose, ask, inputs }: Plan,
): IndexScope {
  const { asker } = ask as LookupAsk; // safe because only look-ups have one
  const [input] = inputs;
  const holder = input?.party ?? "";
  const list = { dataset: input?.dataset ?? "", columns: input?.columns ?? [], kinds: input?.kinds ?? [] };
  const scope = {
    asker,
    covenantHash,
    epoch: protocol.epoch,
    holder,
    normVersion: NORM_VERSION,
    purpose,
    ...list,
  };
  return { holder, asker, name: hex(primitives.sha256(canonicalBytes(scope))) };
}

/** Which index it is: its key's ceremony, the session in which it last changed, and until when it is kept. */
export interface IndexVersion {
  /** 32 hex digits. */
  readonly ceremony: string;
  /** 32 bytes: what its tokens are bound to. */
  readonly context: Uint8Array;
  /** The session that published it, or its last churn: both sides know the same one. */
  readonly version: string;
  readonly notAfter: Time;
}

/** What a holder keeps of an index that it published. */
export interface PublishedIndex extends IndexVersion, KeptIndex {
  /** UTC day of its last publication. */
  readonly day: string;
}

/** What an asker keeps of an index that it got. */
export interface OwnIndex extends IndexVersion, GotIndex {}

const VERSION = { ceremony: z.string(), context: z.string(), version: z.string(), notAfter: z.string() };
const PUBLISHED = z.strictObject({ ...VERSION, day: z.string(), share: z.string(), message: z.string() });
const OWN = z.strictObject({ ...VERSION, key: z.string() });

const LISTS = "lookup-list/";
const INDEXES = "lookup-index/";
const QUESTIONS = "lookup-questions/";
const READING = "lookup-reading/";
const MOST_RECORD = 4096;

/** Keeps what a holder published. Its rows are written first: a record never names rows that are not there. */
export function keepPublished(node: NodePorts, { name }: IndexScope, kept: PublishedIndex): void {
  const { rows, share, message, day } = kept;
  const record = { ...versionText(kept), day, share: base64(share), message: base64(message) };
  keep(node, `${LISTS}${name}`, { record, version: kept.version, body: rows });
}

/** What this holder published, if it still has it. */
export function publishedIndex(node: NodePorts, { name }: IndexScope): PublishedIndex | undefined {
  const found = kept(node, `${LISTS}${name}`, PUBLISHED);
  if (found === undefined) return undefined;
  const { record, body } = found;
  const [share, message] = [fromBase64(record.share), fromBase64(record.message)];
  return { ...versionOf(record), day: record.day, share, message, rows: body };
}

/** Keeps the index that an asker got. */
export function keepOwnIndex(node: NodePorts, { name }: IndexScope, own: OwnIndex): void {
  const record = { ...versionText(own), key: base64(own.key) };
  keep(node, `${INDEXES}${name}`, { record, version: own.version, body: own.sealed });
}

/** The index that this asker has, if any. */
export function ownIndex(node: NodePorts, { name }: IndexScope): OwnIndex | undefined {
  const found = kept(node, `${INDEXES}${name}`, OWN);
  return found === undefined
    ? undefined
    : { ...versionOf(found.record), key: fromBase64(found.record.key), sealed: found.body };
}

/** Erases keys and indexes of epochs that are over; each erasure is on record. */
export function eraseIndexes(node: NodePorts): void {
  const { store, ledger, clock } = node;
  const now = timeText(clock.now());
  for (const name of [...store.sealedNames(LISTS), ...store.sealedNames(INDEXES)]) {
    if (name.split("/").length > 2) continue; // a body
    const form = name.startsWith(LISTS) ? PUBLISHED : OWN;
    const found = kept<{ readonly notAfter: string; readonly context: string }>(node, name, form);
    if (found !== undefined && now < found.record.notAfter) continue;
    for (const body of store.sealedNames(`${name}/`)) store.dropSealed(body);
    store.dropSealed(name);
    LAST_BODY.delete(store);
    if (found === undefined) continue;
    const body = { what: "lookup-index", reference: `sha256:${found.record.context}` };
    ledger.append([{ type: "erase", verb: "erasure", body }]);
  }
}

const KEYS = z.array(z.array(z.string()).max(16)).max(8192);

/** What an asker keeps of a look-up besides its plan: its questions, or of an open one how those to come are read. */
export interface LookupQuestions {
  readonly keys: readonly (readonly string[])[];
  /** What the holder offered. */
  readonly reading?: CatalogueEntry;
}

/** Keeps what a plan of a look-up does not state, until it is over. Of other questions there is nothing. */
export function keepQuestions(node: NodePorts, planHash: Hash, { keys, reading }: LookupQuestions): void {
  if (keys.length > 0) putAtRest(node, questionsName(planHash), canonicalBytes(keys));
  if (reading !== undefined) putAtRest(node, readingName(planHash), canonicalBytes(reading));
}

/** How the questions of an open look-up are read. @throws {EngineError} `integrity` where that is not there. */
export function readingOf(node: NodePorts, planHash: Hash, holder: PartyId): CatalogueEntry {
  const bytes = readAtRest(node, readingName(planHash));
  if (bytes instanceof Uint8Array) return readCatalogueEntry(holder, bytes);
  const message = "how the holder reads its columns is not kept at this node";
  throw new EngineError("integrity", node.me, message, "ask again");
}

/** The questions of a look-up that this node asks. @throws {EngineError} `integrity` where they are not there. */
export function questionsOf(node: NodePorts, planHash: Hash): readonly (readonly string[])[] {
  const bytes = readAtRest(node, questionsName(planHash));
  if (bytes instanceof Uint8Array)
    return KEYS.parse(parseCanonical(bytes, { maxBytes: 2 ** 23, maxDepth: 4 }));
  throw new EngineError(
    "integrity",
    node.me,
    "the questions of this look-up are not at this node",
    "ask again",
  );
}

/** Forgets questions that have been asked, or will not be. */
export function dropQuestions({ store }: NodePorts, planHash: Hash): void {
  store.dropSealed(questionsName(planHash));
  store.dropSealed(readingName(planHash));
}

function questionsName(planHash: Hash): string {
  return `${QUESTIONS}${planHash.slice(7)}`;
}

function readingName(planHash: Hash): string {
  return `${READING}${planHash.slice(7)}`;
}

/** A small record, and a large body that is sealed already. */
function keep(
  node: NodePorts,
  name: string,
  { record, version, body }: { readonly record: object; readonly version: string; readonly body: Uint8Array },
): void {
  const { store } = node;
  store.putSealed(`${name}/${version}`, body);
  putAtRest(node, name, canonicalBytes(record));
  for (const old of store.sealedNames(`${name}/`)) if (old !== `${name}/${version}`) store.dropSealed(old);
}

function kept<Record extends object>(
  node: NodePorts,
  name: string,
  form: z.ZodType<Record>,
): { readonly record: Record; readonly body: Uint8Array } | undefined {
  const bytes = readAtRest(node, name);
  if (!(bytes instanceof Uint8Array)) return undefined; // damaged is as good as lost: it is published anew
  const record = form.parse(parseCanonical(bytes, { maxBytes: MOST_RECORD }));
  const body = bodyOf(node, `${name}/${Object(record).version}`);
  return body === undefined ? undefined : { record, body };
}

/**
 * The body that was read last stays in memory, sealed as it is: of a long list it takes longer to read than a question. In
 * shared memory, so that a worker does not get a copy of all of it for one page.
 */
function bodyOf({ store }: NodePorts, name: string): Uint8Array | undefined {
  const last = LAST_BODY.get(store);
  if (last?.name === name) return last.body;
  const read = store.sealed(name);
  if (read === undefined) return undefined;
  const body = new Uint8Array(new SharedArrayBuffer(read.length));
  body.set(read);
  LAST_BODY.set(store, { name, body });
  return body;
}

const LAST_BODY = new WeakMap<Store, { readonly name: string; readonly body: Uint8Array }>();

function versionText({
  ceremony,
  context,
  version,
  notAfter,
}: IndexVersion): z.infer<z.ZodObject<typeof VERSION>> {
  return { ceremony, context: hex(context), version, notAfter };
}

function versionOf({
  ceremony,
  context,
  version,
  notAfter,
}: z.infer<z.ZodObject<typeof VERSION>>): IndexVersion {
  return { ceremony, context: fromHex(context), version, notAfter };
}
