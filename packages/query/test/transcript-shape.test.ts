// SPDX-License-Identifier: Apache-2.0
// What is not in the contract cannot be read off what passes: per protocol, inputs that agree in what the contract
// declares give transcripts of one shape. A shape is, for each sender and recipient, every message in order: its way, its
// kind, its length.
import type { PartyId, Simulated } from "@koplamp/protocol";
import {
  hubCoordinator,
  hubNode,
  matchPairParty,
  matchTokensParty,
  overlapThresholdCoordinator,
  overlapThresholdNode,
  recipientNode,
} from "@koplamp/psi";
import { beforeAll, describe, expect, test } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { Federation as Sums } from "../../aggregate/test/federation.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { type HeBackend, loadHe } from "../../he/src/index.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { bulkSetups, runBulk } from "../../psi/test/bulk.ts";
import { Federation, inputsOf } from "../../psi/test/federation.ts";
import { type CountMode, countSetups, matchSetups, runCount } from "../../psi/test/pair.ts";
import { readQuestion } from "../src/index.ts";
import { entry, planned } from "./agreement.ts";
import { REPORTS } from "./samples.ts";

const PARTIES = ["alice", "bob", "carol"];
const RECIPIENTS = ["alice", "zoe"];
const of = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);

type Lists = Readonly<Record<PartyId, readonly string[]>>;

/** Lists of the same padded size: what they share, and how many there are in truth, is not declared. */
const WORLDS: Readonly<Record<string, Lists>> = {
  "nothing in common": { alice: of(9, "a"), bob: of(9, "b"), carol: of(9, "c") },
  "everything in common": { alice: of(9, "a"), bob: of(9, "a"), carol: of(9, "a") },
  "some, of full lists": { alice: of(256, "a"), bob: [...of(128, "a"), ...of(128, "b")], carol: of(1, "a") },
  "empty lists": { alice: [], bob: [], carol: of(200, "c") },
};

