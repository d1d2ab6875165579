// SPDX-License-Identifier: Apache-2.0
import { type Group, loadSodium, withKernel } from "@koplamp/crypto";
import { PoolError } from "./errors.ts";
import { findKernelGroup, type KernelGroup } from "./kernel.ts";
import { findNativeGroup, type NativeGroup } from "./native-group.ts";
import type { Backends } from "./workers.ts";

/** The group that serves, and why it does: a sentence for one line of the log. */
export interface ChosenGroup {
  readonly group: Group;
  readonly name: string;
  readonly reason: string;
}

/** How backends are found. */
export interface Finders {
  readonly native: () => NativeGroup;
  readonly kernel: (scalars: Group) => KernelGroup;
}

const FINDERS: Finders = { native: findNativeGroup, kernel: findKernelGroup };

/**
 * The backend that serves, self-tested: the system's libsodium, else our kernel, else libsodium in WebAssembly. `native`,
 * `kernel` and `wasm` take that one or none. What no key is in is the kernel's wherever it runs, but for `wasm`, which takes
 * nothing of ours. All backends give the same bytes.
 * @throws {PoolError} `backend` when one is named and not there. @throws {CryptoError} `backend` from a self-test.
 */
export async function chooseGroup(
  backends: Backends = "auto",
  finders: Partial<Finders> = {},
): Promise<ChosenGroup> {
  const find = { ...FINDERS, ...finders };
  if (backends === "auto" || backends === "native") {
    const native = find.native();
    if (native.group !== undefined) return withKeys(native, find.kernel(native.group));
    if (backends === "native") {
      throw new PoolError("backend", `expected the system's libsodium, and ${native.reason}`);
    }
    return portable(find, native.reason);
  }
  const sodium = await loadSodium();
  if (backends === "wasm") return chosen(sodium, "libsodium in WebAssembly serves, as it was asked for");
  const kernel = find.kernel(sodium);
  if (kernel.group !== undefined) return chosen(kernel.group, "the kernel serves, as it was asked for");
  throw new PoolError("backend", `expected the kernel, and ${kernel.reason}`);
}

/** The system's libsodium for whatever a key is in, and for the rest what is there. */
function withKeys(native: NativeGroup & { readonly group: Group }, kernel: KernelGroup): ChosenGroup {
  const serves = `the system's libsodium ${native.version} serves`;
  if (kernel.group === undefined) return chosen(native.group, `${serves}; ${kernel.reason}`);
  return chosen(withKernel(kernel.group, native.group), `${serves}, with the kernel for what no key is in`);
}

async function portable(find: Finders, reason: string): Promise<ChosenGroup> {
  const sodium = await loadSodium();
  const kernel = find.kernel(sodium);
  if (kernel.group !== undefined) return chosen(kernel.group, `the kernel serves: ${reason}`);
  return chosen(sodium, `libsodium in WebAssembly serves: ${reason}, and ${kernel.reason}`);
}

function chosen(group: Group, reason: string): ChosenGroup {
  return { group, name: group.name, reason };
}
