// SPDX-License-Identifier: Apache-2.0
// The acceptance scenarios that take minutes through real processes; `npm test` runs one of each protocol that is quicker.
import { describe, test } from "vitest";
import { expectScenario } from "../e2e/scenarios.ts";
import { hasShared } from "../shared.ts";

const SCENARIOS = [
  "signals-histogram",
  "cbs-crime-sum",
  "double-reporting",
  "payments-join",
  "fronts-per-municipality",
];

describe.skipIf(!hasShared)("large acceptance scenarios through real processes", () => {
  test.each(SCENARIOS)("%s", { timeout: 1_800_000 }, expectScenario);
});
