// SPDX-License-Identifier: Apache-2.0

export type CovenantErrorCode = "signature" | "membership" | "possession" | "approval";

/** A document of the agreement is not signed, linked or admitted as it must be. Names document and party only. */
export class CovenantError extends Error {
  override readonly name = "CovenantError";
  readonly code: CovenantErrorCode;

  constructor(code: CovenantErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
