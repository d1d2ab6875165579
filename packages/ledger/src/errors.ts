// SPDX-License-Identifier: Apache-2.0

export type LedgerErrorCode = "malformed" | "signature" | "proof" | "quorum";

/** Bytes of a ledger are not of their form, or do not prove what they should. The message holds no leaf and no key. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