function shapeOf({ transcript }: Simulated): unknown {
  const links = new Map<string, unknown[]>();
  for (const { from, to, type, bytes, output } of transcript) {
    const link = links.get(`${from} to ${to}`) ?? [];
    links.set(`${from} to ${to}`, link);
    link.push([output ?? "send", type, bytes.length]);
  }
  return Object.fromEntries([...links].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The runs of a world that has its keys, and whatever else a protocol wants before it. */
function prepared(lists: Lists, seed: string) {
  const federation = new Federation(toyGroup(), oraclePrimitives, PARTIES, seed);
  const inputs = Object.fromEntries(Object.entries(lists).map(([party, list]) => [party, inputsOf(list)]));
  const keyset = federation.ceremony();
  const evaluate = PARTIES.flatMap((party) => federation.evaluate(party, inputs[party] ?? inputsOf([])));
  return { federation, inputs, keyset, evaluate };
}

function counted(lists: Lists, seed: string, mode: "hub" | "recipient" | "atLeast"): Simulated {
  const { federation, inputs } = prepared(lists, seed);
  const setups = federation.overlapSetups(inputs, RECIPIENTS, { shape: "histogram", atLeast: null }, 1);
  const [first] = setups;
  if (first === undefined) throw new Error("no setups");
  const { me: _me, items: _items, ...shared } = first;
  const node = { hub: hubNode, recipient: recipientNode, atLeast: overlapThresholdNode }[mode];
  const counter = { hub: hubCoordinator, recipient: undefined, atLeast: overlapThresholdCoordinator }[mode];
  const planHash = new Uint8Array(32);
  return federation.run({
    ...Object.fromEntries(setups.map((setup) => [setup.me, node({ ...setup, planHash }, federation.rng)])),
    ...(counter === undefined ? {} : { coordinator: counter(shared) }),
  });
}

function matched(lists: Lists, seed: string): Simulated {
  const { federation, inputs } = prepared(lists, seed);
  const setups = federation.matchSetups(inputs, ["alice", "carol"]);
  return federation.run(
    Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
  );
}

const pairOf = (seed: string): Federation =>
  new Federation(toyGroup(), oraclePrimitives, ["alice", "bob"], seed);
const two = ({ alice = [], bob = [] }: Lists): Lists => ({ alice, bob });

function pair(lists: Lists, seed: string): Simulated {
  const federation = pairOf(seed);
  const setups = matchSetups(federation, two(lists), ["alice", "bob"]);
  return federation.run(
    Object.fromEntries(setups.map((setup) => [setup.me, matchPairParty(setup, federation.rng)])),
  );
}

function bulk(lists: Lists, seed: string, dealer: string): Simulated {
  const federation = pairOf(seed);
  return runBulk(federation, bulkSetups(federation, two(lists), ["alice", "bob"], dealer));
}

function pairCount(lists: Lists, seed: string, mode: CountMode): Simulated {
  const federation = pairOf(seed);
  return runCount(federation, mode, countSetups(federation, two(lists), ["alice", "zoe"]));
}

function pairsCounted(lists: Lists, seed: string): Simulated {
  const federation = new Federation(toyGroup(), oraclePrimitives, PARTIES, seed);
  return runCount(federation, "count.blind", countSetups(federation, lists, RECIPIENTS));
}

const PROTOCOLS: Readonly<Record<string, (lists: Lists, seed: string) => unknown>> = {
  "keyset/1": (lists, seed) => shapeOf(prepared(lists, seed).keyset),
  "evaluate/1": (lists, seed) => prepared(lists, seed).evaluate.map(shapeOf).at(-1), // carol's: it has items everywhere
  "match-tokens/1": (lists, seed) => shapeOf(matched(lists, seed)),
  "overlap-hub/1": (lists, seed) => shapeOf(counted(lists, seed, "hub")),
  "overlap-recipient/1": (lists, seed) => shapeOf(counted(lists, seed, "recipient")),
  "overlap-threshold/1": (lists, seed) => shapeOf(counted(lists, seed, "atLeast")),
  "match-pair/1": (lists, seed) => shapeOf(pair(lists, seed)),
  "bulk-pair/1": (lists, seed) => shapeOf(bulk(lists, seed, "coordinator")),
  "bulk-pair/1, where nobody deals": (lists, seed) => shapeOf(bulk(lists, seed, "nobody")),
  "match-pair-count-local/1": (lists, seed) => shapeOf(pairCount(lists, seed, "count.local")),
  "match-pair-count-blind/1": (lists, seed) => shapeOf(pairCount(lists, seed, "count.blind")),
  "match-pair-count-blind/1 among three": (lists, seed) => shapeOf(pairsCounted(lists, seed)),
};

describe("the shape of a transcript", () => {
  test.each(Object.keys(PROTOCOLS))("of %s says nothing of the lists", (name) => {
    const run = PROTOCOLS[name];
    const shapes = Object.entries(WORLDS).map(([world, lists]) => [world, run?.(lists, world)] as const);
    const [[, first] = ["", undefined], ...others] = shapes;
    expect(Object.keys(Object(first)).length).toBeGreaterThan(0);
    for (const [world, shape] of others) expect(shape, world).toEqual(first);
  });

  test("is another one for lists of another padded size: that is declared", () => {
    const larger = { alice: of(300, "a"), bob: of(9, "b"), carol: of(9, "c") };
    const [first] = Object.values(WORLDS);
    for (const name of ["match-tokens/1", "overlap-hub/1", "match-pair/1", "bulk-pair/1"])
      expect(PROTOCOLS[name]?.(larger, "s"), name).not.toEqual(PROTOCOLS[name]?.(first ?? larger, "s"));
  });
});

describe("sum-threshold/1", () => {
  let he: HeBackend;
  beforeAll(async () => {
    he = await loadHe(nodePrimitives());
  });

  const summed = (
    value: (party: number, at: number) => number,
    recipients: readonly PartyId[],
  ): Simulated => {
    const parties = ["north", "south", "west"];
    const numbers = Array.from({ length: NUMBERS }, (_, at) => at);
    const values = Object.fromEntries(
      parties.map((name, party) => [name, numbers.map((at) => value(party, at))]),
    );
    return new Sums(he, nodePrimitives()).sum({ values, recipients });
  };

  test("sends what the contract lists, to each recipient", () => {
    const text = REPORTS.replace("recipients: [north]", "recipients: [north, insurer]");
    const kinds = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
    const question = readQuestion(text, { file: "q.yaml", lab: false });
    const { contract } = planned(
      question,
      ["north", "south", "west"].map((party) => entry(party, "reports", kinds)),
    );
    const { transcript } = summed((party, at) => party + at, ["north", "insurer"]);
    const left = transcript.map(({ from, to, type, bytes, output }) => ({
      name: [from, to, output === undefined ? "send" : "disclose", type].join(" "),
      bytes: bytes.length,
    }));
    const listed = contract.egress.map(({ from, to, channel, what, messages, bytes }) => ({
      name: [from, to, channel, what].join(" "),
      messages,
      bytes,
    }));
    const sums = [...new Set(left.map(({ name }) => name))].map((name) => {
      const same = left.filter((one) => one.name === name);
      return { name, messages: same.length, bytes: same.reduce((sum, { bytes }) => sum + bytes, 0) };
    });
    const sorted = (rows: typeof sums) => [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(sorted(sums)).toEqual(sorted(listed));
    expect(transcript.flatMap(({ output }) => output ?? []).sort()).toEqual(
      contract.disclosures.map(({ id }) => id).sort(),
    );
  }, 60_000);

  test("has one shape for zeros, for small numbers and for the largest", () => {
    const shapes = [() => 0, (party: number, at: number) => party - at, () => 1e9, () => -1e9].map((value) =>
      shapeOf(summed(value, ["north"])),
    );
    for (const shape of shapes) expect(shape).toEqual(shapes[0]);
  }, 60_000);
});

/** Six cells; the numbers in each are asserted by the bytes. */
const NUMBERS = 6 * 3;
