// SPDX-License-Identifier: Apache-2.0

/** Exit status of every command (experience.md, section 2). */
export const EXIT = {
  done: 0,
  fault: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  verification: 5,
  quota: 6,
  nothing: 7,
  /** Of comparisons: less is permitted, more is permitted (also where less is as well). */
  narrower: 8,
  wider: 9,
  interrupted: 130,
} as const;

/** The command line was used in a way that means nothing. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
  readonly hint: string;

  constructor(message: string, hint = "") {
    super(message);
    this.hint = hint;
  }
}
