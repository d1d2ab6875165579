// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { endured, tried } from "../../packages/engine/test/hostile-coordinator.ts";
import { disturbed, LETTER_SCRIPTS } from "../../packages/engine/test/hostile-letters.ts";
import { deviate } from "../../packages/engine/test/hostile-peer.ts";
import { SCRIPTS } from "../../packages/engine/test/hostile-scripts.ts";

it("every deviation in every field of every message of the control plane", async () => {
  const { cases, faults } = await deviate(1);
  expect(faults).toEqual([]);
  expect(cases).toBeGreaterThan(150);
});

it(`every script of a hostile coordinator: ${SCRIPTS.length} of its own, ${LETTER_SCRIPTS.length} with letters of one kind`, async () => {
  const { faults } = await tried([
    ...SCRIPTS.map((script) => () => endured(script)),
    ...LETTER_SCRIPTS.map(
      ([kind, deed]) =>
        () =>
          disturbed(kind, deed),
    ),
  ]);
  expect(faults).toEqual([]);
  expect(SCRIPTS.length + LETTER_SCRIPTS.length).toBeGreaterThanOrEqual(200);
}, 1_800_000);
