// SPDX-License-Identifier: Apache-2.0
import { type Group, type Primitives, readyJobs } from "@koplamp/crypto";
import type { JobEntry } from "@koplamp/protocol";
import { cacheJobs } from "./cache.ts";
import { groupSecretJobs } from "./group-secret.ts";
import { inputRootJobs } from "./input-root.ts";
import { tokenJobs } from "./token-jobs.ts";

/** What the jobs of this package compute with. */
export interface PsiBackend {
  readonly group: Group;
  readonly primitives: Primitives;
}

/** The code behind every job of this package but `meter`, which is the host's. For a worker's job table. */
export function psiJobs({ primitives }: PsiBackend): readonly JobEntry[] {
  return [
    ...readyJobs(primitives),
    ...groupSecretJobs(primitives),
    ...cacheJobs(primitives),
    ...inputRootJobs(primitives),
    ...tokenJobs(primitives),
  ];
}
