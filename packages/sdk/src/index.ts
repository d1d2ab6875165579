// SPDX-License-Identifier: Apache-2.0
export { SdkError, type SdkErrorCode } from "./errors.ts";
export { generateFederation, newLab } from "./generate.ts";
export type { GenerateOptions } from "./generated-registers.ts";
