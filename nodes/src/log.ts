// SPDX-License-Identifier: Apache-2.0
import { type DaemonEvent, logFields } from "@koplamp/engine";
import { destination, pino } from "pino";

/** How much is written. */
export const LOG_LEVELS = ["error", "warn", "info"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log of JSON lines on standard output. Its fields come from a closed list (threats.md, G1). */
export function openLog(level: LogLevel): (event: DaemonEvent) => void {
  const timestamp = (): string => `,"time":"${new Date().toISOString()}"`;
  const log = pino({ level, base: null, timestamp }, destination({ dest: 1, sync: true }));
  return (event) => {
    const bad = event.code !== undefined || event.event.endsWith(".failed");
    log[bad ? "warn" : "info"](logFields(event));
  };
}
