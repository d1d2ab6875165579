// SPDX-License-Identifier: Apache-2.0
// The unit tests, with the measure of one switch taken out: KOPLAMP_SWITCH names it, one after
// the other, or none.
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { type Edit, edited } from "./edit.ts";
import { SWITCHES } from "./switches.ts";

/** What the switch that is being run changes. */
function edits(): readonly Edit[] {
  const named = process.env["KOPLAMP_SWITCH"];
  if (named === "") return [];
  const found = SWITCHES.find(({ id }) => id === named);
  if (found === undefined) throw new Error(`expected the id of a switch in KOPLAMP_SWITCH, got ${named}`);
  return found.edits;
}

export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  plugins: [
    {
      name: "sabotage",
      enforce: "pre",
      transform: (code, id) => ({ code: edited(id, code, edits()), map: null }),
    },
  ],
  test: {
    execArgv: ["--conditions=source"],
    fsModuleCache: false, // neither take what is whole from the cache nor leave there what is weakened
    include: ["packages/*/test/**/*.test.ts", "nodes/test/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    env: { KOPLAMP_PATIENCE_MS: "8000" }, // most of these tests wait for what cannot come: an assertion has to say so
  },
});
