// SPDX-License-Identifier: Apache-2.0
import { equal } from "./bytes.ts";
import { CryptoError } from "./errors.ts";
import { expansionTail } from "./expand.ts";
import { type Group, POINT_BYTES, SCALAR_BYTES, UNIFORM_BYTES, WEIGHT_BYTES } from "./group.ts";
import { checkCount, checkEncodings, checkScalars, countOf, invalidElement } from "./scalars.ts";

/**
 * What the WebAssembly module of packages/pool/kernel exports. A call works on at most `most` items, packed at `left`
 * and `right` in its memory; results are at `result`. What returns a number returns 0 when an operand was no element.
 */
export interface Kernel {
  /** All of its memory, which never grows. */
  readonly memory: Uint8Array;
  readonly left: number;
  readonly right: number;
  readonly result: number;
  readonly most: number;
  /** Where a message is before it is expanded, and the bytes that are there for it and what follows it. */
  readonly message: number;
  readonly mostMessage: number;
  /** expand_message_xmd of `length` bytes and a tail: 64 bytes at `left`, in the place of an item. */
  expand(item: number, length: number, tail: number): void;
  hashToGroup(items: number): void;
  decodeCheck(items: number): number;
  mulSame(items: number): number;
  makeTable(which: number): number;
  mulTable(which: number, items: number): void;
  /** `sign` 0 adds and -1 subtracts. */
  combine(items: number, sign: number): number;
  msmBegin(): void;
  msmAdd(items: number): number;
  msmEnd(): void;
  /** Overwrites what a call on so many items left behind. */
  wipe(items: number): void;
}

/** The kernel's tables of multiples: of the base point, made once, and of the last other point. */
const BASE_TABLE = 0;
const POINT_TABLE = 1;
/** What SHA-512 adds to a message at least, and what of a tail fits into one block behind a digest. */
const PADDING_BYTES = 17;
const MOST_TAIL = 49;
/** Items of a call, but for sums: what it keeps of them stays in the cache. */
const CHUNK = 512;
/** With fewer scalars than this a table costs more than it saves. */
const TABLE_PAYS = 12;

/** The group over the kernel. Scalars, of which there are few, are those of another backend of ristretto255. */
export function kernelGroup(kernel: Kernel, scalars: Group): Group {
  makeTable(kernel, BASE_TABLE, scalars.mulBase(ONE));
  return {
    ...scalars,
    name: "kernel",
    decodeCheck(points) {
      checkEncodings(points);
      const items = points.length / POINT_BYTES;
      inChunks(kernel, items, [elements(kernel.left, points)], (count) => kernel.decodeCheck(count));
    },
    hashToGroup(uniform) {
      const items = countOf(uniform, UNIFORM_BYTES, "uniform inputs");
      const operand = { at: kernel.left, bytes: uniform, unit: UNIFORM_BYTES };
      return encodings(inChunks(kernel, items, [operand], (count) => void kernel.hashToGroup(count)));
    },
    hashMessages: (messages, dst) => hashMessages(kernel, messages, dst),
    mulSame: (secret, points) => mulSame(kernel, secret, points),
    mulBase: (factors) => mulTable(kernel, BASE_TABLE, factors),
    mulPoint: pointMultiplier(kernel),
    addEach: (left, right) => combine(kernel, left, right, 0),
    subEach: (left, right) => combine(kernel, left, right, -1),
    msm: (weights, points) => msm(kernel, weights, points),
  };
}

/**
 * Another backend with the kernel beside it for whatever no key is in: maps, checks and sums of elements, and batches of
 * multiples of one point, whose scalars are secrets of one use, a fresh one for each element. Keys stay with the other: they multiply many
 * points at once, or come alone.
 */
export function withKernel(kernel: Group, other: Group): Group {
  const isBatch = (factors: Uint8Array) => factors.length >= TABLE_PAYS * SCALAR_BYTES;
  const { hashMessages } = kernel;
  return {
    ...other,
    hashToGroup: (uniform) => kernel.hashToGroup(uniform),
    ...(hashMessages === undefined ? {} : { hashMessages }),
    decodeCheck: (points) => kernel.decodeCheck(points),
    mulBase: (factors) => (isBatch(factors) ? kernel : other).mulBase(factors),
    mulPoint: (point, factors) => (isBatch(factors) ? kernel : other).mulPoint(point, factors),
    addEach: (left, right) => kernel.addEach(left, right),
    subEach: (left, right) => kernel.subEach(left, right),
    msm: (weights, points) => kernel.msm(weights, points),
  };
}

const ONE: Uint8Array = Uint8Array.from({ length: SCALAR_BYTES }, (_, at) => (at === 0 ? 1 : 0));

/** Packed operands of a call and where they go; with unit 0 the same for all items. */
interface Operand {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly unit: number;
}

