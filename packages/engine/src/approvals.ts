// SPDX-License-Identifier: Apache-2.0
import {
  type ApprovalCase,
  admitApproval,
  CovenantError,
  EXTERNAL,
  externalRoles,
  missingRoles,
  objectionIn,
  type SignedBytes,
} from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import { type Approval, documentHash, type Hash, type Plan, timeText } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { Draft } from "./ledger-entries.ts";
import type { NodePorts } from "./node-ports.ts";

/** What a question is called by everybody who decides about it. */
export interface Decidables {
  readonly plan: Plan;
  readonly planHash: Hash;
  readonly contractHash: Hash;
  /** Whoever has to agree: contributors, recipients, the proposer. */
  readonly parties: readonly PartyId[];
}

/** Who still has to say yes, in which roles; nobody outside the list lacks anything. */
export type Missing = ReadonlyMap<PartyId, readonly string[]>;

interface Given {
  readonly approval: Approval;
  readonly signed: SignedBytes;
}

/** More decisions than this of one party about one question are none that people gave. */
const MOST_OF_A_PARTY = 16;

/**
 * What people decided about one question, as this node has it: each decision verified here, whichever node brought it,
 * and in this node's ledger. A node that starts again has all of it again.
 */
export class Approvals {
  readonly #node: NodePorts;
  readonly #question: Decidables;
  readonly #given = new Map<Hash, Given>();

  constructor(node: NodePorts, question: Decidables) {
    this.#node = node;
    this.#question = question;
    for (const { entry } of node.ledger.entriesOf(question.planHash)) {
      if (entry.type !== "approval") continue;
      const signed = node.store.document(String(entry.body["approvalHash"]));
      if (signed !== undefined) this.#given.set(this.#hashOf(signed), this.#read(signed));
    }
  }

  /**
   * Verifies decisions, logs those that are new here and gives them.
   * @throws {CovenantError} `approval`, {@link WireError}: then none of them is logged.
   */
  admit(documents: readonly SignedBytes[]): readonly Approval[] {
    const hashed = documents.map((signed) => [this.#hashOf(signed), signed] as const);
    const unknown = new Map(hashed.filter(([hash]) => !this.#given.has(hash)));
    const fresh = [...unknown].map(([hash, signed]) => [hash, this.#read(signed)] as const);
    this.#expectFew(fresh.map(([, { approval }]) => approval));
    if (fresh.length === 0) return [];
    this.#node.ledger.append(fresh.map(([hash, given]) => entryOf(hash, given, this.#question)));
    for (const [hash, given] of fresh) this.#given.set(hash, given);
    return fresh.map(([, { approval }]) => approval);
  }

  /** Verifies a decision, and logs nothing. @throws as {@link admit}. */
  check(signed: SignedBytes): void {
    this.#read(signed);
  }

  /** Every decision, in the order in which it was logged here. */
  get all(): readonly Approval[] {
    return [...this.#given.values()].map(({ approval }) => approval);
  }

  /** The signed documents, but for those that whoever asks has. */
  documents(have: readonly Hash[] = []): readonly SignedBytes[] {
    return [...this.#given].filter(([hash]) => !have.includes(hash)).map(([, { signed }]) => signed);
  }

  /** The signed documents by people of one party. */
  documentsOf(party: PartyId): readonly SignedBytes[] {
    return [...this.#given.values()]
      .filter(({ approval }) => approval.party === party)
      .map(({ signed }) => signed);
  }

  get hashes(): readonly Hash[] {
    return [...this.#given.keys()];
  }

  /** The roles of which approvals are missing, or have expired, now. */
  missing(): Missing {
    const question = this.#case();
    const outside = externalRoles(question).length > 0 ? [EXTERNAL] : [];
    const roles = [...this.#question.parties, ...outside].map(
      (party) => [party, missingRoles(party, this.all, question)] as const,
    );
    return new Map(roles.filter(([, missing]) => missing.length > 0));
  }

  /** A refusal or a withdrawal, if anybody gave one. */
  objection(): Approval | undefined {
    return objectionIn(this.all);
  }

  #read(signed: SignedBytes): Given {
    const approval = admitApproval(signed, this.#case(), this.#node.primitives);
    const { party } = approval;
    if (party === EXTERNAL || this.#question.parties.includes(party)) return { approval, signed };
    throw new CovenantError("approval", `${party} takes no part in the question that it decided about`);
  }

  #case(): ApprovalCase {
    const { membership, clock } = this.#node;
    const { covenant, cards } = membership;
    const { plan, planHash, contractHash } = this.#question; // of a run these are computed, so they are named
    return { plan, planHash, contractHash, covenant, cards, now: timeText(clock.now()) };
  }

  #hashOf({ bytes }: SignedBytes): Hash {
    return documentHash(this.#node.primitives.sha256, bytes);
  }

  /** Each party's people decide once or twice: a flood of valid decisions is that party's own fault. */
  #expectFew(fresh: readonly Approval[]): void {
    const all = [...this.all, ...fresh];
    for (const party of new Set(fresh.map((approval) => approval.party))) {
      if (all.filter((one) => one.party === party).length <= MOST_OF_A_PARTY) continue;
      throw new EngineError(
        "limits",
        party,
        `${party} sent more than ${MOST_OF_A_PARTY} decisions on one question`,
      );
    }
  }
}

function entryOf(approvalHash: Hash, { approval, signed }: Given, { planHash }: Decidables): Draft {
  const { party, role, by } = approval;
  const body = { approvalHash, party, role };
  return { type: "approval", verb: "none", planHash, by, body, documents: [[approvalHash, signed]] };
}
