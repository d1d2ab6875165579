// SPDX-License-Identifier: Apache-2.0
export {
  type CharterParty,
  type CharterRequest,
  createCharter,
  type Founded,
  type Terms,
} from "./charter.ts";
export { type CheckedDataset, checkLab, type LabCheck } from "./check-lab.ts";
export { SdkError, type SdkErrorCode } from "./errors.ts";
export { generateFederation, newLab } from "./generate.ts";
export type { GenerateOptions } from "./generated-registers.ts";
export { labTerms } from "./lab-terms.ts";
export { type Lab, readLab } from "./read-lab.ts";
