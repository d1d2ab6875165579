// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LedgerError } from "../src/errors.ts";
import { type ArchiveFile, readTar, writeTar } from "../src/tar.ts";

const files: readonly ArchiveFile[] = [
  { name: "index", bytes: utf8("one\n") },
  { name: "documents/a.json", bytes: new Uint8Array(512).fill(65) },
  { name: "empty", bytes: new Uint8Array() },
  { name: "z".repeat(100), bytes: new Uint8Array(1000).fill(66) },
];

describe("an archive", () => {
  it("gives back its files, and other programs read it", () => {
    const bytes = writeTar(files);
    expect(readTar(bytes)).toEqual(files);
    const folder = mkdtempSync(join(tmpdir(), "koplamp-tar-"));
    try {
      writeFileSync(join(folder, "x.tar"), bytes);
      const listed = execFileSync("tar", ["-tf", join(folder, "x.tar")], { encoding: "utf8" });
      expect(listed.trim().split("\n")).toEqual(files.map(({ name }) => name));
      const content = execFileSync("tar", ["-xOf", join(folder, "x.tar"), "index"], { encoding: "utf8" });
      expect(content).toBe("one\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("has one form: every changed byte outside the content is refused", () => {
    const bytes = writeTar(files.slice(0, 1));
    for (let at = 0; at < bytes.length; at += 1) {
      if (at >= 512 && at < 516) continue; // the content
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => readTar(changed), `byte ${at}`).toThrow(LedgerError);
    }
  });

  it("refuses what is cut, what follows, and what is there twice", () => {
    const bytes = writeTar(files);
    for (let length = 0; length < bytes.length; length += 256)
      expect(() => readTar(bytes.slice(0, length)), String(length)).toThrow(LedgerError);
    expect(() => readTar(new Uint8Array([...bytes, ...new Uint8Array(512)]))).toThrow(LedgerError);
    expect(() => readTar(writeTar([...files, ...files.slice(0, 1)]))).toThrow(LedgerError);
    expect(readTar(writeTar([]))).toEqual([]);
  });

  it.each(["../escape", "/etc/passwd", "", "a b", "é", "z".repeat(101)])(
    "does not hold a file %s",
    (name) => {
      expect(() => writeTar([{ name, bytes: new Uint8Array() }])).toThrow(LedgerError);
    },
  );

  it("throws nothing but a LedgerError at hostile bytes, and reads only what it would write", () => {
    const bytes = writeTar(files);
    const near = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => {
      const changed = Uint8Array.from(bytes);
      changed[at] = value;
      return changed;
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 2048 })), (input) => {
        try {
          expect(writeTar(readTar(input))).toEqual(input);
        } catch (error) {
          expect(error).toBeInstanceOf(LedgerError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
