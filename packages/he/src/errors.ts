// SPDX-License-Identifier: Apache-2.0

export type HeErrorCode = "unknown-set" | "refused" | "self-test";

/**
 * Whatever goes wrong below this package, as one error that says nothing of keys, noise or where it failed: the
 * library's own messages and the difference between its failures are an oracle.
 */
export class HeError extends Error {
  override readonly name = "HeError";
  readonly code: HeErrorCode;

  constructor(code: HeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The one refusal of polynomials, ciphertexts and keys. */
export function refused(): HeError {
  return new HeError("refused", "expected lattice material of the agreed form, got something else");
}

/** Runs `work`; whatever it throws comes out as the one refusal. */
export function opaque<Value>(work: () => Value): Value {
  try {
    return work();
  } catch {
    throw refused();
  }
}
