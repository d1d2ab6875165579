// SPDX-License-Identifier: Apache-2.0
export { type Checkpoint, checkpointText, readCheckpoint, signCheckpoint } from "./checkpoint.ts";
export { debitsOf, type StatedDebit } from "./entries.ts";
export { LedgerError, type LedgerErrorCode } from "./errors.ts";
export { leafHash, MerkleTree, type Sha256 } from "./merkle.ts";
export {
  type KeyType,
  noteBytes,
  openNote,
  readNote,
  readVerifierKey,
  type Verified,
  type VerifierKey,
  verifierKeyText,
} from "./note.ts";
export {
  type LedgerTrust,
  type Logged,
  proofBytes,
  readProof,
  verifyCosigned,
  verifyLogged,
} from "./proof.ts";
export {
  answerWitness,
  type Seen,
  type SeenStore,
  type WitnessAnswer,
  type WitnessParts,
  witnessRequest,
} from "./witness.ts";
