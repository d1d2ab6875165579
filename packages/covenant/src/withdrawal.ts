// SPDX-License-Identifier: Apache-2.0
// A party leaves: it says so once, under its covenant key, and that holds wherever it is read (evidence.md, section 2).
import { type Primitives, signDocument, verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import {
  documentBytes,
  documentHash,
  type Hash,
  readDocument,
  type Text,
  type Time,
  type Withdrawal,
} from "@koplamp/wire";
import { CovenantError } from "./errors.ts";
import type { Membership, SignedBytes } from "./membership.ts";

/** Who leaves which covenant, and why. */
export interface Leaving {
  readonly party: PartyId;
  readonly covenantHash: Hash;
  readonly reason: Text;
}

/** The seed of the party's covenant key, and what a signature is made with. */
export interface LeavingSigner {
  readonly seed: Uint8Array;
  /** base64 of 32 bytes. */
  readonly salt: string;
  readonly now: Time;
  readonly primitives: Primitives;
}

/** The withdrawal of a party, signed. Nobody has to agree to it, and it cannot be taken back. */
export function signWithdrawal(
  leaving: Leaving,
  { seed, salt, now, primitives }: LeavingSigner,
): SignedBytes {
  const bytes = documentBytes({ koplamp: "withdrawal/v1", ...leaving, at: now, salt });
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, seed, "withdrawal/v1", hash)] };
}

/**
 * Reads a withdrawal under our covenant, signed by the party that leaves: nobody else can make a party leave.
 * @throws {CovenantError} naming the party; {@link WireError} for bytes that are no such document.
 */
export function admitWithdrawal(
  { bytes, signatures }: SignedBytes,
  { covenant, covenantHash }: Pick<Membership, "covenant" | "covenantHash">,
  primitives: Primitives,
): Withdrawal {
  const withdrawal = readDocument("withdrawal/v1", bytes); // attacker-controlled
  const keys = covenant.parties.find(({ id }) => id === withdrawal.party)?.covenantKeys ?? [];
  const hash = documentHash(primitives.sha256, bytes);
  if (withdrawal.covenantHash !== covenantHash) {
    throw new CovenantError(
      "membership",
      `expected a withdrawal of ${withdrawal.party} from our covenant, got one from another`,
    );
  }
  const valid = signatures.some((line) =>
    verifyDocument(primitives, { type: "withdrawal/v1", hash, line, keys }),
  );
  if (valid) return withdrawal;
  throw new CovenantError(
    "signature",
    `expected the signature of ${withdrawal.party} on its withdrawal, got none that holds`,
  );
}
