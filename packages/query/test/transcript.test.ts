// SPDX-License-Identifier: Apache-2.0
// What the contract lists is what leaves: every session of a question, simulated on the toy group.
import type { PartyId, Sent, Simulated } from "@koplamp/protocol";
import {
  countBlindNode,
  countLocalNode,
  hubCoordinator,
  hubNode,
  matchPairParty,
  matchTokensParty,
  overlapThresholdCoordinator,
  overlapThresholdNode,
  recipientNode,
} from "@koplamp/psi";
import type { Contract } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { bulkSetups, runBulk } from "../../psi/test/bulk.ts";
import { Federation, inputsOf } from "../../psi/test/federation.ts";
import { countSetups, matchSetups } from "../../psi/test/pair.ts";
import { readQuestion } from "../src/index.ts";
import { entry, planned } from "./agreement.ts";
import { COUNTS, PAIR_COUNT, PAIR_MATCH, SHIPS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const names = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);
const LISTS = {
  coastguard: inputsOf(names(3, "a")),
  customs: inputsOf([...names(3, "a"), ...names(9, "b")]),
  harbour: inputsOf(names(300, "a")),
};
const PADDED: Readonly<Record<PartyId, number>> = { coastguard: 256, customs: 256, harbour: 384 };

/** Everything that a question brings when no party has anything yet: ceremony, evaluations, then its own session. */
function prepared(parties: readonly PartyId[]) {
  const federation = new Federation(toyGroup(), oraclePrimitives, parties);
  const lists = Object.fromEntries(Object.entries(LISTS).filter(([party]) => parties.includes(party)));
  const before = [
    ...rowsOf([federation.ceremony()], ""),
    ...parties.flatMap((party) =>
      rowsOf(federation.evaluate(party, lists[party] ?? inputsOf([])), "evaluate."),
    ),
  ];
  return { federation, lists, before };
}

interface Row {
  readonly from: PartyId;
  readonly to: PartyId;
  readonly channel: string;
  readonly what: string;
  readonly bytes: number;
}

function rowsOf(runs: readonly Simulated[], prefix: string): readonly Row[] {
  const row = ({ from, to, type, bytes, output }: Sent): Row => ({
    from,
    to,
    channel: output === undefined ? "send" : "disclose",
    what: `${prefix}${type}`,
    bytes: bytes.length,
  });
  return runs.flatMap(({ transcript }) => transcript.map(row));
}

/** Messages of one kind between two nodes added up, as a contract lists them. */
function added(rows: readonly Row[]): Contract["egress"] {
  const sums = new Map<string, Contract["egress"][number]>();
  for (const { bytes, ...row } of rows) {
    const name = Object.values(row).join(" ");
    const before = sums.get(name) ?? { messages: 0, bytes: 0 };
    const channel = row.channel === "send" ? "send" : "disclose";
    sums.set(name, { ...row, channel, messages: before.messages + 1, bytes: before.bytes + bytes });
  }
  return [...sums.values()];
}

const byName = (rows: Contract["egress"]): readonly string[] =>
  rows.map((row) => JSON.stringify(row, ["from", "to", "channel", "what", "messages", "bytes"])).sort();
const offered = (parties: readonly PartyId[], dataset: Readonly<Record<PartyId, string>>) =>
  parties.map((party) => entry(party, dataset[party] ?? "", { imo: "imo" }, PADDED[party]));
const DATASETS = { harbour: "ships", customs: "watch", coastguard: "seen" };

