// SPDX-License-Identifier: Apache-2.0
// The types of fields (evidence.md, section 1). A message of a check says what was expected, never what came.
import { FACTS, type Fact, type PartyId } from "@koplamp/protocol";
import { z } from "zod";
import { fromBase64 } from "../text.ts";
import { isPeriod, isTime } from "../time.ts";
import type { Hash, Period, PublicKey, QueryClass, Text, Time } from "./basic-types.ts";

type Field<T> = z.ZodType<T>;

/** Names that are no party's: roles in views, and words with a meaning of their own. */
export const RESERVED_PARTIES: readonly string[] = [
  "any",
  "coordinator",
  "nobody",
  "node",
  "others",
  "witnesses",
];

const partyForm = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "expected a party id");

export const party: Field<PartyId> = partyForm.refine(
  (id) => !RESERVED_PARTIES.includes(id),
  "expected a party id, got a reserved one",
);
/** A party, or the relay. */
export const partyOrCoordinator: Field<PartyId> = z.union(
  [party, z.literal("coordinator")],
  "expected a party id",
);
/** Whoever can have a view. `others`: the parties that no other row names. */
export const viewer: Field<PartyId> = z.union(
  [party, z.enum(["coordinator", "others", "witnesses"])],
  "expected a party id",
);
/** A member of a coalition. `any`: whichever party joins it. */
export const member: Field<PartyId> = z.union(
  [party, z.enum(["any", "coordinator", "others", "witnesses"])],
  "expected a party id",
);
export const id: Field<string> = z.string().regex(/^[a-z][a-z0-9./-]{0,63}$/, "expected an id");
/** The name of a dataset or column. */
export const name: Field<string> = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, "expected a name");
/** A name that software made of other names: a data class, a line of the contract, a message type, a unit. */
export const label: Field<string> = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/:+-]{0,199}$/, "expected a label of letters, digits and . _ / : + -");
export const protocolId: Field<string> = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}\/[1-9][0-9]{0,3}$/, "expected a protocol");
export const hash: Field<Hash> = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "expected sha256: and 64 hex digits");
/** A salted commitment to bytes. */
export const commitment: Field<string> = z
  .string()
  .regex(/^hmac-sha256:[0-9a-f]{64}$/, "expected hmac-sha256: and 64 hex digits");
export const session: Field<string> = z.string().regex(/^[0-9a-f]{32}$/, "expected 32 hex digits");
/** base64 of exactly 32 bytes: a salt, or a public key of another kind than Ed25519. */
export const bytes32: Field<string> = z
  .string()
  .refine((text) => holdsBytes(text, 32), "expected base64 of 32 bytes");
export const publicKey: Field<PublicKey> = z
  .string()
  .refine(
    (text) => text.startsWith("ed25519:") && holdsBytes(text.slice(8), 32),
    "expected ed25519: and base64 of 32 bytes",
  );
export const time: Field<Time> = z.string().refine(isTime, "expected a real instant as YYYY-MM-DDThh:mm:ssZ");
export const period: Field<Period> = z.string().refine(isPeriod, "expected a period as P<number>D, M or Y");
export const count: Field<number> = z.int("expected a count").min(0, "expected a count");
export const atLeastOne: Field<number> = z
  .int("expected a count of at least 1")
  .min(1, "expected a count of at least 1");
export const queryClass: Field<QueryClass> = z.enum(
  ["A", "B", "C", "D", "E", "F"],
  "expected a class, A to F",
);
export const fact: Field<Fact> = z.enum(FACTS, "expected a fact of the closed list");
export const flag: Field<boolean> = z.boolean("expected true or false");

/** One line of text: no line break, no outer space. */
export function line(most: number): Field<string> {
  return z
    .string()
    .min(1, "expected text")
    .max(most, `expected at most ${most} characters`)
    .refine((text) => !text.includes("\n") && text.trim() === text, "expected one line without outer spaces");
}

const words = z
  .string()
  .min(1, "expected text")
  .refine(
    (text) => text.length <= 8000 && Array.from(text).length <= 4000,
    "expected at most 4000 characters",
  );

export const text: Field<Text> = z
  .strictObject({ nl: words.exactOptional(), en: words.exactOptional() })
  .refine(({ nl, en }) => nl !== undefined || en !== undefined, "expected text in nl or en");

/** C2SP verifier key: name, 8 hex digits, and base64 of an algorithm byte and 32 bytes (signed-note). */
export function verifierKey(algorithm: 1 | 4): Field<string> {
  return z.string().refine((key) => {
    const found = /^[!-*,-~]{1,200}\+[0-9a-f]{8}\+([A-Za-z0-9+/]{44})$/.exec(key);
    return found !== null && holdsBytes(found[1] ?? "", 33, algorithm);
  }, `expected a verifier key of type ${algorithm}`);
}

/** A list of at most `most` items. */
export function list<T>(item: Field<T>, most: number, least: number = 0): Field<readonly T[]> {
  return z
    .array(item, "expected a list")
    .min(least, `expected at least ${least}`)
    .max(most, `expected at most ${most}`);
}

/** A list in which no two items have the same name. */
export function uniqueList<T>(
  item: Field<T>,
  nameOf: (item: T) => string,
  most: number,
  least: number = 0,
): Field<readonly T[]> {
  return list(item, most, least).refine(
    (items) => new Set(items.map(nameOf)).size === items.length,
    "expected each item once",
  );
}

/** A list in strictly ascending order of names, by UTF-16 code units. */
export function sortedList<T>(
  item: Field<T>,
  nameOf: (item: T) => string,
  most: number,
  least: number = 0,
): Field<readonly T[]> {
  return list(item, most, least).refine(
    (items) => isAscending(items.map(nameOf)),
    "expected ascending order, each item once",
  );
}

/** For lists of plain text. */
export function same(item: string): string {
  return item;
}

function isAscending(names: readonly string[]): boolean {
  return names.every((found, at) => at === 0 || (names[at - 1] ?? "") < found);
}

function holdsBytes(base64Text: string, length: number, first?: number): boolean {
  if (base64Text.length !== Math.ceil(length / 3) * 4) return false;
  try {
    const bytes = fromBase64(base64Text);
    return bytes.length === length && (first === undefined || bytes[0] === first);
  } catch {
    return false; // the only error is that it is no base64
  }
}
