// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Contract, Hash, Plan, Time } from "@koplamp/wire";
import type { EngineError, EngineErrorCode } from "./errors.ts";

/** A disclosure that happened at this node: the contract's line, what it weighed, and where the ledger has it. */
export interface DisclosureRecord {
  readonly id: string;
  readonly from: PartyId;
  readonly to: PartyId;
  readonly bytes: number;
  readonly index: number;
}

/** Where this node's ledger stood when the question ended. */
export interface LedgerHead {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

/** An answer that was given before: of which plan, and when. */
export interface StoredAnswer {
  readonly planHash: Hash;
  readonly at: Time;
}

interface Ended {
  readonly query: string;
  readonly plan?: Plan;
  readonly planHash?: Hash;
  readonly contract?: Contract;
  readonly disclosures: readonly DisclosureRecord[];
  readonly ledger?: LedgerHead;
}

/** A party's no: the rule that it rests on, or the person who gave it. */
export interface Refusal {
  readonly party: PartyId;
  readonly rule: string;
  readonly message: string;
  readonly hint: string;
}

/** How a question ended at one node. A refusal is a value, not an error. */
export type Outcome<Result = unknown> =
  | (Ended & {
      readonly status: "released";
      /** Present at a recipient's node only. */
      readonly result?: Result;
      /** The bundle, at the proposer and the recipients. */
      readonly bundle?: Uint8Array;
      /** Present when nothing ran: the answer is the one that this plan had, since nothing has changed. */
      readonly stored?: StoredAnswer;
    })
  | (Ended & Refusal & { readonly status: "refused" })
  | (Ended & {
      readonly status: "failed";
      readonly code: EngineErrorCode;
      readonly party: PartyId;
      readonly message: string;
      readonly hint: string;
    });

/** A failure as an outcome. */
export function failed(query: string, { code, party, message, hint }: EngineError): Outcome<never> {
  return { query, status: "failed", code, party, message, hint, disclosures: [] };
}
