// SPDX-License-Identifier: Apache-2.0
// SHA-256 and HMAC for many short messages: by the kernel, four at a time, where there are enough of them and none is
// long, and by OpenSSL otherwise. OpenSSL's digests come as text and go straight into one array: a Buffer for each costs
// four times as much as the digest (1.4 against 0.3 µs, messages of 32 to 100 bytes). What is text for a moment is a
// digest or the inner digest of a MAC: never a key, never an input, never s_x.
import { hash } from "node:crypto";
import { equal, type Primitives, wipe } from "@koplamp/crypto";
import { type HashEach, kernelHash, MOST_MESSAGE } from "./kernel-hash.ts";
import { kernelMac, type MacUnder, MOST_MAC_MESSAGE } from "./kernel-mac.ts";

const DIGEST = 32;
const BLOCK = 64;
/** The pads of RFC 2104, section 2. */
const INNER = 0x36;
const OUTER = 0x5c;
/** Fewer messages than this take OpenSSL no longer than they take to get to the kernel the first time. */
const FEWEST = 64;
/** Messages of a MAC at a time: what is between its two halves stays in the cache, and no garbage comes of it. */
const STRETCH = 1024;

/** The batches of `Primitives`. */
export type BatchHash = Pick<Primitives, "sha256Rows" | "sha256Each" | "hmacSha256Each" | "hmacSha256Under">;

/** Batches over the kernel, which is made at the first one that is worth it, and over OpenSSL. */
export function batchHash(
  kernel: () => HashEach = kernelHash,
  macKernel: () => MacUnder = kernelMac,
): BatchHash {
  let found: HashEach | undefined;
  let foundMac: MacUnder | undefined;
  const sha256Each: HashEach = (prefix, bytes, ends, ...rest) => {
    if (ends.length < FEWEST || prefix.length + longest(ends) > MOST_MESSAGE) {
      return opensslEach(prefix, bytes, ends, ...rest);
    }
    found ??= testedOr(kernel);
    return found(prefix, bytes, ends, ...rest);
  };
  return {
    sha256Rows: (...inputs) => hashRows(sha256Each, ...inputs),
    sha256Each,
    hmacSha256Each: (...inputs) => hmacEach(sha256Each, ...inputs),
    hmacSha256Under: (keys, message, taken) => {
      if (keys.length < FEWEST * DIGEST || message.length > MOST_MAC_MESSAGE) {
        return opensslUnder(keys, message, taken);
      }
      foundMac ??= testedMacOr(macKernel);
      return foundMac(keys, message, taken);
    },
  };
}

/** A kernel that hashes as OpenSSL does. Where it does not run or gives anything else, OpenSSL. */
function testedOr(kernel: () => HashEach): HashEach {
  const ends = Uint32Array.of(0, 9, 64, 183, 303);
  const bytes = Uint8Array.from({ length: 303 }, (_, at) => at);
  try {
    const each = kernel();
    const agrees = [0, 54, 64].every((length) => {
      const prefix = bytes.subarray(0, length);
      const agree = (taken: number) =>
        equal(each(prefix, bytes, ends, 0, taken), opensslEach(prefix, bytes, ends, 0, taken));
      return agree(DIGEST) && agree(DIGEST / 2);
    });
    return agrees ? each : opensslEach;
  } catch {
    return opensslEach; // an engine without relaxed SIMD
  }
}

/** As `testedOr`, of MACs. */
function testedMacOr(kernel: () => MacUnder): MacUnder {
  const keys = Uint8Array.from({ length: 7 * DIGEST }, (_, at) => at);
  try {
    const under = kernel();
    const agrees = [0, 55, 56, 120].every((length) => {
      const message = keys.subarray(0, length);
      return [DIGEST, DIGEST / 2].every((taken) =>
        equal(under(keys, message, taken), opensslUnder(keys, message, taken)),
      );
    });
    return agrees ? under : opensslUnder;
  } catch {
    return opensslUnder; // an engine without relaxed SIMD
  }
}

function opensslEach(
  prefix: Uint8Array,
  bytes: Uint8Array,
  ends: Uint32Array,
  _head?: number,
  taken = DIGEST,
  digests: Uint8Array = new Uint8Array(ends.length * taken),
): Uint8Array {
  const message = new Uint8Array(prefix.length + longest(ends));
  message.set(prefix);
  let from = 0;
  for (let at = 0; at < ends.length; at += 1) {
    const end = ends[at] ?? 0;
    message.set(bytes.subarray(from, end), prefix.length);
    digestInto(digests, at * taken, message.subarray(0, prefix.length + end - from), taken);
    from = end;
  }
  wipe(message);
  return digests;
}

