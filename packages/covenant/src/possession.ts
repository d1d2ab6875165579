// SPDX-License-Identifier: Apache-2.0
import { type Primitives, verifyPossession } from "@koplamp/crypto";
import type { Covenant, Hash, PublicKey } from "@koplamp/wire";
import type { Finding } from "./finding.ts";

/** Whose key, in which role, for a proof of possession. */
export interface KeyHolder {
  readonly party: string;
  readonly role: string;
  readonly key: PublicKey;
  readonly clause: string;
}

/** Every key of a covenant that a person or agency signs with. */
export function keyHolders({ parties, approval, supervision }: Covenant): readonly KeyHolder[] {
  return [
    ...parties.flatMap(({ id, covenantKeys }) =>
      covenantKeys.map((key) => ({ party: id, role: "covenant", key, clause: `parties/${id}/covenantKeys` })),
    ),
    ...approval.external.flatMap(({ role, keys }) =>
      keys.map((key) => ({ party: "external", role, key, clause: `approval/external/${role}/keys` })),
    ),
    ...supervision.keys.map((key) => ({
      party: "supervision",
      role: "supervision",
      key,
      clause: "supervision/keys",
    })),
  ];
}

/**
 * The keys of a covenant of which nobody has shown that they are held (evidence.md, section 1: key admission).
 * `lines`: `<party> <role> <PublicKey> <signature>`.
 */
export function possessionFindings(
  covenant: Covenant,
  covenantHash: Hash,
  lines: readonly string[],
  primitives: Primitives,
): readonly Finding[] {
  return keyHolders(covenant).flatMap(({ party, role, key, clause }) => {
    const start = `${party} ${role} `;
    const proven = lines.some(
      (line) =>
        line.startsWith(start) &&
        verifyPossession(primitives, key, { party, role, covenantHash }, line.slice(start.length)),
    );
    if (proven) return [];
    const expected = `a proof that ${role === "covenant" ? party : role} holds its key`;
    const hint = "its holder runs: koplamp covenant sign FILE --key KEYFILE";
    return [{ clause, grave: true, expected, got: "none", hint }];
  });
}
