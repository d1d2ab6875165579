// SPDX-License-Identifier: Apache-2.0
// The tests that SECURITY.md names, with their cases counted.
import { defineConfig } from "vitest/config";
import { ROOT } from "./promises.ts";

export default defineConfig({
  root: ROOT,
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    execArgv: ["--conditions=source"],
    include: ["packages/*/test/**/*.test.ts", "nodes/test/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["test/guarantees/setup.ts"],
    testTimeout: 60_000,
  },
});
