// SPDX-License-Identifier: Apache-2.0
export { SumError, type SumErrorCode } from "./errors.ts";
export { aggregateJobs } from "./jobs.ts";
export type { Range, SumNodeSetup, SumSession } from "./session.ts";
export { type SumParameters, sumThreshold } from "./sum-description.ts";
export type { AggregateBackend } from "./sum-jobs.ts";
export { sumCoordinator, sumNode } from "./sum-threshold.ts";
