// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { chooseGroup, findNativeGroup, type KernelGroup } from "../src/index.ts";

const native = () => findNativeGroup(["libsodium-of-nowhere.so.1"]);
const kernel = (): KernelGroup => ({ group: undefined, reason: "the kernel does not serve: no engine" });
const found = findNativeGroup();

describe("the group that serves", () => {
  test("without the system's libsodium it is the kernel, and the reason says so", async () => {
    const chosen = await chooseGroup("auto", { native });
    expect(chosen.name).toBe("kernel");
    expect(chosen.reason).toBe("the kernel serves: the system has no libsodium-of-nowhere.so.1");
  });

  test("with neither it is libsodium in WebAssembly, and the reason names both", async () => {
    const chosen = await chooseGroup("auto", { native, kernel });
    expect(chosen.name).toBe("sodium-wasm");
    expect(chosen.reason).toBe(
      "libsodium in WebAssembly serves: the system has no libsodium-of-nowhere.so.1, and the kernel does not serve: no engine",
    );
  });

  test("a backend that is named and not there is an error, not another backend", async () => {
    await expect(chooseGroup("native", { native })).rejects.toMatchObject({
      name: "PoolError",
      code: "backend",
      message: "expected the system's libsodium, and the system has no libsodium-of-nowhere.so.1",
    });
    await expect(chooseGroup("kernel", { kernel })).rejects.toMatchObject({
      name: "PoolError",
      code: "backend",
      message: "expected the kernel, and the kernel does not serve: no engine",
    });
  });

  test("one that is named serves, whatever else there is", async () => {
    const find = () => {
      throw new Error("nobody should look");
    };
    expect((await chooseGroup("wasm", { native: find, kernel: find })).name).toBe("sodium-wasm");
    expect((await chooseGroup("kernel", { native: find })).name).toBe("kernel");
  });

  test.skipIf(found.group === undefined)(
    "the system's libsodium is preferred, with the kernel's sums or without (needs libsodium)",
    async () => {
      const chosen = await chooseGroup();
      expect(chosen.name).toBe("sodium-native");
      expect(chosen.reason).toMatch(/^the system's libsodium \d+\.\d+\.\d+ serves, with the kernel's sums$/);
      expect(chosen.group.msm).not.toBe(found.group?.msm);
      const without = await chooseGroup("native", { kernel });
      expect(without.reason).toMatch(/ serves; the kernel does not serve: no engine$/);
      expect(without.group.msm).toBe(found.group?.msm);
    },
  );
});
