// SPDX-License-Identifier: Apache-2.0
import { type Group, loadSodium } from "@koplamp/crypto";
import { PoolError } from "./errors.ts";
import { findNativeGroup, type NativeGroup } from "./native-group.ts";
import type { Backends } from "./workers.ts";

/** The group that serves, and why it does: a sentence for one line of the log. */
export interface ChosenGroup {
  readonly group: Group;
  readonly name: string;
  readonly reason: string;
}

/**
 * The fastest backend that passes its self-test: the system's libsodium, else libsodium in WebAssembly. `wasm` and
 * `native` take that one or none. All backends give the same bytes, so the choice is only one of speed.
 * @throws {PoolError} `backend` when `native` is named and not there. @throws {CryptoError} `backend` from a self-test.
 */
export async function chooseGroup(
  backends: Backends = "auto",
  find: () => NativeGroup = findNativeGroup,
): Promise<ChosenGroup> {
  if (backends === "wasm") return portable("libsodium in WebAssembly serves, as it was asked for");
  const native = find();
  if (native.group !== undefined) {
    const reason = `the system's libsodium ${native.version} serves`;
    return { group: native.group, name: native.group.name, reason };
  }
  if (backends === "native") {
    throw new PoolError("backend", `expected the system's libsodium, and ${native.reason}`);
  }
  return portable(`libsodium in WebAssembly serves: ${native.reason}`);
}

async function portable(reason: string): Promise<ChosenGroup> {
  const group = await loadSodium();
  return { group, name: group.name, reason };
}
