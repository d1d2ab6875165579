// SPDX-License-Identifier: Apache-2.0
import { type EngineNode, type Outcome, outcomeText } from "@koplamp/engine";
import type { AnswerResult, Hash } from "@koplamp/wire";

const KEPT_OUTCOMES = 64;
/** Of their texts in all, but for the newest, which stays however long it is. */
const KEPT_CHARACTERS = 2 ** 22;

/** How questions ended here, for the node's people: the newest few in memory, all of them on disk until their term. */
export class Outcomes {
  readonly #node: EngineNode;
  readonly #kept = new Map<Hash, string>();
  readonly #waiting = new Map<Hash, Set<(text: string | undefined) => void>>();

  constructor(node: EngineNode) {
    this.#node = node;
    node.onOutcome((outcome) => this.keep(outcome));
    node.onErased((planHash) => void this.#kept.delete(planHash));
  }

  keep(outcome: Outcome<AnswerResult>): void {
    const hash = outcome.planHash;
    if (hash === undefined) return;
    const text = outcomeText(outcome);
    this.#kept.delete(hash);
    this.#kept.set(hash, text);
    this.#makeRoom();
    for (const resolve of this.#waiting.get(hash) ?? []) resolve(text);
    this.#waiting.delete(hash);
  }

  #makeRoom(): void {
    let left = this.#kept.size;
    let characters = [...this.#kept.values()].reduce((sum, text) => sum + text.length, 0);
    for (const [hash, text] of this.#kept) {
      if (left === 1 || (left <= KEPT_OUTCOMES && characters <= KEPT_CHARACTERS)) return;
      this.#kept.delete(hash);
      left -= 1;
      characters -= text.length;
    }
  }

  /** How it ended, as memory or the node's disk has it. */
  known(hash: Hash): string | undefined {
    const kept = this.#kept.get(hash);
    if (kept !== undefined) return kept;
    const outcome = this.#node.outcomeOf(hash);
    return outcome === undefined ? undefined : outcomeText(outcome);
  }

  /** How the question of that plan ends here, or nothing when the node stops before. */
  wait(hash: Hash): Promise<string | undefined> {
    const known = this.known(hash);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const others = this.#waiting.get(hash) ?? new Set();
      this.#waiting.set(hash, others.add(resolve));
    });
  }

  end(): void {
    for (const resolve of [...this.#waiting.values()].flatMap((each) => [...each])) resolve(undefined);
    this.#waiting.clear();
  }
}
