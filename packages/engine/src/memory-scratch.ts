// SPDX-License-Identifier: Apache-2.0
import type { Scratch, ScratchFile } from "./ports.ts";

/** Scratch files of a party without a disk, as in a lab: pieces stand in memory, and are overwritten when it is closed. */
export function memoryScratch(): Scratch {
  return { open: () => new MemoryFile() };
}

class MemoryFile implements ScratchFile {
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

  close(): void {
    for (const piece of this.#pieces) piece.fill(0);
    this.#pieces = [];
  }
}
