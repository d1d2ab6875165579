// SPDX-License-Identifier: Apache-2.0
import { MemoryVault, runJob } from "@koplamp/protocol";
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { inputRoot } from "../src/index.ts";
import { saltedRoot } from "../src/input-root.ts";
import { Federation, inputsOf } from "./federation.ts";

/** The tree hash as RFC 6962, section 2.1 writes it: split at the largest power of two below n. */
function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return primitives.sha256(new Uint8Array());
  if (leaves.length === 1) return primitives.sha256(concat(Uint8Array.of(0), only));
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return primitives.sha256(
    concat(Uint8Array.of(1), treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split))),
  );
}

describe("the input root", () => {
  const names = fc.array(fc.string({ maxLength: 3 }), { maxLength: 40 });

  it("is the tree hash of the sorted, distinct, salted inputs", () => {
    fc.assert(
      fc.property(names, fc.uint8Array({ minLength: 32, maxLength: 32 }), (list, salt) => {
        const leaves = [...new Set(list)].map((name) => primitives.hmacSha256(salt, inputsOf([name]).bytes));
        leaves.sort((a, b) => (hex(a) < hex(b) ? -1 : 1));
        expect(hex(saltedRoot(primitives, salt, inputsOf(list)))).toBe(hex(treeHash(leaves)));
      }),
      { numRuns: 40 },
    );
  });

  it("shows under a fresh salt neither that a list is the same nor how long it is", () => {
    const salts = [1, 2].map((value) => new Uint8Array(32).fill(value));
    const roots = salts.flatMap((salt) =>
      [["x"], ["x", "y"]].map((list) => hex(saltedRoot(primitives, salt, inputsOf(list)))),
    );
    expect(new Set(roots).size).toBe(4);
  });

  it("is made once a session", () => {
    const { jobs } = new Federation(toyGroup(), primitives, ["a", "b"]);
    const vault = new MemoryVault({ salt: new Uint8Array(32) });
    const root = (): string => hex(runJob(jobs, vault, inputRoot.name, [inputsOf(["x", "y"])]) as Uint8Array);
    expect(root()).toBe(root());
    expect(root()).toBe(hex(saltedRoot(primitives, new Uint8Array(32), inputsOf(["x", "y"]))));
  });
});
