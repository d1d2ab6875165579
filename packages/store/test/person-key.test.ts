// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readKeys, readPersonKey, writeKeys, writePersonKey } from "../src/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-person-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SEED = new Uint8Array(32).fill(7);

describe("a person's key", () => {
  const path = (): string => join(folder, "people", "jansen.key");

  it("comes back as it was written, under 600, and is never replaced", () => {
    writePersonKey(path(), SEED);
    expect(readPersonKey(path())).toEqual(SEED);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(() => writePersonKey(path(), new Uint8Array(32))).toThrow(
      expect.objectContaining({ name: "StoreError", message: expect.stringContaining("already") }),
    );
    expect(readPersonKey(path())).toEqual(SEED);
  });

  it("that others can read is refused", () => {
    writePersonKey(path(), SEED);
    chmodSync(path(), 0o640);
    expect(() => readPersonKey(path())).toThrow(expect.objectContaining({ code: "permissions" }));
  });

  it("that is cut anywhere is refused, and no error holds a part of it", () => {
    writePersonKey(path(), SEED);
    const { size } = statSync(path());
    const seed = readFileSync(path(), "utf8").split(" ")[1]?.slice(0, 8) ?? "";
    for (let length = size - 1; length >= 0; length -= 1) {
      truncateSync(path(), length);
      let said = "";
      try {
        readPersonKey(path());
      } catch (reason) {
        said = String(reason);
      }
      expect(said).toContain("expected the key of a person");
      expect(said).not.toContain(seed);
    }
  });
});

it("a machine's keys are whole without those of people who approve", () => {
  const secret = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);
  const keys = {
    identity: secret(1),
    ledger: secret(2),
    witness: secret(3),
    covenant: secret(4),
    sealX25519: secret(5),
    sealMlKem: secret(6, 64),
    storage: secret(7),
    people: { analyst: secret(8) },
  };
  writeKeys(join(folder, "own"), keys);
  expect(readKeys(join(folder, "own"))).toEqual(keys);
  expect(readFileSync(join(folder, "own", "keys"), "utf8")).not.toMatch(/lawful|ethical/);
});
