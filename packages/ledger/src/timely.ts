// SPDX-License-Identifier: Apache-2.0
import { type Entry, timeMs } from "@koplamp/wire";

/** Clocks are within five minutes of each other (assumption A5). */
export const SKEW_MS = 300_000;
/** How long after its entry a disclosure may be witnessed: clocks differ, and a quorum takes a while. */
const LATEST_MS = 2 * SKEW_MS;

/**
 * Why the time of an entry that discloses cannot be true, if it cannot: the witnesses, who sign at once, signed at
 * `witnessed` (milliseconds). An owner could otherwise write that something had left before it did, or after.
 */
export function untimely({ type, at }: Entry, witnessed: number): string | undefined {
  if (type !== "disclose" && type !== "allow") return undefined;
  const logged = timeMs(at);
  if (logged > witnessed + SKEW_MS) return "was witnessed before it was logged";
  return witnessed > logged + LATEST_MS ? "was witnessed long after it says that it was logged" : undefined;
}
