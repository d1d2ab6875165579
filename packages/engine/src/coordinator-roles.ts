// SPDX-License-Identifier: Apache-2.0
// What the coordinator plays inside protocols: it counts pseudonyms, selects by them, and adds ciphertexts. It holds no
// key of anybody and no data.
import {
  blindCoordinator,
  distinctCoordinator,
  joinHubCoordinator,
  sumCoordinator,
  sumMasked,
  sumMaskedCoordinator,
} from "@koplamp/aggregate";
import { parameterSet } from "@koplamp/he";
import type { Party, PartyId, Rng } from "@koplamp/protocol";
import {
  bulkPair,
  bulkPairDealer,
  COORDINATOR,
  cellsLine,
  hubCoordinator,
  matchThreshold,
  overlapHub,
  overlapThreshold,
  overlapThresholdCoordinator,
  thresholdCoordinator,
} from "@koplamp/psi";
import { EngineError } from "./errors.ts";
import type { Ticket } from "./messages.ts";
import type { SessionFacts } from "./session.ts";

type Role = (ticket: Ticket, facts: SessionFacts, rng: Rng) => Party<unknown>;

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  [overlapHub.id, (ticket, facts) => hubCoordinator(counting(ticket, facts))],
  [overlapThreshold.id, (ticket, facts) => overlapThresholdCoordinator(counting(ticket, facts))],
  [
    matchThreshold.id,
    (ticket, { transcript, sid }) => {
      const { contributors: parties, recipients, atLeast, columns } = ticket;
      const tell = tellOf(ticket);
      const common = { parties, recipients, transcript, sid, rowsPadded: rowsOf(ticket) };
      return thresholdCoordinator({ ...common, atLeast, tell, flagged: columns > 0 });
    },
  ],
  [
    bulkPair.id,
    (ticket, { transcript, sid }, rng) => {
      const { contributors: parties, recipients } = ticket;
      const common = { parties, recipients, transcript, sid, rowsPadded: rowsOf(ticket) };
      return bulkPairDealer({ ...common, me: COORDINATOR, dealer: COORDINATOR }, rng);
    },
  ],
  [
    "sum-threshold/1",
    ({ contributors, recipients, params, cells, columns }, { transcript }) =>
      sumCoordinator({
        contributors,
        recipients,
        transcript,
        set: parameterSet(params),
        numbers: cells * columns,
      }),
  ],
  [
    sumMasked.id,
    ({ contributors, recipients, cells, columns }, { transcript }) =>
      sumMaskedCoordinator({ contributors, recipients, transcript, bits: 64, numbers: cells * columns }),
  ],
  [
    "alarm-blind/1",
    ({ contributors, recipients, cells, columns }, { transcript }) =>
      blindCoordinator({ contributors, recipients, transcript, cells, alarmsPerCell: columns }),
  ],
  [
    "join-sum-hub/1",
    (ticket, facts, rng) => {
      const { groupOwner, minCount, ranges } = ticket;
      const columns = ranges.map(([one]) => {
        if (one === undefined) throw garbage("a party for each column of a join");
        const { party, least, most } = one;
        return { party, ranges: { least, most } };
      });
      const owner = groupOwner === "" ? {} : { groupOwner };
      return joinHubCoordinator({ ...selecting(ticket, facts), columns, minCount, ...owner }, rng);
    },
  ],
  [
    "distinct-sum/1",
    (ticket, facts, rng) => {
      const columns = ticket.ranges.map((column) =>
        Object.fromEntries(column.map(({ party, least, most }) => [party, { least, most }])),
      );
      const presence = ticket.atLeast > 1; // the least number of parties that a cell must have
      return distinctCoordinator({ ...selecting(ticket, facts), columns, presence }, rng);
    },
  ],
]);

/** The coordinator's side of a session. @throws {EngineError} `limits` where it has none, `garbage`. */
export function roleOf(ticket: Ticket, facts: SessionFacts, rng: Rng): Party<unknown> {
  const role = ROLES.get(ticket.protocol);
  if (role !== undefined) return role(ticket, facts, rng);
  throw new EngineError("limits", COORDINATOR, `the coordinator has no role in "${ticket.protocol}"`);
}

/** What a session that counts pseudonyms is. */
function counting(ticket: Ticket, { transcript, sid }: SessionFacts): Parameters<typeof hubCoordinator>[0] {
  const { contributors: parties, recipients, minCount } = ticket;
  const rowsPadded = rowsOf(ticket);
  return { parties, recipients, transcript, sid, rowsPadded, minCount, ...shapeOf(ticket) };
}

/** What a session of selected rows is, as far as both protocols have it in common. */
function selecting(ticket: Ticket, { transcript }: SessionFacts) {
  const { contributors, recipients, params, cells } = ticket;
  return {
    contributors,
    recipients,
    transcript,
    set: parameterSet(params),
    rowsPadded: rowsOf(ticket),
    cells,
  };
}

function rowsOf({ contributors, rowsPadded }: Ticket): Readonly<Record<PartyId, number>> {
  return Object.fromEntries(contributors.map((party, at) => [party, rowsPadded[at] ?? 0]));
}

function shapeOf({
  shape,
  atLeast,
}: Ticket): Pick<Parameters<typeof hubCoordinator>[0], "shape" | "atLeast"> {
  if (shape === "pairs") return { shape, atLeast: null };
  if (shape === "histogram") return { shape, atLeast: atLeast === 0 ? null : atLeast };
  if (shape === "atLeast") return { shape, atLeast };
  throw garbage("a shape of count");
}

function tellOf({ shape }: Ticket): "holders" | "count" | "nothing" {
  if (shape === "holders" || shape === "count" || shape === "nothing") return shape;
  throw garbage("what a match tells");
}

function garbage(expected: string): EngineError {
  return new EngineError("garbage", COORDINATOR, `expected ${expected} in the tickets, got another`);
}

/** How a message discloses something to the coordinator: its type, and what its line of the contract begins with. */
const TOLD: Readonly<Record<string, readonly [type: string, line: string]>> = {
  [overlapHub.id]: ["T", "overlap"],
  "alarm-blind/1": ["y", "tests"],
  "join-sum-hub/1": ["Tpi", "tokens"],
  "distinct-sum/1": ["Tpi", "tokens"],
};

/**
 * The line of the contract by which a message discloses something to the coordinator, if it does. `before`: how many of
 * its type came from the same party.
 */
export function lineOf(
  { protocol }: Ticket,
  from: PartyId,
  type: string,
  before: number,
): string | undefined {
  if (protocol === matchThreshold.id || protocol === overlapThreshold.id)
    return type === "A" ? cellsLine(from, before) : undefined;
  const [told, line] = (Object.hasOwn(TOLD, protocol) ? TOLD[protocol] : undefined) ?? [];
  return type === told ? `${line}.${from}` : undefined;
}
