// SPDX-License-Identifier: Apache-2.0
// What parties, the coordinator and coalitions see at a threshold, over lists that leak the same to them.
import type { PartyId, Sent, Simulated } from "@koplamp/protocol";
import { hex } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import {
  overlapThresholdCoordinator,
  overlapThresholdNode,
  type ThresholdMatched,
  thresholdLayout,
} from "../src/index.ts";
import { findHeld } from "../src/threshold-hits.ts";
import { Federation, inputsOf, type Weather } from "./federation.ts";
import { runThreshold } from "./threshold.ts";

const PARTIES = ["alice", "bob", "carol", "dave"];
const UNIVERSE = Array.from({ length: 40 }, (_, at) => `item ${at}`);
const ROWS = 16;
const AT_LEAST = 3;
const CELL = 12;
const rowsPadded = Object.fromEntries(PARTIES.map((party) => [party, ROWS]));
const LAYOUT = thresholdLayout({ parties: PARTIES, rowsPadded, atLeast: AT_LEAST, flagged: false });

const federation = new Federation(toyGroup(), nodePrimitives(), PARTIES);
federation.ceremony();
federation.pad = (rows) => rows; // the cache alone matters here
for (const party of PARTIES) federation.evaluate(party, inputsOf(UNIVERSE));

type Lists = Readonly<Record<PartyId, readonly string[]>>;
type Run = (lists: Lists, weather?: Weather) => Simulated;

const items = (...places: readonly number[]): readonly string[] =>
  places.map((place) => UNIVERSE[place] ?? "");

/** Two items at all four, two at three; below the threshold two more, and some at one party only. */
const LISTS: Lists = {
  alice: items(0, 1, 2, 3, 4, 5, 6),
  bob: items(0, 1, 2, 3, 4, 5, 7),
  carol: items(0, 1, 2, 3, 8),
  dave: items(0, 1, 9),
};
/** The same above the threshold, with other items; below it other pairs, and lists of other lengths. */
const BELOW: Lists = {
  alice: items(23, 20, 22, 21),
  bob: items(30, 20, 21, 22, 23),
  carol: items(20, 21, 22, 23, 31, 32, 33, 34, 35),
  dave: items(21, 20, 31, 32, 33, 34, 35, 36, 30),
};
/** One item fewer above the threshold. */
const FEWER: Lists = { ...LISTS, carol: items(0, 1, 2, 8) };

const match: Run = (lists, weather) => {
  const sides = Object.fromEntries(PARTIES.map((party) => [party, { items: lists[party] ?? [], flags: [] }]));
  const question = { sides, atLeast: AT_LEAST, tell: "holders", flagged: false, rows: ROWS } as const;
  return runThreshold(federation, { ...question, recipients: ["alice", "dave"] }, weather);
};

const count: Run = (lists, weather) => {
  const packed = Object.fromEntries(PARTIES.map((party) => [party, inputsOf(lists[party] ?? [])]));
  const setups = federation
    .overlapSetups(packed, ["alice", "zoe"], { shape: "atLeast", atLeast: AT_LEAST }, 0)
    .map((setup) => ({ ...setup, rowsPadded, planHash: new Uint8Array(32) }));
  const [{ me: _me, items: _items, ...common }] = setups as unknown as [(typeof setups)[number]];
  const nodes = setups.map((setup) => [setup.me, overlapThresholdNode(setup, federation.rng)] as const);
  return federation.run(
    { ...Object.fromEntries(nodes), coordinator: overlapThresholdCoordinator(common) },
    weather,
  );
};

const tablesIn = (transcript: readonly Sent[]): readonly Uint8Array[] =>
  transcript.filter(({ type }) => type === "A").map(({ bytes }) => bytes);

/** Cells that stand in more than one place. */
function repeated(tables: readonly Uint8Array[]): number {
  const cells = tables.flatMap((bytes) =>
    Array.from({ length: bytes.length / CELL }, (_, at) => hex(bytes.slice(at * CELL, (at + 1) * CELL))),
  );
  return cells.length - new Set(cells).size;
}

/** What an output tells, without the positions of items in their owner's list. */
function toldIn(output: unknown): unknown {
  const told = (output as Partial<ThresholdMatched> | undefined)?.told;
  if (told !== undefined) return told.map(({ item: _item, ...rest }) => JSON.stringify(rest)).sort();
  return (output as { counts?: unknown } | undefined)?.counts;
}

/** What a coalition sees beside uniform numbers: order and size of everything, what it is told, and the pattern. */
function seenBy({ transcript, outputs }: Simulated, coalition: readonly PartyId[]): unknown {
  const seen = transcript.filter(({ from, to }) => coalition.includes(from) || coalition.includes(to));
  const tables = coalition.includes("coordinator") ? tablesIn(transcript) : [];
  return {
    shape: seen.map(({ from, to, type, bytes, output }) => [from, to, type, bytes.length, output]),
    told: coalition.map((party) => toldIn(outputs.get(party))),
    repeated: repeated(tables),
    pattern:
      tables.length === 0
        ? []
        : findHeld(LAYOUT, tables)
            .map(({ holders }) => holders)
            .sort(),
  };
}

const subsets = (parties: readonly PartyId[]): readonly (readonly PartyId[])[] =>
  Array.from({ length: 2 ** parties.length - 1 }, (_, at) =>
    parties.filter((_party, bit) => (((at + 1) >>> bit) & 1) === 1),
  );

describe.each<[string, Run]>([
  ["match-threshold/1", match],
  ["overlap-threshold/1", count],
])("lists that leak the same, %s", (_name, run) => {
  it("look the same to the coordinator and to every coalition of parties, whatever stands below the threshold", () => {
    const [one, other] = [run(LISTS), run(BELOW)];
    for (const coalition of [["coordinator"], ...subsets(PARTIES)]) {
      expect(seenBy(one, coalition)).toEqual(seenBy(other, coalition));
    }
    expect(seenBy(one, ["coordinator"])).toMatchObject({
      repeated: 0,
      pattern: [0b0111, 0b0111, 0b1111, 0b1111].sort(),
    });
  });

  it("and lists that leak something else do not: the comparison sees one hit fewer, and nothing of it in sizes", () => {
    const [one, other] = [run(LISTS), run(FEWER)].map(
      (each) =>
        seenBy(each, ["alice", "coordinator"]) as Readonly<Record<"shape" | "told" | "pattern", unknown>>,
    );
    expect(one?.told).not.toEqual(other?.told);
    expect(one?.pattern).not.toEqual(other?.pattern);
    expect(one?.shape).toEqual(other?.shape);
  });

  it("stay at home while a gate is shut: no table leaves", () => {
    const left: string[] = [];
    const observe = ({ type }: Sent): void => void left.push(type);
    expect(() => run(LISTS, { gate: () => false, observe })).toThrow("waits for its gate (cells.");
    expect([...new Set(left)].sort()).toEqual(["R", "ready"]);
  });
});
