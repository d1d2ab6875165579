// SPDX-License-Identifier: Apache-2.0
// Changes to bytes that somebody would have taken. The same seed makes the same changes.

/** Numbers for tests, by Marsaglia's xorshift of 32 bits (2003): fast, and worth nothing elsewhere. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** Below `bound`, a positive integer of at most 2^32. */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % bound;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.below(256);
    return bytes;
  }
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xfe, 0xff, 0x22, 0x7b, 0x7d, 0x5b, 0x2c, 0x0a, 0x2d, 0x30, 0x39];
/** Beginnings of what other readers would unpack: zstd, gzip, zlib, xz; and of SEAL's own header. */
const MAGIC = [
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x1f, 0x8b, 0x08, 0x00],
  [0x78, 0x9c],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  [0xa1, 0x5e, 0x10, 0x04, 0x01, 0x02],
];

type Change = (chance: Chance, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

const CHANGES: readonly Change[] = [
  function flip(chance, bytes) {
    const copy = bytes.slice();
    const at = chance.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << chance.below(8));
    return copy;
  },
  function extreme(chance, bytes) {
    const copy = bytes.slice();
    copy[chance.below(copy.length)] = chance.pick(EXTREMES);
    return copy;
  },
  function lengthLie(chance, bytes) {
    const copy = bytes.slice();
    const at = chance.below(copy.length);
    return copy.fill(chance.pick([0, 0x7f, 0xff]), at, at + chance.pick([2, 4, 8]));
  },
  function truncated(chance, bytes) {
    return bytes.slice(0, chance.below(bytes.length));
  },
  function beheaded(chance, bytes) {
    return bytes.slice(1 + chance.below(bytes.length));
  },
  function extended(chance, bytes) {
    return joined(bytes, chance.bytes(1 + chance.below(16)));
  },
  function spliced(chance, bytes, other) {
    return joined(bytes.subarray(0, chance.below(bytes.length)), other.subarray(chance.below(other.length)));
  },
  function repeated(chance, bytes) {
    const from = chance.below(bytes.length);
    const to = Math.min(bytes.length, from + 1 + chance.below(64));
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  function cut(chance, bytes) {
    const from = chance.below(bytes.length);
    return joined(bytes.subarray(0, from), bytes.subarray(from + 1 + chance.below(64)));
  },
  function overlaid(chance, bytes, other) {
    const copy = bytes.slice();
    const from = chance.below(copy.length);
    copy.set(other.subarray(from, Math.min(copy.length, from + 1 + chance.below(64))), from);
    return copy;
  },
  function disguised(chance, bytes) {
    const copy = bytes.slice();
    copy.set(chance.pick(MAGIC).slice(0, copy.length));
    return copy;
  },
  function random(chance, bytes) {
    return chance.bytes(Math.min(256, bytes.length));
  },
];

/** One of `samples`, changed once, or some more times. */
export function mutated(chance: Chance, samples: readonly Uint8Array[]): Uint8Array {
  let bytes = chance.pick(samples);
  const times = 1 + (chance.below(4) === 0 ? chance.below(4) : 0);
  for (let time = 0; time < times && bytes.length > 0; time += 1) {
    bytes = chance.pick(CHANGES)(chance, bytes, chance.pick(samples));
  }
  return bytes;
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
