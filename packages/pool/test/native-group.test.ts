// SPDX-License-Identifier: Apache-2.0
import { loadSodium } from "@koplamp/crypto";
import { describe, expect, test } from "vitest";
import { backendsAgree, groupContract } from "../../crypto/test/group-contract.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { ristrettoVectors } from "../../crypto/test/ristretto-vectors.ts";
import { findNativeGroup, loadNativeGroup } from "../src/native-group.ts";

const native = findNativeGroup();

describe("finding the system's libsodium", () => {
  test("a missing library is a sentence for the log, not an error", () => {
    const found = findNativeGroup(["libsodium-of-nowhere.so.1"]);
    expect(found).toEqual({ group: undefined, reason: "the system has no libsodium-of-nowhere.so.1" });
  });

  test("another library under the name does not serve", () => {
    const found = findNativeGroup(["libc.so.6"]);
    expect(found.group).toBeUndefined();
    expect(found).toHaveProperty("reason", expect.stringContaining("does not serve"));
  });

  test("one that is installed serves: only a missing one is passed over below", () => {
    expect(native.group === undefined ? native.reason : "").toMatch(/^$|^the system has no /);
  });

  test("the short way gives the same group or the same nothing", () => {
    expect(loadNativeGroup()?.name).toBe(native.group?.name);
  });
});

describe.skipIf(native.group === undefined)("the system's libsodium (needs libsodium)", () => {
  if (native.group !== undefined) {
    ristrettoVectors(native.group, oraclePrimitives);
    groupContract(native.group);
  }

  test("is recent enough", () => {
    expect(native).toHaveProperty("version", expect.stringMatching(/^1\.0\.(1[89]|[2-9]\d)/));
  });
});

if (native.group !== undefined) backendsAgree(native.group, await loadSodium());
