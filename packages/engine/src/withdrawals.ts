// SPDX-License-Identifier: Apache-2.0
// A party that leaves is gone at once, at every node that hears of it (evidence.md, section 2).
import { admitWithdrawal, CovenantError, type SignedBytes } from "@koplamp/covenant";
import type { PartyId } from "@koplamp/protocol";
import {
  documentHash,
  fromUtf8,
  type Hash,
  readDocument,
  type Text,
  utf8,
  WireError,
  type Withdrawal,
} from "@koplamp/wire";
import { asEngineError, EngineError } from "./errors.ts";
import { decodeMessage, encodeMessage, type WithdrawalsMessage, withdrawalsForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import type { QuestionRun } from "./question-run.ts";

const TOPIC = "withdrawn/";
const KEPT = "withdrawn/";

interface Gone {
  readonly withdrawal: Withdrawal;
  readonly signed: SignedBytes;
}

/**
 * Who has left, as this node knows it: kept on disk, in the ledger, and told to everybody. Its questions that run end,
 * new ones are refused by its name. Nobody can be made to leave by others: that takes a new covenant version.
 */
export class Withdrawals {
  readonly #node: NodePorts;
  readonly #runs: ReadonlySet<QuestionRun>;
  readonly #gone = new Map<PartyId, Gone>();

  constructor(node: NodePorts, runs: ReadonlySet<QuestionRun>) {
    this.#node = node;
    this.#runs = runs;
    for (const name of node.store.sealedNames(KEPT)) this.#load(name);
  }

  /** Who has left, in order of id. */
  get all(): readonly Withdrawal[] {
    return [...this.#gone.values()]
      .map(({ withdrawal }) => withdrawal)
      .sort((a, b) => (a.party < b.party ? -1 : 1));
  }

  /** Listens, tells what this node knows, and asks what it may have missed. Returns a way to stop. */
  start(): () => void {
    const stop = this.#node.post.listen(TOPIC, (from, _topic, body) => this.#hear(from, body));
    this.#tell(this.#others(), true);
    return stop;
  }

  /**
   * Applies a withdrawal, whoever brought it: on disk and in the ledger first, then every question of that party ends.
   * @throws {EngineError} `refused` for what the party itself did not sign.
   */
  apply(signed: SignedBytes): Withdrawal {
    const withdrawal = this.#admitted(signed);
    const { party } = withdrawal;
    if (this.#gone.has(party)) return withdrawal;
    const { store, ledger, primitives, log, me } = this.#node;
    const hash = documentHash(primitives.sha256, signed.bytes);
    store.putDocument(hash, signed.bytes, signed.signatures);
    ledger.append([{ type: "suspend", verb: "none", body: { reasonHash: hash } }]);
    store.putSealed(`${KEPT}${party}`, utf8(hash));
    this.#gone.set(party, { withdrawal, signed });
    log({ event: "party.withdrawn", party: me, peer: party });
    this.#tell(this.#others(), false); // before any of its questions tells that it ends
    const refusal = this.#refusalOf(withdrawal);
    for (const run of this.#runs) if (run.parties.includes(party)) run.refuse(refusal);
    return withdrawal;
  }

  /** The refusal of whatever needs these parties, if one of them has left. */
  refusalFor(parties: readonly PartyId[]): Refusal | undefined {
    const found = this.all.find(({ party }) => parties.includes(party));
    return found === undefined ? undefined : this.#refusalOf(found);
  }

  /** Refuses a question by the name of a party that has left. @throws {EngineError} `refused`. */
  expectMembers(run: QuestionRun): void {
    const refusal = this.refusalFor(run.parties);
    if (refusal === undefined) return;
    run.refuse(refusal);
    throw refusedBy(refusal);
  }

  #refusalOf({ party, at, reason }: Withdrawal): Refusal {
    const { covenant } = this.#node.membership;
    return {
      party,
      rule: `withdrawal/${party}`,
      message: `${party} left covenant "${covenant.id}" at ${at}: ${reasonText(reason)}`,
      hint: "ask without it; a new version needs the signatures of those who stay: koplamp covenant amend",
    };
  }

  #hear(from: PartyId, body: Uint8Array): void {
    try {
      const { documents, ask } = decodeMessage(withdrawalsForm, from, body);
      for (const signed of documents) this.apply(signed);
      if (ask && this.#gone.size > 0) this.#tell([from], false);
    } catch (reason) {
      const { code } = asEngineError(reason, from);
      this.#node.log({ event: "withdrawal.refused", party: this.#node.me, peer: from, code });
    }
  }

  #admitted(signed: SignedBytes): Withdrawal {
    const { membership, primitives, me } = this.#node;
    try {
      return admitWithdrawal(signed, membership, primitives);
    } catch (reason) {
      if (!(reason instanceof CovenantError || reason instanceof WireError)) throw reason;
      const hint = "koplamp covenant withdraw signs with the covenant key of the party that leaves";
      throw new EngineError("refused", me, reason.message, hint);
    }
  }

  #others(): readonly PartyId[] {
    const { me, membership } = this.#node;
    return [...membership.cards.keys()].filter((party) => party !== me);
  }

  #tell(to: readonly PartyId[], ask: boolean): void {
    const documents = [...this.#gone.values()].map(({ signed }) => signed);
    const body = encodeMessage({ documents, ask } satisfies WithdrawalsMessage);
    for (const party of to) this.#node.post.send(party, TOPIC, body).catch(() => {}); // it asks when it is back
  }

  #load(name: string): void {
    const { store } = this.#node;
    const hash: Hash = fromUtf8(store.sealed(name) ?? new Uint8Array());
    const signed = store.document(hash);
    if (signed === undefined) return;
    const withdrawal = readDocument("withdrawal/v1", signed.bytes);
    const ours = withdrawal.covenantHash === this.#node.membership.covenantHash; // a new version: it may be back
    if (ours) this.#gone.set(withdrawal.party, { withdrawal, signed });
  }
}

/** A refusal as an error, for whoever waits. */
export function refusedBy({ party, message, hint }: Refusal): EngineError {
  return new EngineError("refused", party, message, hint);
}

const MOST_REASON = 1000;

function reasonText(reason: Text): string {
  return (reason.en ?? reason.nl ?? "").slice(0, MOST_REASON);
}
