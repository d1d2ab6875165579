// SPDX-License-Identifier: Apache-2.0
export { accumulate } from "./accumulate.ts";
export type { HeBackend, KeyShare, PublicKey, Randomness, Slots } from "./backend.ts";
export { HeError, type HeErrorCode } from "./errors.ts";
export {
  type Ciphertext,
  ciphertextBytes,
  decodeCiphertext,
  decodeSeeded,
  encodeCiphertext,
  encodeSeeded,
  type FullForm,
  type SeededCiphertext,
  seededBytes,
} from "./frames.ts";
export { loadHe } from "./load.ts";
export { addMod, multiplyMod, subtractMod } from "./modular.ts";
export {
  fitsNoise,
  type ParameterSet,
  type Products,
  parameterSet,
  polynomialBytes,
  type Ring,
} from "./parameters.ts";
export {
  addPolynomials,
  checkPolynomial,
  FLOOD_BYTES,
  flood,
  type PackedPolynomial,
  subtractPolynomials,
} from "./polynomial.ts";
export { seededRandomness, seededUniform } from "./seeded.ts";
