// SPDX-License-Identifier: Apache-2.0
// Everything that lives is marked when twice as much has gathered: a busy engine would wait longer, an idle one not so long.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);

/** How often everything is marked while hundreds of megabytes come and go beside what stays. */
const PROGRAM = `
import { constants, PerformanceObserver } from "node:perf_hooks";
const [, own] = process.argv;
if (own !== undefined) (await import(own)).letHeapsGrow();
let marks = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) marks += 1;
}).observe({ entryTypes: ["gc"] });
const live = Array.from({ length: 200_000 }, (_, at) => ({ at, text: String(at) }));
const passing = [];
const churn = async (turns) => {
  for (let turn = 0; turn < turns; turn += 1) {
    passing.push(Array.from({ length: 10_000 }, (_, at) => ({ at })));
    if (passing.length > 12) passing.shift();
    await new Promise(setImmediate);
  }
};
await churn(200);
marks = 0;
await churn(4000);
await new Promise((resolve) => setTimeout(resolve, 100));
console.log(JSON.stringify({ marks, live: live.length }));
`;

async function marksWith(...own: readonly string[]): Promise<number> {
  const env = { ...process.env, NODE_OPTIONS: "--max-semi-space-size=8" };
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", PROGRAM, ...own], { env });
  return JSON.parse(stdout).marks;
}

describe("the heap of a node", () => {
  it("grows by twice what lives, and not by three times that", async () => {
    const own = new URL("../src/heap-growth.ts", import.meta.url).href;
    const [plain, ours] = [await marksWith(), await marksWith(own)];
    expect(plain).toBeGreaterThan(0);
    expect(ours / plain).toBeGreaterThan(1.1); // 1.5 where nothing else has a heap marked
    expect(ours / plain).toBeLessThan(1.9);
  });
});
