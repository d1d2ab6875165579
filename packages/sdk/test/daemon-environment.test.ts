// SPDX-License-Identifier: Apache-2.0
// What a daemon is started with: bounds of memory, and nothing of ours that they would replace.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { daemonEnvironment } from "../src/index.ts";

describe("the environment of a daemon", () => {
  it("bounds memory beside what was there", () => {
    const made = daemonEnvironment({ PATH: "/bin", NODE_OPTIONS: "--no-warnings" });
    expect(made).toEqual({
      PATH: "/bin",
      MALLOC_ARENA_MAX: "2",
      MALLOC_MMAP_THRESHOLD_: "262144",
      NODE_OPTIONS: "--no-warnings --max-semi-space-size=8",
    });
  });

  it("leaves alone what somebody has set", () => {
    const own = { MALLOC_ARENA_MAX: "7", NODE_OPTIONS: "--max-semi-space-size=64" };
    expect(daemonEnvironment(own)).toMatchObject(own);
  });

  it("is what the node's own page tells a service manager", async () => {
    const page = await readFile(new URL("../../../nodes/README.md", import.meta.url), "utf8");
    for (const [name, value] of Object.entries(daemonEnvironment({})))
      expect(page).toContain(`${name}=${value}\n`);
  });
});
