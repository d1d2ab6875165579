// SPDX-License-Identifier: Apache-2.0
import { WireError } from "./errors.ts";

/** Where bytes go that are too many to stand in memory, a piece at a time. */
export interface Pieces {
  /** Keeps a piece as it is now; gives its number, from 0. */
  put(piece: Uint8Array): number;
  /** A piece, in bytes of its own. @throws when it is not what was kept. */
  get(at: number): Uint8Array;
}

/** Pieces in memory, for whoever has no disk: a lab, or a check of a source. */
export class MemoryPieces implements Pieces {
  #pieces: Uint8Array[] = [];

  put(piece: Uint8Array): number {
    this.#pieces.push(piece.slice());
    return this.#pieces.length - 1;
  }

  get(at: number): Uint8Array {
    const piece = this.#pieces[at];
    if (piece === undefined) throw new Error("expected a piece that was kept");
    return piece.slice();
  }

  /** Overwrites all of them. */
  close(): void {
    for (const piece of this.#pieces) piece.fill(0);
    this.#pieces = [];
  }
}

/** Told of each string of a part: its number, and where it stands in `bytes`, which is somebody else's afterwards. */
export type Visit = (number: number, bytes: Uint8Array, from: number, end: number) => void;

/** Before each string: four bytes of its number and two of its length. */
const HEAD = 6;
/** Bytes of all buffers, and of one of them. A string is shorter than the smallest. */
const ALL_BUFFERS = 2 ** 23;
const LEAST_BUFFER = 2 ** 12;
const MOST_BUFFER = 2 ** 16;

/**
 * Strings of bytes in so many parts, each with a number below 2^32 and in the order in which they came. What fills a buffer
 * goes to `pieces`: in memory there are 16 MiB at most, however many strings come.
 */
export class PartedBytes {
  readonly #pieces: Pieces;
  readonly #buffers: (Uint8Array | undefined)[];
  readonly #filled: Uint32Array;
  readonly #kept: number[][];
  readonly #counts: Uint32Array;
  readonly #bytes: Float64Array;
  readonly #bufferBytes: number;

  constructor(pieces: Pieces, parts: number) {
    this.#pieces = pieces;
    this.#bufferBytes = Math.min(MOST_BUFFER, Math.max(LEAST_BUFFER, Math.floor(ALL_BUFFERS / parts)));
    this.#buffers = new Array(parts).fill(undefined);
    this.#filled = new Uint32Array(parts);
    this.#kept = Array.from({ length: parts }, () => []);
    this.#counts = new Uint32Array(parts);
    this.#bytes = new Float64Array(parts);
  }

  /** How many strings are in each part. */
  get counts(): Uint32Array {
    return this.#counts;
  }

  /** How many bytes the strings of a part have together. */
  bytesOf(part: number): number {
    return this.#bytes[part] ?? 0;
  }

  /** Puts the string between two places of `bytes` into a part. @throws {WireError} `too-long` above 4,090 bytes. */
  put(part: number, number: number, bytes: Uint8Array, from: number, end: number): void {
    const length = end - from;
    if (length > LEAST_BUFFER - HEAD)
      throw new WireError("too-long", "expected a string of at most 4,090 bytes");
    let at = this.#filled[part] ?? 0;
    let buffer = this.#buffers[part] ?? this.#fresh(part);
    if (at + HEAD + length > buffer.length) {
      this.#flush(part, buffer);
      [buffer, at] = [this.#fresh(part), 0];
    }
    buffer[at] = number >>> 24;
    buffer[at + 1] = number >>> 16;
    buffer[at + 2] = number >>> 8;
    buffer[at + 3] = number;
    buffer[at + 4] = length >>> 8;
    buffer[at + 5] = length;
    for (let byte = 0; byte < length; byte += 1) buffer[at + HEAD + byte] = bytes[from + byte] ?? 0;
    this.#filled[part] = at + HEAD + length;
    this.#counts[part] = (this.#counts[part] ?? 0) + 1;
    this.#bytes[part] = (this.#bytes[part] ?? 0) + length;
  }

  /** Gives every string of a part, in its order. */
  each(part: number, visit: Visit): void {
    for (const at of this.#kept[part] ?? []) visitAll(this.#pieces.get(at), visit);
    const buffer = this.#buffers[part];
    if (buffer !== undefined) visitAll(buffer.subarray(0, this.#filled[part]), visit);
  }

  /** Nothing more comes: buffers are kept as pieces, and take no memory. */
  end(): void {
    for (const [part, buffer] of this.#buffers.entries()) if (buffer !== undefined) this.#flush(part, buffer);
  }

  #fresh(part: number): Uint8Array {
    const buffer = new Uint8Array(this.#bufferBytes);
    this.#buffers[part] = buffer;
    this.#filled[part] = 0;
    return buffer;
  }

  #flush(part: number, buffer: Uint8Array): void {
    this.#kept[part]?.push(this.#pieces.put(buffer.subarray(0, this.#filled[part])));
    buffer.fill(0);
    this.#buffers[part] = undefined;
    this.#filled[part] = 0;
  }
}

function visitAll(bytes: Uint8Array, visit: Visit): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const from = at + HEAD;
    const end = from + view.getUint16(at + 4);
    visit(view.getUint32(at), bytes, from, end);
    at = end;
  }
}
