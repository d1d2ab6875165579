// SPDX-License-Identifier: Apache-2.0

export type TransportErrorCode =
  | "closed"
  | "equivocation"
  | "expired"
  | "invalid-certificate"
  | "invalid-frame"
  | "limit"
  | "refused"
  | "too-large"
  | "unreachable";

/**
 * A line, a channel or the relay cannot go on. The message says what was expected, what came and from which party;
 * it never holds a payload, a key or an identifier.
 */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
