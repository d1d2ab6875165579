// SPDX-License-Identifier: Apache-2.0

/** Something that a demonstration promises did not hold. */
export class DemoError extends Error {
  override readonly name = "DemoError";
  readonly code = "demo";
  readonly hint: string;

  constructor(message: string, hint = "") {
    super(message);
    this.hint = hint;
  }
}
