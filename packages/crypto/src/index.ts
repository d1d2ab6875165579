// SPDX-License-Identifier: Apache-2.0
export { equal, wipe } from "./bytes.ts";
export {
  dleqContext,
  MOST_PROVEN,
  PROOF_BYTES,
  proveBatch,
  type Statement,
  verifyBatch,
} from "./dleq.ts";
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
export { nobleGroup } from "./noble.ts";
export {
  blind,
  type Evaluated,
  expandMessage,
  finalize,
  hashToGroup,
  hashToScalar,
  inputSecrets,
  inputsOf,
  type PackedInputs,
  refuseDuplicates,
  SECRET_BYTES,
  scalarsFromSeed,
  sumPoints,
  unblind,
} from "./oprf.ts";
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
export { selfTest } from "./self-test.ts";
export {
  SODIUM_FUNCTIONS,
  type SodiumBatch,
  type SodiumFunction,
  type SodiumOperand,
  type SodiumShape,
  sodiumGroup,
} from "./sodium.ts";
export { loadSodium } from "./sodium-wasm.ts";
