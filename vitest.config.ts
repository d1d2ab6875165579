import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { LongFirst } from "./test/sequence.ts";

// Programs that tests start are compiled once, and not by each process. Node compares what it finds there with the source.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/compiled");

// Where `npm run guarantees` finds what a run found: the outcome of each test, and the cases of each property.
const results = process.env["KOPLAMP_RESULTS"];
const counted = results === undefined ? {} : { setupFiles: ["test/guarantees/setup.ts"] };

const source = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};
const project = (name: string, test: object) => ({
  ...source,
  test: { name, execArgv: ["--conditions=source"], ...counted, ...test },
});

export default defineConfig({
  test: {
    maxWorkers: 3, // on two cores: many of the long tests wait for processes
    sequence: { sequencer: LongFirst },
    reporters:
      results === undefined ? ["default"] : ["default", ["json", { outputFile: `${results}/results.json` }]],
    projects: [
      project("unit", {
        include: [
          "packages/*/test/**/*.test.ts",
          "test/{architecture,scripts/*,simulation/*,fuzz/*}.test.ts",
        ],
        testTimeout: 120_000, // machines that build are busy with other things too
        hookTimeout: 60_000,
      }),
      project("e2e", {
        include: ["nodes/test/**/*.test.ts", "test/e2e/**/*.test.ts"],
        testTimeout: 120_000,
        hookTimeout: 120_000,
      }),
      project("slow", { include: ["test/slow/**/*.test.ts"], testTimeout: 600_000 }),
    ],
  },
});
