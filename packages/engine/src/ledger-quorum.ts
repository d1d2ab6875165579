// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import {
  LedgerError,
  type MerkleTree,
  openNote,
  readNote,
  type WitnessAnswer,
  witnessRequest,
} from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import { concat, fromUtf8, type Post, utf8 } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { LedgerKeys } from "./ledger-trust.ts";
import type { Clock } from "./ports.ts";

/** What the gathering of cosignatures needs. */
export interface QuorumParts {
  readonly me: PartyId;
  readonly post: Post;
  readonly keys: LedgerKeys;
  readonly tree: MerkleTree;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** What a witness is thought to have seen when nothing is known of it. */
  readonly seenBefore: number;
}

/** Post topics of requests and answers; what follows is the request's own number. */
export const WITNESS_ADD = "witness/add/";
export const WITNESS_ANSWER = "witness/answer/";
/** Assumption A5: clocks are within five minutes of each other. */
export const CLOCK_SKEW_MS = 300_000;

const MOST_ROUNDS = 4;
const TICK_MS = 250;
const MOST_ANSWER = 4096;

/** This node's ledger is not what a witness has seen of it: it was restored from a backup, or it forked. */
export class Rollback extends EngineError {}

/** One checkpoint on its way to the quorum. */
interface Round {
  readonly size: number;
  readonly note: Uint8Array;
  readonly signed: Map<PartyId, string>;
  readonly failed: Map<PartyId, Error>;
  /** Topics under which an answer is awaited. */
  readonly topics: Set<string>;
}

/**
 * Asks the other nodes to cosign this node's checkpoints. It remembers what each has seen; one that lags gets a proof
 * from its own size.
 */
export class WitnessQuorum {
  readonly #parts: QuorumParts;
  readonly #seen = new Map<PartyId, number>();
  #asked = 0;

  constructor(parts: QuorumParts) {
    this.#parts = parts;
  }

  /**
   * The checkpoint with the cosignatures of the quorum under it. All witnesses are asked at once; those that are not
   * needed any more are not waited for.
   * @throws {EngineError} `unreachable` at the deadline, or when too many have failed, naming who did not sign;
   * {@link Rollback} when a witness has seen another history of this ledger.
   */
  async gather(size: number, note: Uint8Array): Promise<Uint8Array> {
    const { me, keys } = this.#parts;
    const { quorum } = keys.trustIn(me);
    const round: Round = { size, note, signed: new Map(), failed: new Map(), topics: new Set() };
    const witnesses = keys.witnessesOf(me);
    await this.#quorum(round, witnesses, quorum);
    for (const topic of round.topics) this.#parts.post.fail(topic, new Error("not awaited any more"));
    if (round.signed.size < quorum) throw unsigned(me, round, witnesses, quorum);
    const lines = [...round.signed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
    return concat(note, utf8(lines.join("")));
  }

  /** Resolves when the quorum has signed, when it cannot any more, or at the deadline. */
  async #quorum(round: Round, witnesses: readonly PartyId[], quorum: number): Promise<void> {
    const ended = Promise.withResolvers<void>();
    let over = false;
    const settle = (): void => {
      if (round.signed.size >= quorum || witnesses.length - round.failed.size < quorum) ended.resolve();
    };
    for (const witness of witnesses) void this.#askOne(witness, round).then(settle, ended.reject);
    settle();
    const expired = this.#expire(() => over);
    try {
      await Promise.race([ended.promise, expired]);
    } finally {
      over = true;
    }
  }

