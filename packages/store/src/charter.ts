// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Charter, SignedBytes } from "@koplamp/covenant";
import { fromUtf8, readDocument, utf8 } from "@koplamp/wire";
import { StoreError } from "./errors.ts";

const MOST_BYTES = 64 * 1024;
/** A party, a role, a public key and a signature, with what is between them. */
const MOST_LINE = 300;
const PROOFS = "covenant.pops";
const CARD = /^card-([a-z][a-z0-9-]{0,31})\.json$/;
const ENCAPSULATION_KEY = /^([a-z][a-z0-9-]{0,31})\.mlkem$/;

/**
 * Writes a charter as one folder: `covenant`, `roster` and `card-<party>` as canonical `.json` with their signature
 * lines in `.sigs`, proofs of possession in `covenant.pops`, and an encapsulation key in `<party>.mlkem`. Nothing in it
 * is secret.
 */
export function writeCharter(folder: string, charter: Charter): void {
  mkdirSync(folder, { recursive: true });
  writeSigned(folder, "covenant", charter.covenant);
  writeFileSync(join(folder, PROOFS), linesText(charter.possession));
  writeSigned(folder, "roster", charter.roster);
  for (const card of charter.cards)
    writeSigned(folder, `card-${readDocument("card/v1", card.bytes).party}`, card);
  for (const [party, key] of Object.entries(charter.mlkem))
    writeFileSync(join(folder, `${party}.mlkem`), key);
}

/**
 * Reads a charter's files. Nothing is checked but names and sizes: `admitCharter` decides what counts.
 * @throws {StoreError} `missing` or `malformed`, naming the file.
 */
export function readCharter(folder: string): Charter {
  const names = namesIn(folder);
  const cards = names.flatMap((name) => (CARD.test(name) ? [name.slice(0, -5)] : []));
  const mlkem = names.flatMap((name) => {
    const [, party] = ENCAPSULATION_KEY.exec(name) ?? [];
    return party === undefined ? [] : [[party, readBytes(folder, name)] as const];
  });
  return {
    covenant: readSigned(folder, "covenant"),
    possession: names.includes(PROOFS) ? linesIn(folder, PROOFS) : [],
    cards: cards.map((name) => readSigned(folder, name)),
    roster: readSigned(folder, "roster"),
    mlkem: Object.fromEntries(mlkem),
  };
}

function writeSigned(folder: string, name: string, { bytes, signatures }: SignedBytes): void {
  writeFileSync(join(folder, `${name}.json`), bytes);
  writeFileSync(join(folder, `${name}.sigs`), linesText(signatures));
}

function readSigned(folder: string, name: string): SignedBytes {
  const bytes = readBytes(folder, `${name}.json`);
  return { bytes, signatures: linesIn(folder, `${name}.sigs`) };
}

function linesText(lines: readonly string[]): Uint8Array {
  return utf8(lines.map((line) => `${line}\n`).join(""));
}

function linesIn(folder: string, name: string): readonly string[] {
  const lines = textOf(readBytes(folder, name), name).split("\n");
  if (lines.pop() === "" && lines.every((line) => line.length <= MOST_LINE)) return lines;
  throw new StoreError("malformed", `expected one signature a line in ${name}`);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    throw new StoreError("missing", `expected a folder with the charter at ${folder}, got none`);
  }
}

function readBytes(folder: string, name: string): Uint8Array {
  const path = join(folder, name);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined)
    throw new StoreError("missing", `expected ${name} in the charter at ${folder}, got none`);
  if (size > MOST_BYTES) throw new StoreError("malformed", `expected at most ${MOST_BYTES} bytes in ${name}`);
  return new Uint8Array(readFileSync(path));
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new StoreError("malformed", `expected text in ${name}`);
  }
}
