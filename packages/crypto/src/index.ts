// SPDX-License-Identifier: Apache-2.0
export { equal, wipe } from "./bytes.ts";
export { CryptoError, type CryptoErrorCode } from "./errors.ts";
export {
  type Group,
  type PackedPoints,
  type PackedScalars,
  POINT_BYTES,
  SCALAR_BYTES,
  UNIFORM_BYTES,
  WEIGHT_BYTES,
} from "./group.ts";
export type { KeyPair, Primitives } from "./primitives.ts";
export {
  type Conversation,
  conversation,
  exchangeMessages,
  exchangeReady,
  hashCodec,
  hear,
  type Round,
  readyJobs,
  type SpokenHash,
  sha256Of,
  tell,
} from "./ready.ts";
