// SPDX-License-Identifier: Apache-2.0

/** A relay cannot start as things are. The message says what was expected and what came. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly code: "usage" | "covenant";
  readonly hint: string;

  constructor(code: "usage" | "covenant", message: string, hint = "") {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
