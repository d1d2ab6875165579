// SPDX-License-Identifier: Apache-2.0
// The standard library that pure packages see (es2024) has no TextEncoder: these few lines are it.

const HEX = "0123456789abcdef";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The characters of base64 by value, and their values by character: zero for what is none. */
const DIGITS: Uint8Array = Uint8Array.from(BASE64, (digit) => digit.charCodeAt(0));
const VALUES = new Uint8Array(128);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;
const PADDING = 0x3d;

/** Text of ASCII alone, which is most that there is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/** The UTF-8 bytes of well-formed text. @throws {RangeError} on a lone surrogate. */
export function utf8(text: string): Uint8Array {
  const bytes = new Uint8Array(ASCII.test(text) ? text.length : utf8Length(text));
  putUtf8(text, bytes, 0, bytes.length);
  return bytes;
}

/**
 * Puts the UTF-8 bytes of well-formed text at `from`. Their number, or -1 where there are more than `room`: what stands there
 * then means nothing. @throws {RangeError} on a lone surrogate.
 */
export function putUtf8(text: string, bytes: Uint8Array, from: number, room: number): number {
  if (text.length > room) return -1;
  if (!text.isWellFormed()) throw new RangeError("expected well-formed text, got a lone surrogate");
  const end = from + room;
  let to = from;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80 && to < end) {
      bytes[to++] = unit;
      continue;
    }
    const code = text.codePointAt(at) ?? 0;
    if (to + lengthOf(code) > end) return -1;
    to = putCodePoint(bytes, to, code);
    if (code >= 0x10000) at += 1;
  }
  return to - from;
}

/** Bytes of well-formed text. */
function utf8Length(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const isHalf = unit >= 0xd800 && unit < 0xe000; // of a pair, which takes four bytes
    length += isHalf ? 2 : lengthOf(unit);
  }
  return length;
}

function lengthOf(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** A code point that is not ASCII. Gives where it ends. */
function putCodePoint(bytes: Uint8Array, start: number, code: number): number {
  let at = start;
  const tail = lengthOf(code) - 1;
  const mark = [0, 0xc0, 0xe0, 0xf0][tail] ?? 0;
  bytes[at++] = mark | (code >> (6 * tail));
  for (let left = tail - 1; left >= 0; left -= 1) bytes[at++] = 0x80 | ((code >> (6 * left)) & 0x3f);
  return at;
}

/**
 * The text of well-formed UTF-8, from one byte to before another. @throws {RangeError} on anything else (RFC 3629,
 * section 3).
 */
export function fromUtf8(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  const part = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
  return isAscii(part) ? characters(part) : textOf(part);
}

function textOf(bytes: Uint8Array): string {
  const chunks: string[] = [];
  let units: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [code, length] = codePointAt(bytes, at);
    at += length;
    if (code < 0x10000) units.push(code);
    else units.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
    if (units.length > 4096) {
      chunks.push(String.fromCharCode(...units));
      units = [];
    }
  }
  return chunks.join("") + String.fromCharCode(...units);
}

/** Bytes that become text in one call; a multiple of three. */
const PIECE = 12_288;

function isAscii(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] ?? 0) >= 0x80) return false;
  return true;
}

/** The text whose units are these bytes. */
function characters(bytes: Uint8Array): string {
  if (bytes.length > PIECE) return inPieces(bytes, PIECE, characters);
  return String.fromCharCode.apply(null, bytes as unknown as number[]); // safe because it takes whatever has a length
}

/** What bytes become a piece at a time: a text that grows by characters takes twenty times its own memory. */
function inPieces(bytes: Uint8Array, size: number, textOf: (piece: Uint8Array) => string): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(textOf(bytes.subarray(at, at + size)));
  return pieces.join("");
}

function codePointAt(bytes: Uint8Array, at: number): readonly [code: number, length: number] {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return [lead, 1];
  const tail = tailOf(lead);
  let code = lead & (0x3f >> tail);
  for (let next = 1; next <= tail; next += 1) {
    const byte = bytes[at + next] ?? 0;
    if ((byte & 0xc0) !== 0x80) throw notUtf8();
    code = (code << 6) | (byte & 0x3f);
  }
  if (!isScalarValue(code, [0, 0x80, 0x800, 0x10000][tail] ?? 0)) throw notUtf8();
  return [code, tail + 1];
}

/** How many bytes follow the first one of a sequence. */
function tailOf(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) throw notUtf8();
  if (lead >= 0xf0) return 3;
  return lead >= 0xe0 ? 2 : 1;
}

/** Whether a code point is at least `least` (no overlong form), at most U+10FFFF and no surrogate. */
function isScalarValue(code: number, least: number): boolean {
  return code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

function notUtf8(): RangeError {
  return new RangeError("expected well-formed UTF-8");
}

/** Lower-case hexadecimal digits, two a byte. */
export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += `${HEX[byte >> 4]}${HEX[byte & 15]}`;
  return text;
}

/** The bytes of lower-case hexadecimal digits. @throws {RangeError} on any other character or an odd length. */
export function fromHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text))
    throw new RangeError("expected lower-case hexadecimal digits in pairs");
  return Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    Number.parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Standard base64 with padding (RFC 4648, section 4). */
export function base64(bytes: Uint8Array): string {
  if (bytes.length > PIECE) return inPieces(bytes, PIECE, base64);
  const digits = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let at = 0, to = 0; at < bytes.length; at += 3) {
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let shift = 18; shift >= 0; shift -= 6) digits[to++] = DIGITS[(word >> shift) & 63] ?? 0;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  return characters(digits.fill(PADDING, digits.length - missing));
}

/** The bytes of canonical, padded, standard base64. @throws {RangeError} on anything else, stray bits included. */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw notBase64();
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, to = 0; at < text.length; at += 4) {
    let word = 0;
    for (let next = 0; next < 4; next += 1) word = (word << 6) | (VALUES[text.charCodeAt(at + next)] ?? 0);
    for (let shift = 16; shift >= 0 && to < bytes.length; shift -= 8) bytes[to++] = (word >> shift) & 255;
  }
  if (base64(bytes) !== text) throw notBase64(); // a foreign character reads as zero and fails here
  return bytes;
}

function notBase64(): RangeError {
  return new RangeError("expected canonical base64 with padding");
}
