// SPDX-License-Identifier: Apache-2.0

/** A fault of a covenant, or with `grave: false` what its readers should know. */
export interface Finding {
  /** The clause; `signatures` and `possession` for what stands beside the text. */
  readonly clause: string;
  readonly grave: boolean;
  readonly expected: string;
  readonly got: string;
  readonly hint: string;
}
