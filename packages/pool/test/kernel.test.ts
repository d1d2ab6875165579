// SPDX-License-Identifier: Apache-2.0
import { loadSodium, nobleGroup } from "@koplamp/crypto";
import { describe, expect, test } from "vitest";
import { backendsAgree, groupContract } from "../../crypto/test/group-contract.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { ristrettoVectors } from "../../crypto/test/ristretto-vectors.ts";
import { findKernelGroup } from "../src/index.ts";

const sodium = await loadSodium();
const found = findKernelGroup(sodium);

describe("the kernel", () => {
  test("serves on this machine", () => {
    expect(found.group === undefined ? found.reason : "").toBe("");
  });
});

if (found.group !== undefined) {
  ristrettoVectors(found.group, oraclePrimitives);
  groupContract(found.group);
  backendsAgree(found.group, sodium);
  backendsAgree(found.group, nobleGroup());
}
