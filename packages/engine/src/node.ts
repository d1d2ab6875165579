// SPDX-License-Identifier: Apache-2.0
import { signDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { type CatalogueEntry, contractOf, planQuery, type Question, readCatalogueEntry } from "@koplamp/query";
import {
  type AnswerResult,
  base64,
  type Contract,
  canonicalBytes,
  documentBytes,
  documentHash,
  hex,
  type Plan,
} from "@koplamp/wire";
import { offerOf, type OfferRequest, readOfferRequest } from "./offer.ts";
import { asEngineError } from "./question-run.ts";
import { EngineError } from "./errors.ts";
import { decodeMessage, encodeMessage, proposalForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { failed, type Outcome } from "./outcome.ts";
import type { Proposed } from "./proposal.ts";
import { runQuery } from "./run-query.ts";

/** A question as it would run: what everybody would sign. */
export interface Explained {
  readonly plan: Plan;
  readonly contract: Contract;
}

/** A node at work: it answers the others, and asks for its own people. */
export interface EngineNode {
  /** Plans a question and computes its contract. Reads no row of anybody's data into the answer; discloses nothing. */
  explain(question: Question): Promise<Explained>;
  /** Proposes a question to every party it needs and takes part in it. */
  ask(question: Question): Promise<Outcome<AnswerResult>>;
  /** Sees how each question of another party ended here. */
  onOutcome(listener: (outcome: Outcome<AnswerResult>) => void): void;
  /** Stops taking questions and waits for those that run, at most `ms`. */
  close(ms: number): Promise<void>;
}

/** Starts a node's services: offers, proposals, witnessing. */
export function startNode(node: NodePorts): EngineNode {
  const running = new Set<Promise<unknown>>();
  const listeners: ((outcome: Outcome<AnswerResult>) => void)[] = [];
  const track = async (outcome: Promise<Outcome<AnswerResult>>): Promise<Outcome<AnswerResult>> => {
    running.add(outcome);
    try {
      return await outcome;
    } finally {
      running.delete(outcome);
    }
  };
  const stops = [
    node.ledger.serveWitness(),
    node.post.listen("offer/", (from, topic, body) => void answerOffer(node, from, topic, body)),
    node.post.listen("propose/", (from, _topic, body) => {
      void track(takePart(node, from, body)).then((outcome) => {
        for (const listener of listeners) listener(outcome);
      });
    }),
  ];
  return {
    explain: (question) => explain(node, question),
    ask: (question) => track(ask(node, question)),
    onOutcome: (listener) => void listeners.push(listener),
    close: async (ms) => {
      for (const stop of stops) stop();
      await Promise.race([Promise.allSettled(running), node.clock.sleep(ms)]);
    },
  };
}

async function ask(node: NodePorts, question: Question): Promise<Outcome<AnswerResult>> {
  try {
    const { plan } = await explain(node, question);
    const proposed = propose(node, plan);
    const body = encodeMessage({ plan: proposed.plan, contractHash: proposed.contractHash });
    const parties = new Set([...plan.inputs, ...plan.recipients].map(({ party }) => party));
    parties.delete(node.me);
    await Promise.all([...parties].map((party) => node.post.send(party, `propose/${proposed.contractHash.slice(7, 39)}`, body)));
    return await runQuery(node, proposed);
  } catch (reason) {
    return failed(question.id, asEngineError(reason, node.me));
  }
}

async function takePart(node: NodePorts, from: PartyId, body: Uint8Array): Promise<Outcome<AnswerResult>> {
  try {
    const { plan, contractHash } = decodeMessage(proposalForm, from, body);
    return await runQuery(node, { from, plan, contractHash });
  } catch (reason) {
    return failed("", asEngineError(reason, node.me));
  }
}

function propose(node: NodePorts, plan: Plan): Proposed {
  const bytes = documentBytes(plan);
  const { covenant, roster } = node.membership;
  const contractHash = documentHash(node.primitives.sha256, documentBytes(contractOf(covenant, roster, plan, node.primitives)));
  const hash = documentHash(node.primitives.sha256, bytes);
  const signatures = [signDocument(node.primitives, node.keys.people.analyst, "plan/v1", hash)];
  return { from: node.me, plan: { bytes, signatures }, contractHash };
}

async function explain(node: NodePorts, question: Question): Promise<Explained> {
  const over = Promise.withResolvers<void>();
  const parties = question.sources.map(({ party }) => party).filter((party) => party !== node.me);
  const watching = node.presence.watch(parties, over.promise);
  try {
    const catalogue = await Promise.all(question.sources.map((source) => offered(node, question, source)));
    const { covenant, covenantHash, roster, rosterHash } = node.membership;
    const plan = planQuery({
      question,
      covenant,
      covenantHash,
      rosterHash,
      proposer: { party: node.me, by: publicKeyText(node.primitives.ed25519PublicKey(node.keys.people.analyst)) },
      catalogue,
      now: node.clock.now(),
      salt: base64(node.rng(32)),
    });
    return { plan, contract: contractOf(covenant, roster, plan, node.primitives) };
  } finally {
    over.resolve();
    await watching;
  }
}

/** What a party offers for this question: declared columns, padded sizes, bounds. */
async function offered(
  node: NodePorts,
  question: Question,
  source: { readonly party: PartyId; readonly dataset: string },
): Promise<CatalogueEntry> {
  const request: OfferRequest = { dataset: source.dataset, key: question.key };
  if (source.party === node.me) return offerOf(node, request);
  const id = hex(node.rng(16));
  await node.post.send(source.party, `offer/${id}`, canonicalBytes(request));
  return readCatalogueEntry(source.party, await node.post.receive(source.party, `offered/${id}`));
}

async function answerOffer(node: NodePorts, from: PartyId, topic: string, body: Uint8Array): Promise<void> {
  const reply = await offerOf(node, readOfferRequest(from, body)).catch((reason: unknown) => asEngineError(reason, node.me));
  await node.post.send(from, topic.replace("offer/", "offered/"), canonicalBytes(reply));
}
