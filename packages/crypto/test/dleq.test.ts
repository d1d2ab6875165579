// SPDX-License-Identifier: Apache-2.0
import { concat, hex, utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import {
  dleqContext,
  MOST_PROVEN,
  PROOF_BYTES,
  proveBatch,
  type Statement,
  verifyBatch,
} from "../src/dleq.ts";
import type { Group } from "../src/group.ts";
import { nobleGroup } from "../src/noble.ts";
import { hashToGroup, scalarsFromSeed } from "../src/oprf.ts";
import { loadSodium } from "../src/sodium-wasm.ts";
import { outcome, scalar } from "./group-contract.ts";
import { oraclePrimitives as primitives } from "./oracle-primitives.ts";

const sodium = await loadSodium();
const toy = toyGroup();
const noble = nobleGroup();
const transcript = new Uint8Array(32).fill(3);
const random = new Uint8Array(32).fill(9);
const ACCEPTED = hex(new Uint8Array(32));

/** An honest batch of `items` under `key`. */
function honest(group: Group, items: number, key = scalar(1234567)): Statement {
  const inputs = Array.from({ length: items }, (_, at) => utf8(`item ${at}`));
  const C = hashToGroup(group, primitives, inputs);
  return { ctx: dleqContext(transcript, "kmar", 2), pk: group.mulBase(key), C, D: group.mulSame(key, C) };
}

const prove = (group: Group, statement: Statement, key = scalar(1234567), seed = random) =>
  proveBatch(group, primitives, key, statement, seed);
const verdict = (group: Group, statement: Statement, proof: Uint8Array) =>
  outcome(() => void verifyBatch(group, primitives, statement, proof));
const flip = (bytes: Uint8Array, bit: number) =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
const at = (points: Uint8Array, item: number) => points.slice(item * 32, item * 32 + 32);
const replace = (points: Uint8Array, item: number, point: Uint8Array) => {
  const copy = points.slice();
  copy.set(point, item * 32);
  return copy;
};

describe("a proof, frozen", () => {
  test("on ristretto255, the same from both backends", () => {
    const statement = honest(sodium, 3);
    const proof = prove(sodium, statement);
    expect(hex(proof)).toBe(
      "84fd05665108dc39c381909e5b6482aab8ceac001a52d915030419376dc2400aee98ee238b568cae20c4567b270d6dcbaecda516a14d4c2e3e1f7c12de0fd40f",
    );
    expect(hex(prove(noble, statement))).toBe(hex(proof));
    expect(verdict(noble, statement, proof)).toBe(ACCEPTED);
  });

  test("its context is transcript, prover and number of the block", () => {
    expect(hex(dleqContext(transcript, "kmar", 2))).toBe(`${"03".repeat(32)}00046b6d617200000002`);
    expect(outcome(() => dleqContext(transcript.subarray(1), "kmar", 2))).toBe("invalid-length");
  });
});

describe.each([sodium, toy])("batches on $name", (group) => {
  test("an honest batch of any size passes", () => {
    for (const items of [1, 2, 5, 70]) {
      const statement = honest(group, items);
      const proof = prove(group, statement);
      expect(proof.length).toBe(PROOF_BYTES);
      expect(verdict(group, statement, proof)).toBe(ACCEPTED);
    }
  });

  test("one flipped bit anywhere is refused", () => {
    const statement = honest(group, 3);
    const proof = prove(group, statement);
    fc.assert(
      fc.property(fc.nat(), (bit) => {
        expect(verdict(group, statement, flip(proof, bit % (8 * proof.length)))).toMatch(/^invalid-/);
        for (const part of ["ctx", "pk", "C", "D"] as const) {
          const changed = { ...statement, [part]: flip(statement[part], bit % (8 * statement[part].length)) };
          expect(verdict(group, changed, proof)).toMatch(/^invalid-/);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("another key for one item is refused, also when the sum of the replies is right", () => {
    const statement = honest(group, 4);
    const proof = prove(group, statement);
    for (const item of [0, 3]) {
      const D = replace(statement.D, item, group.mulSame(scalar(1234568), at(statement.C, item)));
      expect(verdict(group, { ...statement, D }, proof)).toBe("invalid-proof");
      expect(verdict(group, { ...statement, D }, prove(group, { ...statement, D }))).toBe("invalid-proof");
    }
    const X = group.mulBase(scalar(99));
    const up = replace(statement.D, 0, group.addEach(at(statement.D, 0), X));
    const D = replace(up, 1, group.subEach(at(statement.D, 1), X));
    expect(verdict(group, { ...statement, D }, prove(group, { ...statement, D }))).toBe("invalid-proof");
  });

  test("replies that changed places are refused", () => {
    const statement = honest(group, 4);
    const D = replace(replace(statement.D, 0, at(statement.D, 1)), 1, at(statement.D, 0));
    expect(verdict(group, { ...statement, D }, prove(group, { ...statement, D }))).toBe("invalid-proof");
  });

  test("another context, block, prover, key or batch is refused", () => {
    const statement = honest(group, 3);
    const proof = prove(group, statement);
    const contexts = [
      dleqContext(transcript, "kmar", 3),
      dleqContext(transcript, "eu", 2),
      dleqContext(new Uint8Array(32), "kmar", 2),
    ];
    for (const ctx of contexts) expect(verdict(group, { ...statement, ctx }, proof)).toBe("invalid-proof");
    const pk = group.mulBase(scalar(1234568));
    expect(verdict(group, { ...statement, pk }, proof)).toBe("invalid-proof");
    const fewer = { ...statement, C: statement.C.subarray(32), D: statement.D.subarray(32) };
    expect(verdict(group, fewer, proof)).toBe("invalid-proof");
    expect(verdict(group, { ...statement, C: statement.D, D: statement.C }, proof)).toBe("invalid-proof");
  });

  test("a whole batch under another key than pk is refused", () => {
    const statement = { ...honest(group, 3, scalar(5)), pk: group.mulBase(scalar(6)) };
    for (const key of [5, 6]) {
      expect(verdict(group, statement, prove(group, statement, scalar(key)))).toBe("invalid-proof");
    }
  });

  test("the identity, as key, item or reply, is refused", () => {
    const statement = honest(group, 3);
    const proof = prove(group, statement);
    expect(verdict(group, { ...statement, pk: scalar(0) }, proof)).toMatch(/^invalid-(element|proof)$/);
    for (const part of ["C", "D"] as const) {
      const changed = { ...statement, [part]: replace(statement[part], 1, scalar(0)) };
      expect(verdict(group, changed, proof)).toBe("invalid-element");
      expect(outcome(() => prove(group, changed))).toBe("invalid-element");
    }
  });

  test("proofs of zeros and of scalars that are too large are refused as proofs", () => {
    const statement = honest(group, 2);
    for (const proof of [new Uint8Array(64), new Uint8Array(64).fill(0xff), concat(scalar(1), scalar(0))]) {
      expect(verdict(group, statement, proof)).toBe("invalid-proof");
    }
    for (const length of [0, 63, 65]) {
      expect(verdict(group, statement, new Uint8Array(length))).toBe("invalid-length");
    }
  });

  test("bad keys, seeds and sizes are refused before anything is made", () => {
    const statement = honest(group, 2);
    expect(outcome(() => prove(group, statement, scalar(0)))).toBe("invalid-scalar");
    expect(outcome(() => prove(group, statement, new Uint8Array(32).fill(0xff)))).toBe("invalid-scalar");
    expect(outcome(() => prove(group, statement, scalar(1), new Uint8Array(31)))).toBe("invalid-length");
    const none = { ...statement, C: new Uint8Array(), D: new Uint8Array() };
    const uneven = { ...statement, D: statement.D.subarray(32) };
    for (const bad of [none, uneven, { ...statement, pk: statement.C }]) {
      expect(outcome(() => prove(group, bad))).toBe("invalid-length");
      expect(verdict(group, bad, new Uint8Array(64))).toBe("invalid-length");
    }
  });
});

describe("the size of a batch", () => {
  test("8,192 elements pass and one more does not", () => {
    const scalars = scalarsFromSeed(toy, primitives, random, MOST_PROVEN + 1);
    const C = toy.mulBase(scalars);
    const key = scalar(31337);
    const all = { ctx: transcript, pk: toy.mulBase(key), C, D: toy.mulSame(key, C) };
    expect(outcome(() => prove(toy, all, key))).toBe("invalid-length");
    const most = { ...all, C: C.subarray(32), D: all.D.subarray(32) };
    expect(verdict(toy, most, prove(toy, most, key))).toBe(ACCEPTED);
  });
});

describe("the nonce", () => {
  test("a repeated draw over two batches does not give the key away", () => {
    const [one, two] = [honest(toy, 2), honest(toy, 3)].map((statement) => prove(toy, statement));
    if (one === undefined || two === undefined) throw new Error("no proofs");
    // With one nonce in both, (s1 - s2) / (c2 - c1) would be the key.
    const difference = toy.scalarSub(one.slice(32), two.slice(32));
    const divisor = toy.scalarSub(two.slice(0, 32), one.slice(0, 32));
    const guess = toy.scalarMul(difference, toy.scalarInvert(divisor));
    expect(hex(guess)).not.toBe(hex(scalar(1234567)));
  });

  test("two draws give two proofs of one batch, and both pass", () => {
    const statement = honest(toy, 2);
    const proofs = [random, new Uint8Array(32)].map((seed) => prove(toy, statement, undefined, seed));
    expect(new Set(proofs.map(hex)).size).toBe(2);
    for (const proof of proofs) expect(verdict(toy, statement, proof)).toBe(ACCEPTED);
  });
});
