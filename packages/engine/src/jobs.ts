// SPDX-License-Identifier: Apache-2.0
import { type AggregateBackend, aggregateJobs } from "@koplamp/aggregate";
import type { JobTable } from "@koplamp/protocol";
import { type PsiBackend, psiJobs } from "@koplamp/psi";

/** What a worker computes with. */
export type JobBackend = PsiBackend & AggregateBackend;

/** The code behind every job of every protocol, for a worker's table. `meter` is not there: it is the host's own. */
export function engineJobs(backend: JobBackend): JobTable {
  return new Map([...psiJobs(backend), ...aggregateJobs(backend)]);
}