  async #expire(over: () => boolean): Promise<void> {
    const { clock, deadlineMs } = this.#parts;
    const end = clock.now() + deadlineMs;
    for (let left = deadlineMs; left > 0 && !over(); left = end - clock.now())
      await clock.sleep(Math.min(left, TICK_MS));
  }

  /** Notes what one witness says. @throws {Rollback} only. */
  async #askOne(witness: PartyId, round: Round): Promise<void> {
    try {
      round.signed.set(witness, await this.#ask(witness, round));
    } catch (reason) {
      if (reason instanceof Rollback) throw reason;
      round.failed.set(witness, reason instanceof Error ? reason : new Error("an unknown fault"));
    }
  }

  async #ask(witness: PartyId, round: Round): Promise<string> {
    const { tree, seenBefore } = this.#parts;
    let oldSize = Math.min(this.#seen.get(witness) ?? seenBefore, round.size);
    for (let attempt = 0; attempt < MOST_ROUNDS; attempt += 1) {
      const request = witnessRequest(oldSize, tree.consistency(oldSize, round.size), round.note);
      const { status, body } = await this.#exchange(witness, round, request);
      if (status === 200) return this.#accept(witness, round, body);
      oldSize = this.#nextSize(witness, round, oldSize, { status, body });
    }
    throw refused(witness, 409);
  }

  /** From where to prove next, after a witness did not sign. @throws {Rollback} when it knows another history. */
  #nextSize(witness: PartyId, { size }: Round, oldSize: number, { status, body }: WitnessAnswer): number {
    if (status === 422) throw this.#rollback(witness, oldSize);
    if (status !== 409) throw refused(witness, status);
    const stored = sizeOf(witness, body);
    // The same size, or a larger one than we have: it holds entries or a root that this ledger does not.
    if (stored === oldSize || stored > this.#parts.tree.size) throw this.#rollback(witness, stored);
    if (stored > size) throw refused(witness, status);
    return stored;
  }

  async #exchange(witness: PartyId, { size, topics }: Round, request: Uint8Array): Promise<WitnessAnswer> {
    const { post } = this.#parts;
    this.#asked += 1;
    const number = `${size}/${this.#asked}`;
    const topic = `${WITNESS_ANSWER}${number}/${witness}`;
    topics.add(topic);
    const answer = post.receive(witness, topic);
    await Promise.all([answer, post.send(witness, `${WITNESS_ADD}${number}/${witness}`, request)]);
    topics.delete(topic);
    return decodeAnswer(witness, await answer);
  }

  #accept(witness: PartyId, { size, note }: Round, line: string): string {
    const { keys, primitives, clock } = this.#parts;
    const key = keys.witness(witness);
    const time = timeOf(() => openNote(primitives, readNote(concat(note, utf8(line))), [key])[0]?.time);
    if (time === undefined || Math.abs(time * 1000 - clock.now()) > CLOCK_SKEW_MS) {
      throw new EngineError(
        "integrity",
        witness,
        `the witness of ${witness} sent no cosignature of now`,
        `compare the clock of ${witness} with ours: they must be within five minutes`,
      );
    }
    this.#seen.set(witness, size);
    return line;
  }

  #rollback(witness: PartyId, size: number): Rollback {
    const { me, tree } = this.#parts;
    return new Rollback(
      "integrity",
      me,
      `rollback: the witness of ${witness} has seen ${size} entries of the ledger of ${me} that are not the ${tree.size} here`,
      "this node stops; restore the latest state, or hold the continuation ceremony",
    );
  }
}

function decodeAnswer(from: PartyId, bytes: Uint8Array): WitnessAnswer {
  // attacker-controlled
  const text = bytes.length <= MOST_ANSWER ? textOf(bytes) : "";
  if (/^\d{3}\n/.test(text)) return { status: Number(text.slice(0, 3)), body: text.slice(4) };
  throw new EngineError("garbage", from, `the witness of ${from} sent no answer that can be read`, VERSIONS);
}

const VERSIONS = "its node may run another version";

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return ""; // refused as no answer
  }
}

function sizeOf(from: PartyId, body: string): number {
  const [, digits] = /^(0|[1-9][0-9]{0,15})\n$/.exec(body) ?? [];
  const size = Number(digits);
  if (Number.isSafeInteger(size)) return size;
  throw new EngineError("garbage", from, `the witness of ${from} sent a conflict without a size`, VERSIONS);
}

function timeOf(read: () => number | undefined): number | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

function refused(witness: PartyId, status: number): EngineError {
  return new EngineError(
    "integrity",
    witness,
    `the witness of ${witness} does not sign (status ${status})`,
    "compare the rosters of both nodes",
  );
}

function unsigned(me: PartyId, round: Round, witnesses: readonly PartyId[], quorum: number): EngineError {
  const missing = witnesses.filter((witness) => !round.signed.has(witness));
  const reasons = missing.flatMap((witness) => reasonsOf(round.failed.get(witness)));
  return new EngineError(
    "unreachable",
    missing[0] ?? me,
    `the ledger of ${me} needs ${quorum} witnesses and has ${round.signed.size}: ${missing.join(", ")} did not sign`,
    [...reasons, "nothing was opened; ask again when they are there"].join("; "),
  );
}

function reasonsOf(failure: Error | undefined): readonly string[] {
  if (failure === undefined) return [];
  return failure instanceof EngineError ? [failure.message, failure.hint] : [failure.message];
}
