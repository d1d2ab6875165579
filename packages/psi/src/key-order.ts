// SPDX-License-Identifier: Apache-2.0
// Order for rows of 16 bytes that look random: hashes, tokens.

const ROW = 16;
const ROW_WORDS = 4;
/** Rows are put in boxes by ten bits, and the rows of a box by the ten after these: few agree in all twenty. */
const DIGIT_BITS = 10;
const DIGITS = 2 ** DIGIT_BITS;
const BOX = 32 - DIGIT_BITS;
const IN_BOX = BOX - DIGIT_BITS;
/** Rows of a box that are put in order faster one by one. */
const FEW = 32;

/** Rows of four words, and of each the position that it had. */
interface Placed {
  readonly rows: Uint32Array;
  readonly order: Uint32Array;
}

/**
 * Puts rows of 16 bytes in ascending order of their bytes, and gives the position that each had; rows that are the same keep
 * their order. A row moves with its position into a box that stays in the cache, and from there to its place but for a
 * few, which are put right in the end.
 */
export function putInOrder(rows: Uint32Array): Uint32Array {
  const count = rows.length / ROW_WORDS;
  const boxed = { rows: new Uint32Array(rows.length), order: new Uint32Array(count) };
  const sorted = { rows, order: new Uint32Array(count) };
  for (let at = 0; at < count; at += 1) sorted.order[at] = at;
  const ends = new Uint32Array(DIGITS);
  spread(sorted, boxed, { shift: BOX, from: 0, to: count }, ends);
  const places = new Uint32Array(DIGITS);
  for (let box = 0, from = 0; box < DIGITS; box += 1) {
    const to = ends[box] ?? 0;
    if (to - from > FEW) spread(boxed, sorted, { shift: IN_BOX, from, to }, places);
    else copy(boxed, sorted, from, to);
    from = to;
  }
  boxed.rows.fill(0);
  settle(sorted);
  return sorted.order;
}

interface Part {
  readonly shift: number;
  readonly from: number;
  readonly to: number;
}

/** One pass of a counting sort: rows that agree in the digit keep their order. `ends` gets where those of each digit end. */
function spread(left: Placed, right: Placed, { shift, from, to }: Part, ends: Uint32Array): void {
  const { rows, order } = left;
  const { rows: moved, order: positions } = right;
  ends.fill(0);
  for (let at = from; at < to; at += 1) {
    const digit = (swapped(rows[at * ROW_WORDS] ?? 0) >>> shift) & (DIGITS - 1);
    ends[digit] = (ends[digit] ?? 0) + 1;
  }
  let next = from;
  for (let digit = 0; digit < DIGITS; digit += 1) {
    const many = ends[digit] ?? 0;
    ends[digit] = next;
    next += many;
  }
  for (let at = from; at < to; at += 1) {
    const word = at * ROW_WORDS;
    const first = rows[word] ?? 0;
    const digit = (swapped(first) >>> shift) & (DIGITS - 1);
    const place = ends[digit] ?? 0;
    ends[digit] = place + 1;
    positions[place] = order[at] ?? 0;
    const target = place * ROW_WORDS;
    moved[target] = first;
    moved[target + 1] = rows[word + 1] ?? 0;
    moved[target + 2] = rows[word + 2] ?? 0;
    moved[target + 3] = rows[word + 3] ?? 0;
  }
}

function copy(left: Placed, right: Placed, from: number, to: number): void {
  right.rows.set(left.rows.subarray(from * ROW_WORDS, to * ROW_WORDS), from * ROW_WORDS);
  right.order.set(left.order.subarray(from, to), from);
}

/** Insertion sort: all but a few rows stand where they belong, or next to it. */
function settle({ rows, order }: Placed): void {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const { length } = order;
  for (let at = 1; at < length; at += 1) {
    for (let to = at; to > 0 && compareRows(view, (to - 1) * ROW, view, to * ROW) > 0; to -= 1) {
      for (let word = to * ROW_WORDS; word < (to + 1) * ROW_WORDS; word += 1)
        swap(rows, word - ROW_WORDS, word);
      swap(order, to - 1, to);
    }
  }
}

function swap(words: Uint32Array, left: number, right: number): void {
  const word = words[left] ?? 0;
  words[left] = words[right] ?? 0;
  words[right] = word;
}

/** The bytes of a word in the other order, as a number of 32 bits. */
function swapped(word: number): number {
  return (word << 24) | ((word << 8) & 0xff0000) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Less than, equal to or greater than zero, as 16 bytes at `i` of `left` come before those at `j` of `right`. */
export function compareRows(left: DataView, i: number, right: DataView, j: number): number {
  for (let byte = 0; byte < ROW; byte += 4) {
    const difference = left.getUint32(i + byte) - right.getUint32(j + byte);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the rows at two positions are the same. */
export function sameRow(rows: Uint32Array, left: number, right: number): boolean {
  for (let word = 0; word < ROW_WORDS; word += 1) {
    if (rows[left * ROW_WORDS + word] !== rows[right * ROW_WORDS + word]) return false;
  }
  return true;
}
