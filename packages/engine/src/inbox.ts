// SPDX-License-Identifier: Apache-2.0
// What the people of the own agency see of the questions that concern them, and how their decisions come in.
import { CovenantError, type SignedBytes } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import { partiesOf } from "@koplamp/query";
import {
  type AnswerResult,
  type Approval,
  type Card,
  type Contract,
  type Covenant,
  type Hash,
  type Plan,
  type Roster,
  readDocument,
  type Time,
  WireError,
} from "@koplamp/wire";
import { Approvals, type Decidables } from "./approvals.ts";
import { EngineError } from "./errors.ts";
import type { FourEyes } from "./four-eyes.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Outcome } from "./outcome.ts";
import { keptOutcome } from "./outcome-kept.ts";

/** A question as the inbox lists it. */
export interface InboxItem {
  readonly planHash: Hash;
  readonly contractHash: Hash;
  readonly query: string;
  readonly proposer: PartyId;
  readonly class: Plan["class"];
  readonly purpose: string;
  readonly expires: Time;
  /** `waiting` for people, `running`, or `ended`. */
  readonly state: "waiting" | "running" | "ended";
  readonly decisions: readonly Pick<
    Approval,
    "party" | "role" | "decision" | "by" | "at" | "validUntil" | "reason"
  >[];
  readonly missing: readonly { readonly party: PartyId; readonly roles: readonly string[] }[];
}

/** All that a person needs to decide about one question. */
export interface InboxQuestion extends InboxItem {
  readonly plan: Plan;
  readonly contract: Contract;
  readonly covenant: Covenant;
  readonly roster: Roster;
  /** Who belongs to this agency, in which roles. */
  readonly card: Card;
}

/** What a node offers to the people of its own agency. */
export interface Inbox {
  /** The questions that people can decide about, or that run. */
  inbox(): readonly InboxItem[];
  /** One of them, or one that has ended, with all that a person needs to decide. */
  question(planHash: Hash): InboxQuestion | undefined;
  /** How a question ended at this node, also before it was started; undefined once its term is over. */
  outcomeOf(planHash: Hash): Outcome<AnswerResult> | undefined;
  /**
   * Takes a decision of a person of this agency: an `approval/v1` that was signed elsewhere. It is verified, logged and
   * shown to the other nodes. @throws {EngineError} `refused` when it does not count, `too-late`.
   */
  decide(signed: SignedBytes): Approval;
  /** Hears of every question about which people can decide now, those that wait already first. */
  onWaiting(listener: (question: InboxQuestion) => void): void;
}

type Live = ReadonlyMap<Hash, FourEyes>;

/** The inbox of one node, over the questions that live there. */
export class NodeInbox implements Inbox {
  readonly #node: NodePorts;
  readonly #live: Live;
  readonly #watchers: ((question: InboxQuestion) => void)[] = [];

  constructor(node: NodePorts, live: Live) {
    this.#node = node;
    this.#live = live;
  }

