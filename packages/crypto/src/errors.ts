// SPDX-License-Identifier: Apache-2.0

export type CryptoErrorCode =
  | "invalid-element"
  | "invalid-scalar"
  | "invalid-key"
  | "invalid-length"
  | "invalid-proof"
  | "invalid-seal"
  | "invalid-frame"
  | "invalid-signature"
  | "echo"
  | "commitment"
  | "backend";

/** A check on bytes failed, or a backend is not what it should be. The message holds no bytes and no index. */
export class CryptoError extends Error {
  override readonly name = "CryptoError";
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
