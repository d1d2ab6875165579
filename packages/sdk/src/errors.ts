// SPDX-License-Identifier: Apache-2.0

/** What can be wrong before a question reaches any node. Stable: tools may rely on it. */
export type SdkErrorCode =
  | "file"
  | "usage"
  | "covenant"
  | "party"
  | "refused"
  | "state"
  | "question"
  | "sign-in";

/** Something that the person in front of it can put right. One sentence, and the smallest change that would help. */
export class SdkError extends Error {
  override readonly name = "SdkError";
  readonly code: SdkErrorCode;
  readonly hint: string;

  constructor(code: SdkErrorCode, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
