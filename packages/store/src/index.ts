// SPDX-License-Identifier: Apache-2.0
export { readCharter, writeCharter } from "./charter.ts";
export { StoreError, type StoreErrorCode } from "./errors.ts";
export {
  type CoordinatorKeys,
  readCoordinatorKeys,
  readKeys,
  writeCoordinatorKeys,
  writeKeys,
} from "./keys.ts";
export { readPersonKey, writePersonKey } from "./person-key.ts";
export { readPolicyFolder } from "./policy-folder.ts";
export { dropSignIn, readSignIn, writeSignIn } from "./sign-in-file.ts";
export { readCovenantSeed } from "./signing-key.ts";
export { openStore } from "./store.ts";
