// SPDX-License-Identifier: Apache-2.0
// A covenant clause by clause: each has an id by which a refusal, an error, a page and a difference name it.
import type { Covenant } from "@koplamp/wire";
import type { Clause } from "./clause.ts";
import {
  agreementClauses,
  dataClassClauses,
  partyClauses,
  protocolClauses,
  purposeClauses,
} from "./clause-lists.ts";
import { closingClauses, limitClauses } from "./clause-rules.ts";

/** Every clause, in the order of the document. */
export function clausesOf(covenant: Covenant): readonly Clause[] {
  return [
    ...agreementClauses(covenant),
    ...covenant.parties.flatMap(partyClauses),
    ...covenant.purposes.flatMap(purposeClauses),
    ...covenant.dataClasses.flatMap(dataClassClauses),
    ...limitClauses(covenant),
    ...covenant.protocols.flatMap(protocolClauses),
    ...closingClauses(covenant),
  ];
}

/** The fields by which rows of a list are called; rows of other lists by their place, from 1. */
const NAMES: Readonly<Record<string, string>> = {
  parties: "id",
  purposes: "id",
  dataClasses: "id",
  protocols: "id",
  bases: "id",
  allow: "purpose",
  external: "role",
};

/**
 * The id of the clause at a place of a document that may not even be a covenant: as far as its rows have names.
 * `["purposes", 2, "classes", 0]` is `purposes/sanctions-2026/classes`.
 */
export function clauseAt(document: unknown, path: readonly PropertyKey[]): string {
  const parts: string[] = [];
  let value = document;
  let list = "";
  for (const step of path) {
    const found: unknown = Reflect.get(Object(value), step);
    if (typeof step !== "number") parts.push(String(step));
    else if (found === null || typeof found !== "object")
      break; // a plain item: the clause is its list
    else parts.push(rowName(found, list) ?? String(step + 1));
    list = String(step);
    value = found;
  }
  return parts.join("/");
}

function rowName(row: object, list: string): string | undefined {
  const field = NAMES[list];
  const name: unknown = field === undefined ? undefined : Reflect.get(row, field);
  return typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9._/:+-]{0,199}$/.test(name) ? name : undefined;
}
