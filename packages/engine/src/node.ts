// SPDX-License-Identifier: Apache-2.0
import type { SignedBytes } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import type { Question } from "@koplamp/query";
import type { AnswerResult, Hash, PublicKey, Suspension, Withdrawal } from "@koplamp/wire";
import { absence, ask, askSigned, draft, explain } from "./asking.ts";
import { closeBooks } from "./books.ts";
import { Boots } from "./boots.ts";
import { Drafts, type Explained, type PlanDraft } from "./drafts.ts";
import { eraseInTime } from "./erasure.ts";
import { answerErasures, provenErasure } from "./erasure-proof.ts";
import { asEngineError } from "./errors.ts";
import { type Exposure, type ExposureRequest, exposureOf } from "./exposure.ts";
import { exposureLog } from "./exposure-log.ts";
import { type Inbox, NodeInbox } from "./inbox.ts";
import { type InterestDesk, interestDesk } from "./interest-desk.ts";
import { eraseExpired } from "./key-set.ts";
import { hearLeg } from "./leg-words.ts";
import { dropLegs } from "./legs-kept.ts";
import { type LookupDesk, lookupDesk } from "./lookup-desk.ts";
import { decodeMessage, proposalForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import { answerOffer, Offers, offerNone } from "./offer.ts";
import { failed, type Outcome } from "./outcome.ts";
import { dropPending, pendingQuestions } from "./pending.ts";
import { hearPeople } from "./people.ts";
import type { QuestionRun } from "./question-run.ts";
import { type Questions, resumeQuery, resumeStanding, runQuery } from "./run-query.ts";
import { pauseStanding, type Standing, standingAt, standingQuestions } from "./standing.ts";
import { type OfficersWord, Suspensions } from "./suspensions.ts";
import { Withdrawals } from "./withdrawals.ts";

/** A node at work: it answers the others, and asks for its own people. */
export interface EngineNode extends Inbox, InterestDesk, LookupDesk {
  /**
   * Plans a question and computes its contract. Every party reads its own data to offer a padded size; nothing else is
   * told, and nothing is disclosed.
   * @throws {QueryError} for a question that cannot be asked; {@link EngineError} where a party cannot be asked.
   */
  explain(question: Question): Promise<Explained>;
  /**
   * Proposes a question to every party it needs and takes part in it, in the name of the analyst whose key this node has.
   * @throws {QueryError} when it cannot be asked; {@link EngineError} `refused` at a node that has no such key.
   */
  ask(question: Question): Promise<Outcome<AnswerResult>>;
  /**
   * The plan of a question for the analyst who has this key, who signs it elsewhere. It is kept for ten minutes.
   * @throws as {@link EngineNode.explain}; {@link EngineError} `refused` for the key of nobody who may ask, `limits`.
   */
  draft(question: Question, by: PublicKey): Promise<PlanDraft>;
  /** Asks what an analyst signed. @throws {EngineError} `refused`, `expired` for what is no signed draft of this node. */
  askSigned(signed: SignedBytes): Promise<Outcome<AnswerResult>>;
  /**
   * Takes the withdrawal of a party, signed by itself: it holds at once, here and at every node that hears of it.
   * @throws {EngineError} `refused` when the party did not sign it.
   */
  withdraw(signed: SignedBytes): Withdrawal;
  /** Who has left, as this node knows it. */
  withdrawn(): readonly Withdrawal[];
  /**
   * Takes an officer's word, signed elsewhere: this node contributes nothing from now on, or goes on.
   * @throws {EngineError} `refused` when no officer of ours said it, or it does not follow on the word before.
   */
  suspend(signed: SignedBytes): Suspension;
  /** The last word of our own officers, if there was one. */
  suspension(): OfficersWord | undefined;
  /** What a coalition could ever have learned about the data of this node, from its own ledger. */
  exposure(request: ExposureRequest): Exposure;
  /**
   * A bundle of this federation with what the ledgers say of its question's erasure, signed anew by this node.
   * @throws {EngineError} `refused`; {@link LedgerError} for bytes that are no whole bundle.
   */
  proveErasure(bundle: Uint8Array): Promise<Uint8Array>;
  /** The questions that stand at this node, what is due first before the others. */
  standing(): readonly Standing[];
  /**
   * Sits out every run of a standing question that falls due from now on, or takes part again.
   * @throws {EngineError} `refused` when no such question stands.
   */
  pause(planHash: Hash, paused: boolean): void;
  /** Hears of every question that was erased after its term: whoever keeps something of it forgets it too. */
  onErased(listener: (planHash: Hash) => void): void;
  /** Sees how each question of another party ended here, and each that waited when the node started. */
  onOutcome(listener: (outcome: Outcome<AnswerResult>) => void): void;
  /** Stops taking questions and waits for those that run, at most `ms`. Those that go on by what is on disk go on later. */
  close(ms: number): Promise<void>;
}

/** Starts a node's services: offers, proposals, witnessing. */
export function startNode(node: NodePorts): EngineNode {
  closeBooks(node); // before anything new begins
  eraseExpired(node);
  const eyes: Questions["eyes"] = new Map();
  const inbox = new NodeInbox(node, eyes);
  const drafts = new Drafts(node);
  const running = new Set<Promise<unknown>>();
  const forgetful: ((planHash: Hash) => void)[] = [];
  const listeners: ((outcome: Outcome<AnswerResult>) => void)[] = [];
  const track = <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    const forget = (): void => void running.delete(work);
    work.then(forget, forget);
    return work;
  };
  const taken = (outcome: Outcome<AnswerResult>): void => void listeners.map((hear) => hear(outcome));
  const questions = questionsOf(node, eyes, { inbox, ended: taken, track: (work) => void track(work) });
  const stops = [
    eraseInTime(node, forgetful),
    answerErasures(node),
    node.ledger.serveWitness(),
    new Boots(node, questions.runs).start(),
    questions.withdrawals.start(),
    questions.suspensions.start(),
    node.post.listen("offer/", (from, topic, body) => {
      void track(replyOffer(node, questions, from, topic, body));
    }),
    node.post.listen("propose/", (from, _topic, body) => {
      void track(takePart(node, from, () => proposedIn(node, questions, from, body))).then(taken);
    }),
    node.post.listen("people/", (from, topic, body) => hearPeople(node, questions.eyes, from, topic, body)),
  ];
  goOn(node, questions, (work) => void track(work).then(taken));
  stops.push(
    node.post.listen("leg/", (from, topic, body) => hearLeg(node, questions.legs, from, topic, body)),
  );
  return {
    explain: (question) => track(explain(node, questions, question)),
    ask: (question) => track(ask(node, questions, question)),
    draft: (question, by) => track(draft(node, questions, drafts, { question, by })),
    askSigned: async (signed) => await track(askSigned(node, questions, drafts.take(signed))),
    inbox: () => inbox.inbox(),
    question: (planHash) => inbox.question(planHash),
    outcomeOf: (planHash) => inbox.outcomeOf(planHash),
    decide: (signed) => inbox.decide(signed),
    onWaiting: (listener) => inbox.onWaiting(listener),
    withdraw: (signed) => questions.withdrawals.apply(signed),
    withdrawn: () => questions.withdrawals.all,
    suspend: (signed) => questions.suspensions.apply(signed),
    suspension: () => questions.suspensions.own,
    exposure: (request) => exposureOf(exposureLog(node.store), request),
    proveErasure: (bundle) => track(provenErasure(node, bundle)),
    standing: () => standingAt(node),
    pause: (planHash, paused) => pauseStanding(node, planHash, paused),
    ...interestDesk(node),
    ...lookupDesk(node.me, questions.runs),
    onErased: (listener) => void forgetful.push(listener),
    onOutcome: (listener) => void listeners.push(listener),
    close: async (ms) => {
      for (const stop of stops) stop();
      const goingOn: readonly string[] = ["waiting", "standing", "in-legs"] satisfies QuestionRun["phase"][];
      for (const run of questions.runs) if (goingOn.includes(run.phase)) run.leave();
      await Promise.race([Promise.allSettled(running), node.clock.sleep(ms)]);
    },
  };
}

