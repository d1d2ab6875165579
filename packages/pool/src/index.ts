// SPDX-License-Identifier: Apache-2.0
export { findNativeGroup, loadNativeGroup, type NativeGroup } from "./native-group.ts";
export { nodePrimitives } from "./primitives.ts";
