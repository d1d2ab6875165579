// SPDX-License-Identifier: Apache-2.0

export { type BlindNodeSetup, type BlindSession, blindCoordinator, blindNode } from "./alarm-blind.ts";
export { alarmBlind } from "./alarm-description.ts";
export { alarmsPerCell, alarmTests, factsOf, isLinear, layoutOfTests } from "./alarm-tests.ts";
export { epsilonOf, rhoMicroOf, spreadOf } from "./calibration.ts";
export { type Cube, cubeOf, type Hidden } from "./cube.ts";
export { cellsOfRows } from "./cube-places.ts";
export { SumError, type SumErrorCode } from "./errors.ts";
export { aggregateJobs, type JobBackend, protocolJobs } from "./jobs.ts";
export { distinctNode, joinHubNode } from "./join-hub.ts";
export { distinctCoordinator, joinHubCoordinator } from "./join-hub-coordinator.ts";
export {
  type DistinctParameters,
  distinctSum,
  type JoinHubParameters,
  joinHub,
} from "./join-hub-description.ts";
export type { DistinctSession, DistinctSetup, JoinHubSetup, KeyCache } from "./join-hub-session.ts";
export {
  distinctTerms,
  type JoinLayout,
  joinedCells,
  joinLayout,
  joinRows,
  joinTerms,
} from "./join-layout.ts";
export { joinPairNode } from "./join-pair.ts";
export { type JoinPairParameters, joinSumPair } from "./join-pair-description.ts";
export {
  addChunk,
  hideTotal,
  joinPairJobs,
  makeJoinKey,
  openTotal,
  sealChunk,
  takeJoinKey,
} from "./join-pair-jobs.ts";
export type { JoinColumn, JoinNodeSetup, JoinOpened, JoinSession } from "./join-session.ts";
export {
  addedColumns,
  type CubeLayout,
  cubeLayout,
  groupsOf,
  summedColumns,
} from "./layout.ts";
export {
  type CubeLine,
  linesAt,
  type OpenedCell,
  type OpenedSum,
  openedCells,
  openedLines,
} from "./opened-cells.ts";
export { topsToTell } from "./parts.ts";
export {
  cellsPerBlock,
  FEWEST_CONTRIBUTORS,
  MOST_CONTRIBUTORS,
  mostNumbers,
  type Range,
  type SumNodeSetup,
  type SumSession,
} from "./session.ts";
export type { SumColumn } from "./sum-column.ts";
export { type SumParameters, sumThreshold } from "./sum-description.ts";
export { sumMaskedNode, sumMaskedWide } from "./sum-masked.ts";
export { sumMaskedCoordinator } from "./sum-masked-coordinator.ts";
export { type MaskedParameters, sumMasked } from "./sum-masked-description.ts";
export { maskedJobs } from "./sum-masked-jobs.ts";
export {
  type MaskedNodeSetup,
  type MaskedSession,
  MOST_NUMBERS,
  type NumberSource,
} from "./sum-masked-session.ts";
export { sumCoordinator, sumNode } from "./sum-threshold.ts";
export { cubeResult } from "./table-statistics.ts";
export type { AggregateBackend } from "./threshold-vault.ts";
export { blindTrendOf, stepOf, trendOf } from "./trend.ts";
