// SPDX-License-Identifier: Apache-2.0
// Two parties without keys or caches, and sessions of match-pair/1 in its three modes.
import type { Group, PackedInputs, Primitives } from "@koplamp/crypto";
import type { Party, PartyId, Simulated } from "@koplamp/protocol";
import {
  countBlindNode,
  countLocalNode,
  type MatchPairSetup,
  matchPairParty,
  type PairCountSetup,
} from "../src/index.ts";
import { Federation, inputsOf, padded, type Weather } from "./federation.ts";

/** Item names by party. */
export type Lists = Readonly<Record<PartyId, readonly string[]>>;
/** The two modes that count. */
export type CountMode = "count.local" | "count.blind";

/** The generators of the modes that count. */
export const COUNT_NODES: Readonly<
  Record<CountMode, (setup: PairCountSetup, rng: Federation["rng"]) => Party<unknown>>
> = { "count.local": countLocalNode, "count.blind": countBlindNode };

/** Two parties on a group. */
export function pairOf(group: Group, primitives: Primitives, seed?: string): Federation {
  return new Federation(group, primitives, ["alice", "bob"], seed);
}

/** Inputs of each list. */
export function packed(lists: Lists): Record<PartyId, PackedInputs> {
  return Object.fromEntries(Object.entries(lists).map(([party, list]) => [party, inputsOf(list)]));
}

/** What each party knows of a match, in party order. */
export function matchSetups(
  federation: Federation,
  lists: Lists,
  recipients: readonly PartyId[],
): readonly [MatchPairSetup, MatchPairSetup] {
  const transcript = federation.transcript();
  const inputs = packed(lists);
  const [first = "", second = ""] = federation.parties;
  const setup = (me: PartyId): MatchPairSetup => ({
    ...setupOf(federation, inputs, recipients, transcript),
    me,
    inputs: inputs[me] ?? inputsOf([]),
  });
  return [setup(first), setup(second)];
}

function setupOf(
  federation: Federation,
  inputs: Record<PartyId, PackedInputs>,
  recipients: readonly PartyId[],
  transcript: Uint8Array,
): Omit<MatchPairSetup, "me" | "inputs"> {
  const { parties } = federation;
  return { parties, recipients, transcript, sid: federation.sid(transcript), rowsPadded: padded(inputs) };
}

/** A whole match. */
export function runMatch(
  federation: Federation,
  lists: Lists,
  recipients: readonly PartyId[],
  weather: Weather = {},
): Simulated {
  const setups = matchSetups(federation, lists, recipients);
  const parties = setups.map((setup) => [setup.me, matchPairParty(setup, federation.rng)]);
  return federation.run(Object.fromEntries(parties), weather);
}

/** What each node knows of a count, of two or more: the parties, and recipients that bring nothing. */
export function countSetups(
  federation: Federation,
  lists: Lists,
  recipients: readonly PartyId[],
  minCount = 0,
): readonly PairCountSetup[] {
  const inputs = packed(lists);
  const common = { ...setupOf(federation, inputs, recipients, federation.transcript()), minCount };
  return [...new Set([...federation.parties, ...recipients])].map((me) => {
    const own = inputs[me];
    return own === undefined ? { ...common, me } : { ...common, me, inputs: own };
  });
}

/** A whole count. */
export function runCount(
  federation: Federation,
  mode: CountMode,
  setups: readonly PairCountSetup[],
  weather: Weather = {},
): Simulated {
  const nodes = setups.map((setup) => [setup.me, COUNT_NODES[mode](setup, federation.rng)]);
  return federation.run(Object.fromEntries(nodes), weather);
}

/** An honest party whose message of `type` is replaced before it leaves, sent or disclosed. */
export function* replacing<Output>(
  honest: Party<Output>,
  type: string,
  replace: (bytes: Uint8Array) => Uint8Array,
): Party<Output> {
  let step = honest.next();
  while (!step.done) {
    const effect = step.value;
    const leaves = (effect.kind === "send" || effect.kind === "disclose") && effect.type === type;
    step = honest.next(yield leaves ? { ...effect, bytes: replace(effect.bytes.slice()) } : effect);
  }
  return step.value;
}
