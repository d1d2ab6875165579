// SPDX-License-Identifier: Apache-2.0
import type { Gate, PartyId, Sealed } from "@koplamp/protocol";
import { base64, hex } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import type { Draft, NodeLedger } from "./ledger.ts";
import type { Notices } from "./notices.ts";
import type { ContractLines } from "./contract-lines.ts";
import type { Charge, Primitives, Rng } from "./ports.ts";

/** What the gate of one session needs. */
export interface GateParts {
  readonly me: PartyId;
  readonly session: string;
  readonly lines: ContractLines;
  readonly ledger: NodeLedger;
  readonly notices: Notices;
  readonly rng: Rng;
  readonly primitives: Primitives;
  /** The egress meter: throws when more has left than the contract lists. */
  readonly meter: () => void;
  /** Checked again just before anything opens: expiry, withdrawal, suspension. */
  readonly stillAllowed: () => void;
}

/**
 * Opens once for a release, in this order: every line taken from the contract, paid for and logged in one transaction;
 * one checkpoint cosigned by the quorum; our proof with the other disclosing nodes and theirs verified here; a last
 * check of what allowed it. A rejection leaves the account and lets nothing out.
 */
export function logThenOpen(parts: GateParts): Gate {
  let number = 0;
  return {
    async open(held) {
      const release = number;
      number += 1;
      parts.meter();
      const lines = held.map((sealed) => parts.lines.take(sealed, release));
      const drafts = held.map((sealed, at) => disclosed(parts, sealed, lines[at]?.output ?? sealed.output));
      const charges: readonly Charge[] = [];
      const indices = parts.ledger.append(drafts, charges); // one transaction, durable; never refunded
      const proofs = await parts.ledger.cosigned(indices); // one checkpoint, q witnesses; rejects at the deadline
      await parts.notices.exchange(release, indices, proofs, held);
      parts.stillAllowed();
    },
  };
}

function disclosed(parts: GateParts, sealed: Sealed, output: string): Draft {
  const { primitives, lines } = parts;
  const frame = `sha256:${hex(sealed.frame)}`;
  if (sealed.type === "W") return lines.allowance(sealed, frame);
  const salt = parts.rng(32);
  const commitment = primitives.hmacSha256(salt, new Uint8Array([...ascii("disclose"), 0, ...sealed.bytes]));
  return {
    type: "disclose",
    verb: "disclosure",
    body: {
      session: parts.session,
      disclosure: sealed.output,
      output,
      to: [sealed.to],
      frame,
      commitment: `hmac-sha256:${hex(commitment)}`,
      bytes: sealed.bytes.length,
      debits: [],
      contractHash: lines.contractHash,
    },
    kept: { salt: base64(salt) },
  };
}
