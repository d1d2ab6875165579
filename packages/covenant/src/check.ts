// SPDX-License-Identifier: Apache-2.0
// Everything that a covenant must be before somebody rests on it, with each fault at its clause.
import { admitPublicKey, type Primitives, verifyDocument } from "@koplamp/crypto";
import { type Covenant, documentHash, documentIssues, type Hash, type Time, timeMs } from "@koplamp/wire";
import { clauseAt } from "./clauses.ts";
import { dataFindings, personFindings, purposeFindings } from "./consistency.ts";
import type { Finding } from "./finding.ts";
import type { SignedBytes } from "./membership.ts";
import { keyHolders, possessionFindings } from "./possession.ts";

/** The faults of a text that somebody writes. None: it is a covenant that can be signed. */
export function checkText(value: unknown, primitives: Primitives): readonly Finding[] {
  const found = documentIssues("covenant/v1", value).map(({ path, expected }) => ({
    clause: clauseAt(value, path) || "covenant",
    grave: true,
    expected: expected.replace(/^expected /, ""),
    got: shownAt(value, path),
    hint: hintFor(String(path[0] ?? ""), path.map(String)),
  }));
  if (found.length > 0) {
    const named = new Set(found.map(({ clause }) => clause));
    return [...found, ...unfilled(value, []).filter(({ clause }) => !named.has(clause))];
  }
  const covenant = value as Covenant; // safe because the form has no issue with it
  return [
    ...unfilled(covenant, []),
    ...keyFindings(covenant, primitives),
    ...personFindings(covenant),
    ...purposeFindings(covenant),
    ...dataFindings(covenant),
  ];
}

/** What stands beside a covenant's text: signatures, and proofs that the keys in it are held. */
export interface Vouched extends SignedBytes {
  /** `<party> <role> <PublicKey> <signature>`, a line each. */
  readonly possession: readonly string[];
}

/** The faults of a signed covenant at a moment: its term, every party's signature, and every key's holder. */
export function checkSignatures(
  covenant: Covenant,
  { bytes, signatures, possession }: Vouched,
  now: Time,
  primitives: Primitives,
): readonly Finding[] {
  const hash = documentHash(primitives.sha256, bytes);
  return [
    ...termFindings(covenant, now),
    ...signatureFindings(covenant, hash, signatures, primitives),
    ...possessionFindings(covenant, hash, possession, primitives),
  ];
}

const MOST_SHOWN = 60;

/** What stands at a place, short. A covenant is no secret and holds no data. */
function shownAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>((inner, step) => Reflect.get(Object(inner), step), value);
  if (found === undefined) return "nothing";
  const text = typeof found === "string" ? `"${found}"` : (JSON.stringify(found) ?? "something else");
  const shown = text.replaceAll("\n", " ");
  return shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown;
}

const HINTS: Readonly<Record<string, string>> = {
  covenantKeys: "the `covenant` key in the party's join.json",
  keys: "koplamp key new prints the public part of a key",
  quotas: "4 × the padded size of the asker's register is the most: see registerSize of its data classes",
  witnesses: "add an outside witness, or choose a quorum above half of the others",
  hash: "sha256sum of the document, with sha256: before it",
  previous: "koplamp covenant amend fills it in",
};

function hintFor(top: string, path: readonly string[]): string {
  const named = path.findLast((step) => HINTS[step] !== undefined);
  return HINTS[named ?? top] ?? "koplamp covenant schema tells the form of every field";
}

/** What a draft leaves to be filled in. */
export const BLANK = "…";

function unfilled(
  value: unknown,
  path: readonly PropertyKey[],
  document: unknown = value,
): readonly Finding[] {
  if (typeof value === "string") {
    if (!value.includes(BLANK)) return [];
    const [clause, got] = [clauseAt(document, path), shownAt(document, path)];
    return [
      { clause, grave: true, expected: "words of your own", got, hint: "fill in what the draft left open" },
    ];
  }
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((item, at) => unfilled(item, [...path, at], document));
  return Object.entries(value).flatMap(([name, item]) => unfilled(item, [...path, name], document));
}

function keyFindings(covenant: Covenant, primitives: Primitives): readonly Finding[] {
  return keyHolders(covenant).flatMap(({ key, clause }) => {
    try {
      admitPublicKey(primitives, key);
      return [];
    } catch {
      const expected = "a key that may be trusted: canonical, on the curve, of prime order";
      return [
        { clause, grave: true, expected, got: key, hint: "ask its holder for the key again, by another way" },
      ];
    }
  });
}

function termFindings({ validFrom, validUntil, id }: Covenant, now: Time): readonly Finding[] {
  const fault = (clause: string, grave: boolean, expected: string, got: string, hint: string): Finding => ({
    clause,
    grave,
    expected,
    got,
    hint,
  });
  return [
    ...(timeMs(now) >= timeMs(validUntil)
      ? [
          fault(
            "validUntil",
            true,
            `a time after ${now}`,
            validUntil,
            "sign a new version: koplamp covenant amend",
          ),
        ]
      : []),
    ...(timeMs(now) < timeMs(validFrom)
      ? [
          fault(
            "validFrom",
            false,
            `a time before ${now}`,
            validFrom,
            "nodes refuse every question until then",
          ),
        ]
      : []),
    ...(id.startsWith("lab/")
      ? [
          fault(
            "id",
            false,
            "an id that does not begin with lab/",
            id,
            "it is for the lab alone: nodes refuse it",
          ),
        ]
      : []),
  ];
}

function signatureFindings(
  { parties }: Covenant,
  hash: Hash,
  lines: readonly string[],
  primitives: Primitives,
): readonly Finding[] {
  const clause = "signatures";
  const known = new Set(parties.flatMap(({ covenantKeys }) => covenantKeys));
  const missing = parties
    .filter(
      ({ covenantKeys: keys }) =>
        !lines.some((line) => verifyDocument(primitives, { type: "covenant/v1", hash, line, keys })),
    )
    .map(({ id }) => ({
      clause,
      grave: true,
      expected: `a valid signature of ${id}`,
      got: "none",
      hint: `${id} signs: koplamp covenant sign FILE --key KEYFILE`,
    }));
  const keys = lines.map((line) => line.split(" ")[0] ?? "");
  const foreign = keys
    .filter((key) => !known.has(key))
    .map((key) => ({
      clause,
      grave: true,
      expected: "signatures of the parties only",
      got: key,
      hint: "take the line out",
    }));
  const twice = keys
    .filter((key, at) => keys.indexOf(key) !== at)
    .map((key) => ({
      clause,
      grave: true,
      expected: "each signature once",
      got: key,
      hint: "take one of the lines out",
    }));
  return [...missing, ...foreign, ...twice];
}
