// SPDX-License-Identifier: Apache-2.0
// Sessions of bulk-pair/1: two parties, and a dealer that is the coordinator, a node of its own or nobody.
import type { Primitives } from "@koplamp/crypto";
import type { Party, PartyId, Simulated } from "@koplamp/protocol";
import { toyGroup } from "../../../test/toy/group.ts";
import { type BulkSession, type BulkSetup, bulkPairDealer, bulkPairParty } from "../src/index.ts";
import type { Federation, Weather } from "./federation.ts";
import { type Lists, matchSetups, pairOf } from "./pair.ts";

/** Two parties; the group plays no part. */
export function bulkOf(primitives: Primitives, seed?: string): Federation {
  return pairOf(toyGroup(), primitives, seed);
}

/** What the two parties are set up with. */
export function bulkSetups(
  federation: Federation,
  lists: Lists,
  recipients: readonly PartyId[],
  dealer: PartyId | "nobody" = "coordinator",
): readonly [BulkSetup, BulkSetup] {
  const [first, second] = matchSetups(federation, lists, recipients);
  const dealing = { dealer: dealer === "nobody" ? undefined : dealer };
  return [
    { ...first, ...dealing },
    { ...second, ...dealing },
  ];
}

/** The dealer's side of the setups. */
function dealerOf({ inputs: _inputs, ...session }: BulkSetup, me: PartyId): BulkSession {
  return { ...session, me };
}

/** A whole session; `act` may replace a node. */
export function runBulk(
  federation: Federation,
  [first, second]: readonly [BulkSetup, BulkSetup],
  weather: Weather = {},
  act: (id: PartyId, honest: Party<unknown>) => Party<unknown> = (_id, honest) => honest,
): Simulated {
  const nodes: Record<PartyId, Party<unknown>> = {
    [first.me]: bulkPairParty(first, federation.rng),
    [second.me]: bulkPairParty(second, federation.rng),
    ...(first.dealer === undefined
      ? {}
      : { [first.dealer]: bulkPairDealer(dealerOf(first, first.dealer), federation.rng) }),
  };
  return federation.run(
    Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, act(id, node)])),
    weather,
  );
}
