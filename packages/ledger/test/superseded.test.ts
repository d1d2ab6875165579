// SPDX-License-Identifier: Apache-2.0
// Which sessions of shards a verifier takes for lost: those that were begun again, and by the same party.
import { describe, expect, it } from "vitest";
import { type ProvenEntry, supersededIn } from "../src/check-ledgers.ts";

/** Beginnings of sessions at parties, in the order of each ledger: `party shard`. */
function begun(...sessions: readonly string[]): ReadonlySet<string> {
  const entries = sessions.map((text, index) => {
    const [party, shard] = text.split(" ");
    return { party, index, entry: { type: "begin", body: { shard, session: `s${index}` } } };
  });
  return supersededIn(entries as unknown as readonly ProvenEntry[]);
}

describe("a session that was run again", () => {
  it("is one whose shard the same party began once more, as a repeat, at most twice", () => {
    expect(begun("anna 0/4", "anna 1/4", "anna 1/4/1", "anna 2/4")).toEqual(new Set(["anna s1"]));
    expect(begun("anna 0/4", "anna 0/4/1", "anna 0/4/2")).toEqual(new Set(["anna s0", "anna s1"]));
    expect(begun("anna 0/4", "anna 0/4/3")).toEqual(new Set());
  });

  it("is none where another party, another shard or no repeat was begun", () => {
    expect(begun("anna 0/4", "bert 0/4/1")).toEqual(new Set());
    expect(begun("anna 0/4", "anna 1/4/1")).toEqual(new Set());
    expect(begun("anna 0/4", "anna 0/4")).toEqual(new Set());
    expect(begun("anna 0/4/1", "anna 0/4/1")).toEqual(new Set());
    expect(begun("anna evaluate/anna/0/0", "anna evaluate/anna/0/1")).toEqual(new Set());
  });
});
