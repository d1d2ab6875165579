// SPDX-License-Identifier: Apache-2.0
import { type Group, loadSodium } from "@koplamp/crypto";
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
 * `kernel` and `wasm` take that one or none. Sums of public points are the kernel's wherever it runs, but for `wasm`,
 * which takes nothing of ours. All backends give the same bytes.
 * @throws {PoolError} `backend` when one is named and not there. @throws {CryptoError} `backend` from a self-test.
 */
export async function chooseGroup(
  backends: Backends = "auto",
  finders: Partial<Finders> = {},
): Promise<ChosenGroup> {
  const portable = await loadSodium();
  if (backends === "wasm") return chosen(portable, "libsodium in WebAssembly serves, as it was asked for");
  const find = { ...FINDERS, ...finders };
  const kernel = find.kernel(portable);
  if (backends === "kernel") return kernelOrNone(kernel);
  const native = find.native();
  if (native.group !== undefined) {
    const group = kernel.group === undefined ? native.group : kernel.withSums(native.group);
    return chosen(group, `the system's libsodium ${native.version} serves${sums(kernel)}`);
  }
  if (backends === "native") {
    throw new PoolError("backend", `expected the system's libsodium, and ${native.reason}`);
  }
  if (kernel.group !== undefined) return chosen(kernel.group, `the kernel serves: ${native.reason}`);
  return chosen(portable, `libsodium in WebAssembly serves: ${native.reason}, and ${kernel.reason}`);
}

function kernelOrNone(kernel: KernelGroup): ChosenGroup {
  if (kernel.group === undefined) throw new PoolError("backend", `expected the kernel, and ${kernel.reason}`);
  return chosen(kernel.group, "the kernel serves, as it was asked for");
}

function sums(kernel: KernelGroup): string {
  return kernel.group === undefined ? `; ${kernel.reason}` : ", with the kernel's sums";
}

function chosen(group: Group, reason: string): ChosenGroup {
  return { group, name: group.name, reason };
}
