// SPDX-License-Identifier: Apache-2.0
import { groupSecretJobs, readyJobs } from "@koplamp/crypto";
import type { JobEntry, JobTable } from "@koplamp/protocol";
import { type PsiBackend, psiJobs } from "@koplamp/psi";
import { alarmJobs } from "./alarm-jobs.ts";
import { hubJobs } from "./join-hub-jobs.ts";
import { joinPairJobs } from "./join-pair-jobs.ts";
import { sumJobs } from "./sum-jobs.ts";
import { maskedJobs } from "./sum-masked-jobs.ts";
import type { AggregateBackend } from "./threshold-vault.ts";

/** The code behind every job of this package. For a worker's job table. */
export function aggregateJobs(backend: AggregateBackend): readonly JobEntry[] {
  const { primitives } = backend;
  return [
    ...readyJobs(primitives),
    ...groupSecretJobs(primitives),
    ...sumJobs(backend),
    ...hubJobs(backend),
    ...joinPairJobs(backend),
    ...maskedJobs(primitives),
    ...alarmJobs(primitives),
  ];
}

/** What a worker computes with. */
export type JobBackend = PsiBackend & AggregateBackend;

/** The code behind every job of every protocol, for a worker's table. `meter` is not there: it is the host's own. */
export function protocolJobs(backend: JobBackend): JobTable {
  return new Map([...psiJobs(backend), ...aggregateJobs(backend)]);
}
