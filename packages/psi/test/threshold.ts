// SPDX-License-Identifier: Apache-2.0
// Threshold matches for the tests of this package: a run, and the plain answer.
import type { Party, PartyId, Simulated } from "@koplamp/protocol";
import {
  matchThresholdParty,
  type Tell,
  type ThresholdSession,
  type ThresholdSetup,
  type Told,
  thresholdCoordinator,
} from "../src/index.ts";
import { type Federation, inputsOf, type Weather } from "./federation.ts";

/** By party: its items, and those of them that it has flagged. */
export interface Side {
  readonly items: readonly string[];
  readonly flags: readonly string[];
}

/** A question to a federation of the test. */
export interface ThresholdQuestion {
  readonly sides: Readonly<Record<PartyId, Side>>;
  readonly recipients: readonly PartyId[];
  readonly atLeast: number;
  readonly tell: Tell;
  readonly flagged: boolean;
  /** Padded rows of every party. */
  readonly rows: number;
}

/** What each party is set up with. */
function thresholdSetups(federation: Federation, question: ThresholdQuestion): readonly ThresholdSetup[] {
  const { sides, recipients, atLeast, tell, flagged, rows } = question;
  const lists = Object.fromEntries(
    federation.parties.map((party) => [party, inputsOf(sides[party]?.items ?? [])]),
  );
  return federation.matchSetups(lists, recipients).map((setup) => {
    const { items = [], flags = [] } = sides[setup.me] ?? {};
    return {
      ...setup,
      rowsPadded: Object.fromEntries(federation.parties.map((party) => [party, rows])),
      planHash: new Uint8Array(32).fill(9),
      atLeast,
      tell,
      flagged,
      flags: flagged ? Uint8Array.from(items, (item) => (flags.includes(item) ? 1 : 0)) : new Uint8Array(),
    };
  });
}

/** The coordinator's side of the setups. */
export function sessionOf(setups: readonly ThresholdSetup[]): ThresholdSession {
  const [setup] = setups;
  if (setup === undefined) throw new Error("no setup");
  const { parties, recipients, transcript, sid, rowsPadded, atLeast, tell, flagged } = setup;
  return { parties, recipients, transcript, sid, rowsPadded, atLeast, tell, flagged };
}

/** Runs a question; `coordinator` in place of the honest one. */
export function runThreshold(
  federation: Federation,
  question: ThresholdQuestion,
  weather: Weather = {},
  coordinator: (session: ThresholdSession) => Party<unknown> = thresholdCoordinator,
): Simulated {
  const setups = thresholdSetups(federation, question);
  const parties = setups.map((setup) => [setup.me, matchThresholdParty(setup, federation.rng)] as const);
  return federation.run(
    { ...Object.fromEntries(parties), coordinator: coordinator(sessionOf(setups)) },
    weather,
  );
}

/** What a recipient should be told, by counting. */
export function plainTold(
  { sides, atLeast, tell, flagged }: ThresholdQuestion,
  me: PartyId,
): readonly Told[] {
  const parties = Object.keys(sides).sort();
  return (sides[me]?.items ?? []).flatMap((name, item): readonly Told[] => {
    const holders = parties.filter((party) => sides[party]?.items.includes(name));
    const marked = holders.some((party) => sides[party]?.flags.includes(name));
    if (holders.length < atLeast || (flagged && !marked)) return [];
    if (tell === "nothing") return [{ item }];
    return [tell === "count" ? { item, count: holders.length } : { item, holders }];
  });
}
