// SPDX-License-Identifier: Apache-2.0
import type { SignedBytes } from "@koplamp/covenant";
import { signDocument, verifyDocument } from "@koplamp/crypto";
import type { PartyId } from "@koplamp/protocol";
import { documentBytes, documentHash, type Hash, hex, readDocument, timeText } from "@koplamp/wire";
import type { NodePorts } from "./node-ports.ts";

/** What is acknowledged: one disclosure, as its bytes came. */
export interface Acknowledged {
  readonly planHash: Hash;
  readonly session: string;
  readonly disclosure: string;
  readonly from: PartyId;
  readonly to: PartyId;
  readonly frame: Uint8Array;
  readonly bytes: number;
}

/** A `receipt/v1` for a disclosure that came, signed by this machine. */
export function signedReceipt(
  {
    primitives,
    clock,
    identity,
  }: Pick<NodePorts, "primitives" | "clock"> & { readonly identity: Uint8Array },
  { planHash, session, disclosure, from, to, frame, bytes: length }: Acknowledged,
): SignedBytes {
  const bytes = documentBytes({
    koplamp: "receipt/v1",
    planHash,
    session,
    disclosure,
    from,
    to,
    frame: `sha256:${hex(frame)}`,
    bytes: length,
    at: timeText(clock.now()),
  });
  const hash = documentHash(primitives.sha256, bytes);
  return { bytes, signatures: [signDocument(primitives, identity, "receipt/v1", hash)] };
}

/** Whether a receipt acknowledges exactly this disclosure, under the key of the machine that it names. */
export function acknowledges(
  { primitives, membership }: Pick<NodePorts, "primitives" | "membership">,
  { bytes, signatures }: SignedBytes,
  expected: Omit<Acknowledged, "frame"> & { readonly frame: Hash },
): boolean {
  const { at: _at, koplamp: _type, ...receipt } = readDocument("receipt/v1", bytes); // attacker-controlled
  const { cards, roster } = membership;
  const key = expected.to === "coordinator" ? roster.coordinator.identity : cards.get(expected.to)?.identity;
  const keys = key === undefined ? [] : [key];
  const hash = documentHash(primitives.sha256, bytes);
  const same = Object.entries(expected).every(([name, value]) => Reflect.get(receipt, name) === value);
  return (
    same && signatures.some((line) => verifyDocument(primitives, { type: "receipt/v1", hash, line, keys }))
  );
}
