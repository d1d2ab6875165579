// SPDX-License-Identifier: Apache-2.0
export { type Cedar, loadCedar } from "./cedar.ts";
export { type ChosenGroup, chooseGroup, type Finders } from "./choose-group.ts";
export { JobError, PoolError, type PoolErrorCode } from "./errors.ts";
export { letHeapsGrow } from "./heap-growth.ts";
export { inlineWorkers } from "./inline.ts";
export { findKernelGroup, type KernelGroup } from "./kernel.ts";
export { findNativeGroup, loadNativeGroup, type NativeGroup } from "./native-group.ts";
export { nodePrimitives } from "./primitives.ts";
export { startThreads, type ThreadOptions } from "./threads.ts";
export type { Backends, Registry, SessionPool, Workers } from "./workers.ts";
