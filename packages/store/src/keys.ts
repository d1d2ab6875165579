// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { NodeKeys } from "@koplamp/engine";
import { base64, fromBase64, fromUtf8, utf8 } from "@koplamp/wire";
import { StoreError } from "./errors.ts";
import { readPrivate, writePrivate } from "./private-file.ts";

/** The seeds of a relay: it signs and opens what is sealed to it, and holds nothing else. */
export type CoordinatorKeys = Pick<NodeKeys, "identity" | "sealX25519" | "sealMlKem">;

const FILE = "keys";
const FIRST_LINE = "koplamp.keys/v1";
const LENGTHS: Readonly<Record<string, number>> = { sealMlKem: 64 };
const MACHINE = ["identity", "ledger", "witness", "covenant", "sealX25519", "sealMlKem", "storage"] as const;
/** Keys of people who ask or approve stand beside a machine's in a lab or trial only. */
const PEOPLE = ["analyst", "lawful", "ethical", "officer"] as const;
const COORDINATOR = ["identity", "sealX25519", "sealMlKem"] as const;

/** Writes a machine's keys into a folder of its own (700) as one file (600). */
export function writeKeys(folder: string, keys: NodeKeys): void {
  const { people } = keys;
  const held = PEOPLE.flatMap((role) => {
    const seed = people[role];
    return seed === undefined ? [] : [[role, seed] as const];
  });
  const machine = MACHINE.map((name) => [name, keys[name]] as const);
  writeSeeds(folder, [...held, ...machine]); // cut anywhere, it lacks what it must have
}

/** Reads a machine's keys. @throws {StoreError} `permissions` when others can read them; `missing`, `malformed`. */
export function readKeys(folder: string): NodeKeys {
  const seed = readSeeds(folder, MACHINE, PEOPLE);
  const held = PEOPLE.map((role) => [role, seed(role)] as const).filter(([, bytes]) => bytes.length > 0);
  return {
    identity: seed("identity"),
    ledger: seed("ledger"),
    witness: seed("witness"),
    covenant: seed("covenant"),
    sealX25519: seed("sealX25519"),
    sealMlKem: seed("sealMlKem"),
    storage: seed("storage"),
    people: Object.fromEntries(held),
  };
}

/** Writes a relay's keys, as {@link writeKeys}. */
export function writeCoordinatorKeys(folder: string, keys: CoordinatorKeys): void {
  writeSeeds(
    folder,
    COORDINATOR.map((name) => [name, keys[name]] as const),
  );
}

/** Reads a relay's keys, as {@link readKeys}. */
export function readCoordinatorKeys(folder: string): CoordinatorKeys {
  const seed = readSeeds(folder, COORDINATOR);
  return { identity: seed("identity"), sealX25519: seed("sealX25519"), sealMlKem: seed("sealMlKem") };
}

function writeSeeds(folder: string, seeds: readonly (readonly [name: string, seed: Uint8Array])[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const lines = seeds.map(([name, seed]) => `${name} ${base64(seed)}\n`);
  const bytes = utf8(`${FIRST_LINE}\n${lines.join("")}`);
  try {
    writePrivate(join(folder, FILE), bytes);
  } finally {
    bytes.fill(0);
  }
}

function readSeeds(
  folder: string,
  names: readonly string[],
  others: readonly string[] = [],
): (name: string) => Uint8Array {
  const path = join(folder, FILE);
  const bytes = readPrivate(path);
  try {
    const seeds = parseSeeds(fromUtf8(bytes));
    const whole = (name: string): boolean => seeds.get(name)?.length === (LENGTHS[name] ?? 32);
    const known = [...names, ...others.filter((name) => seeds.has(name))];
    if (!known.every(whole) || seeds.size !== known.length) throw malformed(path);
    return (name) => seeds.get(name) ?? new Uint8Array();
  } catch {
    throw malformed(path); // whatever it was: the reason could hold a part of a key
  } finally {
    bytes.fill(0);
  }
}

function parseSeeds(text: string): ReadonlyMap<string, Uint8Array> {
  const [first, ...lines] = text.split("\n");
  if (first !== FIRST_LINE || lines.pop() !== "") return new Map();
  return new Map(
    lines.map((line) => {
      const [name = "", seed = "", ...rest] = line.split(" ");
      return rest.length > 0 ? ["", new Uint8Array()] : [name, fromBase64(seed)];
    }),
  );
}

function malformed(path: string): StoreError {
  return new StoreError(
    "malformed",
    `expected the keys that this machine needs at ${path}, got something else`,
  );
}
