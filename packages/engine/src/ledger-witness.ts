// SPDX-License-Identifier: Apache-2.0
import type { Primitives } from "@koplamp/crypto";
import { answerWitness, type WitnessAnswer } from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import { type Post, utf8 } from "@koplamp/wire";
import { WITNESS_ADD, WITNESS_ANSWER } from "./ledger-quorum.ts";
import type { LedgerKeys } from "./ledger-trust.ts";
import type { Clock, LogEvent, NodeKeys, Store } from "./ports.ts";

/** What a node needs to witness the ledgers of the others. */
export interface WitnessDuty {
  readonly me: PartyId;
  readonly post: Post;
  readonly store: Store;
  readonly keys: Pick<NodeKeys, "witness">;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly log: (event: LogEvent) => void;
}

/**
 * Cosigns the others' checkpoints as they come: root, size and time are all it sees. What it has cosigned is stored
 * before the answer leaves. Returns a way to stop.
 */
export function serveWitness(duty: WitnessDuty, keys: LedgerKeys): () => void {
  const { me, post, primitives, store, clock, log } = duty;
  const now = (): number => Math.floor(clock.now() / 1000);
  const { name } = keys.witness(me);
  const witness = { primitives, store, ledgers: keys.othersThan(me), name, seed: duty.keys.witness, now };
  return post.listen(WITNESS_ADD, (from, topic, body) => {
    const answer = answerWitness(witness, body); // attacker-controlled
    if (answer.status !== 200)
      log({ event: "witness.unsigned", party: me, peer: from, code: reasonOf(answer.status) });
    const reply = post.send(from, topic.replace(WITNESS_ADD, WITNESS_ANSWER), encodeAnswer(answer));
    reply.catch(() => log({ event: "witness.unsent", party: me, peer: from })); // it will ask again
  });
}

/** An answer as it travels: the status of C2SP tlog-witness on a line, then its body. */
function encodeAnswer({ status, body }: WitnessAnswer): Uint8Array {
  return utf8(`${status}\n${body}`);
}

/** Why a witness did not sign, as a word of the log. */
function reasonOf(status: number): string {
  const words: Readonly<Record<number, string>> = {
    403: "signature",
    404: "unknown-ledger",
    409: "conflict",
    422: "inconsistent",
  };
  return words[status] ?? "malformed";
}
