// SPDX-License-Identifier: Apache-2.0
import sodium from "libsodium-wrappers-sumo";
import { CryptoError } from "./errors.ts";
import { type Group, SCALAR_BYTES, UNIFORM_BYTES } from "./group.ts";
import { selfTest } from "./self-test.ts";
import {
  SODIUM_FUNCTIONS,
  type SodiumBatch,
  type SodiumFunction,
  type SodiumOperand,
  sodiumGroup,
} from "./sodium.ts";

/** Items that are in the module's memory at one time. */
const CHUNK = 512;
/** Most bytes of one item: its operands and its result. */
const ITEM_BYTES = UNIFORM_BYTES + SCALAR_BYTES;

type WasmCall = (first: number, second: number, third: number) => number | undefined;

/** What lies under the wrapper: it works on addresses, so that a batch needs one copy in and one out. */
interface Module {
  readonly heap: () => Uint8Array;
  readonly malloc: (bytes: number) => number;
  readonly calls: Readonly<Record<SodiumFunction, WasmCall>>;
}

/**
 * The default backend: libsodium compiled to WebAssembly, self-tested.
 * @throws {CryptoError} `backend` when the module is not as expected or gives wrong results.
 */
export async function loadSodium(): Promise<Group> {
  await sodium.ready;
  const group = sodiumGroup("sodium-wasm", wasmBatch(moduleOf(sodium)));
  selfTest(group);
  return group;
}

interface Raw {
  readonly HEAPU8?: unknown;
  readonly _malloc?: unknown;
  readonly [name: string]: unknown;
}

/** The functions that we call on addresses; the package's types know its wrappers only. */
function moduleOf(wrapper: object): Module {
  // Untyped by the package: the members that we use are checked here, one by one.
  const raw = (wrapper as { readonly libsodium?: Raw }).libsodium ?? {};
  const names = Object.keys(SODIUM_FUNCTIONS);
  const missing = ["_malloc", ...names.map((name) => `_${name}`)].find(
    (name) => typeof raw[name] !== "function",
  );
  if (missing !== undefined) throw new CryptoError("backend", `libsodium's module has no ${missing}`);
  const calls = Object.fromEntries(names.map((name) => [name, raw[`_${name}`]]));
  return {
    heap: () => {
      // Asked for each time: emscripten replaces the view when the module's memory grows.
      if (raw.HEAPU8 instanceof Uint8Array) return raw.HEAPU8;
      throw new CryptoError("backend", "libsodium's module has no HEAPU8");
    },
    malloc: raw._malloc as Module["malloc"], // a function, as checked above
    calls: calls as Module["calls"], // all of SODIUM_FUNCTIONS, as checked above
  };
}

function wasmBatch(module: Module): SodiumBatch {
  const arena = module.malloc(CHUNK * ITEM_BYTES + 2 * UNIFORM_BYTES);
  if (arena === 0) throw new CryptoError("backend", "libsodium's module gave no memory");
  return (name, items, operands) => {
    const results = new Uint8Array(items * SODIUM_FUNCTIONS[name].outBytes);
    for (let first = 0; first < items; first += CHUNK) {
      const count = Math.min(CHUNK, items - first);
      if (!runChunk(module, arena, name, { first, count, operands, results })) return undefined;
    }
    return results;
  };
}

interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly operands: readonly SodiumOperand[];
  readonly results: Uint8Array;
}

/** Copies operands in, calls for each item, copies results out, and leaves no secret in the module's memory. */
function runChunk(module: Module, arena: number, name: SodiumFunction, chunk: Chunk): boolean {
  const { outBytes } = SODIUM_FUNCTIONS[name];
  const end = arena + chunk.count * outBytes;
  const { places, top } = copyIn(module.heap(), end, chunk);
  try {
    if (!callEach(module.calls[name], name, chunk.count, [{ at: arena, stride: outBytes }, ...places]))
      return false;
    chunk.results.set(module.heap().subarray(arena, end), chunk.first * outBytes);
    return true;
  } finally {
    module.heap().fill(0, arena, top);
  }
}

interface Place {
  readonly at: number;
  readonly stride: number;
}

function copyIn(
  heap: Uint8Array,
  from: number,
  { first, count, operands }: Chunk,
): { places: Place[]; top: number } {
  let top = from;
  const places = operands.map(({ bytes, stride }) => {
    const part = stride === 0 ? bytes : bytes.subarray(first * stride, (first + count) * stride);
    const place = { at: top, stride };
    heap.set(part, top);
    top += part.length;
    return place;
  });
  return { places, top };
}

function callEach(call: WasmCall, name: SodiumFunction, count: number, places: readonly Place[]): boolean {
  const { outBytes, success } = SODIUM_FUNCTIONS[name];
  const none: Place = { at: 0, stride: 0 };
  const [first = none, second = none, third = none] = outBytes === 0 ? places.slice(1) : places;
  for (let item = 0; item < count; item += 1) {
    const result = call(
      first.at + item * first.stride,
      second.at + item * second.stride,
      third.at + item * third.stride,
    );
    if (result !== success) return false; // which one is nobody's business
  }
  return true;
}
