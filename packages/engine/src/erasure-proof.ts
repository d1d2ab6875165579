// SPDX-License-Identifier: Apache-2.0
// Proof that a question was erased: each node shows its own entry, and whoever keeps the bundle has it put in there.
import { extendBundle, readBundle, type ShownEntry, type ShownLedger } from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import { type Hash, hex, timeText } from "@koplamp/wire";
import { asEngineError, EngineError } from "./errors.ts";
import { decodeMessage, encodeMessage, erasedForm, evidenceForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { within } from "./within.ts";

/** How long another node may take to show its entry. */
const DEADLINE_MS = 30_000;

/** Shows the others who ask for it what this ledger says of a question's erasure. Returns a way to stop. */
export function answerErasures(node: NodePorts): () => void {
  return node.post.listen("erasure/", (from, topic, body) => {
    void reply(node, from, topic, body);
  });
}

async function reply(node: NodePorts, from: PartyId, topic: string, body: Uint8Array): Promise<void> {
  try {
    const { planHash } = decodeMessage(erasedForm, from, body);
    const entries = await ownErasure(node, planHash);
    const answer = encodeMessage({ entries, documents: [] });
    await node.post.send(from, `erased/${topic.slice("erasure/".length)}`, answer);
  } catch (reason) {
    const { code } = asEngineError(reason, node.me);
    node.log({ event: "erasure.unshown", party: node.me, peer: from, code });
  }
}

/**
 * A bundle of this federation with an `erase` entry of every node that has one and can be reached: signed anew by this
 * node. What is missing is missing in it, and a verifier says so.
 * @throws {EngineError} `refused` for another federation's; {@link LedgerError} for bytes that are no bundle, or one that
 * leaves documents out.
 */
export async function provenErasure(node: NodePorts, bundle: Uint8Array): Promise<Uint8Array> {
  const { me, keys, primitives, clock, membership } = node;
  const { index } = readBundle(primitives, bundle);
  if (index.covenantHash !== membership.covenantHash)
    throw new EngineError(
      "refused",
      me,
      "the bundle is of another agreement than that of this node",
      "ask a node of its own federation",
    );
  const parties = [...new Set(index.proofs.map(({ party }) => party))];
  const ledgers = await Promise.all(parties.map((party) => erasureOf(node, party, index.planHash)));
  const maker = { by: me, made: timeText(clock.now()), identity: keys.identity, primitives };
  return extendBundle(bundle, ledgers, maker);
}

async function erasureOf(node: NodePorts, party: PartyId, planHash: Hash): Promise<ShownLedger> {
  try {
    const entries = party === node.me ? await ownErasure(node, planHash) : await asked(node, party, planHash);
    return { party, entries };
  } catch (reason) {
    const { code } = asEngineError(reason, party);
    node.log({ event: "erasure.missing", party: node.me, peer: party, code });
    return { party, entries: [] };
  }
}

async function asked(node: NodePorts, party: PartyId, planHash: Hash): Promise<readonly ShownEntry[]> {
  const { post, clock, rng, ledger } = node;
  const id = hex(rng(16));
  await post.send(party, `erasure/${id}`, encodeMessage({ planHash }));
  const body = await within(clock, DEADLINE_MS, post.receive(party, `erased/${id}`));
  if (body === undefined) return [];
  const { entries } = decodeMessage(evidenceForm, party, body);
  return entries.filter(({ leaf, proof }) => ledger.verify(party, leaf, proof).planHash === planHash);
}

/** The own `erase` entries of a question under the quorum's cosignatures, if anything of it was erased. */
async function ownErasure({ ledger }: NodePorts, planHash: Hash): Promise<readonly ShownEntry[]> {
  const erased = ledger
    .entriesOf(planHash)
    .filter(({ entry }) => entry.type === "erase")
    .map(({ index }) => index);
  if (erased.length === 0) return [];
  const proofs = await ledger.cosigned(erased);
  return erased.map((index, at) => ({ leaf: ledger.leaf(index), proof: proofs[at] ?? new Uint8Array() }));
}
