// SPDX-License-Identifier: Apache-2.0
import { loadSodium, nobleGroup } from "@koplamp/crypto";
import { describe, expect, test } from "vitest";
import { backendsAgree, groupContract } from "../../crypto/test/group-contract.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { ristrettoVectors } from "../../crypto/test/ristretto-vectors.ts";
import { findKernelGroup } from "../src/index.ts";
import { agreeOnEdges, agreeOnRandom, agreeOnSums, batchesAreItems } from "./kernel-cases.ts";

const sodium = await loadSodium();
const found = findKernelGroup(sodium);

describe("the kernel", () => {
  test("serves on this machine", () => {
    expect(found.group === undefined ? found.reason : "").toBe("");
  });
});

if (found.group !== undefined) {
  const { group } = found;

  describe("the kernel against libsodium", () => {
    test("on 2,048 random items of every operation", () => agreeOnRandom(group, sodium, 1, 2048, 256));
    test("in batches of one and of three", () => {
      agreeOnRandom(group, sodium, 2, 40, 1);
      agreeOnRandom(group, sodium, 3, 60, 3);
    });
    test("on encodings, uniform strings and scalars at an edge", () => agreeOnEdges(group, sodium));
    test("on sums of 1 to 1,000 points, equal and opposite ones, with weights at an edge", () =>
      agreeOnSums(group, sodium, 1000));
    test("a batch that its memory does not hold at once gives what its items give", () =>
      batchesAreItems(group, 8195));
  });

  test("the kernel against noble, on 64 random items and at the edges", () => {
    agreeOnRandom(group, nobleGroup(), 4, 64, 64);
    agreeOnEdges(group, nobleGroup());
  });

  ristrettoVectors(found.group, oraclePrimitives);
  groupContract(found.group);
  backendsAgree(found.group, sodium);
  backendsAgree(found.group, nobleGroup());
}