  inbox(): readonly InboxItem[] {
    return inboxOf(this.#live);
  }

  question(planHash: Hash): InboxQuestion | undefined {
    return questionOf(this.#node, this.#live, planHash);
  }

  outcomeOf(planHash: Hash): Outcome<AnswerResult> | undefined {
    return keptOutcome(this.#node, planHash);
  }

  decide(signed: SignedBytes): Approval {
    return decideAt(this.#node, this.#live, signed);
  }

  onWaiting(listener: (question: InboxQuestion) => void): void {
    this.#watchers.push(listener);
    const waiting = [...this.#live.values()].filter(({ run }) => run.phase === "waiting");
    for (const eyes of waiting) this.#tell(eyes, [listener]);
  }

  /** A question can be decided about from now on. */
  tell(eyes: FourEyes): void {
    this.#tell(eyes, this.#watchers);
  }

  #tell({ run }: FourEyes, watchers: readonly ((question: InboxQuestion) => void)[]): void {
    const question = this.question(run.planHash);
    if (question !== undefined) for (const watcher of watchers) watcher(question);
  }
}

/** The questions that people can decide about, or that run. */
function inboxOf(live: Live): readonly InboxItem[] {
  return [...live.values()].flatMap(({ run }) =>
    run.approvals === undefined
      ? []
      : [itemOf(run, run.approvals, run.phase === "waiting" ? "waiting" : "running")],
  );
}

/** One question by the hash of its plan, also one that has ended; undefined when this node never allowed it. */
function questionOf(node: NodePorts, live: Live, planHash: Hash): InboxQuestion | undefined {
  const { covenant, roster, cards } = node.membership;
  const card = cards.get(node.me);
  const run = live.get(planHash)?.run;
  const found = run?.approvals === undefined ? endedQuestion(node, planHash) : run;
  if (card === undefined || found?.approvals === undefined) return undefined;
  const { plan, contract, approvals } = found;
  const around = { plan, contract, covenant, roster, card };
  if (found !== run) return { ...itemOf(found, approvals, "ended"), missing: [], ...around };
  return { ...itemOf(found, approvals, run.phase === "waiting" ? "waiting" : "running"), ...around };
}

/** A question that does not live any more. */
interface EndedQuestion extends Decidables {
  readonly contract: Contract;
  readonly approvals: Approvals;
}

/** A question that this node once allowed, as its ledger and documents have it. */
export function endedQuestion(node: NodePorts, planHash: Hash): EndedQuestion | undefined {
  const entry = node.ledger.entriesOf(planHash).find((placed) => placed.entry.type === "plan")?.entry;
  const contractHash = String(entry?.body["contractHash"]);
  const [plan, contract] = [node.store.document(planHash), node.store.document(contractHash)];
  if (entry === undefined || plan === undefined || contract === undefined) return undefined;
  const read = readDocument("plan/v1", plan.bytes);
  const question = { plan: read, planHash, contractHash, parties: partiesOf(read) };
  return {
    ...question,
    contract: readDocument("contract/v1", contract.bytes),
    approvals: new Approvals(node, question),
  };
}

/**
 * Takes a decision of a person, as its signed document, and gives it back read.
 * @throws {EngineError} `refused` for what does not count, with the reason; `too-late`.
 */
function decideAt(node: NodePorts, live: Live, signed: SignedBytes): Approval {
  const { me } = node;
  const refused = (message: string, hint: string): EngineError =>
    new EngineError("refused", me, message, hint);
  try {
    const approval = readDocument("approval/v1", signed.bytes);
    const eyes = live.get(approval.planHash);
    if (eyes !== undefined) {
      eyes.decide(signed, approval);
      return approval;
    }
    throw ended(node, approval);
  } catch (reason) {
    if (reason instanceof CovenantError)
      throw refused(reason.message, "koplamp inbox show tells who may approve");
    if (reason instanceof WireError)
      throw refused("expected an approval/v1, got something else", "koplamp approve makes one");
    throw reason;
  }
}

/** Why nothing can be decided about a question that does not live here. */
function ended({ ledger, me }: NodePorts, { planHash }: Approval): EngineError {
  const types = ledger.entriesOf(planHash).map(({ entry }) => entry.type);
  if (types.includes("disclose") || types.includes("release")) {
    const message = "too late: the question was answered";
    return new EngineError(
      "too-late",
      me,
      message,
      "what was disclosed is in the ledger: koplamp inbox show tells what",
    );
  }
  const message = types.length === 0 ? "this node has no such question" : "the question has ended";
  return new EngineError("refused", me, message, "koplamp inbox lists what waits");
}

function itemOf(
  { plan, planHash, contractHash }: Decidables,
  approvals: Approvals,
  state: InboxItem["state"],
): InboxItem {
  return {
    planHash,
    contractHash,
    query: plan.id,
    proposer: plan.proposer.party,
    class: plan.class,
    purpose: plan.purpose,
    expires: plan.expires,
    state,
    decisions: approvals.all.map(({ party, role, decision, by, at, validUntil, reason }) => ({
      party,
      role,
      decision,
      by,
      at,
      validUntil,
      reason,
    })),
    missing: [...approvals.missing()].map(([party, roles]) => ({ party, roles })),
  };
}
