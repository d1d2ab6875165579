// SPDX-License-Identifier: Apache-2.0
import { concat, hex } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { CryptoError } from "../src/errors.ts";
import type { Group } from "../src/group.ts";
import { nobleGroup } from "../src/noble.ts";
import { selfTest } from "../src/self-test.ts";
import { SODIUM_FUNCTIONS, sodiumGroup } from "../src/sodium.ts";
import { loadSodium } from "../src/sodium-wasm.ts";
import { backendsAgree, groupContract, outcome, scalar } from "./group-contract.ts";
import { oraclePrimitives } from "./oracle-primitives.ts";
import { ristrettoVectors } from "./ristretto-vectors.ts";

const sodium = await loadSodium();
const noble = nobleGroup();

for (const group of [sodium, noble]) ristrettoVectors(group, oraclePrimitives);
for (const group of [sodium, toyGroup()]) groupContract(group);
backendsAgree(sodium, noble);

describe("the self-test", () => {
  test("passes on both backends, with and without hashes", () => {
    for (const group of [sodium, noble]) {
      selfTest(group);
      selfTest(group, oraclePrimitives);
    }
  });

  const B = sodium.mulBase(scalar(1));
  const spoiled: Readonly<Record<string, Partial<Group>>> = {
    "an element too many": { decodeCheck: () => undefined },
    "no element at all": {
      decodeCheck() {
        throw new CryptoError("invalid-element", "none");
      },
    },
    "a crash instead of a refusal": {
      decodeCheck(points) {
        if (outcome(() => void sodium.decodeCheck(points)) === "invalid-element")
          throw new TypeError("crash");
      },
    },
    "products of another scalar": {
      mulSame: (k, points) => sodium.mulSame(sodium.scalarAdd(k, scalar(1)), points),
    },
    "another base": { mulBase: (scalars) => sodium.mulPoint(sodium.mulBase(scalar(2)), scalars) },
    "a product that ignores its point": {
      mulPoint: (_point, scalars) => sodium.mulPoint(sodium.addEach(B, B), scalars),
    },
    "another map": { hashToGroup: (uniform) => sodium.hashToGroup(uniform.map((byte) => byte ^ 1)) },
    "sums for differences": { subEach: (left, right) => sodium.addEach(left, right) },
    "differences for sums": { addEach: (left, right) => sodium.subEach(left, right) },
    "a sum without its first weight": { msm: (_weights, points) => points.slice(32, 64) },
    "unreduced scalars": { reduce: (bytes) => bytes.slice(0, 32) },
    "no inverse": { scalarInvert: (value) => value },
  };
  test.each(Object.entries(spoiled))("refuses %s", (_what, part) => {
    expect(() => selfTest({ ...sodium, ...part })).toThrow(
      expect.objectContaining({ name: "CryptoError", code: "backend" }),
    );
  });

  test("refuses other hashes", () => {
    const other = {
      ...oraclePrimitives,
      sha512: (data: Uint8Array) => oraclePrimitives.sha512(concat(data, data)),
    };
    expect(() => selfTest(sodium, other)).toThrow(expect.objectContaining({ code: "backend" }));
  });
});

describe("a batch of libsodium calls", () => {
  test("one failed call fails the whole, with no result and no index", () => {
    const failing = sodiumGroup("failing", (name) =>
      SODIUM_FUNCTIONS[name].success === undefined ? scalar(1) : undefined,
    );
    const P = sodium.mulBase(scalar(4));
    const refused = [
      () => failing.mulSame(scalar(2), P),
      () => failing.mulBase(scalar(2)),
      () => failing.addEach(P, P),
      () => void failing.decodeCheck(P),
      () => failing.hashToGroup(new Uint8Array(64)),
    ].map(outcome);
    expect(new Set(refused)).toEqual(new Set(["invalid-element"]));
  });

  test("the same bytes come back whatever stood in memory before", () => {
    const P = sodium.mulBase(scalar(4));
    const before = hex(sodium.mulSame(scalar(7), P));
    expect(outcome(() => sodium.mulSame(scalar(7), concat(P, scalar(1))))).toBe("invalid-element");
    expect(hex(sodium.mulSame(scalar(7), P))).toBe(before);
  });
});
