// SPDX-License-Identifier: Apache-2.0
// A question of the own people, from its file to a proposal that an analyst has signed.
import { publicKeyText, signDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  type CatalogueEntry,
  contractOf,
  lookupKeys,
  partiesOf,
  planQuery,
  QueryError,
  type Question,
  undeclaredAt,
  withList,
} from "@koplamp/query";
import {
  type AnswerResult,
  base64,
  dealersOf,
  documentBytes,
  documentHash,
  type Plan,
  type PublicKey,
} from "@koplamp/wire";
import type { Drafts, Explained, PlanDraft } from "./drafts.ts";
import { asEngineError, EngineError } from "./errors.ts";
import { eraseExpired } from "./key-set.ts";
import { keepQuestions, type LookupQuestions } from "./lookup-kept.ts";
import { encodeMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { offerOf, requestOffer } from "./offer.ts";
import { failed, type Outcome, type Refusal } from "./outcome.ts";
import { analystsOf, type Proposed } from "./proposal.ts";
import { type Questions, runQuery } from "./run-query.ts";
import { refusedBy } from "./withdrawals.ts";

/**
 * Asks in the name of the analyst whose key this node holds, as in a lab or a trial.
 * @throws {QueryError} when the question cannot be asked; {@link EngineError} `refused` at a node without such a key.
 */
export async function ask(
  node: NodePorts,
  questions: Questions,
  asked: Question,
): Promise<Outcome<AnswerResult>> {
  const { analyst } = node.keys.people;
  if (analyst === undefined) throw noAnalyst(node.me);
  const question = listed(node, asked);
  try {
    eraseExpired(node);
    const refusal = absence(questions, neededBy(node, question));
    if (refusal !== undefined) return { query: question.id, status: "refused", ...refusal, disclosures: [] };
    const catalogue = await offered(node, questions, question);
    const { plan } = planned(node, { question, by: ownAnalyst(node), catalogue, now: node.clock.now() });
    const asks = questionsIn(question, catalogue);
    return await propose(node, questions, { plan, questions: asks, signed: signedBy(node, analyst, plan) });
  } catch (reason) {
    return notAsked(node, question.id, reason);
  }
}

/**
 * Drafts the plan of a question for the analyst who has this key. Every party reads its own data to offer a padded
 * size; nothing else is told, and nothing is disclosed.
 * @throws {QueryError} for a question that cannot be asked; {@link EngineError} `refused` for a key that may not ask.
 */
export async function draft(
  node: NodePorts,
  questions: Questions,
  drafts: Drafts,
  { question: asked, by }: { readonly question: Question; readonly by: PublicKey },
): Promise<PlanDraft> {
  drafts.expectRoom(by);
  const question = listed(node, asked);
  const { roster, cards } = node.membership;
  const card = cards.get(node.me);
  if (card === undefined) throw new EngineError("refused", node.me, `${node.me} has no card`);
  const catalogue = await offered(node, questions, question);
  const madeAt = Math.floor(node.clock.now() / 1000) * 1000; // as its text has it: whoever computes it again has no more
  const explained = planned(node, { question, by, catalogue, now: madeAt });
  drafts.expectRoom(by); // offers take time, and others drafted meanwhile
  const kept = drafts.keep(explained.plan, madeAt, questionsIn(question, catalogue));
  return { ...explained, ...kept, catalogue, madeAt, roster, card };
}

/** Asks what an analyst has signed elsewhere. `plan` and its signatures are a draft of this node. */
export async function askSigned(
  node: NodePorts,
  questions: Questions,
  draft: Signed,
): Promise<Outcome<AnswerResult>> {
  const { plan } = draft;
  try {
    eraseExpired(node);
    const refusal = absence(questions, partiesOf(plan));
    if (refusal !== undefined) return { query: plan.id, status: "refused", ...refusal, disclosures: [] };
    return await propose(node, questions, draft);
  } catch (reason) {
    return notAsked(node, plan.id, reason);
  }
}

/**
 * Plans a question and computes its contract, for our first analyst where this node holds no key of one.
 * @throws {QueryError} for a question that cannot be asked; {@link EngineError} where a party cannot be asked.
 */
export async function explain(node: NodePorts, questions: Questions, asked: Question): Promise<Explained> {
  const by = ownAnalyst(node);
  const question = listed(node, asked);
  const catalogue = await offered(node, questions, question);
  return planned(node, { question, by, catalogue, now: node.clock.now() });
}

function ownAnalyst(node: NodePorts): PublicKey {
  const { analyst } = node.keys.people;
  if (analyst !== undefined) return publicKeyText(node.primitives.ed25519PublicKey(analyst));
  const [first] = analystsOf(node, node.me);
  if (first !== undefined) return first.key;
  const message = `no analyst is on the card of ${node.me}`;
  throw new EngineError("refused", node.me, message, "issue a card that names one: only an analyst can ask");
}

/** What every party of a question offers for it. */
async function offered(
  node: NodePorts,
  questions: Questions,
  question: Question,
): Promise<readonly CatalogueEntry[]> {
  const refusal = absence(questions, neededBy(node, question));
  if (refusal !== undefined) throw refusedBy(refusal);
  const over = Promise.withResolvers<void>();
  const { me, membership } = node;
  const others = question.sources.map(({ party }) => party).filter((party) => party !== me);
  const watching = node.presence.watch(
    others.filter((party) => membership.cards.has(party)),
    over.promise,
  );
  try {
    return await Promise.all(
      question.sources
        .filter(({ party }) => membership.cards.has(party)) // a stranger is the planner's to refuse
        .map((source) => {
          const { party, dataset } = source;
          const { key, ask } = question;
          const alternatives = ask.kind === "match" && ask.anyKey !== undefined ? { anyKey: ask.anyKey } : {};
          const request = { dataset, key, groups: undeclaredAt(ask, party), ...alternatives };
          return party === me ? offerOf(node, questions.offers, request) : requestOffer(node, party, request);
        }),
    );
  } finally {
    over.resolve();
    await watching;
  }
}

function planned(
  { me, membership, primitives, rng }: NodePorts,
  {
    question,
    by,
    catalogue,
    now,
  }: {
    readonly question: Question;
    readonly by: PublicKey;
    readonly catalogue: readonly CatalogueEntry[];
    readonly now: number;
  },
): Explained {
  const { covenant, covenantHash, roster, rosterHash } = membership;
  const proposer = { party: me, by };
  const salt = base64(rng(32));
  const plan = planQuery({ question, covenant, covenantHash, rosterHash, proposer, catalogue, now, salt });
  return { plan, contract: contractOf(covenant, roster, plan, primitives), covenant };
}

/** A signed plan, and of a look-up what it does not state. */
interface Signed {
  readonly plan: Plan;
  readonly questions: LookupQuestions;
  readonly signed: Proposed["plan"];
}

/** What a look-up asks; or of an open one how its holder reads what will be asked. */
function questionsIn(question: Question, catalogue: readonly CatalogueEntry[]): LookupQuestions {
  const { ask } = question;
  const [reading] = catalogue;
  const open = ask.kind === "lookup" && ask.open === true && reading !== undefined;
  return open ? { keys: [], reading } : { keys: lookupKeys(question, catalogue) };
}

/** A look-up that names its holder alone means the only list with its key that the agreement knows. */
function listed({ membership }: NodePorts, question: Question): Question {
  return withList(question, membership.covenant.dataClasses);
}

async function propose(
  node: NodePorts,
  questions: Questions,
  { plan, questions: asks, signed }: Signed,
): Promise<Outcome<AnswerResult>> {
  keepQuestions(node, documentHash(node.primitives.sha256, signed.bytes), asks);
  const parties = new Set(partiesOf(plan));
  parties.delete(node.me);
  const body = encodeMessage({ plan: signed });
  await Promise.all([...parties].map((party) => node.post.send(party, "propose/", body)));
  return await runQuery(node, questions, { from: node.me, plan: signed });
}

function signedBy({ primitives }: NodePorts, seed: Uint8Array, plan: Plan): Proposed["plan"] {
  const bytes = documentBytes(plan);
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, seed, "plan/v1", hash)] };
}

/** Why nothing can be done with these parties: one has left, or is halted. */
export function absence(
  { withdrawals, suspensions }: Questions,
  parties: readonly PartyId[],
): Refusal | undefined {
  return withdrawals.refusalFor(parties) ?? suspensions.refusalFor(parties);
}

/** Whom a question needs, the asker included. */
function neededBy({ me }: NodePorts, { ask, sources, recipients }: Question): readonly PartyId[] {
  return [me, ...sources.map(({ party }) => party), ...recipients, ...dealersOf(ask)];
}

function notAsked(node: NodePorts, id: string, reason: unknown): Outcome<never> {
  if (reason instanceof QueryError) throw reason; // nobody was asked anything: the question is for its author
  const error = asEngineError(reason, node.me);
  node.log({ event: "question.failed", party: node.me, peer: error.party, code: error.code });
  return failed(id, error);
}

function noAnalyst(me: PartyId): EngineError {
  return new EngineError(
    "refused",
    me,
    `the node of ${me} holds no analyst's key: an analyst signs what is asked`,
    "koplamp query run FILE --key FILE, with a key that is on the card",
  );
}
