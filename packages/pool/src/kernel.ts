// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { type Group, type Kernel, kernelGroup, selfTest } from "@koplamp/crypto";

/** What of the engine's WebAssembly is used here; the libraries of TypeScript know it for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

const FILE = new URL("../kernel/kernel.wasm", import.meta.url);
const FUNCTIONS = [
  "expand",
  "hashToGroup",
  "decodeCheck",
  "mulSame",
  "makeTable",
  "mulTable",
  "combine",
  "msmBegin",
  "msmAdd",
  "msmEnd",
  "wipe",
] as const;
const PLACES = {
  left: "LEFT",
  right: "RIGHT",
  result: "RESULT",
  most: "MOST",
  message: "MESSAGE",
  mostMessage: "MOST_MESSAGE",
} as const;

/** The kernel's group, or why there is none: a sentence for one line of the log. */
export type KernelGroup = { readonly group: Group } | { readonly group: undefined; readonly reason: string };

/** Compiled once, however many instances are made of it. */
let compiled: object | undefined;

/**
 * The group over our own WebAssembly, self-tested. It needs a machine that fuses multiplication and addition, and an
 * engine with relaxed SIMD: where either is missing it does not serve. `scalars`: a backend whose arithmetic on scalars is
 * taken. `bytes`: another build of it.
 */
export function findKernelGroup(scalars: Group, bytes?: Uint8Array): KernelGroup {
  try {
    const kernel = kernelOf(kernelExports(bytes));
    const group = kernelGroup(kernel, scalars);
    selfTest(group);
    return { group };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    return { group: undefined, reason: `the kernel does not serve: ${reason}` };
  }
}

/** What an instance of the kernel of its own exports. Throws where the engine does not run it. */
export function kernelExports(bytes?: Uint8Array): Readonly<Record<string, unknown>> {
  return new WebAssembly.Instance(moduleOf(bytes)).exports;
}

function moduleOf(bytes: Uint8Array | undefined): object {
  if (bytes !== undefined) return new WebAssembly.Module(bytes);
  compiled ??= new WebAssembly.Module(readFileSync(FILE));
  return compiled;
}

function kernelOf(exports: Readonly<Record<string, unknown>>): Kernel {
  return checkedExports(exports, FUNCTIONS, PLACES) as unknown as Kernel; // every member was checked
}

/** The memory, functions and places of an instance. Throws where one is missing. */
export function checkedExports(
  exports: Readonly<Record<string, unknown>>,
  functions: readonly string[],
  symbols: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const memory = (exports["memory"] as { readonly buffer: ArrayBuffer } | undefined)?.buffer; // checked below
  const calls = functions.map((name) => [name, exports[name]] as const);
  const places = Object.entries(symbols).map(
    ([name, symbol]) => [name, globalValue(exports[symbol])] as const,
  );
  const sound =
    memory instanceof ArrayBuffer &&
    calls.every(([, call]) => typeof call === "function") &&
    places.every(([, place]) => typeof place === "number");
  if (!sound) throw new Error("the module is not the one expected");
  return { memory: new Uint8Array(memory), ...Object.fromEntries([...calls, ...places]) };
}

function globalValue(global: unknown): unknown {
  return (global as { readonly value?: unknown } | undefined)?.value;
}
