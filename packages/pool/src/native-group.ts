// SPDX-License-Identifier: Apache-2.0
import {
  CryptoError,
  type Group,
  SODIUM_FUNCTIONS,
  type SodiumBatch,
  type SodiumOperand,
  selfTest,
  sodiumGroup,
} from "@koplamp/crypto";
import koffi from "koffi";

/** Names under which systems install libsodium: newest first. */
const LIBRARIES = ["libsodium.so.26", "libsodium.so.23"];
/** The first release with ristretto255. */
const LEAST = [1, 0, 18];

/** A native backend, or why there is none: a sentence for one line of the log. */
export type NativeGroup =
  | { readonly group: Group; readonly version: string }
  | { readonly group: undefined; readonly reason: string };

type Library = ReturnType<typeof koffi.load>;

/**
 * The group over the system's libsodium, two to three times as fast as the default and constant-time as its authors
 * wrote it. Nothing is downloaded or built: where libsodium is absent, too old or wrong, the default serves.
 */
export function findNativeGroup(libraries: readonly string[] = LIBRARIES): NativeGroup {
  const library = firstOf(libraries);
  if (library === undefined) return none(`the system has no ${libraries.join(" or ")}`);
  try {
    const version: unknown = library.func("const char *sodium_version_string()")();
    if (typeof version !== "string" || !isRecent(version)) {
      return none(
        `the system's libsodium is ${String(version)}; ${LEAST.join(".")} is the least that serves`,
      );
    }
    const initialised: unknown = library.func("int sodium_init()")();
    if (initialised !== 0 && initialised !== 1) return none("the system's libsodium does not initialise");
    const group = sodiumGroup("sodium-native", nativeBatch(library));
    selfTest(group);
    return { group, version };
  } catch (error) {
    return none(
      `the system's libsodium does not serve: ${error instanceof Error ? error.message : "unknown"}`,
    );
  }
}

/** As `findNativeGroup`, without the reason. */
export function loadNativeGroup(): Group | undefined {
  return findNativeGroup().group;
}

function none(reason: string): NativeGroup {
  return { group: undefined, reason };
}

function firstOf(names: readonly string[]): Library | undefined {
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch {
      // Not installed under this name: koffi has no other way to say so.
    }
  }
  return undefined;
}

function isRecent(version: string): boolean {
  const numbers = version.split(".").map(Number);
  if (numbers.length < LEAST.length || numbers.some(Number.isNaN)) return false;
  const at = LEAST.findIndex((least, index) => numbers[index] !== least);
  return at < 0 || (numbers[at] ?? 0) > (LEAST[at] ?? 0);
}

type NativeCall = (...operands: readonly Uint8Array[]) => number | undefined;

/** Calls get views of our own arrays: koffi passes their addresses, so nothing is copied and nothing is left behind. */
function nativeBatch(library: Library): SodiumBatch {
  const calls = new Map(
    Object.entries(SODIUM_FUNCTIONS).map(([name, shape]) => {
      const parameters = Array.from(
        { length: shape.operands + Math.sign(shape.outBytes) },
        () => "uint8_t *",
      );
      const call: NativeCall = library.func(name, shape.success === undefined ? "void" : "int", parameters);
      return [name, call];
    }),
  );
  return (name, items, operands) => {
    const { outBytes, success } = SODIUM_FUNCTIONS[name];
    const results = new Uint8Array(items * outBytes);
    const places = outBytes === 0 ? operands : [{ bytes: results, stride: outBytes }, ...operands];
    const call = calls.get(name);
    if (call === undefined) throw new CryptoError("backend", `libsodium has no ${name}`);
    for (let item = 0; item < items; item += 1) {
      if (call(...places.map((place) => at(place, item))) !== success) return undefined;
    }
    return results;
  };
}

function at({ bytes, stride }: SodiumOperand, item: number): Uint8Array {
  return stride === 0 ? bytes : bytes.subarray(item * stride, (item + 1) * stride);
}
