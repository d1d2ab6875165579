// SPDX-License-Identifier: Apache-2.0
import { PeerLost, type PartyId } from "@koplamp/protocol";
import type { Contract, Hash, Plan } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import { decodeMessage, encodeMessage, stopForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { SessionChannel } from "./ports.ts";

/**
 * One question at one node, from proposal to evidence: its documents, the names of its topics, and the sessions that
 * live. Whatever stops it stops it once, here and at every other party.
 */
export class QuestionRun {
  readonly plan: Plan;
  readonly planHash: Hash;
  readonly contract: Contract;
  readonly contractHash: Hash;
  /** Every node that takes part: data, recipients, the proposer. Sorted. */
  readonly parties: readonly PartyId[];
  readonly others: readonly PartyId[];
  readonly #node: NodePorts;
  readonly #channels = new Set<SessionChannel>();
  #stopped: Error | undefined;

  constructor(node: NodePorts, plan: Plan, planHash: Hash, contract: Contract, contractHash: Hash) {
    this.#node = node;
    this.plan = plan;
    this.planHash = planHash;
    this.contract = contract;
    this.contractHash = contractHash;
    const inputs = plan.inputs.map(({ party }) => party);
    const recipients = plan.recipients.map(({ party }) => party);
    this.parties = [...new Set([plan.proposer.party, ...inputs, ...recipients])].sort();
    this.others = this.parties.filter((party) => party !== node.me);
  }

  /** The post topic of one step of this question. */
  topic(step: string): string {
    return `q/${this.planHash.slice(7, 39)}/${step}`;
  }

  /** Adds a live session: it dies with the question. @throws what stopped the question, if anything did. */
  join(channel: SessionChannel): void {
    if (this.#stopped !== undefined) throw this.#stopped;
    this.#channels.add(channel);
  }

  leave(channel: SessionChannel): void {
    this.#channels.delete(channel);
  }

  /** Ends every wait of this question with `reason`. Later calls change nothing. */
  stop(reason: Error): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = reason;
    this.#node.post.fail(this.topic(""), reason);
    for (const channel of this.#channels) channel.abort(reason);
  }

  /** Listens for another party's stop. Returns a way to end listening. */
  listenForStop(): () => void {
    return this.#node.post.listen(`stop/${this.planHash.slice(7, 39)}`, (from, _topic, body) => {
      if (!this.others.includes(from)) return;
      const { code, party, message, hint } = decodeMessage(stopForm, from, body);
      this.stop(new EngineError(code === "quota" ? "quota" : "stopped", party, message, hint));
    });
  }

  /** Tells every other party why this question ends here, in words that hold no data. */
  async tellStop(reason: EngineError): Promise<void> {
    const { code, party, message, hint } = reason;
    const body = encodeMessage({ code, party, message, hint });
    const topic = `stop/${this.planHash.slice(7, 39)}`;
    await Promise.allSettled(this.others.map((other) => this.#node.post.send(other, topic, body)));
  }
}

/** Any failure as the one sentence that every party concerned may read. */
export function asEngineError(reason: unknown, me: PartyId): EngineError {
  if (reason instanceof EngineError) return reason;
  if (reason instanceof PeerLost) {
    return new EngineError(
      "unreachable",
      reason.peer,
      reason.message,
      `ask the operator of ${reason.peer} to run: koplamp node doctor`,
    );
  }
  const { code, hint } = fieldsOf(reason);
  if (code === "budget") {
    return new EngineError("quota", me, `a quota at ${me} is spent`, "wait for the next epoch, or amend the covenant");
  }
  const sentence = reason instanceof Error ? reason.message : "an unknown fault";
  return new EngineError("internal", me, `${me} stopped: ${sentence}`, hint);
}

function fieldsOf(reason: unknown): { readonly code: string; readonly hint: string } {
  if (reason === null || typeof reason !== "object") return { code: "", hint: "" };
  const code = "code" in reason && typeof reason.code === "string" ? reason.code : "";
  const hint = "hint" in reason && typeof reason.hint === "string" ? reason.hint : "";
  return { code, hint };
}
