// SPDX-License-Identifier: Apache-2.0

/** Why a source could not be read. */
export type SourceErrorCode =
  | "missing-file"
  | "unreadable-file"
  | "unsupported-file"
  | "empty-file"
  | "changed-file"
  | "encoding"
  | "ragged-row"
  | "malformed"
  | "unknown-dataset"
  | "unknown-column"
  | "missing-column"
  | "ambiguous-column"
  | "unsupported-type"
  | "out-of-range"
  | "too-large"
  | "failed";

/**
 * A source that cannot be used as it is. Message and hint name file, line or row, column and reason, and never a value
 * from the data.
 */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly code: SourceErrorCode;
  readonly hint: string;

  constructor(code: SourceErrorCode, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