/** SHA-256 of a byte and each row, a stretch of rows at a time. */
function hashRows(
  sha256Each: HashEach,
  prefix: number,
  rows: Uint8Array,
  width: number,
  into: Uint8Array = new Uint8Array((rows.length / width) * DIGEST),
): Uint8Array {
  const count = rows.length / width;
  const [first, ends] = [Uint8Array.of(prefix), endsOf(Math.min(STRETCH, count), width)];
  for (let from = 0; from < count; from += STRETCH) {
    const to = Math.min(from + STRETCH, count);
    const some = rows.subarray(from * width, to * width);
    const told = into.subarray(from * DIGEST, to * DIGEST);
    sha256Each(first, some, ends.subarray(0, to - from), 0, DIGEST, told);
  }
  return into.subarray(0, count * DIGEST);
}

/** HMAC-SHA256 of many inputs under one key: what all begin with, the padded key, is a whole block. */
function hmacEach(
  sha256Each: HashEach,
  key: Uint8Array,
  bytes: Uint8Array,
  ends: Uint32Array,
  head?: number,
  taken = DIGEST,
): Uint8Array {
  const short = key.length > BLOCK ? new Uint8Array(hash("sha256", key, "buffer")) : key;
  const [inner, outer] = [new Uint8Array(BLOCK), new Uint8Array(BLOCK)];
  pad(inner, short, 0, short.length, INNER);
  pad(outer, short, 0, short.length, OUTER);
  const macs = new Uint8Array(ends.length * taken);
  const most = Math.min(STRETCH, ends.length);
  const digests = new Uint8Array(most * DIGEST);
  const [rowEnds, stretch] = [endsOf(most, DIGEST), new Uint32Array(most)];
  for (let from = 0; from < ends.length; from += STRETCH) {
    const to = Math.min(from + STRETCH, ends.length);
    const start = from === 0 ? 0 : (ends[from - 1] ?? 0);
    for (let at = from; at < to; at += 1) stretch[at - from] = (ends[at] ?? 0) - start;
    const some = stretch.subarray(0, to - from);
    const rows = digests.subarray(0, some.length * DIGEST);
    sha256Each(inner, bytes.subarray(start, ends[to - 1]), some, head, DIGEST, rows);
    const into = macs.subarray(from * taken, to * taken);
    sha256Each(outer, rows, rowEnds.subarray(0, some.length), 0, taken, into);
  }
  wipe(inner, outer, digests);
  return macs;
}

/** HMAC-SHA256 of one message under each of many keys of 32 bytes, in order. */
function opensslUnder(keys: Uint8Array, message: Uint8Array, taken = DIGEST): Uint8Array {
  const macs = new Uint8Array((keys.length / DIGEST) * taken);
  const end = Uint32Array.of(message.length);
  for (let from = 0, to = 0; from < keys.length; from += DIGEST, to += taken) {
    macs.set(hmacEach(opensslEach, keys.subarray(from, from + DIGEST), message, end, 0, taken), to);
  }
  return macs;
}

/** The first block of an HMAC: the key at `from` to `to`, filled up with zeros, under a pad. */
function pad(block: Uint8Array, key: Uint8Array, from: number, to: number, mask: number): void {
  const length = to - from;
  for (let byte = 0; byte < length; byte += 1) block[byte] = (key[from + byte] ?? 0) ^ mask;
  block.fill(mask, length, BLOCK);
}

function digestInto(into: Uint8Array, at: number, message: Uint8Array, taken = DIGEST): void {
  const digest = hash("sha256", message, "binary");
  for (let byte = 0; byte < taken; byte += 1) into[at + byte] = digest.charCodeAt(byte);
}

/** Where so many rows of `width` bytes end. */
function endsOf(count: number, width: number): Uint32Array {
  const ends = new Uint32Array(count);
  for (let row = 0; row < ends.length; row += 1) ends[row] = (row + 1) * width;
  return ends;
}

function longest(ends: Uint32Array): number {
  let most = 0;
  let from = 0;
  for (let at = 0; at < ends.length; at += 1) {
    const end = ends[at] ?? 0;
    if (end - from > most) most = end - from;
    from = end;
  }
  return most;
}
