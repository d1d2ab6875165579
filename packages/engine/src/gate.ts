// SPDX-License-Identifier: Apache-2.0

import type { Primitives } from "@koplamp/crypto";
import type { Gate, PartyId, Rng, Sealed } from "@koplamp/protocol";
import { base64, concat, type EntryDebit, type Hash, hex, parseCanonical, utf8 } from "@koplamp/wire";
import type { ContractLines, Line } from "./contract-lines.ts";
import { appendPaid, type Cost, debitOf } from "./cost.ts";
import type { NodeLedger } from "./ledger.ts";
import type { Draft } from "./ledger-entries.ts";
import type { Notices } from "./notices.ts";

/** What the gate of one session needs. */
export interface GateParts {
  readonly me: PartyId;
  readonly session: string;
  readonly planHash: Hash;
  readonly lines: ContractLines;
  readonly ledger: NodeLedger;
  readonly notices: Notices;
  readonly rng: Rng;
  readonly primitives: Primitives;
  /** The egress meter: throws when more has left than the contract lists. */
  readonly meter: () => void;
  /** What a disclosure is charged, in the same transaction as its entry. */
  readonly costOf: (line: Line) => readonly Cost[];
  /** A wait that ends with the question. */
  readonly until: <T>(wait: Promise<T>) => Promise<T>;
  /** Checked again just before anything opens: expiry, withdrawal, suspension. */
  readonly stillAllowed: () => void;
  /** Told where the ledger has each disclosure. */
  readonly logged: (line: Line, index: number) => void;
  /** Told what leaves now: nobody can take it back. */
  readonly opening: (lines: readonly Line[]) => void;
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
      const release = parts.lines.ownReleases()[number] ?? number;
      number += 1;
      parts.meter();
      parts.stillAllowed();
      const lines = held.map((sealed) => parts.lines.take(sealed, release));
      const costs = lines.map((line) => parts.costOf(line));
      const indices = appendPaid(
        parts.ledger,
        held.map((sealed, at) => draftOf(parts, sealed, lines[at], costs[at])),
        costs.flat(),
      ); // one transaction, durable; never refunded
      lines.forEach((line, at) => void parts.logged(line, indices[at] ?? 0));
      const proofs = await parts.until(parts.ledger.cosigned(indices)); // one checkpoint, q witnesses; rejects at the deadline
      await parts.until(parts.notices.exchange(release, indices, proofs));
      parts.stillAllowed();
      parts.opening(lines);
    },
  };
}

/** A gate that never opens: for whoever holds no data and has nothing to disclose. */
export const SHUT: Gate = {
  open: async (held) => {
    throw new Error(`expected nothing to disclose here, got ${held.map(({ output }) => output).join(", ")}`);
  },
};

function draftOf(
  parts: GateParts,
  sealed: Sealed,
  line: Line | undefined,
  costs: readonly Cost[] = [],
): Draft {
  const frame = `sha256:${hex(sealed.frame)}`;
  if (sealed.type === "W") return allowed(parts, sealed, frame);
  return disclosed(parts, sealed, { frame, debits: costs.map(debitOf) }, line);
}

/** An allowance is logged by what it says: `W` is the body of `allow` (protocols.md, section 4). */
function allowed({ planHash, lines }: GateParts, sealed: Sealed, frame: Hash): Draft {
  // Safe because W was made here, as canonical JSON of one object.
  const body = parseCanonical(sealed.bytes, { maxBytes: 8192 }) as Readonly<Record<string, unknown>>;
  return {
    type: "allow",
    verb: "disclosure",
    planHash,
    body: { ...body, disclosure: sealed.output, frame, contractHash: lines.contractHash },
  };
}

function disclosed(
  parts: GateParts,
  sealed: Sealed,
  { frame, debits }: { readonly frame: Hash; readonly debits: readonly EntryDebit[] },
  line: Line | undefined,
): Draft {
  const { primitives, lines, planHash, session, rng } = parts;
  const salt = rng(32);
  const commitment = primitives.hmacSha256(salt, concat(utf8("disclose\u0000"), sealed.bytes));
  const recipients = line === undefined ? [] : lines.recipientsOf(line);
  return {
    type: "disclose",
    verb: "disclosure",
    planHash,
    body: {
      session,
      disclosure: sealed.output,
      output: line?.output ?? sealed.output,
      to: [...new Set([...recipients, sealed.to])].sort(),
      frame,
      commitment: `hmac-sha256:${hex(commitment)}`,
      bytes: sealed.bytes.length,
      debits,
      contractHash: lines.contractHash,
    },
    kept: { salt: base64(salt) },
  };
}
