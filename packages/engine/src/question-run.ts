// SPDX-License-Identifier: Apache-2.0
import { type PartyId, PeerLost } from "@koplamp/protocol";
import { bulkPair, COORDINATOR, matchThreshold, overlapHub, overlapThreshold } from "@koplamp/psi";
import { contractOf, partiesOf } from "@koplamp/query";
import {
  type Contract,
  dealersOf,
  documentBytes,
  documentHash,
  type Hash,
  type Input,
  isUndealt,
  type Plan,
  timeText,
} from "@koplamp/wire";
import type { Approvals } from "./approvals.ts";
import { decisionNow } from "./decision.ts";
import { addEgress, type EgressCount } from "./egress.ts";
import { asEngineError, ENGINE_ERROR_CODES, EngineError, forOthers, unreachable } from "./errors.ts";
import { type Accounts, isInLegs, type KeptShard } from "./legs-kept.ts";
import { decodeMessage, encodeMessage, type Stop, stopForm } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { KeptOffer, Offers } from "./offer.ts";
import type { OpenLookup } from "./open-lookup.ts";
import type { Refusal } from "./outcome.ts";

/** How long to wait for the reason of a peer that ended a session. */
const PATIENCE_MS = 2000;

/** Where a leg of a question in several shards begins, as all parties agreed (ADR 0013). */
export interface Leg {
  /** From 1; no two legs of a question have the same. */
  readonly number: number;
  /** The shards that every party had finished, and how they ended here. */
  readonly kept: readonly KeptShard[];
  /** How often the shard that is next was begun anywhere. */
  readonly begun: number;
  /** Whether others have their answer already: nothing is left to be run, and nobody to show evidence to. */
  readonly alone: boolean;
}

/** Which run of a standing question this is, or which leg of one in several shards. */
export interface Turn {
  /** From 0. */
  readonly number: number;
  /** What this node brings to it. */
  readonly offer: KeptOffer | undefined;
  /** The question itself: whatever stops it stops this run, and its approvals are those of this run. */
  readonly of: QuestionRun;
  readonly leg?: Leg;
}

/** Whether the coordinator plays a role in a plan, beyond passing on what it cannot read. */
function usesCoordinator({ ask, protocol }: Plan): boolean {
  if (ask.kind === "join-aggregate") return protocol.id !== "join-sum-pair/1";
  if (ask.kind === "aggregate" || ask.kind === "trend") return true;
  if (protocol.id === bulkPair.id) return dealersOf(ask).length === 0 && !isUndealt(ask);
  return [overlapHub.id, overlapThreshold.id, matchThreshold.id].includes(protocol.id);
}

/** What the post topics of a question begin with; those of the runs, or legs, of one are told apart. */
export function topicsOf({ planHash, turn }: { readonly planHash: string; readonly turn: number }): string {
  return `q/${planHash.slice(7, 39)}/${turn === 0 ? "" : `${turn}/`}`;
}

/** A run of a standing question takes the data as they are, and states so. */
function ownOf(input: Input, offers: Offers, turn: Turn | undefined): NonNullable<QuestionRun["own"]> {
  if (turn === undefined) return { input, offer: offers.find(input) };
  const { offer } = turn;
  return { input: { ...input, snapshot: offer?.entry.snapshot ?? input.snapshot }, offer };
}

/**
 * One question at one node, from proposal to evidence: its documents, the names of its topics, and the sessions that
 * live. Whatever stops it stops it once, here and at every other party.
 */
