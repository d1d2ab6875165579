// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { EgressCount } from "./egress.ts";

/** A disclosure that came in this session: what its receipt is made of. */
export interface Received {
  readonly from: PartyId;
  readonly disclosure: string;
  readonly frame: Uint8Array;
  readonly bytes: number;
}

/** What a session gave, and the account of what left and came. */
export interface SessionResult<Output> {
  readonly output: Output;
  readonly session: string;
  readonly egress: readonly EgressCount[];
  /** Own disclosures, and the entry of each. */
  readonly logged: readonly { readonly id: string; readonly to: PartyId; readonly index: number }[];
  readonly received: readonly Received[];
}