describe("the contract's egress is what a simulation sends", () => {
  test("match-tokens/1, with ceremony and evaluations", () => {
    const parties = ["customs", "harbour"];
    const { federation, lists, before } = prepared(parties);
    const setups = federation.matchSetups(lists, ["customs"]);
    const run = federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, matchTokensParty(setup, federation.rng)])),
    );
    const { contract } = planned(read(SHIPS), offered(parties, DATASETS));
    expect(byName(contract.egress)).toEqual(byName(added([...before, ...rowsOf([run], "")])));
    expect(run.transcript.flatMap(({ output }) => output ?? [])).toEqual(["tokens.harbour.customs"]);
  });

  /** Two parties without any key, and their lists as names. */
  const pair = () => new Federation(toyGroup(), oraclePrimitives, ["customs", "harbour"]);
  const LISTED = { customs: [...names(3, "a"), ...names(9, "b")], harbour: names(300, "a") };

  test("match-pair/1, which has nothing before it", () => {
    const federation = pair();
    const setups = matchSetups(federation, LISTED, ["customs"]);
    const run = federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, matchPairParty(setup, federation.rng)])),
    );
    const { contract } = planned(read(PAIR_MATCH), offered(["customs", "harbour"], DATASETS));
    expect(byName(contract.egress)).toEqual(byName(added(rowsOf([run], ""))));
    expect(contract.disclosures.map(({ id }) => id)).toEqual(["pair.harbour.customs"]);
  });

  test.each([
    ["what the coordinator deals", "coordinator", "mode: bulk"],
    ["what the two make themselves", "nobody", "mode: bulk\n  dealer: nobody"],
  ])("bulk-pair/1, with %s", (_what, dealer, mode) => {
    const federation = pair();
    const run = runBulk(federation, bulkSetups(federation, LISTED, ["customs"], dealer));
    const text = PAIR_MATCH.replace("mode: pair", mode);
    const { contract } = planned(read(text), offered(["customs", "harbour"], DATASETS));
    expect(byName(contract.egress)).toEqual(byName(added(rowsOf([run], ""))));
    expect(contract.disclosures.map(({ id }) => id)).toEqual(["bulk.harbour.customs"]);
  });

  test.each([
    { mode: "pairs.local", node: countLocalNode },
    { mode: "pairs.blind", node: countBlindNode },
  ])("overlap-count of two, mode $mode, for one of them and somebody without data", ({ mode, node }) => {
    const federation = pair();
    const setups = countSetups(federation, LISTED, ["customs", "insurer"]);
    const run = federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, node(setup, federation.rng)])),
    );
    const text = PAIR_COUNT.replace("pairs.blind", mode);
    const { contract } = planned(read(text), offered(["customs", "harbour"], DATASETS));
    expect(byName(contract.egress)).toEqual(byName(added(rowsOf([run], ""))));
    const outputs = run.transcript.flatMap(({ output }) => output ?? []);
    expect([...outputs].sort()).toEqual(contract.disclosures.map(({ id }) => id).sort());
  });

  test("pairs of three, for one of them and somebody without data", () => {
    const lists = { ...LISTED, coastguard: names(3, "a") };
    const federation = new Federation(toyGroup(), oraclePrimitives, Object.keys(lists));
    const setups = countSetups(federation, lists, ["customs", "insurer"]);
    const run = federation.run(
      Object.fromEntries(setups.map((setup) => [setup.me, countBlindNode(setup, federation.rng)])),
    );
    const text = PAIR_COUNT.replace("customs: watch", "customs: watch, coastguard: seen");
    const { contract } = planned(read(text), offered(Object.keys(lists), DATASETS));
    expect(byName(contract.egress)).toEqual(byName(added(rowsOf([run], ""))));
    const outputs = run.transcript.flatMap(({ output }) => output ?? []);
    expect([...outputs].sort()).toEqual(contract.disclosures.map(({ id }) => id).sort());
  });

  test.each([
    { mode: "hub", text: COUNTS },
    { mode: "recipient", text: COUNTS.replace("histogram", "histogram\n  mode: recipient") },
    { mode: "atLeast", text: COUNTS.replace("histogram", "histogram\n  mode: atLeast") },
  ] as const)("overlap-count, mode $mode, for somebody without data", ({ mode, text }) => {
    const parties = ["coastguard", "customs", "harbour"];
    const { federation, lists, before } = prepared(parties);
    const setups = federation.overlapSetups(lists, ["insurer"], { shape: "histogram", atLeast: null }, 1);
    const node = { hub: hubNode, recipient: recipientNode, atLeast: overlapThresholdNode }[mode];
    const counter = { hub: hubCoordinator, recipient: undefined, atLeast: overlapThresholdCoordinator }[mode];
    const [first] = setups;
    if (first === undefined) throw new Error("no setups");
    const { me: _me, items: _items, ...shared } = first;
    const planHash = new Uint8Array(32);
    const run = federation.run({
      ...Object.fromEntries(setups.map((setup) => [setup.me, node({ ...setup, planHash }, federation.rng)])),
      ...(counter === undefined ? {} : { coordinator: counter(shared) }),
    });
    const { contract } = planned(read(text), offered(parties, DATASETS));
    expect(byName(contract.egress)).toEqual(byName(added([...before, ...rowsOf([run], "")])));
    const outputs = run.transcript.flatMap(({ output }) => output ?? []);
    const lines = contract.disclosures.filter(({ id }) => !id.startsWith("tests."));
    expect([...outputs].sort()).toEqual(lines.map(({ id }) => id).sort());
  });
});
