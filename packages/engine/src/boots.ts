// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/**
 * Ends the questions of a party whose process began again: its line may be back at once, its sessions never are. A
 * party is known by the name that its process gave itself; the first one heard tells a question only that the party has
 * begun anew after it took part in it. A question that waits for people outlives that.
 */
export class Boots {
  readonly #node: NodePorts;
  readonly #runs: ReadonlySet<QuestionRun>;
  readonly #known = new Map<PartyId, string>();

  constructor(node: NodePorts, runs: ReadonlySet<QuestionRun>) {
    this.#node = node;
    this.#runs = runs;
  }

  /** Listens, and tells the others of this process. Returns a way to stop. */
  start(): () => void {
    const { post, membership, me, rng } = this.#node;
    const stop = post.listen("boot/", (from, topic) => this.#hear(from, topic.slice("boot/".length)));
    const topic = `boot/${hex(rng(8))}`;
    for (const party of membership.cards.keys()) {
      if (party !== me) post.send(party, topic, new Uint8Array()).catch(() => {}); // who cannot be told has no session
    }
    return stop;
  }

  #hear(party: PartyId, boot: string): void {
    const before = this.#known.get(party);
    this.#known.set(party, boot);
    if (before === boot) return;
    for (const run of this.#runs) {
      if (run.phase === "waiting")
        run.completed.delete(party); // it has the question on disk, and says again how far it is
      else if (before !== undefined || run.phase === "running") run.lose(party, `${party} was started again`);
    }
  }
}
