// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";

/** What can be wrong in a session of this package. */
export type PsiErrorCode =
  | "setup"
  | "too-large"
  | "commitment"
  | "proof"
  | "element"
  | "key"
  | "allowance"
  | "not-evaluated"
  | "cache"
  | "count"
  | "index"
  | "hit"
  | "correlation"
  | "encode";

/**
 * A session that cannot go on, or must not start. The message names the party and never holds an identifier, a key,
 * a position or a payload.
 */
export class PsiError extends Error {
  override readonly name = "PsiError";
  readonly code: PsiErrorCode;
  /** Who has left the protocol, where that is known. */
  readonly party: PartyId | undefined;

  constructor(code: PsiErrorCode, message: string, party?: PartyId) {
    super(message);
    this.code = code;
    this.party = party;
  }
}
