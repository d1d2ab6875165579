// SPDX-License-Identifier: Apache-2.0
import type { LogEvent } from "./ports.ts";

/** What a daemon itself says, besides the engine's events. */
export interface DaemonEvent extends Omit<LogEvent, "party"> {
  readonly party?: string;
  /** Where it can be reached: the path of a socket, or host and port. */
  readonly address?: string;
}

/** The only fields that are ever written, each with the form that it must have. */
const FIELDS: Readonly<Record<keyof DaemonEvent, RegExp>> = {
  event: /^[a-z][a-z.-]{0,63}$/,
  party: /^[a-z][a-z0-9-]{0,31}$/,
  session: /^[0-9a-f]{32}$/,
  plan: /^sha256:[0-9a-f]{64}$/,
  peer: /^[a-z][a-z0-9-]{0,31}$/,
  phase: /^(?!.*\d{4})[A-Za-z][A-Za-z0-9 ./-]{0,63}$/,
  code: /^[a-z][a-z-]{0,63}$/,
  count: /^\d{1,15}$/,
  bytes: /^\d{1,15}$/,
  ms: /^\d{1,15}(?:\.\d+)?$/,
  address: /^[A-Za-z0-9_./:[\]-]{1,256}$/,
};

/**
 * The fields of an event that may be written to a log: those of a closed list, each in its closed form. Whatever a
 * caller passes, no identifier, key or payload gets through; what does not fit is left out.
 */
export function logFields(event: DaemonEvent): Readonly<Record<string, string | number>> {
  const fields = Object.entries(FIELDS).flatMap(([name, form]) => {
    const value: unknown = Reflect.get(event, name);
    if (typeof value !== "string" && typeof value !== "number") return [];
    return form.test(String(value)) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(fields);
}
