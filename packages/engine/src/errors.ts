// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";

/** Why a question ended without an answer. The code decides the exit status; it says nothing about data. */
export type EngineErrorCode =
  | "unreachable"
  | "expired"
  | "source"
  | "quota"
  | "integrity"
  | "garbage"
  | "stopped"
  | "limits"
  | "internal";

/**
 * A question that cannot go on. The message says what was expected and what came and names the party; the hint is the
 * smallest next step. Neither holds an identifier, a key or a payload, so both may be shown to every party concerned.
 */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;
  readonly party: PartyId;
  readonly hint: string;

  constructor(code: EngineErrorCode, party: PartyId, message: string, hint = "") {
    super(message);
    this.code = code;
    this.party = party;
    this.hint = hint;
  }
}
