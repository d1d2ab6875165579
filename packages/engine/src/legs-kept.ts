// SPDX-License-Identifier: Apache-2.0
// A question in several shards on disk (ADR 0013): how each shard that is finished ended here, and how the list was cut.
// Sealed, at this node alone, and erased when the question ends. No secret of a session is among it.
import type { Matched } from "@koplamp/psi";
import {
  base64,
  canonicalBytes,
  concat,
  fromBase64,
  type Hash,
  type Plan,
  parseCanonical,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import type { EgressCount } from "./egress.ts";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { SessionResult } from "./session-result.ts";

const PREFIX = "legs/";
const MOST_BYTES = 2 ** 28;
/** Rows of a cut that are kept under one name: 8 MiB. */
const STRETCH = 2 ** 22;

const count = z.int().min(0);
const lineForm = z.strictObject({ id: z.string(), to: z.string(), index: count });
const rowForm = z.strictObject({
  to: z.string(),
  channel: z.enum(["send", "disclose"]),
  what: z.string(),
  messages: count,
  bytes: count,
});
const receivedForm = z.strictObject({
  from: z.string(),
  disclosure: z.string(),
  frame: z.string(),
  bytes: count,
});
const SHARD = z.strictObject({
  label: z.string(),
  session: z.string(),
  egress: z.array(rowForm),
  logged: z.array(lineForm),
  received: z.array(receivedForm),
  output: z.strictObject({ parties: z.array(z.string()), holders: z.string().nullable() }).nullable(),
});
const ACCOUNTS = z.array(z.strictObject({ label: z.string(), rows: z.array(rowForm) }));

/** A shard that is finished here, and what its session was called. */
export interface KeptShard {
  readonly label: string;
  readonly result: SessionResult<Matched | undefined>;
}

/** What has left in the sessions before the first shard, by their labels. */
export type Accounts = readonly { readonly label: string; readonly rows: readonly EgressCount[] }[];

/** Whether a question goes on after a restart: it runs once, in several shards. */
export function isInLegs({ protocol, schedule }: Plan): boolean {
  return protocol.shards > 1 && schedule === null;
}

/** The last leg that this node has named; 0 for none. */
export function lastLeg(node: NodePorts, planHash: Hash): number {
  const bytes = read(node, `${folderOf(planHash)}last`);
  return bytes === undefined ? 0 : count.parse(parseCanonical(bytes, { maxBytes: 64 }));
}

/** Remembers the number of a leg, before anybody hears it: no process of this node names it again for another. */
export function keepLeg(node: NodePorts, planHash: Hash, leg: number): void {
  putAtRest(node, `${folderOf(planHash)}last`, canonicalBytes(leg));
}

/** Keeps how a shard ended here, before any other party is told that it did. */
export function keepShard(
  node: NodePorts,
  planHash: Hash,
  shard: number,
  { label, result }: KeptShard,
): void {
  const { session, egress, logged, received, output: matched } = result;
  const output =
    matched === undefined ? null : { parties: matched.parties, holders: holdersText(matched.holders) };
  const frames = received.map((one) => ({ ...one, frame: base64(one.frame) }));
  const kept = { label, session, egress, logged, received: frames, output };
  putAtRest(node, nameOf(planHash, shard), canonicalBytes(kept));
}

/** The shards that are finished here, from the first one on. @throws {EngineError} `integrity`. */
export function keptShards(node: NodePorts, planHash: Hash): readonly KeptShard[] {
  const shards: KeptShard[] = [];
  for (let shard = 0; ; shard += 1) {
    const bytes = read(node, nameOf(planHash, shard));
    if (bytes === undefined) return shards;
    shards.push(shardIn(bytes));
  }
}

/** Forgets what is kept of this shard and of those after it: they are run again. */
export function dropShards({ store }: NodePorts, planHash: Hash, from: number): void {
  const first = nameOf(planHash, from);
  const folder = `${folderOf(planHash)}shard/`;
  for (const name of store.sealedNames(folder)) if (name >= first) store.dropSealed(name);
}

/** Keeps how the own list was cut, as the shard of each input: not the secret by which. */
export function keepCut(node: NodePorts, planHash: Hash, shardAt: Uint16Array, accounts: Accounts): void {
  const bytes = new Uint8Array(2 * shardAt.length);
  const view = new DataView(bytes.buffer);
  shardAt.forEach((shard, at) => {
    view.setUint16(2 * at, shard);
  });
  node.store.together(() => {
    dropCut(node, planHash);
    for (let from = 0; from === 0 || from < bytes.length; from += 2 * STRETCH) {
      const name = `${folderOf(planHash)}cut/${numbered(from / (2 * STRETCH))}`;
      putAtRest(node, name, bytes.subarray(from, from + 2 * STRETCH));
    }
    putAtRest(node, `${folderOf(planHash)}accounts`, canonicalBytes(accounts));
  });
}

/** How the own list was cut, and what had left before. @throws {EngineError} `integrity`. */
export function keptCut(
  node: NodePorts,
  planHash: Hash,
): { readonly shardAt: Uint16Array; readonly accounts: Accounts } {
  const names = node.store.sealedNames(`${folderOf(planHash)}cut/`);
  const bytes = concat(...names.map((name) => read(node, name) ?? new Uint8Array()));
  const accounts = read(node, `${folderOf(planHash)}accounts`);
  if (names.length === 0 || accounts === undefined) throw broken(node.me);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    shardAt: Uint16Array.from({ length: bytes.length / 2 }, (_, row) => view.getUint16(2 * row)),
    accounts: ACCOUNTS.parse(parseCanonical(accounts, { maxBytes: 2 ** 24 })),
  };
}

