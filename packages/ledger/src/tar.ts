// SPDX-License-Identifier: Apache-2.0
// The one form of tar that a bundle has: POSIX ustar, plain files, no owner, no time. Same files, same bytes.
import { equal } from "@koplamp/crypto";
import { concat, fromUtf8, utf8 } from "@koplamp/wire";
import { LedgerError } from "./errors.ts";

/** A file of an archive. Names are plain ASCII of at most 100 characters. */
export interface ArchiveFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const NAME = /^[a-z0-9][a-zA-Z0-9./-]{0,99}$/;
const MOST_BYTES = 64 * 2 ** 20;
const MOST_FILES = 131_072;
const SIZE_AT = 124;
const SUM_AT = 148;

/** An archive of these files, in this order. @throws {LedgerError} `malformed` for a name that it does not hold. */
export function writeTar(files: readonly ArchiveFile[]): Uint8Array {
  const blocks = files.flatMap(({ name, bytes }) => [
    header(name, bytes.length),
    bytes,
    padding(bytes.length),
  ]);
  return concat(...blocks, new Uint8Array(2 * BLOCK));
}

/**
 * The files of an archive. It is written again and compared, so that one byte anywhere else than `writeTar` puts it
 * refuses the whole. Total and bounded: 64 MiB, 131,072 files.
 * @throws {LedgerError} `malformed`
 */
export function readTar(bytes: Uint8Array): readonly ArchiveFile[] {
  // attacker-controlled
  if (bytes.length > MOST_BYTES || bytes.length % BLOCK !== 0) throw malformed();
  const files: ArchiveFile[] = [];
  let at = 0;
  while (at < bytes.length && bytes[at] !== 0 && files.length < MOST_FILES) {
    const size = octal(bytes, at + SIZE_AT, 11);
    const from = at + BLOCK;
    at = from + Math.ceil(size / BLOCK) * BLOCK;
    if (at > bytes.length) throw malformed();
    files.push({ name: nameAt(bytes, from - BLOCK), bytes: bytes.slice(from, from + size) });
  }
  if (new Set(files.map(({ name }) => name)).size !== files.length) throw malformed();
  if (!equal(writeTar(files), bytes)) throw malformed();
  return files;
}

function header(name: string, size: number): Uint8Array {
  if (!NAME.test(name)) throw malformed();
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => block.set(utf8(text), at);
  put(0, name);
  put(100, "0000644");
  put(108, "0000000"); // no owner
  put(116, "0000000"); // no group
  put(SIZE_AT, size.toString(8).padStart(11, "0"));
  put(136, "00000000000"); // no time
  put(SUM_AT, "        "); // the sum counts its own field as spaces
  put(156, "0"); // a plain file
  put(257, "ustar\u000000");
  put(329, "0000000");
  put(337, "0000000");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(SUM_AT, `${sum.toString(8).padStart(6, "0")}\u0000 `);
  return block;
}

function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

function nameAt(bytes: Uint8Array, at: number): string {
  const field = bytes.subarray(at, at + 100);
  const end = field.indexOf(0);
  return asciiOf(end < 0 ? field : field.subarray(0, end));
}

function octal(bytes: Uint8Array, at: number, length: number): number {
  const digits = asciiOf(bytes.subarray(at, at + length));
  if (!/^[0-7]{11}$/.test(digits)) throw malformed();
  return Number.parseInt(digits, 8);
}

function asciiOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw malformed();
  }
}

function malformed(): LedgerError {
  return new LedgerError(
    "malformed",
    "expected a bundle: an uncompressed archive of plain files, as Koplamp writes it",
  );
}
