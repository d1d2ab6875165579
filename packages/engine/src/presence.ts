// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Line, Post } from "@koplamp/wire";
import type { Clock } from "./ports.ts";

/**
 * Gives up a peer whose line stays down for `graceMs` while somebody here waits for it, until its line is up again. A
 * short loss of the connection is normal and is not noticed.
 */
export class Presence {
  readonly #downSince = new Map<PartyId, number>();
  readonly #up = new Set<PartyId>();
  readonly #clock: Clock;
  readonly #post: Post;
  readonly #graceMs: number;
  readonly #stop: () => void;

  constructor(line: Line, post: Post, clock: Clock, graceMs: number) {
    this.#clock = clock;
    this.#post = post;
    this.#graceMs = graceMs;
    this.#stop = line.onPresence((party, online) => this.#note(party, online));
  }

  /** Whether the peer's line is up now. */
  online(party: PartyId): boolean {
    return this.#up.has(party);
  }

  /** Whether the peer's line was up, and is down now. */
  wentDown(party: PartyId): boolean {
    return this.#downSince.has(party) && !this.#up.has(party);
  }

  /** Watches these peers until `done` settles, and tells `lost` of each that is given up. */
  async watch(
    peers: readonly PartyId[],
    done: Promise<unknown>,
    lost: (peer: PartyId) => void = () => {},
  ): Promise<void> {
    let over = false;
    const end = done.then(
      () => (over = true),
      () => (over = true),
    );
    const begin = this.#clock.now();
    const given = new Set<PartyId>();
    while (!over) {
      const now = this.#clock.now();
      for (const peer of peers.filter((id) => !this.#up.has(id) && !given.has(id))) {
        if (now - Math.max(begin, this.#downSince.get(peer) ?? begin) < this.#graceMs) continue;
        given.add(peer);
        this.#post.giveUp(peer, `its line has been down for ${Math.round(this.#graceMs / 1000)} s`);
        lost(peer);
      }
      await Promise.race([end, this.#clock.sleep(Math.min(250, this.#graceMs))]);
    }
  }

  close(): void {
    this.#stop();
  }

  #note(party: PartyId, online: boolean): void {
    if (online) {
      this.#up.add(party);
      this.#post.takeBack(party); // it need not speak first
    } else if (this.#up.delete(party)) this.#downSince.set(party, this.#clock.now());
  }
}
