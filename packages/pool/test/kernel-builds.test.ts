// SPDX-License-Identifier: Apache-2.0
// Other builds of the kernel's sources: one that checks its own bounds, and one for a machine that it may not serve.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadSodium } from "@koplamp/crypto";
import { afterAll, describe, expect, test } from "vitest";
import { findKernelGroup } from "../src/index.ts";
import { agreeOnEdges, agreeOnRandom, agreeOnSums } from "./kernel-cases.ts";

const SCRIPT = fileURLToPath(new URL("../../../scripts/kernel.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "koplamp-kernel-"));
const sodium = await loadSodium();

afterAll(() => rmSync(folder, { recursive: true }));

function build(mode: string): Uint8Array {
  const file = join(folder, `${mode}.wasm`);
  execFileSync(process.execPath, [SCRIPT, mode, file], { stdio: "pipe" });
  return readFileSync(file);
}

describe("builds of the kernel", () => {
  test("no limb is beyond its bound in any operation, at random and at the edges", () => {
    const found = findKernelGroup(sodium, build("CHECKED"));
    if (found.group === undefined) throw new Error(found.reason);
    agreeOnRandom(found.group, sodium, 31, 128, 32);
    agreeOnEdges(found.group, sodium);
    agreeOnSums(found.group, sodium, 60);
  });

  test("a machine that rounds twice fails the self-test and is not served", () => {
    expect(findKernelGroup(sodium, build("UNFUSED"))).toEqual({
      group: undefined,
      reason: expect.stringMatching(/^the kernel does not serve: expected canonical elements/),
    });
  });

  test("neither does a file that is no kernel", () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0); // a module with nothing in it
    expect(findKernelGroup(sodium, empty)).toHaveProperty(
      "reason",
      "the kernel does not serve: the module is not the one expected",
    );
    expect(findKernelGroup(sodium, empty.subarray(4)).group).toBeUndefined();
  });
});
