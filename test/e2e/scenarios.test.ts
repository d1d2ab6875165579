// SPDX-License-Identifier: Apache-2.0
// Questions on real lists, asked through real processes: the union of what the nodes learned is what the lab answers.
import { describe, test } from "vitest";
import { hasShared } from "../shared.ts";
import { expectScenario } from "./scenarios.ts";

/** One of each protocol that is quick enough; the large ones are among the slow tests. */
const SCENARIOS = [
  "ships-two-lists",
  "ship-lookup",
  "signals-three-of-five",
  "stolen-cars-provinces",
  "sanctions-by-programme",
];

describe.skipIf(!hasShared)("acceptance scenarios through real processes", () => {
  test.each(SCENARIOS)("%s", { timeout: 900_000 }, expectScenario);
});