/** Copies operands in, calls, copies results out, and leaves nothing of either in the kernel's memory. */
function inChunks(
  kernel: Kernel,
  items: number,
  operands: readonly Operand[],
  call: (count: number, first: number) => number | undefined,
): Uint8Array {
  const results = new Uint8Array(items * POINT_BYTES);
  try {
    for (let first = 0; first < items; first += CHUNK) {
      const count = Math.min(CHUNK, items - first);
      for (const { at, bytes, unit } of operands) {
        kernel.memory.set(unit === 0 ? bytes : bytes.subarray(first * unit, (first + count) * unit), at);
      }
      if (call(count, first) === 0) throw invalidElement(); // which one is nobody's business
      const { memory, result } = kernel;
      results.set(memory.subarray(result, result + count * POINT_BYTES), first * POINT_BYTES);
    }
    return results;
  } finally {
    kernel.wipe(Math.min(items, CHUNK));
  }
}

/** `Group.hashMessages`, for messages and separators that fit: all that are in use. */
function hashMessages(
  kernel: Kernel,
  messages: readonly Uint8Array[],
  dst: Uint8Array,
): Uint8Array | undefined {
  const tail = expansionTail(dst, UNIFORM_BYTES);
  const most = kernel.mostMessage - tail.length - PADDING_BYTES;
  if (tail.length > MOST_TAIL || messages.some(({ length }) => length > most)) return undefined;
  const { memory, message } = kernel;
  const expand = (bytes: Uint8Array, item: number) => {
    memory.set(bytes, message);
    memory.set(tail, message + bytes.length);
    kernel.expand(item, bytes.length, tail.length);
  };
  return encodings(
    inChunks(kernel, messages.length, [], (count, first) => {
      messages.slice(first, first + count).forEach(expand);
      return void kernel.hashToGroup(count);
    }),
  );
}

function mulSame(kernel: Kernel, secret: Uint8Array, points: Uint8Array): Uint8Array {
  checkCount(secret, SCALAR_BYTES, 1, "scalars");
  checkScalars(secret, false);
  checkEncodings(points);
  const operands = [{ at: kernel.right, bytes: secret, unit: 0 }, elements(kernel.left, points)];
  const items = points.length / POINT_BYTES;
  return encodings(inChunks(kernel, items, operands, (count) => kernel.mulSame(count)));
}

function mulTable(kernel: Kernel, table: number, factors: Uint8Array): Uint8Array {
  checkScalars(factors, false);
  const items = factors.length / SCALAR_BYTES;
  const operand = { at: kernel.right, bytes: factors, unit: SCALAR_BYTES };
  return encodings(inChunks(kernel, items, [operand], (count) => void kernel.mulTable(table, count)));
}

/** `Group.mulPoint`: one public point, so that its table can be kept for the next call. */
function pointMultiplier(kernel: Kernel): Group["mulPoint"] {
  let tabled = new Uint8Array();
  return (point, factors) => {
    checkCount(point, POINT_BYTES, 1, "elements");
    checkScalars(factors, false);
    checkEncodings(point);
    const items = factors.length / SCALAR_BYTES;
    if (!equal(tabled, point)) {
      if (items < TABLE_PAYS) return oneByOne(kernel, point, factors);
      tabled = new Uint8Array(); // a table that is half made is no table
      makeTable(kernel, POINT_TABLE, point);
      tabled = Uint8Array.from(point);
    }
    return mulTable(kernel, POINT_TABLE, factors);
  };
}

function oneByOne(kernel: Kernel, point: Uint8Array, factors: Uint8Array): Uint8Array {
  const products = new Uint8Array(factors.length);
  for (let at = 0; at < factors.length; at += SCALAR_BYTES) {
    products.set(mulSame(kernel, factors.subarray(at, at + SCALAR_BYTES), point), at);
  }
  return products;
}

function makeTable(kernel: Kernel, table: number, point: Uint8Array): void {
  inChunks(kernel, 1, [elements(kernel.left, point)], () => kernel.makeTable(table));
}

function combine(kernel: Kernel, left: Uint8Array, right: Uint8Array, sign: number): Uint8Array {
  checkEncodings(left);
  checkEncodings(right);
  const items = left.length / POINT_BYTES;
  checkCount(right, POINT_BYTES, items, "elements");
  const operands = [elements(kernel.left, left), elements(kernel.right, right)];
  return encodings(inChunks(kernel, items, operands, (count) => kernel.combine(count, sign)));
}

function msm(kernel: Kernel, weights: Uint8Array, points: Uint8Array): Uint8Array {
  const items = countOf(points, POINT_BYTES, "elements");
  if (items === 0)
    throw new CryptoError("invalid-length", "expected a sum of at least one element, got none");
  checkCount(weights, WEIGHT_BYTES, items, "weights");
  checkEncodings(points);
  const { memory, left, right, result, most } = kernel;
  kernel.msmBegin();
  for (let first = 0; first < items; first += most) {
    const end = Math.min(first + most, items);
    memory.set(points.subarray(first * POINT_BYTES, end * POINT_BYTES), left);
    memory.set(weights.subarray(first * WEIGHT_BYTES, end * WEIGHT_BYTES), right);
    if (kernel.msmAdd(end - first) === 0) throw invalidElement();
  }
  kernel.msmEnd();
  return encodings(memory.slice(result, result + POINT_BYTES));
}

function elements(at: number, bytes: Uint8Array): Operand {
  return { at, bytes, unit: POINT_BYTES };
}

function encodings(points: Uint8Array): Uint8Array {
  checkEncodings(points);
  return points;
}