/** Under which names anything of a question in shards is kept. */
export function legNames({ store }: Pick<NodePorts, "store">, planHash: Hash): readonly string[] {
  return store.sealedNames(folderOf(planHash));
}

/** Forgets a question that is over. */
export function dropLegs({ store }: Pick<NodePorts, "store">, planHash: Hash): void {
  for (const name of legNames({ store }, planHash)) store.dropSealed(name);
}

function dropCut({ store }: NodePorts, planHash: Hash): void {
  for (const name of store.sealedNames(`${folderOf(planHash)}cut/`)) store.dropSealed(name);
}

function shardIn(bytes: Uint8Array): KeptShard {
  const { label, session, egress, logged, received, output } = SHARD.parse(
    parseCanonical(bytes, { maxBytes: MOST_BYTES }),
  );
  const frames = received.map((one) => ({ ...one, frame: fromBase64(one.frame) }));
  const matched = output === null ? undefined : matchedOf(output);
  return { label, result: { session, egress, logged, received: frames, output: matched } };
}

function matchedOf({ parties, holders }: NonNullable<z.infer<typeof SHARD>["output"]>): Matched {
  const found = { parties, roots: new Map() }; // the roots stand in the ledgers
  if (holders === null) return found;
  const bytes = fromBase64(holders);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    ...found,
    holders: Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at)),
  };
}

function holdersText(holders: Uint32Array | undefined): string | null {
  if (holders === undefined) return null;
  const bytes = new Uint8Array(4 * holders.length);
  const view = new DataView(bytes.buffer);
  holders.forEach((bits, at) => {
    view.setUint32(4 * at, bits);
  });
  return base64(bytes);
}

function read(node: NodePorts, name: string): Uint8Array | undefined {
  const bytes = readAtRest(node, name);
  if (bytes === "broken") throw broken(node.me);
  return bytes;
}

function broken(me: string): EngineError {
  return new EngineError(
    "integrity",
    me,
    "a question in several shards is not what was written",
    "ask again",
  );
}

function folderOf(planHash: Hash): string {
  return `${PREFIX}${planHash.slice(7)}/`;
}

function nameOf(planHash: Hash, shard: number): string {
  return `${folderOf(planHash)}shard/${numbered(shard)}`;
}

function numbered(number: number): string {
  return String(number).padStart(4, "0");
}
