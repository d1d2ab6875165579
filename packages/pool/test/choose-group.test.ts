// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { chooseGroup, findNativeGroup } from "../src/index.ts";

const none = () => findNativeGroup(["libsodium-of-nowhere.so.1"]);
const native = findNativeGroup();

describe("the group that serves", () => {
  test("without the system's libsodium it is the portable one, and the reason says so", async () => {
    const chosen = await chooseGroup("auto", none);
    expect(chosen.name).toBe("sodium-wasm");
    expect(chosen.reason).toBe(
      "libsodium in WebAssembly serves: the system has no libsodium-of-nowhere.so.1",
    );
  });

  test("a backend that is named and not there is an error, not another backend", async () => {
    await expect(chooseGroup("native", none)).rejects.toMatchObject({
      name: "PoolError",
      code: "backend",
      message: "expected the system's libsodium, and the system has no libsodium-of-nowhere.so.1",
    });
  });

  test("the portable one serves when it is named, whatever the system has", async () => {
    const find = () => {
      throw new Error("nobody should look");
    };
    expect((await chooseGroup("wasm", find)).name).toBe("sodium-wasm");
  });

  test.skipIf(native.group === undefined)(
    "the system's libsodium is preferred (needs libsodium)",
    async () => {
      expect((await chooseGroup()).name).toBe("sodium-native");
      expect((await chooseGroup("native")).reason).toMatch(/^the system's libsodium \d+\.\d+\.\d+ serves$/);
    },
  );
});
