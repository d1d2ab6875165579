// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, randomFillSync, randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Scratch, ScratchFile } from "@koplamp/engine";
import { SourceError } from "./errors.ts";

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Where lists stand that are too long for memory: files of a folder of this node. Each piece is sealed by AES-256-GCM under a
 * key of its file, which is fresh and only in memory, with its number as nonce. A file has no name from the moment it is
 * open, so the system frees it with the process, however that ends; what a crash in between left behind is empty, and
 * is removed here.
 */
export function openScratch(folder: string): Scratch {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  return { open: () => SealedFile.in(folder) };
}

/** What a thread of this process needs to write and read a file of another: nothing of it goes anywhere else. */
export interface Handle {
  readonly file: number;
  readonly key: Uint8Array;
  /** Where each piece ends. */
  readonly ends: readonly number[];
}

/** A scratch file of this thread, or by its handle of another: then that one closes it. */
export class SealedFile implements ScratchFile {
  readonly #file: number;
  readonly #key: Uint8Array;
  #ends: number[];
  #open = true;

  constructor({ file, key, ends }: Handle) {
    this.#file = file;
    this.#key = key;
    this.#ends = [...ends];
  }

  /** Makes a file in a folder, and takes its name away. */
  static in(folder: string): SealedFile {
    const path = join(folder, randomUUID());
    const file = openSync(path, "wx+", 0o600);
    rmSync(path);
    return new SealedFile({ file, key: randomFillSync(new Uint8Array(KEY_BYTES)), ends: [] });
  }

  get handle(): Handle {
    return { file: this.#file, key: this.#key, ends: this.#ends };
  }

  /** Takes what another thread has put since. */
  resume(ends: readonly number[]): void {
    this.#ends = [...ends];
  }

  put(piece: Uint8Array): number {
    this.#expectOpen();
    const number = this.#ends.length;
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(number));
    const sealed = Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
    const from = this.#ends.at(-1) ?? 0;
    this.#write(sealed, from);
    this.#ends.push(from + sealed.length);
    return number;
  }

  get(at: number): Uint8Array {
    this.#expectOpen();
    const end = this.#ends[at];
    if (end === undefined) throw new Error("expected a piece that was kept");
    const from = at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
    const sealed = new Uint8Array(end - from);
    for (let read = 0; read < sealed.length; ) {
      const more = readSync(this.#file, sealed, read, sealed.length - read, from + read);
      if (more === 0) throw damaged();
      read += more;
    }
    return opened(this.#key, at, sealed);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#key.fill(0);
    closeSync(this.#file); // it has no name: its last handle goes, and its bytes with it
  }

  #write(sealed: Uint8Array, from: number): void {
    try {
      for (let at = 0; at < sealed.length; )
        at += writeSync(this.#file, sealed, at, sealed.length - at, from + at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "failed";
      throw new SourceError(
        "failed",
        `a long list cannot be put beside this node's store (${code})`,
        "a question takes up to 48 bytes of disk for each row while it runs: make room",
      );
    }
  }

  #expectOpen(): void {
    if (!this.#open) throw new Error("expected a scratch file that is open");
  }
}

function opened(key: Uint8Array, number: number, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(CIPHER, key, nonceOf(number));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const piece = new Uint8Array(decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)));
  try {
    decipher.final();
  } catch {
    throw damaged();
  }
  return piece;
}

/** A number is used once under a key: pieces are never written over. */
function nonceOf(number: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(NONCE_BYTES - 4, number);
  return nonce;
}

function damaged(): SourceError {
  return new SourceError(
    "failed",
    "a piece of a long list is not what was written beside this node's store",
    "ask again; where that does not help, look at the disk",
  );
}
