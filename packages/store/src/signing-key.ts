// SPDX-License-Identifier: Apache-2.0
import { fromBase64, fromUtf8 } from "@koplamp/wire";
import { StoreError } from "./errors.ts";
import { readPrivate } from "./private-file.ts";

/** The line that holds the seed, by the first line of the file: a node's keys, or the key of one person. */
const SEED_LINES: ReadonlyMap<string, string> = new Map([
  ["koplamp.keys/v1", "covenant"],
  ["koplamp.person/v1", "seed"],
]);
const SEED_BYTES = 32;

/**
 * The seed by which an agency, or a person outside all agencies, signs a covenant; whoever reads it wipes it. The file
 * is that of a node's keys or of a person's key, and only its owner may read it.
 * @throws {StoreError} `permissions`, `missing`, `malformed`.
 */
export function readCovenantSeed(path: string): Uint8Array {
  const bytes = readPrivate(path);
  try {
    const [first = "", ...lines] = fromUtf8(bytes).split("\n");
    const name = SEED_LINES.get(first) ?? "no such line";
    const text = lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
    const seed = fromBase64(text);
    if (seed.length === SEED_BYTES) return seed;
  } catch {
    // whatever it was: the reason could hold a part of a key
  } finally {
    bytes.fill(0);
  }
  throw new StoreError(
    "malformed",
    `expected a key that signs covenants at ${path}, got something else`,
    "the file `keys` in the keys folder of a node, or a person's key file",
  );
}
