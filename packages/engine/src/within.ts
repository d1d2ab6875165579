// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "./ports.ts";

/** No timer outlives what it was for by more than this. */
const TICK_MS = 1000;

/** What `wait` gives, or nothing when that takes longer than `ms`. @throws what `wait` rejects with. */
export async function within<T>(clock: Clock, ms: number, wait: Promise<T>): Promise<T | undefined> {
  let over = false;
  const end = clock.now() + ms;
  const expired = async (): Promise<undefined> => {
    for (let left = ms; left > 0 && !over; left = end - clock.now()) {
      await clock.sleep(Math.min(left, TICK_MS));
    }
    return undefined;
  };
  try {
    return await Promise.race([wait, expired()]);
  } finally {
    over = true;
  }
}
