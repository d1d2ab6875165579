// SPDX-License-Identifier: Apache-2.0
import { type PartyId, PeerLost } from "@koplamp/protocol";
import { COORDINATOR } from "@koplamp/psi";

/** Why a question ended without an answer. The code decides the exit status; it says nothing about data. */
export type EngineErrorCode =
  | "unreachable"
  | "expired"
  | "refused"
  | "too-late"
  | "source"
  | "quota"
  | "integrity"
  | "garbage"
  | "stopped"
  | "limits"
  | "internal";

/** Every code, for whoever reads one that another party sent. */
export const ENGINE_ERROR_CODES: readonly EngineErrorCode[] = [
  "unreachable",
  "expired",
  "refused",
  "too-late",
  "source",
  "quota",
  "integrity",
  "garbage",
  "stopped",
  "limits",
  "internal",
];

/**
 * A question that cannot go on. The message says what was expected and what came and names the party; the hint is the
 * smallest next step. Neither holds an identifier, a key or a payload, so both may be shown to every party concerned.
 */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;
  readonly party: PartyId;
  readonly hint: string;

  constructor(code: EngineErrorCode, party: PartyId, message: string, hint = "") {
    super(message);
    this.code = code;
    this.party = party;
    this.hint = hint;
  }
}

/** Errors of other packages by class and code, `*` for the rest. A worker keeps name and code of an error, not its class. */
const CODES: ReadonlyMap<string, Readonly<Record<string, EngineErrorCode>>> = new Map([
  ["SourceError", { "*": "source" }],
  ["CovenantError", { "*": "integrity" }],
  ["LedgerError", { "*": "integrity" }],
  ["CryptoError", { "invalid-proof": "integrity", "*": "garbage" }],
  ["WireError", { "*": "garbage" }],
  ["QueryError", { "*": "limits" }],
  ["StoreError", { budget: "quota", "*": "internal" }],
  ["ProtocolError", { "invalid-message": "garbage", "unexpected-type": "garbage", "*": "internal" }],
  [
    "PsiError",
    {
      echo: "integrity",
      commitment: "integrity",
      proof: "integrity",
      element: "garbage",
      key: "integrity",
      allowance: "integrity",
      count: "integrity",
      index: "integrity",
      "too-large": "limits",
      "*": "internal",
    },
  ],
  [
    "SumError",
    { setup: "internal", "too-large": "limits", overflow: "limits", bounds: "source", "*": "integrity" },
  ],
  [
    "TransportError",
    {
      closed: "unreachable",
      unreachable: "unreachable",
      limit: "limits",
      "*": "garbage",
    },
  ],
]);

/** Any failure as the one sentence that every party concerned may read. */
export function asEngineError(reason: unknown, me: PartyId): EngineError {
  if (reason instanceof EngineError) return reason;
  if (reason instanceof PeerLost) return unreachable(reason.peer, reason.message);
  const { name, code, hint, message, party } = fieldsOf(reason);
  if (name === "TransportError" && code === "expired") return forgotten();
  const codes = CODES.get(name);
  const kind = codes?.[code] ?? codes?.["*"] ?? "internal";
  if (kind === "quota") {
    return new EngineError(
      kind,
      me,
      `a quota at ${me} is spent`,
      "wait for the next epoch, or amend the covenant",
    );
  }
  const named = name === "PsiError" || name === "ProtocolError" ? party : ""; // whoever left the protocol
  return new EngineError(kind, named === "" ? me : named, `${me} stopped: ${message}`, hint);
}

/** What the other parties may read of a fault here: where our files are and what is in them is our own affair. */
export function forOthers(error: EngineError, me: PartyId): EngineError {
  if (error.party !== me || !["source", "internal"].includes(error.code)) return error;
  const what = error.code === "source" ? "cannot use its data as they are" : "stopped by a fault of its own";
  return new EngineError(
    error.code,
    me,
    `${me} ${what}`,
    `the operator of ${me} finds the reason in its own log`,
  );
}

/** What every party says of a coordinator that has forgotten a session or a letter, however it hears of it. */
export function forgotten(): EngineError {
  const why = "it was started again, or nothing has moved for too long";
  return unreachable(COORDINATOR, `the coordinator has forgotten what it carried: ${why}`);
}

/** A peer that was given up. */
export function unreachable(peer: PartyId, message: string): EngineError {
  return new EngineError(
    "unreachable",
    peer,
    message,
    `ask the operator of ${peer} to run: koplamp node doctor`,
  );
}

function fieldsOf(reason: unknown): Readonly<Record<"name" | "code" | "hint" | "message" | "party", string>> {
  const fields = Object(reason) as Readonly<Record<string, unknown>>; // safe because each is read as text or not at all
  const text = (field: string): string => {
    const value = fields[field];
    return typeof value === "string" ? value : "";
  };
  const message = reason instanceof Error ? reason.message : "an unknown fault";
  return { name: text("name"), code: text("code"), hint: text("hint"), party: text("party"), message };
}
