// SPDX-License-Identifier: Apache-2.0
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const FIRST_MS = 100;
const MOST_MS = 10_000;

/** Waits that double from one failure to the next, each between half and all of its length so that crowds part. */
export class Backoff {
  #ms = FIRST_MS;

  /** It worked: the next failure is a first one. */
  reset(): void {
    this.#ms = FIRST_MS;
  }

  /** Waits, or until `abort` fires. */
  async wait(abort: AbortSignal): Promise<void> {
    const ms = randomInt(this.#ms / 2, this.#ms + 1);
    this.#ms = Math.min(this.#ms * 2, MOST_MS);
    await sleep(ms, undefined, { signal: abort }).catch(() => {}); // the caller looks at `abort` itself
  }
}
