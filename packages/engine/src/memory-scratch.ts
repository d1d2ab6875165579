// SPDX-License-Identifier: Apache-2.0
import { MemoryPieces } from "@koplamp/wire";
import type { Scratch } from "./ports.ts";

/** Scratch files of a party without a disk, as in a lab: pieces stand in memory, and are overwritten when it is closed. */
export function memoryScratch(): Scratch {
  return { open: () => new MemoryPieces() };
}