export class QuestionRun {
  readonly plan: Plan;
  readonly planHash: Hash;
  /** Every node that takes part: data, recipients, whoever deals, the proposer. Sorted. */
  readonly parties: readonly PartyId[];
  readonly others: readonly PartyId[];
  /** The parties of `ask.from`, and those that get the answer. Sorted. */
  readonly contributors: readonly PartyId[];
  readonly recipients: readonly PartyId[];
  /** This node's input of the plan, and the offer of its own that it states; absent where it brings no data. */
  readonly own: { readonly input: Input; readonly offer: KeptOffer | undefined } | undefined;
  /**
   * `deciding` until every node allows it, `waiting` for people, which may last for days and outlives a restart of any
   * node, then `running`: from here on each party holds something that a restart would lose. A question that runs several
   * times is `standing`: each of its runs is a run of its own. So is each leg of a question `in-legs`.
   */
  phase: "deciding" | "waiting" | "running" | "standing" | "in-legs" = "deciding";
  /** What people decided, once there is a contract to decide about. */
  approvals: Approvals | undefined;
  /** The others that have every approval, each checked by itself, as far as they have said so since they started. */
  readonly completed: Set<PartyId> = new Set();
  /** The others, and the coordinator where it plays a role. */
  readonly peers: readonly PartyId[];
  /** Set at the asker of an open look-up while questions can be asked. */
  open: OpenLookup | undefined;
  /** The number of this run plus one, where the question has several runs or legs; 0 where it has one, and of the whole. */
  readonly turn: number;
  /** Set in a leg of a question in several shards. */
  readonly leg: Leg | undefined;
  readonly #node: NodePorts;
  readonly #firstEntry: number;
  readonly #of: QuestionRun | undefined;
  readonly #accounts: Map<string, readonly EgressCount[]>;
  readonly #halt = Promise.withResolvers<never>();
  readonly #leaving = new Map<PartyId, PromiseWithResolvers<undefined>>();
  #contract: { readonly contract: Contract; readonly hash: Hash } | undefined;
  /** By session: the lines that have left. */
  readonly #opened: Map<string, readonly string[]>;
  #stopped: Error | undefined;
  #refusal: Refusal | undefined;
  #left = false;
  #answered = false;

  constructor(node: NodePorts, offers: Offers, plan: Plan, planHash: Hash, turn?: Turn) {
    this.#node = node;
    this.plan = plan;
    this.planHash = planHash;
    this.contributors = plan.inputs.map(({ party }) => party).sort();
    this.recipients = plan.recipients.map(({ party }) => party).sort();
    this.parties = partiesOf(plan);
    this.others = this.parties.filter((party) => party !== node.me);
    this.peers = usesCoordinator(plan) ? [...this.others, COORDINATOR] : this.others;
    this.turn = turn === undefined ? 0 : turn.number + 1;
    this.leg = turn?.leg;
    this.#of = turn?.leg === undefined ? undefined : turn.of; // legs are parts of one run, and have its accounts
    this.#accounts = this.#of === undefined ? new Map() : this.#of.#accounts;
    this.#opened = this.#of === undefined ? new Map() : this.#of.#opened;
    this.#firstEntry = turn === undefined || turn.leg !== undefined ? 0 : node.ledger.head().size;
    const input = plan.inputs.find(({ party }) => party === node.me);
    this.own = input === undefined ? undefined : ownOf(input, offers, turn);
    this.#halt.promise.catch(() => {}); // it need not be awaited by anybody
    if (turn === undefined) return;
    this.approvals = turn.of.approvals;
    this.phase = "running";
    turn.of.stopped.catch((reason: Error) => this.stop(reason));
  }

  /** Who learns what, as this node computes it. @throws {QueryError} when the question may not run at all. */
  get contract(): Contract {
    return this.#computed().contract;
  }

  get contractHash(): Hash {
    return this.#computed().hash;
  }

  /** The contract, if there is one. */
  contractIfAny(): Contract | undefined {
    return this.#contract?.contract;
  }

  /** The post topic of one step of this question. */
  readonly topic = (step: string): string => `${topicsOf(this)}${step}`;

  /** Whether an entry of this question's ledger is of this run: each run of a standing question has its own. */
  isOwn(index: number): boolean {
    return index >= this.#firstEntry;
  }

  /** Rejects with what stops the question; its sessions end with it. */
  get stopped(): Promise<never> {
    return this.#halt.promise;
  }

