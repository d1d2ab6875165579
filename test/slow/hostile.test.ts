// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { deviate } from "../../packages/engine/test/hostile-peer.ts";

it("every deviation in every field of every message of the control plane", async () => {
  const { cases, faults } = await deviate(1);
  expect(faults).toEqual([]);
  expect(cases).toBeGreaterThan(150);
});
