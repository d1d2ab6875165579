// SPDX-License-Identifier: Apache-2.0
// A machine has keys of its own, and of people in a trial only.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeKeys } from "@koplamp/engine";
import { writeKeys } from "@koplamp/store";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { NodeConfig } from "../src/config.ts";
import { machineKeys } from "../src/start.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-machine-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const secret = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
const MACHINE: NodeKeys = {
  identity: secret(1),
  ledger: secret(2),
  witness: secret(3),
  covenant: secret(4),
  sealX25519: secret(5),
  sealMlKem: secret(6, 64),
  storage: secret(7),
  people: {},
};

/** What a node with these people in its folder gets of its file. */
function start(held: NodeKeys["people"], people: NodeConfig["people"]): NodeKeys {
  writeKeys(folder, { ...MACHINE, people: held });
  const identity = { keys: folder, certificate: "", key: "", ca: "" };
  return machineKeys({ identity, people } as NodeConfig); // it reads nothing else
}

it.each(["analyst", "lawful", "ethical"] as const)("does not start with the key of its %s", (role) => {
  expect(() => start({ [role]: secret(8) }, "own")).toThrow(
    expect.objectContaining({
      name: "StartError",
      message: expect.stringContaining("a machine must not have them"),
      hint: expect.stringContaining("koplamp key new"),
    }),
  );
  expect(start({ [role]: secret(8) }, "generated").people).toEqual({ [role]: secret(8) });
});

it("starts without any, and in a trial not without", () => {
  expect(start({}, "own")).toEqual(MACHINE);
  expect(() => start({}, "generated")).toThrow(expect.objectContaining({ name: "StartError" }));
});
