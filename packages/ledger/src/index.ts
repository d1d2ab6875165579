// SPDX-License-Identifier: Apache-2.0
export {
  type BundleParts,
  packBundle,
  type ReadBundle,
  readBundle,
  type ShownEntry,
  type ShownLedger,
  type SignedFile,
} from "./bundle.ts";
export {
  type Erasable,
  eraseAfter,
  hasResult,
  isErased,
  QUESTION,
  RESULT,
} from "./check-erasure.ts";
export { type Checkpoint, readCheckpoint, signCheckpoint } from "./checkpoint.ts";
export { debitsOf, type StatedDebit } from "./entries.ts";
export { LedgerError, type LedgerErrorCode } from "./errors.ts";
export type { Founding, FoundingFiles, Trust, VerifyOptions } from "./evidence.ts";
export { extendBundle } from "./extend.ts";
export { leafHash, MerkleTree } from "./merkle.ts";
export {
  noteBytes,
  openNote,
  readNote,
  readVerifierKey,
  type VerifierKey,
  verifierKeyText,
} from "./note.ts";
export { type LedgerTrust, proofBytes, readProof, verifyCosigned, verifyLogged } from "./proof.ts";
export type { PromiseName, Report, ReportLine, Verdict } from "./report.ts";
export { untimely } from "./timely.ts";
export { readTrust, verifyBundle } from "./verify.ts";
export { answerWitness, type WitnessAnswer, witnessRequest } from "./witness.ts";
