// SPDX-License-Identifier: Apache-2.0

/** What can be wrong in a sum. */
export type SumErrorCode =
  | "setup"
  | "too-large"
  | "overflow"
  | "bounds"
  | "noise"
  | "key"
  | "commitment"
  | "list"
  | "ciphertext"
  | "released"
  | "invalid-result";

/**
 * A sum that cannot go on, or must not start. The message names the party where one is at fault, and never holds a
 * value, a key, a position or a payload.
 */
export class SumError extends Error {
  override readonly name = "SumError";
  readonly code: SumErrorCode;
  readonly hint: string;

  constructor(code: SumErrorCode, message: string, hint = "") {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
