// SPDX-License-Identifier: Apache-2.0
import { parameterSet } from "@koplamp/he";
import { describe, expect, it } from "vitest";
import { checkJoin, checkJoinNode, type JoinNodeSetup, type JoinSession } from "../src/join-session.ts";

const SESSION: JoinSession = {
  contributors: ["alice", "bob"],
  recipients: ["bob"],
  transcript: new Uint8Array(32),
  set: parameterSet("bfv-amt-50-pq"),
  rowsPadded: { alice: 256, bob: 384 },
  cells: 3,
  groupOwner: "alice",
  columns: [{ party: "bob", ranges: { least: 5, most: 100 } }],
  minCount: 10,
};
const ALICE: JoinNodeSetup = {
  ...SESSION,
  me: "alice",
  inputs: { bytes: new Uint8Array(2), ends: Uint32Array.of(1, 2) },
  groupOf: Int32Array.of(2, -1),
};
const BOB: JoinNodeSetup = {
  ...SESSION,
  me: "bob",
  inputs: { bytes: new Uint8Array(3), ends: Uint32Array.of(1, 2, 3) },
  values: [Float64Array.of(0, 5, 100)],
};

describe("a join", () => {
  it("begins where all fits, also at a recipient without rows", () => {
    checkJoinNode(ALICE);
    checkJoinNode(BOB);
    checkJoinNode({ ...SESSION, me: "zoe", recipients: ["bob", "zoe"] });
  });

  it.each<[string, Partial<JoinSession>, string]>([
    ["one contributor", { contributors: ["alice"] }, "setup"],
    ["contributors out of order", { contributors: ["bob", "alice"] }, "setup"],
    ["no recipient", { recipients: [] }, "setup"],
    ["a short transcript", { transcript: new Uint8Array(31) }, "setup"],
    ["a party without a size", { rowsPadded: { alice: 256 } }, "setup"],
    ["no group", { cells: 0 }, "setup"],
    ["groups of a stranger", { groupOwner: "zoe" }, "setup"],
    ["values of a stranger", { columns: [{ party: "zoe", ranges: { least: 0, most: 1 } }] }, "setup"],
    ["a negative minimum", { minCount: -1 }, "setup"],
    [
      "a sum that could wrap",
      { columns: [{ party: "bob", ranges: { least: -(2 ** 46), most: 0 } }] },
      "overflow",
    ],
  ])("is refused with %s", (_name, change, code) => {
    expect(() => checkJoin({ ...SESSION, ...change })).toThrow(expect.objectContaining({ code }));
  });

  it("is bounded by the shortest list", () => {
    const columns = [{ party: "bob", ranges: { least: 0, most: 2 ** 45 - 1 } }];
    checkJoin({ ...SESSION, columns });
    expect(() => checkJoin({ ...SESSION, columns, rowsPadded: { alice: 384, bob: 384 } })).toThrow(
      expect.objectContaining({ code: "overflow" }),
    );
  });

  it("is refused where groups are left out and more than one is asked for", () => {
    const { groupOwner: _owner, ...plain } = SESSION;
    expect(() => checkJoin(plain)).toThrow(expect.objectContaining({ code: "setup" }));
  });

  it.each<[string, JoinNodeSetup, string]>([
    ["groups of another's", { ...BOB, groupOf: Int32Array.of(0, 0, 0) }, "setup"],
    ["too few groups", { ...ALICE, groupOf: Int32Array.of(0) }, "setup"],
    ["a group beyond the last", { ...ALICE, groupOf: Int32Array.of(0, 3) }, "setup"],
    ["a column too many", { ...BOB, values: [Float64Array.of(0, 0, 0), Float64Array.of(0, 0, 0)] }, "setup"],
    ["a value too few", { ...BOB, values: [Float64Array.of(5, 5)] }, "setup"],
    ["more rows than planned", { ...BOB, rowsPadded: { alice: 256, bob: 2 } }, "too-large"],
    ["a value below its bounds", { ...BOB, values: [Float64Array.of(0, 4, 5)] }, "bounds"],
    ["a value above its bounds", { ...BOB, values: [Float64Array.of(0, 101, 5)] }, "bounds"],
    ["a value that is no integer", { ...BOB, values: [Float64Array.of(0, 5.5, 5)] }, "bounds"],
    ["keys at a recipient alone", { ...BOB, me: "zoe", recipients: ["zoe"] }, "setup"],
  ])("is refused at a node with %s", (_name, setup, code) => {
    expect(() => checkJoinNode(setup)).toThrow(expect.objectContaining({ code }));
  });
});
