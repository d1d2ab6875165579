// SPDX-License-Identifier: Apache-2.0

/** Why a node does not start. */
export type StartErrorCode = "usage" | "covenant" | "source" | "policy" | "files";

/** A node cannot start, or do what it was told, as things are. The message says what was expected and what came. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly code: StartErrorCode;
  readonly hint: string;

  constructor(code: StartErrorCode, message: string, hint = "") {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Why a person may not come to the desk. */
export type SignInErrorCode = "absent" | "expired" | "refused" | "role" | "provider";

/** A sign-in that does not do. It names no token, no person and no group. */
export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly code: SignInErrorCode;
  readonly hint: string;

  constructor(code: SignInErrorCode, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
