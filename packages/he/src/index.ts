// SPDX-License-Identifier: Apache-2.0
export type { HeBackend, KeyShare, PublicKey, Slots } from "./backend.ts";
export { HeError, type HeErrorCode } from "./errors.ts";
export { type Ciphertext, ciphertextBytes, decodeCiphertext, encodeCiphertext } from "./frames.ts";
export { loadHe } from "./load.ts";
export { addMod, multiplyMod, subtractMod } from "./modular.ts";
export { type ParameterSet, parameterSet, polynomialBytes, type Ring } from "./parameters.ts";
export {
  addPolynomials,
  checkPolynomial,
  FLOOD_BYTES,
  flood,
  type PackedPolynomial,
  subtractPolynomials,
} from "./polynomial.ts";
