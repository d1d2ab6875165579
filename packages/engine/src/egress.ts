// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Contract } from "@koplamp/wire";
import { EngineError } from "./errors.ts";

/** Messages of one type that have left for one party, counted by the channel. */
export interface EgressCount {
  readonly to: PartyId;
  readonly channel: "send" | "disclose";
  readonly what: string;
  readonly messages: number;
  readonly bytes: number;
}

/** The handshake's own first frame: it stands in no contract. */
const CONFIRM = "confirm";

/** Counts of several sessions, named as the contract names them, one row for each recipient, way and type. */
export function addEgress(
  before: readonly EgressCount[],
  counted: readonly EgressCount[],
  prefix: string,
): readonly EgressCount[] {
  const rows = new Map<string, EgressCount>();
  const named = counted
    .filter(({ what }) => what !== CONFIRM)
    .map((row) => ({ ...row, what: `${prefix}${row.what}` }));
  for (const { to, channel, what, messages, bytes } of [...before, ...named]) {
    const name = [to, channel, what].join(" ");
    const sum = rows.get(name) ?? { messages: 0, bytes: 0 };
    rows.set(name, { to, channel, what, messages: sum.messages + messages, bytes: sum.bytes + bytes });
  }
  return [...rows.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/**
 * Compares what has left with what the contract lists. Rows of evaluations and of the key ceremony are upper bounds,
 * since a node evaluates only what it has not evaluated before.
 * @throws {EngineError} `integrity` when one message or one byte more has left than listed.
 */
export function checkEgress(me: PartyId, contract: Contract, left: readonly EgressCount[]): void {
  const listed = new Map(
    contract.egress.filter(({ from }) => from === me).map((row) => [nameOf(row), row] as const),
  );
  for (const row of left) {
    const bound = listed.get(nameOf(row));
    if (bound !== undefined && row.messages <= bound.messages && row.bytes <= bound.bytes) continue;
    throw new EngineError(
      "integrity",
      me,
      `more ${row.what} left ${me} for ${row.to} than the contract lists (${row.messages} messages, ${row.bytes} bytes)`,
      "this is a fault in Koplamp: nothing was disclosed",
    );
  }
}

/**
 * Whether everything left that the contract lists, and nothing more. Of the rows that `isBound` says are upper bounds,
 * less may have left, or none.
 */
export function equalsContract(
  me: PartyId,
  contract: Contract,
  left: readonly EgressCount[],
  isBound: (what: string) => boolean,
): boolean {
  const listed = contract.egress.filter(({ from, messages }) => from === me && messages > 0);
  const lines = new Map(listed.map((line) => [nameOf(line), line] as const));
  const counted = new Map(left.map((row) => [nameOf(row), row] as const));
  const all = listed.every((line) => {
    const { messages = 0, bytes = 0 } = counted.get(nameOf(line)) ?? {};
    if (isBound(line.what)) return messages <= line.messages && bytes <= line.bytes;
    return messages === line.messages && bytes === line.bytes;
  });
  return all && left.every((row) => lines.has(nameOf(row)));
}

function nameOf({ to, channel, what }: Pick<EgressCount, "to" | "channel" | "what">): string {
  return [to, channel, what].join(" ");
}
