// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Charter } from "@koplamp/covenant";
import type { NodeKeys } from "@koplamp/engine";
import { type Card, documentBytes, utf8 } from "@koplamp/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCharter, writeCharter } from "../src/charter.ts";
import { StoreError } from "../src/errors.ts";
import { readCoordinatorKeys, readKeys, writeCoordinatorKeys, writeKeys } from "../src/keys.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const keys: NodeKeys = {
  identity: bytes(32, 1),
  ledger: bytes(32, 2),
  witness: bytes(32, 3),
  covenant: bytes(32, 4),
  sealX25519: bytes(32, 5),
  sealMlKem: bytes(64, 6),
  storage: bytes(32, 7),
  people: { analyst: bytes(32, 8), lawful: bytes(32, 9), ethical: bytes(32, 10) },
};

function refusal(act: () => unknown): StoreError {
  try {
    act();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("keys", () => {
  const path = (): string => join(folder, "own", "keys");

  it("come back as they were written, under 600 in a folder under 700", () => {
    writeKeys(join(folder, "own"), keys);
    writeKeys(join(folder, "own"), keys);
    expect(readKeys(join(folder, "own"))).toEqual(keys);
    expect([statSync(path()).mode & 0o777, statSync(join(folder, "own")).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
  });

  it("of a coordinator are three, and no keys of a node", () => {
    const { identity, sealX25519, sealMlKem } = keys;
    writeCoordinatorKeys(join(folder, "own"), { identity, sealX25519, sealMlKem });
    expect(readCoordinatorKeys(join(folder, "own"))).toEqual({ identity, sealX25519, sealMlKem });
    expect(refusal(() => readKeys(join(folder, "own"))).code).toBe("malformed");
  });

  it.each([0o640, 0o604, 0o620, 0o666])("are refused under mode %o, with what to do", (mode) => {
    writeKeys(join(folder, "own"), keys);
    chmodSync(path(), mode);
    const { code, message, hint } = refusal(() => readKeys(join(folder, "own")));
    expect(code).toBe("permissions");
    expect(message).toContain(mode.toString(8));
    expect(hint).toContain("chmod 600");
  });

  it("are refused through a link, and when they are not there", () => {
    writeKeys(join(folder, "own"), keys);
    mkdirSync(join(folder, "link"));
    symlinkSync(path(), join(folder, "link", "keys"));
    expect(refusal(() => readKeys(join(folder, "link"))).code).toBe("permissions");
    expect(refusal(() => readKeys(join(folder, "none"))).code).toBe("missing");
  });

  it("are refused when the file is cut anywhere, and no error holds a part of a key", () => {
    writeKeys(join(folder, "own"), keys);
    const whole = readFileSync(path());
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path(), whole);
      truncateSync(path(), length);
      const { code, message } = refusal(() => readKeys(join(folder, "own")));
      expect(code).toBe("malformed");
      expect(message).not.toContain("AQEB");
    }
  });
});

describe("a charter", () => {
  const hash = `sha256:${"0".repeat(64)}`;
  const key = "ed25519:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
  const person = "ed25519:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
  const card: Card = {
    koplamp: "card/v1",
    party: "kvk",
    serial: 1,
    covenantHash: hash,
    identity: key,
    seal: { x25519: key.slice(8), mlkem768Hash: hash },
    ledger: `koplamp.example/kvk+00000000+AQEB${"AQEB".repeat(10)}`,
    witness: `koplamp.example/kvk/witness+00000000+BAEB${"AQEB".repeat(10)}`,
    tlsPins: [hash],
    people: [{ person: "p1", roles: ["analyst"], key: person, validUntil: "2027-01-01T00:00:00Z" }],
  };
  const charter: Charter = {
    covenant: { bytes: utf8("covenant"), signatures: ["a b", "c d"] },
    possession: ["kvk covenant c d"],
    cards: [{ bytes: documentBytes(card), signatures: ["e f"] }],
    roster: { bytes: utf8("roster"), signatures: [] },
    mlkem: { coordinator: bytes(1184, 1), kvk: bytes(1184, 2) },
  };

  it("comes back as it was written", () => {
    writeCharter(join(folder, "charter"), charter);
    expect(readCharter(join(folder, "charter"))).toEqual(charter);
  });

  it("passes over other files, and names one that is missing or too large", () => {
    writeCharter(folder, charter);
    writeFileSync(join(folder, "README"), "x");
    expect(readCharter(folder)).toEqual(charter);
    writeFileSync(join(folder, "roster.json"), bytes(65_537, 32));
    expect(refusal(() => readCharter(folder)).message).toContain("roster.json");
    rmSync(join(folder, "roster.json"));
    expect(refusal(() => readCharter(folder)).message).toContain("roster.json");
    expect(refusal(() => readCharter(join(folder, "none"))).code).toBe("missing");
  });
});
