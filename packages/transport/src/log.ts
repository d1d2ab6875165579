// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";

/** A line of the log. Fields come from a closed list; none can hold an identifier, a key or a payload. */
export interface TransportEvent {
  readonly event: string;
  /** The other party, when it is known. */
  readonly peer?: PartyId;
  readonly session?: string;
  readonly code?: string;
  readonly count?: number;
  readonly bytes?: number;
}

export type LogTransport = (event: TransportEvent) => void;
