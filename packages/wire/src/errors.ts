// SPDX-License-Identifier: Apache-2.0

export type WireErrorCode =
  | "too-large"
  | "not-utf8"
  | "not-json"
  | "not-canonical"
  | "invalid-value"
  | "invalid-document"
  | "invalid-time"
  | "too-long";

/** Bytes or values are not of the agreed form. The message names type and place, never a value. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
