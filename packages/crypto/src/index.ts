// SPDX-License-Identifier: Apache-2.0
export { equal, wipe } from "./bytes.ts";
export { type Commitments, commitEcho } from "./commit-echo.ts";
export {
  dleqContext,
  MOST_PROVEN,
  PROOF_BYTES,
  proveBatch,
  type Statement,
  verifyBatch,
} from "./dleq.ts";
export { CryptoError, type CryptoErrorCode } from "./errors.ts";
export { expandMessage } from "./expand.ts";
export {
  FRAME_KINDS,
  FrameOpener,
  FrameSealer,
  MOST_MESSAGE_BYTES,
  parseHeader,
  partyTag,
} from "./frame.ts";
export { fresh } from "./fresh.ts";
export { portableGf128 } from "./gf128.ts";
export {
  type Group,
  type PackedPoints,
  type PackedScalars,
  POINT_BYTES,
  SCALAR_BYTES,
  UNIFORM_BYTES,
  WEIGHT_BYTES,
} from "./group.ts";
export { groupSecret, groupSecretHandle, groupSecretJobs } from "./group-secret.ts";
export {
  confirmation,
  decapsulate,
  encapsulate,
  makeHello,
  type OwnHello,
  type PairKeys,
  pairKeys,
  readHello,
  type SessionBinding,
  wipeHello,
  wipePairKeys,
} from "./handshake.ts";
export { type Kernel, kernelGroup, withKernel } from "./kernel.ts";
export { nobleGroup } from "./noble.ts";
export {
  blind,
  type Evaluated,
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
export { type PickSums, type Picks, portablePickSums, SUMS_AT_ONCE } from "./pick-sums.ts";
export type { Gf128, KeyPair, Primitives } from "./primitives.ts";
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
export {
  openSealed,
  type SealAddress,
  type SealKeyPairs,
  sealFor,
  sealKeyPairs,
} from "./seal.ts";
export { selfTest } from "./self-test.ts";
export {
  admitPublicKey,
  provePossession,
  publicKeyText,
  signDocument,
  verifyDocument,
  verifyPossession,
} from "./sign.ts";
export {
  SODIUM_FUNCTIONS,
  type SodiumBatch,
  type SodiumFunction,
  type SodiumOperand,
  type SodiumShape,
  sodiumGroup,
} from "./sodium.ts";
export { loadSodium } from "./sodium-wasm.ts";
