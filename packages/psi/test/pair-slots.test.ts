// SPDX-License-Identifier: Apache-2.0
// A match whose tokens stand in slots, job by job.
import { type Job, type JobTable, MemoryVault, runJob } from "@koplamp/protocol";
import { concat, lp } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { type Grouping, matchSlots, psiJobs, refuseRepeats, SLOT_GROUPS, SLOT_ROWS } from "../src/index.ts";
import { evaluateSorted } from "../src/pair-jobs.ts";
import { blindGroups, commitSlots, unblindGroups } from "../src/pair-slots.ts";
import { inputsOf } from "./federation.ts";

const primitives = nodePrimitives();
const jobs: JobTable = new Map(psiJobs({ group: toyGroup(), primitives }));
const TRANSCRIPT = new Uint8Array(32).fill(3);

function run<Args extends readonly unknown[], Value>(
  vault: MemoryVault,
  job: Job<Args, Value>,
  ...args: Args
): Value {
  return runJob(jobs, vault, job.name, args) as Value;
}

function vaultOf(salt: number): MemoryVault {
  return new MemoryVault({ salt: new Uint8Array(32).fill(salt) });
}

const THEIRS = ["a", "b", "c", "d", "e"];
const OWN = ["e", "x", "a", "y", "c"];

function sender(seed: number): {
  readonly vault: MemoryVault;
  readonly opening: Uint8Array;
  readonly commitment: Uint8Array;
} {
  const vault = vaultOf(1);
  const made = run(vault, commitSlots, "element", inputsOf(THEIRS), 12, new Uint8Array(32).fill(seed));
  return { vault, opening: made.opening, commitment: made.commitment };
}

function words(vault: MemoryVault, handle: string): number[] {
  return [...new Int32Array(vault.get(handle).slice().buffer)];
}

describe("tokens in slots", () => {
  it("stand in an order of which every row and every filling is a part, another for another seed", () => {
    const [one, two] = [sender(1), sender(2)].map(({ vault }) => words(vault, SLOT_ROWS));
    expect(one?.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(one).not.toEqual(two);
  });

  it("are matched by group, and the slots are those of the sender's rows", () => {
    const { vault, opening, commitment } = sender(1);
    const own = vaultOf(2);
    const grouping: Grouping = { groups: 2, groupOf: Int32Array.of(1, 0, 0, 1, -1) };
    const request = run(own, blindGroups, grouping, inputsOf(OWN), 8, TRANSCRIPT);
    expect(request.length).toBe(8 * 32); // of five rows one plays no part, and four stand in for others
    run(own, unblindGroups, 2, "sender", run(vault, evaluateSorted, "own", request));
    const counts = run(own, matchSlots, { from: "sender", commitment, opening }, 2);
    expect([...counts]).toEqual([1, 1]);
    const rows = words(vault, SLOT_ROWS);
    const found = words(own, SLOT_GROUPS).flatMap((group, slot) =>
      group < 0 ? [] : [[THEIRS[rows[slot] ?? 99], group]],
    );
    expect(found.toSorted()).toEqual([
      ["a", 0],
      ["e", 1],
    ]);
  });

  it("look the same to the sender, whatever the groups", () => {
    const requestOf = (grouping: Grouping): Uint8Array =>
      run(vaultOf(2), blindGroups, grouping, inputsOf(OWN), 8, TRANSCRIPT);
    const one = requestOf({ groups: 1 });
    const three = requestOf({ groups: 3, groupOf: Int32Array.of(0, 1, 2, -1, -1) });
    expect(three.length).toBe(one.length);
    const elements = (bytes: Uint8Array): string[] =>
      Array.from({ length: 8 }, (_, at) => bytes.slice(at * 32, (at + 1) * 32).join());
    expect(new Set([...elements(one), ...elements(three)]).size).toBeGreaterThanOrEqual(12);
  });

  it("are refused where one stands twice, or where they are others than were committed to", () => {
    const own = vaultOf(2);
    const { vault, opening } = sender(1);
    run(own, unblindGroups, 1, "sender", requestAnswered(own, vault));
    const twice = opening.slice();
    twice.copyWithin(48, 32, 48);
    const commitment = primitives.sha256(concat(lp("koplamp/pair/1"), twice));
    expect(() => run(own, matchSlots, { from: "sender", commitment, opening: twice }, 1)).toThrow(
      "expected each token once in Tpi of sender, got one twice",
    );
    expect(() => run(own, matchSlots, { from: "sender", commitment, opening }, 1)).toThrow(
      expect.objectContaining({ code: "commitment", party: "sender" }),
    );
  });

  it("are not made of a list in which one key stands twice", () => {
    run(vaultOf(1), refuseRepeats, "own", inputsOf(OWN));
    expect(() => run(vaultOf(1), refuseRepeats, "own", inputsOf([...OWN, "a"]))).toThrow(
      expect.objectContaining({ code: "setup" }),
    );
  });
});

function requestAnswered(own: MemoryVault, vault: MemoryVault): Uint8Array {
  return run(
    vault,
    evaluateSorted,
    "own",
    run(own, blindGroups, { groups: 1 }, inputsOf(OWN), 8, TRANSCRIPT),
  );
}
