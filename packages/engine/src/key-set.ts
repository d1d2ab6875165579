// SPDX-License-Identifier: Apache-2.0

import type { PartyId } from "@koplamp/protocol";
import { type KeySet, keySetContext, keysetParty } from "@koplamp/psi";
import {
  addPeriod,
  base64,
  canonicalBytes,
  concat,
  fromBase64,
  fromHex,
  type Hash,
  hex,
  isoWeek,
  type Plan,
  parseCanonical,
  type Time,
  timeMs,
  timeText,
} from "@koplamp/wire";
import { z } from "zod";
import { dropChunks } from "./evaluated-before.ts";
import { exchange } from "./exchange.ts";
import { decodeMessage, encodeMessage, keySetForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { repeated } from "./repeated.ts";
import { runSession } from "./session.ts";

/** What a key set is for. Another purpose, period or set of holders has another key, other caches and other meters. */
export interface KeySetScope {
  readonly covenantHash: Hash;
  readonly epoch: string;
  readonly purpose: string;
  readonly holders: readonly PartyId[];
}

/** The scope of a question's key set. */
export function keySetScope({ covenantHash, protocol, purpose, inputs }: Plan): KeySetScope {
  const holders = inputs.map(({ party }) => party).sort();
  return { covenantHash, epoch: protocol.epoch ?? "", purpose, holders };
}

/** The scope as 64 hex digits: it names key shares at rest and meters, whatever ceremony made the key. */
export function scopeName(node: NodePorts, scope: KeySetScope): string {
  return hex(node.primitives.sha256(canonicalBytes(scope)));
}

/** A key set as a node keeps it, with its hash: what nodes compare. */
export interface KeptKeySet extends KeySet {
  readonly hash: Hash;
  readonly notAfter: Time;
}

/**
 * The key set of a question: the one that every holder keeps, or a fresh one when somebody has none or another. A new
 * one empties the caches; it leaves the meters as they are, or else a lost key would be a way round a quota.
 */
export async function agreedKeySet(node: NodePorts, run: QuestionRun): Promise<KeptKeySet> {
  const scope = keySetScope(run.plan);
  const others = scope.holders.filter((party) => party !== node.me);
  const kept = readKept(node, scopeName(node, scope));
  const mine = kept?.hash ?? null;
  const words = await exchange(node.post, run.topic("keyset"), encodeMessage({ keyset: mine }), others);
  const same = [...words].every(([party, body]) => decodeMessage(keySetForm, party, body).keyset === mine);
  return kept !== undefined && same ? kept : await ceremony(node, run, scope);
}

async function ceremony(node: NodePorts, run: QuestionRun, scope: KeySetScope): Promise<KeptKeySet> {
  const { me, keys, rng, primitives, progress } = node;
  progress({ party: me, phase: "key" });
  const { holders } = scope;
  const attempt = async (label: string): Promise<KeptKeySet> => {
    const { output } = await runSession(node, run, {
      label,
      parties: holders,
      line: () => false,
      prefix: "",
      secrets: () => ({ cacheKey: keys.storage.slice() }),
      start: ({ session }) => {
        const context = keySetContext(primitives.sha256, { ceremony: session, ...scope });
        return keysetParty({ me, parties: holders, context }, rng);
      },
    });
    return await logged(node, run, scope, output);
  };
  return await repeated(node, run, { label: "keyset", parties: holders, attempt });
}

/** Keeps a new key set: usable once every holder has it in a cosigned ledger. */
async function logged(
  node: NodePorts,
  run: QuestionRun,
  { holders, epoch }: KeySetScope,
  keySet: KeySet,
): Promise<KeptKeySet> {
  const keys = holders.map((party) => ({ party, pk: base64(keySet.keys[party] ?? new Uint8Array()) }));
  const notAfter = endOf(epoch, run.plan);
  const body = { ctx: `sha256:${hex(keySet.context)}`, keys, notAfter };
  const indices = node.ledger.append([{ type: "keyset", verb: "none", planHash: run.planHash, body }]);
  await run.until(node.ledger.cosigned(indices));
  return write(node, scopeName(node, keySetScope(run.plan)), keySet, notAfter);
}

const KEPT = z.strictObject({
  context: z.string(),
  keys: z.array(z.strictObject({ party: z.string(), pk: z.string() })),
  notAfter: z.string(),
  share: z.string(),
});

function write(node: NodePorts, name: string, keySet: KeySet, notAfter: Time): KeptKeySet {
  const before = readKept(node, name);
  if (before !== undefined) dropCaches(node, before);
  const keys = Object.entries(keySet.keys).map(([party, pk]) => ({ party, pk: base64(pk) }));
  const share = base64(keySet.sealedShare); // sealed already, under the node's storage key
  node.store.putSealed(
    `keyset/${name}`,
    canonicalBytes({ context: hex(keySet.context), keys, notAfter, share }),
  );
  return { ...keySet, notAfter, hash: hashOf(node, keySet) };
}

function readKept(node: NodePorts, name: string): KeptKeySet | undefined {
  const bytes = node.store.sealed(`keyset/${name}`);
  if (bytes === undefined) return undefined;
  const { context, keys, share, notAfter } = KEPT.parse(parseCanonical(bytes, { maxBytes: 2 ** 16 }));
  const keySet: KeySet = {
    context: fromHex(context),
    keys: Object.fromEntries(keys.map(({ party, pk }) => [party, fromBase64(pk)])),
    sealedShare: fromBase64(share),
  };
  return { ...keySet, notAfter, hash: hashOf(node, keySet) };
}

/** Erases the shares and caches of epochs that are over; each erasure is on record. */
export function eraseExpired(node: NodePorts): void {
  const { store, ledger, clock } = node;
  const now = timeText(clock.now());
  for (const name of store.sealedNames("keyset/")) {
    const kept = readKept(node, name.slice("keyset/".length));
    if (kept === undefined || now < kept.notAfter) continue;
    dropCaches(node, kept);
    store.dropSealed(name);
    const body = { what: "keyset", reference: `sha256:${hex(kept.context)}` };
    ledger.append([{ type: "erase", verb: "erasure", body }]);
  }
}

/** How the chunks of a key set's caches are called at rest. */
export function cacheNames({ context }: Pick<KeySet, "context">): string {
  return `cache/${hex(context)}/`;
}

function dropCaches({ store }: NodePorts, keySet: KeySet): void {
  dropChunks(store, store.sealedNames(cacheNames(keySet)));
}

/** Over context and public shares in id order: equal at all holders, or they do not hold the same key. */
function hashOf({ primitives }: NodePorts, { context, keys }: KeySet): Hash {
  const shares = Object.keys(keys)
    .sort()
    .map((party) => keys[party] ?? new Uint8Array());
  return `sha256:${hex(primitives.sha256(concat(context, ...shares)))}`;
}

const DAY_MS = 86_400_000;

/** The instant at which an epoch is over. */
export function endOf(epoch: string, { notBefore, expires }: Plan): Time {
  if (/^\d{4}-\d\d-\d\d$/.test(epoch)) return addPeriod(`${epoch}T00:00:00Z`, "P1D");
  if (/^\d{4}-\d\d$/.test(epoch)) return addPeriod(`${epoch}-01T00:00:00Z`, "P1M");
  if (/^\d{4}$/.test(epoch)) return addPeriod(`${epoch}-01-01T00:00:00Z`, "P1Y");
  if (!/^\d{4}-W\d\d$/.test(epoch)) return expires; // a key of one plan
  let midnight = timeMs(`${notBefore.slice(0, 10)}T00:00:00Z`);
  for (let day = 0; day < 8 && isoWeek(midnight) <= epoch; day += 1) midnight += DAY_MS;
  return timeText(midnight);
}
