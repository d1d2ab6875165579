// SPDX-License-Identifier: Apache-2.0
import { groupSecretJobs, readyJobs } from "@koplamp/crypto";
import type { JobEntry } from "@koplamp/protocol";
import type { PsiBackend } from "./backend.ts";
import { bulkJobs } from "./bulk-jobs.ts";
import { cacheJobs } from "./cache.ts";
import { cacheSeekJobs } from "./cache-seek.ts";
import { evaluateJobs } from "./evaluate-jobs.ts";
import { inputRootJobs } from "./input-root.ts";
import { keysetJobs } from "./keyset-jobs.ts";
import { lookupIndexJobs } from "./lookup-index-jobs.ts";
import { lookupJobs } from "./lookup-jobs.ts";
import { maskedJobs } from "./masked-numbers.ts";
import { cutJobs } from "./pair-cut.ts";
import { pairJobs } from "./pair-jobs.ts";
import { partJobs } from "./pair-parts.ts";
import { slotJobs } from "./pair-slots.ts";
import { silentJobs } from "./silent-jobs.ts";
import { thresholdJobs } from "./threshold-jobs.ts";
import { tokenJobs } from "./token-jobs.ts";

/** The code behind every job of this package but `meter`, which is the host's. For a worker's job table. */
export function psiJobs(backend: PsiBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    ...readyJobs(primitives),
    ...keysetJobs(backend),
    ...evaluateJobs(backend),
    ...groupSecretJobs(primitives),
    ...cacheJobs(primitives),
    ...cacheSeekJobs(primitives),
    ...inputRootJobs(primitives),
    ...tokenJobs(primitives),
    ...maskedJobs(primitives),
    ...thresholdJobs(primitives),
    ...pairJobs(backend),
    ...cutJobs(primitives),
    ...partJobs(backend),
    ...slotJobs(backend),
    ...bulkJobs(primitives),
    ...silentJobs(backend),
    ...lookupIndexJobs(backend),
    ...lookupJobs(backend),
  ];
}
