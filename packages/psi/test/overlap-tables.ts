// SPDX-License-Identifier: Apache-2.0
// Counts through the tables for the tests of this package: a run, and the plain answer.
import type { Party, PartyId, Simulated } from "@koplamp/protocol";
import {
  type OverlapCounts,
  type OverlapShape,
  overlapThresholdCoordinator,
  overlapThresholdNode,
} from "../src/index.ts";
import type { OverlapThresholdSetup } from "../src/overlap-threshold.ts";
import { type Federation, inputsOf, type Weather } from "./federation.ts";

/** A question to a federation of the test. */
export interface TablesQuestion extends OverlapShape {
  readonly lists: Readonly<Record<PartyId, readonly string[]>>;
  readonly recipients: readonly PartyId[];
  readonly minCount: number;
  /** Padded rows of every party. */
  readonly rows: number;
}

/** What a node of the question does in place of the honest one. */
export type Replaced = (me: PartyId, honest: Party<unknown>) => Party<unknown>;

/** What each node is set up with. */
export function tablesSetups(
  federation: Federation,
  { lists, recipients, shape, atLeast, minCount, rows }: TablesQuestion,
): readonly OverlapThresholdSetup[] {
  const { parties } = federation;
  const packed = Object.fromEntries(parties.map((party) => [party, inputsOf(lists[party] ?? [])]));
  const rowsPadded = Object.fromEntries(parties.map((party) => [party, rows]));
  return federation
    .overlapSetups(packed, recipients, { shape, atLeast }, minCount)
    .map((setup) => ({ ...setup, rowsPadded, planHash: new Uint8Array(32) }));
}

/** Runs what was set up. */
export function runSetups(
  federation: Federation,
  setups: readonly OverlapThresholdSetup[],
  weather: Weather = {},
  replaced: Replaced = (_me, honest) => honest,
): Simulated {
  const [first] = setups;
  if (first === undefined) throw new Error("no node");
  const { me: _me, items: _items, ...common } = first;
  const nodes = setups.map((setup) => {
    return [setup.me, replaced(setup.me, overlapThresholdNode(setup, federation.rng))] as const;
  });
  return federation.run(
    { ...Object.fromEntries(nodes), coordinator: overlapThresholdCoordinator(common) },
    weather,
  );
}

/** Runs a question. */
export function runTables(federation: Federation, question: TablesQuestion, weather?: Weather): Simulated {
  return runSetups(federation, tablesSetups(federation, question), weather);
}

/** What a recipient should be told, by counting. */
export function plainCounts({
  lists,
  shape,
  atLeast,
  minCount,
}: Pick<TablesQuestion, "lists" | "shape" | "atLeast" | "minCount">): OverlapCounts {
  const parties = Object.keys(lists);
  const first = atLeast ?? 1;
  const held = [...new Set(Object.values(lists).flat())].map(
    (item) => parties.filter((party) => lists[party]?.includes(item)).length,
  );
  const cells =
    shape === "atLeast"
      ? [[`${first}`, held.filter((number) => number >= first).length] as const]
      : parties
          .map((_, at) => [at + 1, held.filter((number) => number === at + 1).length] as const)
          .filter(([exactly]) => exactly >= first);
  return {
    cells: cells.map(([cell]) => `${cell}`),
    counts: cells.map(([, items]) => (items < minCount && minCount > 1 ? null : items)),
  };
}
