// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Primitives } from "@koplamp/crypto";
import type { PartyId, Rng } from "@koplamp/protocol";
import {
  readCharter,
  readCoordinatorKeys,
  readKeys,
  writeCharter,
  writeCoordinatorKeys,
  writeKeys,
} from "@koplamp/store";
import { type Covenant, canonicalText, readDocument } from "@koplamp/wire";
import { type CharterRequest, createCharter, type Founded, type FoundedKeys, type Terms } from "./charter.ts";
import { SdkError } from "./errors.ts";

/** The terms for the purposes that a lab has had so far. */
export type TermsFor = (purposes: readonly string[]) => Promise<Terms>;

/** What a lab is founded with. */
export interface LabFounding extends Omit<CharterRequest, "terms" | "before"> {
  readonly primitives: Primitives;
  readonly purpose: string;
  readonly termsFor: TermsFor;
}

/** A federation for one run: fresh keys, which nobody will need again. */
export async function foundOnce(
  { purpose, termsFor, primitives, ...request }: LabFounding,
  rng: Rng,
): Promise<Founded> {
  return createCharter({ ...request, terms: await termsFor([purpose]) }, rng, primitives);
}

/**
 * A federation that goes on from run to run: its keys and charter stand in `dir`, each party's ledger in `dir/<party>`.
 * A question with a new purpose, or other columns, makes a new version of the covenant under the same keys.
 * @throws {SdkError} `state` when the folder holds another federation.
 */
export async function foundKept(
  dir: string,
  { purpose, termsFor, primitives, ...request }: LabFounding,
  rng: Rng,
): Promise<Founded> {
  const before = existsSync(charterIn(dir)) ? readFounded(dir, request) : undefined;
  const known = before === undefined ? [] : covenantOf(before).purposes.map(({ id }) => id);
  const terms = await termsFor([...new Set([...known, purpose])]);
  if (before !== undefined && holds(covenantOf(before), terms)) return before;
  const asked = { ...request, terms, ...(before === undefined ? {} : { before }) };
  const founded = createCharter(asked, rng, primitives);
  writeCharter(charterIn(dir), founded.charter);
  if (before !== undefined) return founded;
  for (const [party, keys] of Object.entries(founded.keys)) writeKeys(keysIn(dir, party), keys);
  writeCoordinatorKeys(keysIn(dir, "coordinator"), founded.coordinator);
  return founded;
}

/** Where the store of a party stands. */
export function storeIn(dir: string, party: PartyId): string {
  return join(dir, party, "node.db");
}

function charterIn(dir: string): string {
  return join(dir, "charter");
}

function keysIn(dir: string, party: PartyId): string {
  return join(dir, party, "keys");
}

function readFounded(dir: string, { id, parties }: Pick<CharterRequest, "id" | "parties">): Founded {
  const charter = readCharter(charterIn(dir));
  const covenant = readDocument("covenant/v1", charter.covenant.bytes);
  const [known, asked] = [covenant.parties, parties].map((list) => list.map((party) => party.id).join(", "));
  if (covenant.id !== id || known !== asked) {
    throw new SdkError(
      "state",
      `the state in "${dir}" is that of ${covenant.id} with the parties ${known}`,
      "name another folder for this federation",
    );
  }
  return {
    charter,
    keys: Object.fromEntries(parties.map((party) => [party.id, keptKeys(keysIn(dir, party.id))])),
    coordinator: readCoordinatorKeys(keysIn(dir, "coordinator")),
  };
}

function keptKeys(folder: string): FoundedKeys {
  const keys = readKeys(folder);
  const { analyst, lawful, ethical, officer } = keys.people;
  if (analyst !== undefined && lawful !== undefined && ethical !== undefined && officer !== undefined)
    return { ...keys, people: { analyst, lawful, ethical, officer } };
  throw new SdkError(
    "state",
    `${folder} holds not the keys of all its people`,
    "name another folder for the lab",
  );
}

function covenantOf({ charter }: Founded): Covenant {
  return readDocument("covenant/v1", charter.covenant.bytes);
}

/** Whether a covenant says what the terms say, word for word. */
function holds(covenant: Covenant, terms: Terms): boolean {
  return canonicalText({ ...covenant, ...terms }) === canonicalText(covenant);
}
