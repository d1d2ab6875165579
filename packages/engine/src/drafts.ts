// SPDX-License-Identifier: Apache-2.0
// Plans that wait for the signature of the analyst who asks: the key is the person's, and no node has it.
import type { SignedBytes } from "@koplamp/covenant";
import { verifyDocument } from "@koplamp/crypto";
import type { CatalogueEntry } from "@koplamp/query";
import {
  type Card,
  type Contract,
  type Covenant,
  documentBytes,
  documentHash,
  type Hash,
  type Plan,
  type PublicKey,
  type Roster,
  type Time,
  timeText,
} from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { LookupQuestions } from "./lookup-kept.ts";
import type { NodePorts } from "./node-ports.ts";
import { analystsOf } from "./proposal.ts";

/** A question as it would run: what everybody would sign. */
export interface Explained {
  readonly plan: Plan;
  readonly contract: Contract;
  /** By which it is planned: for the other ways that it allows. */
  readonly covenant: Covenant;
}

/** A plan as it would be asked, and all that its analyst needs to compute it again before signing it. */
export interface PlanDraft extends Explained {
  readonly planHash: Hash;
  /** What the parties offered, and when in milliseconds since 1970: the plan follows from these and the question. */
  readonly catalogue: readonly CatalogueEntry[];
  readonly madeAt: number;
  /** From then on this node takes no signature over it. */
  readonly until: Time;
  readonly roster: Roster;
  readonly card: Card;
}

/** How long an analyst may look at a draft, and how many a node keeps: of one analyst, and of all. */
const DRAFT_MS = 600_000;
const MOST_OF_ONE = 8;
const MOST_DRAFTS = 64;

interface Kept {
  readonly plan: Plan;
  readonly until: number;
  /** Of a look-up: what its plan does not state. */
  readonly questions: LookupQuestions;
}

/** The drafts of one node, by the hash of their plans. In memory only: after a restart one asks again. */
export class Drafts {
  readonly #node: NodePorts;
  readonly #kept = new Map<Hash, Kept>();

  constructor(node: NodePorts) {
    this.#node = node;
  }

  /** @throws {EngineError} `refused` for a key that may not ask; `limits` while too many drafts wait. */
  expectRoom(by: PublicKey): void {
    const { me, clock } = this.#node;
    expectAnalyst(this.#node, by);
    for (const [hash, { until }] of this.#kept) if (clock.now() >= until) this.#kept.delete(hash);
    const own = [...this.#kept].filter(([, { plan }]) => plan.proposer.by === by);
    for (const [hash] of own.slice(0, Math.max(0, own.length + 1 - MOST_OF_ONE))) this.#kept.delete(hash);
    if (this.#kept.size < MOST_DRAFTS) return;
    throw new EngineError(
      "limits",
      me,
      `expected at most ${MOST_DRAFTS} plans that wait for a signature at this node, got one more`,
      `try again in ${DRAFT_MS / 60_000} minutes: drafts expire`,
    );
  }

  /** Keeps a plan until its analyst has signed it. Gives its hash, and when it expires. */
  keep(
    plan: Plan,
    madeAt: number,
    questions: LookupQuestions = { keys: [] },
  ): { readonly planHash: Hash; readonly until: Time } {
    const planHash = documentHash(this.#node.primitives.sha256, documentBytes(plan));
    const until = madeAt + DRAFT_MS;
    this.#kept.set(planHash, { plan, until, questions });
    return { planHash, until: timeText(until) };
  }

  /**
   * The plan that its analyst has signed, which can be asked once.
   * @throws {EngineError} `refused` for bytes that are no draft of this node, or not signed by its analyst; `expired`.
   */
  take({
    bytes,
    signatures,
  }: SignedBytes): Pick<Kept, "plan" | "questions"> & { readonly signed: SignedBytes } {
    const { me, primitives, clock } = this.#node;
    const hash = documentHash(primitives.sha256, bytes);
    const kept = this.#kept.get(hash);
    if (kept === undefined) throw unknownDraft(me);
    const { plan, until } = kept;
    if (clock.now() >= until) {
      this.#kept.delete(hash);
      throw new EngineError("expired", me, `the draft expired at ${timeText(until)}`, AGAIN);
    }
    expectAnalyst(this.#node, plan.proposer.by);
    const keys = [plan.proposer.by];
    const valid = signatures.filter((line) =>
      verifyDocument(primitives, { type: "plan/v1", hash, line, keys }),
    );
    if (valid.length === 0) {
      throw new EngineError(
        "refused",
        me,
        "expected this plan, signed by the analyst for whom it was drafted, got another signature",
        AGAIN,
      );
    }
    this.#kept.delete(hash);
    return { plan, questions: kept.questions, signed: { bytes, signatures: valid } };
  }
}

const AGAIN = "ask again: koplamp query run FILE --key FILE";

function unknownDraft(me: string): EngineError {
  const message = "this node drafted no such plan: it is another one, was asked already, or expired";
  return new EngineError("refused", me, message, AGAIN);
}

/** @throws {EngineError} `refused` for a key that is no analyst's on our card, now. */
function expectAnalyst(node: NodePorts, by: PublicKey): void {
  const analysts = analystsOf(node, node.me);
  if (analysts.some(({ key }) => key === by)) return;
  const names = analysts.map(({ person }) => person).join(", ");
  throw new EngineError(
    "refused",
    node.me,
    `expected the key of an analyst on the card of ${node.me}, got another`,
    names === "" ? "no analyst is on the card: issue a new card" : `the analysts on the card: ${names}`,
  );
}
