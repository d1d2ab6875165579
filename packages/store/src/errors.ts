// SPDX-License-Identifier: Apache-2.0

export type StoreErrorCode =
  | "budget"
  | "account"
  | "checkpoint"
  | "damaged"
  | "busy"
  | "permissions"
  | "missing"
  | "malformed";

/** What is kept cannot be read, or must not be written. Holds no content of a file, and no key. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** The smallest next step. */
  readonly hint: string;

  constructor(code: StoreErrorCode, message: string, hint = "") {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
