// SPDX-License-Identifier: Apache-2.0
// What a pool and its threads say to each other. Both ends are ours: nothing here comes from a peer.
import type { Failure } from "./failure.ts";
import type { Backends } from "./workers.ts";

/** What a thread is started with. */
export interface Start {
  /** Address of the registry module. */
  readonly registry: string;
  readonly backends: Backends;
}

/** Each request has one reply, and requests are served in order. */
export type Request =
  | {
      readonly kind: "open";
      readonly session: number;
      readonly secrets: Readonly<Record<string, Uint8Array>>;
    }
  | { readonly kind: "run"; readonly session: number; readonly job: string; readonly args: unknown }
  | { readonly kind: "wipe"; readonly session: number }
  | { readonly kind: "stop" };

/** The reply to the oldest request without one; `ready` comes once, before all others. */
export type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Below this, moving a buffer gains nothing over copying it. */
const WORTH_MOVING = 4096;

/**
 * The value with every view of bytes cut out of a larger buffer, which a clone would copy whole. `moved` gathers
 * buffers that `free` says nobody else uses: they may be transferred. Shared memory goes as it is, and is not copied.
 */
export function compact(
  value: unknown,
  moved: Set<ArrayBuffer> = new Set(),
  free: (buffer: ArrayBuffer) => boolean = () => false,
): unknown {
  const inner = (part: unknown): unknown => compact(part, moved, free);
  if (value instanceof Uint8Array) return bytes(value, moved, free);
  if (ArrayBuffer.isView(value)) return view(value, moved, free);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [inner(key), inner(part)]));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inner(part)]));
}

function bytes(
  value: Uint8Array,
  moved: Set<ArrayBuffer>,
  free: (buffer: ArrayBuffer) => boolean,
): Uint8Array {
  if (value.buffer instanceof SharedArrayBuffer) return value;
  const whole = value.byteLength === value.buffer.byteLength;
  return view(whole ? value : new Uint8Array(value), moved, whole ? free : () => true);
}

function view<View extends ArrayBufferView>(
  value: View,
  moved: Set<ArrayBuffer>,
  free: (buffer: ArrayBuffer) => boolean,
): View {
  const { buffer } = value;
  const large = buffer instanceof ArrayBuffer && buffer.byteLength >= WORTH_MOVING;
  if (large && value.byteLength === buffer.byteLength && free(buffer)) moved.add(buffer);
  return value;
}
