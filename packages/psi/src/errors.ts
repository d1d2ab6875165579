// SPDX-License-Identifier: Apache-2.0

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
  | "count";

/**
 * A session that cannot go on, or must not start. The message names the party and never holds an identifier, a key,
 * a position or a payload.
 */
export class PsiError extends Error {
  override readonly name = "PsiError";
  readonly code: PsiErrorCode;

  constructor(code: PsiErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
