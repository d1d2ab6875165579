// SPDX-License-Identifier: Apache-2.0

const POSITION_BITS = 27;

/** The row at position `at` of rows of `width` bytes, without a copy. */
export function rowAt(rows: Uint8Array, width: number, at: number): Uint8Array {
  return rows.subarray(at * width, (at + 1) * width);
}

/** Less than, equal to or greater than zero, as `width` bytes at `i` of `left` come before those at `j` of `right`. */
export function compareAt(left: Uint8Array, i: number, right: Uint8Array, j: number, width: number): number {
  for (let byte = 0; byte < width; byte += 1) {
    const difference = (left[i + byte] ?? 0) - (right[j + byte] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The positions of at most 2^27 rows of `width` bytes in ascending order of the rows; equal rows keep their order.
 * Meant for outputs of a PRF: the first 37 bits of a row and its position are sorted as one 64-bit number, and the few
 * rows that agree in these are put right afterwards.
 * @throws {RangeError} above 2^27 rows.
 */
export function ascending(rows: Uint8Array, width: number): Uint32Array {
  const count = rows.length / width;
  if (count > 2 ** POSITION_BITS) throw new RangeError(`expected at most 2^27 rows, got ${count}`);
  const keys = new BigUint64Array(count);
  const view = new DataView(rows.buffer, rows.byteOffset, rows.length);
  const words = new DataView(keys.buffer);
  for (let at = 0; at < count; at += 1) {
    words.setUint32(at * 8, (((view.getUint8(at * width + 4) >>> 3) << POSITION_BITS) | at) >>> 0, true);
    words.setUint32(at * 8 + 4, view.getUint32(at * width), true);
  }
  keys.sort();
  const mask = 2 ** POSITION_BITS - 1;
  const order = Uint32Array.from({ length: count }, (_, at) => words.getUint32(at * 8, true) & mask);
  return settle(order, rows, width);
}

/** Insertion sort: linear for rows that are in order but for a few neighbours. */
function settle(order: Uint32Array, rows: Uint8Array, width: number): Uint32Array {
  for (let at = 1; at < order.length; at += 1) {
    const moving = order[at] ?? 0;
    let to = at;
    while (to > 0 && compareAt(rows, (order[to - 1] ?? 0) * width, rows, moving * width, width) > 0) {
      order[to] = order[to - 1] ?? 0;
      to -= 1;
    }
    order[to] = moving;
  }
  return order;
}

/** The rows in the given order, each different row once. `order` must be ascending. */
export function distinctRows(rows: Uint8Array, width: number, order: Uint32Array): Uint8Array {
  const distinct = new Uint8Array(rows.length);
  let count = 0;
  for (const at of order) {
    if (count > 0 && compareAt(distinct, (count - 1) * width, rows, at * width, width) === 0) continue;
    distinct.set(rowAt(rows, width, at), count * width);
    count += 1;
  }
  return distinct.slice(0, count * width);
}

/** Rows of 32 bytes, each as a view. */
export function split(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: bytes.length / 32 }, (_, at) => rowAt(bytes, 32, at));
}
