// SPDX-License-Identifier: Apache-2.0
import type { Edit } from "./edit.ts";

/** A measure, the guarantee that it carries (SECURITY.md), and the test that notices when it is gone. */
export interface Switch {
  readonly id: string;
  readonly guarantee: `G${number}`;
  /** What the weakened program does. */
  readonly weak: string;
  readonly edits: readonly Edit[];
  /** A test file, and a part of the names of the tests in it that count; all of them where it is empty. */
  readonly test: { readonly file: string; readonly name: string };
}
