// SPDX-License-Identifier: Apache-2.0
import type { Group, Primitives } from "@koplamp/crypto";

/** What the jobs of this package compute with. */
export interface PsiBackend {
  readonly group: Group;
  readonly primitives: Primitives;
}
