// SPDX-License-Identifier: Apache-2.0
// A sample; test/slow tries every deviation.
import { describe, expect, it } from "vitest";
import { deviate, misdeliver } from "./hostile-peer.ts";

describe("a member that deviates in one message of the control plane", () => {
  it("gets nobody a byte outside the contract, whatever it does with whichever field", {
    timeout: 300_000,
  }, async () => {
    const { cases, kinds, faults } = await deviate(5);
    expect(faults).toEqual([]);
    expect(kinds).toBeGreaterThanOrEqual(8);
    expect(cases).toBeGreaterThan(30);
  });

  it("nor with messages lost, repeated, from before, or to some only", { timeout: 300_000 }, async () => {
    const { cases, faults } = await misdeliver();
    expect(faults).toEqual([]);
    expect(cases).toBeGreaterThan(30);
  });
});
