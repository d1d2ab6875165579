// SPDX-License-Identifier: Apache-2.0

/** What can go wrong inside a protocol run. `peer-lost` is the only one that a protocol may catch. */
export type ProtocolErrorCode =
  | "deadlock"
  | "gate-shut"
  | "invalid-message"
  | "peer-lost"
  | "unexpected-type"
  | "unknown-job"
  | "vault";

/**
 * A run that cannot go on. The message says what was expected and what came, and names the party; it never
 * holds an identifier, a key or a payload.
 */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
  readonly code: ProtocolErrorCode;
  /** Who sent what cannot be taken, where that is known. */
  readonly party: string | undefined;

  constructor(code: ProtocolErrorCode, message: string, party?: string) {
    super(message);
    this.code = code;
    this.party = party;
  }
}

/** A peer was given up. Thrown into a party at the `receive` that waits for it. */
export class PeerLost extends ProtocolError {
  override readonly name: string = "PeerLost";
  readonly peer: string;

  constructor(peer: string, reason: string) {
    super("peer-lost", `${peer} was given up: ${reason}`);
    this.peer = peer;
  }
}