  /** Waits for `wait`, but no longer than the question lives. */
  until<T>(wait: Promise<T>): Promise<T> {
    return Promise.race([wait, this.#halt.promise]);
  }

  /** What left in all sessions that ended well, as the contract names it. */
  get egress(): readonly EgressCount[] {
    return addEgress([], [...this.#accounts.values()].flat(), "");
  }

  /** Keeps the account of a session, until it turns out that the session has to be repeated. */
  account(label: string, rows: readonly EgressCount[]): void {
    this.#accounts.set(label, rows);
  }

  /** What has left so far, session by session. */
  get accounts(): Accounts {
    return [...this.#accounts].map(([label, rows]) => ({ label, rows }));
  }

  /** Forgets the account of a session that is repeated: a contract lists what one attempt of each sends. */
  disown(label: string): void {
    this.#accounts.delete(label);
    this.#opened.delete(label);
  }

  /**
   * Asked before a session, when it begins, and just before anything opens.
   * @throws what stopped the question, or {@link EngineError} `expired`, `refused` once an approval does not hold, or
   * agreement or own policies do not allow it any more.
   */
  stillAllowed(): void {
    if (this.#stopped !== undefined) throw this.#stopped;
    const { expires } = this.plan;
    if (timeText(this.#node.clock.now()) >= expires) {
      throw new EngineError("expired", this.#node.me, `the question expired at ${expires}`, "ask again");
    }
    this.#expectApproved();
    this.#expectPermitted();
  }

  /** From here on the answer stands: what others do can spoil the evidence only. */
  answered(): void {
    this.#answered = true;
    this.#of?.answered();
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  /** Whether it goes on after a restart, shard by shard. */
  get inLegs(): boolean {
    return isInLegs(this.plan);
  }

  /** Lines of the contract that leave now, in the session of this label. */
  opened(label: string, lines: readonly string[]): void {
    this.#opened.set(label, [...(this.#opened.get(label) ?? []), ...lines]);
  }

  /** Whether all that this node discloses is out, or the answer stands: nobody can take a yes back any more. */
  get beyondReturn(): boolean {
    const own = this.contract.disclosures.filter(
      ({ from, output }) => from === this.#node.me && !output.startsWith("tests"),
    );
    const opened = [...this.#opened.values()].flat();
    const isOut = ({ id, shards }: { readonly id: string; readonly shards: number }): boolean =>
      opened.filter((line) => line === id).length >= shards;
    return this.#answered || (own.length > 0 && own.every(isOut));
  }

  /** A person's no, or a withdrawal in time: it ends the question here. */
  refuse(refusal: Refusal): void {
    if (this.#stopped === undefined) this.#refusal = refusal;
    this.stop(new EngineError("refused", refusal.party, refusal.message, refusal.hint));
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** The node stops: nobody is told, and the question goes on when the node is back. */
  leave(): void {
    if (this.#answered) return;
    this.#left = true;
    const { me } = this.#node;
    const hint = `the question waits on: koplamp query watch ${this.planHash}`;
    const when = this.phase === "in-legs" ? "between two shards" : "while people decide";
    this.stop(new EngineError("stopped", me, `the node of ${me} stops ${when}`, hint));
  }

  get left(): boolean {
    return this.#left;
  }

  /** A peer that will not go on with this question. `cause`: whose fault that is, where it is not the peer's. */
  lose(peer: PartyId, message: string, cause: PartyId = peer): void {
    if (!this.peers.includes(peer)) return;
    this.stop(unreachable(cause, message));
    this.#leaving.get(peer)?.resolve(undefined);
  }

  /** Ends every wait of this question with `reason`. Later calls change nothing. */
  stop(reason: Error): void {
    if (this.#stopped !== undefined || this.#answered) return;
    this.#stopped = reason;
    this.#halt.reject(reason);
    this.#node.post.fail(this.topic(""), reason);
  }

  /** Ends the question for `reason`; where a peer has just gone away, for what it says of that itself. */
  async fail(reason: unknown): Promise<EngineError> {
    const { clock, me } = this.#node;
    const halted = this.#halt.promise.catch(() => {}); // what it rejects with is in #stopped
    if (reason instanceof PeerLost) await Promise.race([halted, clock.sleep(PATIENCE_MS)]);
    const error = asEngineError(this.#stopped ?? reason, me);
    this.stop(error);
    return error;
  }

  /** Waits for all. The first that fails ends the question and with it the others: nothing goes on by itself. */
  async all(works: readonly Promise<void>[]): Promise<void> {
    const failing = works.map(async (work) => {
      try {
        await work;
      } catch (reason) {
        throw await this.fail(reason);
      }
    });
    const failed = (await Promise.allSettled(failing)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** Hears the other parties' stops from now on, also those that came before this node knew the question. */
  listenForStop(): void {
    for (const peer of this.peers) {
      this.#leaving.set(peer, Promise.withResolvers());
      void this.#hearStop(peer);
    }
  }

  /** Settles when a party has said that it stopped: nothing more will come from it. */
  leftBy(party: PartyId): Promise<undefined> {
    return this.#leaving.get(party)?.promise ?? new Promise(() => {});
  }

  /** Tells every other party why this question ends here, in words that hold no data. Without a line nobody waits. */
  async tellStop(reason: EngineError): Promise<void> {
    const { code, party, message, hint } = forOthers(reason, this.#node.me);
    const rule = this.#refusal?.rule ?? null;
    const body = encodeMessage({ code, party, message, hint, rule } satisfies Stop);
    const { post, clock } = this.#node;
    const told = Promise.allSettled(this.peers.map((peer) => post.send(peer, this.topic("stop"), body)));
    await Promise.race([told, clock.sleep(PATIENCE_MS)]); // what is under way is sent when the line is back
  }

  /** Frees what the question still holds: waits, and messages that nobody read. */
  end(): void {
    this.#node.post.fail(this.topic(""), new EngineError("stopped", this.#node.me, "the question is over"));
  }

  /** Approvals are in the ledger and were verified when they came: here it counts whether they hold now. */
  #expectApproved(): void {
    const { approvals } = this;
    const objection = approvals?.objection();
    const [missing] = approvals?.missing() ?? [];
    const party = objection?.party ?? missing?.[0];
    if (party === undefined) return;
    const [role] = objection === undefined ? (missing?.[1] ?? []) : [objection.role];
    throw new EngineError(
      "refused",
      party,
      objection === undefined
        ? `the ${role} approval of ${party} does not hold any more`
        : `${party} has taken back its ${role} approval`,
      "ask again: every question needs approvals of its own",
    );
  }

  /** The agreement may have ended, and the node's policies may be others, since people began to decide. */
  #expectPermitted(): void {
    const decision = decisionNow(this.#node, this);
    if (decision.outcome === "allow") return;
    const { rule, message, hint } = decision;
    this.refuse({ party: this.#node.me, rule, message, hint });
    throw new EngineError("refused", this.#node.me, message, hint);
  }

  #computed(): { readonly contract: Contract; readonly hash: Hash } {
    if (this.#contract !== undefined) return this.#contract;
    const { membership, primitives } = this.#node;
    const contract = contractOf(membership.covenant, membership.roster, this.plan, primitives);
    this.#contract = { contract, hash: documentHash(primitives.sha256, documentBytes(contract)) };
    return this.#contract;
  }

  async #hearStop(from: PartyId): Promise<void> {
    const { post, clock, me } = this.#node;
    while (this.#stopped === undefined) {
      try {
        const body = await post.receive(from, this.topic("stop"));
        const { code, party, message, hint, rule } = decodeMessage(stopForm, from, body);
        const known = ENGINE_ERROR_CODES.find((one) => one === code && one !== "internal");
        if (known === "refused" && rule !== null) this.refuse({ party, rule, message, hint });
        else this.stop(new EngineError(known ?? "stopped", party, message, hint));
        this.#leaving.get(from)?.resolve(undefined);
        return;
      } catch (reason) {
        // A message of another form stops the question too; a wait that ended with it does not.
        const error = asEngineError(reason, me);
        if (error.code === "garbage") this.stop(error);
        if (!(reason instanceof PeerLost)) return;
        await Promise.race([this.#halt.promise.catch(() => {}), clock.sleep(PATIENCE_MS)]); // it may come back
      }
    }
  }
}
