// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { COORDINATOR } from "@koplamp/psi";
import { hex } from "@koplamp/wire";
import { forgotten } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/** Tells everybody on the roster that a process begins here, under a name that no other has. */
export function tellBoot({
  post,
  membership,
  me,
  rng,
}: Pick<NodePorts, "post" | "membership" | "me" | "rng">): void {
  const topic = `boot/${hex(rng(8))}`;
  for (const party of membership.cards.keys()) {
    if (party !== me) post.send(party, topic, new Uint8Array()).catch(() => {}); // who cannot be told has no session
  }
}

/**
 * Ends the questions of a party whose process began again: its line may be back at once, its sessions never are. A
 * party is known by the name that its process gave itself; the first one heard tells a question only that the party has
 * begun anew after it took part in it. A question that waits for people outlives that, and so does one in several
 * shards, of which only the leg ends.
 *
 * A coordinator that began again has forgotten every letter that it had taken and not yet handed on, whoever wrote it.
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
    const stop = this.#node.post.listen("boot/", (from, topic) =>
      this.#hear(from, topic.slice("boot/".length)),
    );
    tellBoot(this.#node);
    return stop;
  }

  #hear(party: PartyId, boot: string): void {
    const before = this.#known.get(party);
    this.#known.set(party, boot);
    if (before === boot) return;
    if (party === COORDINATOR) this.#forgotten();
    for (const run of this.#runs) {
      if (run.phase === "standing" || run.phase === "in-legs") continue; // it goes on by what is on disk: its run ends
      if (run.phase === "waiting")
        run.completed.delete(party); // it has the question on disk, and says again how far it is
      else if (before !== undefined || run.phase === "running") run.lose(party, `${party} was started again`);
    }
  }

  /** Ends every wait for a letter that may be lost. A question that waits for people asks for such letters by itself. */
  #forgotten(): void {
    const { post, membership, me } = this.#node;
    const lost = forgotten();
    const alive = [...this.#runs].filter(({ phase }) => phase === "deciding" || phase === "running");
    for (const run of alive) run.stop(lost);
    for (const peer of membership.cards.keys()) {
      if (peer === me) continue;
      post.giveUp(peer, lost.message);
      post.takeBack(peer);
    }
  }
}
