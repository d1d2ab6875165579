// SPDX-License-Identifier: Apache-2.0
import { type Group, loadSodium, withKernel } from "@koplamp/crypto";
import { concat } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { groupContract, scalar } from "../../crypto/test/group-contract.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { ristrettoVectors } from "../../crypto/test/ristretto-vectors.ts";
import { chooseGroup, findKernelGroup, findNativeGroup, type KernelGroup } from "../src/index.ts";
import { agreeOnRandom } from "./kernel-cases.ts";

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
    "the system's libsodium is preferred, with the kernel beside it or without (needs libsodium)",
    async () => {
      const chosen = await chooseGroup();
      expect(chosen.name).toBe("sodium-native");
      expect(chosen.reason).toMatch(
        /^the system's libsodium \d+\.\d+\.\d+ serves, with the kernel for what no key is in$/,
      );
      expect(chosen.group.msm).not.toBe(found.group?.msm);
      const without = await chooseGroup("native", { kernel });
      expect(without.reason).toMatch(/ serves; the kernel does not serve: no engine$/);
      expect(without.group.msm).toBe(found.group?.msm);
    },
  );
});

const sodium = await loadSodium();
const own = findKernelGroup(sodium);
if (own.group !== undefined) {
  const both = withKernel(own.group, sodium);
  describe("a backend with the kernel beside it", () => {
    ristrettoVectors(both, oraclePrimitives);
    groupContract(both);
    test("gives the bytes of either on 1,024 random items of every operation", () =>
      agreeOnRandom(both, sodium, 7, 1024, 64));
    test("multiplies by a key itself: many points by one scalar, and what comes in less than a dozen", () => {
      const [keyless, all] = [heard(own.group, "kernel"), heard(sodium, "other")];
      const mixed = withKernel(keyless.group, all.group);
      const [one, eleven, twelve] = [scalars(1), scalars(11), scalars(12)];
      const point = sodium.mulBase(scalar(5));
      mixed.mulSame(scalar(7), sodium.mulBase(twelve));
      for (const few of [one, eleven]) {
        mixed.mulBase(few);
        mixed.mulPoint(point, few);
      }
      mixed.scalarMul(one, one);
      mixed.scalarInvert(one);
      expect(keyless.calls).toEqual([]);
      mixed.mulBase(twelve);
      mixed.mulPoint(point, twelve);
      mixed.addEach(point, point);
      expect(keyless.calls).toEqual(["mulBase", "mulPoint", "addEach"]);
      expect(all.calls).not.toContain("addEach");
    });
  });
}

/** 1, 2, … as scalars. */
function scalars(count: number): Uint8Array {
  return concat(...Array.from({ length: count }, (_, at) => scalar(at + 1)));
}

/** A backend, and the operations that were asked of it. */
function heard(group: Group, name: string): { readonly group: Group; readonly calls: string[] } {
  const calls: string[] = [];
  const members = Object.entries({ ...group, name }).map(([member, value]) => {
    if (typeof value !== "function") return [member, value] as const;
    const call = value as (...operands: readonly unknown[]) => unknown; // every member but the name is one
    const listened = (...operands: readonly unknown[]) => {
      calls.push(member);
      return call(...operands);
    };
    return [member, listened] as const;
  });
  return { group: Object.fromEntries(members) as unknown as Group, calls };
}