/** Goes on with what waited for people, stood, or was in its shards, when this node stopped. */
function goOn(
  node: NodePorts,
  questions: Questions,
  take: (work: Promise<Outcome<AnswerResult>>) => void,
): void {
  for (const planHash of pendingQuestions(node)) {
    const resumed = takePart(node, node.me, () => resumeQuery(node, questions, planHash));
    const dropped = resumed.then((outcome) => {
      if (outcome.planHash === undefined) drop(node, planHash); // it cannot go on: agreement or roster changed
      return outcome;
    });
    take(dropped);
  }
  for (const planHash of standingQuestions(node)) {
    if (node.store.sealed(`pending/${planHash.slice(7)}`) !== undefined) continue; // it waits for people yet
    take(takePart(node, node.me, () => resumeStanding(node, questions, planHash)));
  }
}

function drop(node: NodePorts, planHash: Hash): void {
  dropPending(node, planHash);
  dropLegs(node, planHash);
}

function questionsOf(
  node: NodePorts,
  eyes: Questions["eyes"],
  { inbox, ended, track }: Pick<Questions, "ended" | "track"> & { readonly inbox: NodeInbox },
): Questions {
  const runs: Questions["runs"] = new Set();
  return {
    offers: new Offers(),
    runs,
    withdrawals: new Withdrawals(node, runs),
    suspensions: new Suspensions(node, runs),
    eyes,
    legs: new Map(),
    waiting: (one) => inbox.tell(one),
    ended,
    track,
  };
}

/** A question of another party, or one that waited: how it ends here, whatever happens. */
async function takePart(
  node: NodePorts,
  from: PartyId,
  run: () => Promise<Outcome<AnswerResult>>,
): Promise<Outcome<AnswerResult>> {
  try {
    return await run();
  } catch (reason) {
    const error = asEngineError(reason, node.me);
    node.log({ event: "proposal.refused", party: node.me, peer: from, code: error.code });
    return failed("", error);
  }
}

function proposedIn(
  node: NodePorts,
  questions: Questions,
  from: PartyId,
  body: Uint8Array,
): Promise<Outcome<AnswerResult>> {
  const { plan } = decodeMessage(proposalForm, from, body);
  return runQuery(node, questions, { from, plan });
}

async function replyOffer(
  node: NodePorts,
  questions: Questions,
  from: PartyId,
  topic: string,
  body: Uint8Array,
): Promise<void> {
  const refusal = absence(questions, [from, node.me]);
  if (refusal !== undefined)
    node.log({ event: "offer.refused", party: node.me, peer: from, code: "refused" });
  const reply =
    refusal === undefined ? await answerOffer(node, questions.offers, from, body) : offerNone(refusal);
  await node.post.send(from, `offered/${topic.slice("offer/".length)}`, reply);
}
