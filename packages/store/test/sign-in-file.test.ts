// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dropSignIn, readSignIn, writeSignIn } from "../src/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-sign-in-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzLTEifQ.c2lnbmF0dXJl";

describe("a kept sign-in", () => {
  const path = (): string => join(folder, "koplamp", "sign-in", "a");

  it("comes back as it was written, under 600 in a folder under 700, and goes when it is dropped", () => {
    expect(readSignIn(path())).toBeUndefined();
    writeSignIn(path(), "old");
    writeSignIn(path(), TOKEN);
    expect(readSignIn(path())).toBe(TOKEN);
    expect([statSync(path()).mode & 0o777, statSync(dirname(path())).mode & 0o777]).toEqual([0o600, 0o700]);
    expect([dropSignIn(path()), dropSignIn(path())]).toEqual([true, false]);
    expect(readSignIn(path())).toBeUndefined();
  });

  it("that others can read, or that is a link, is refused", () => {
    writeSignIn(path(), TOKEN);
    symlinkSync(path(), join(folder, "link"));
    expect(() => readSignIn(join(folder, "link"))).toThrow(expect.objectContaining({ code: "permissions" }));
    chmodSync(path(), 0o640);
    expect(() => readSignIn(path())).toThrow(expect.objectContaining({ code: "permissions" }));
  });

  it("that is cut anywhere is refused, and no error holds a part of it", () => {
    writeSignIn(path(), TOKEN);
    for (let length = statSync(path()).size - 1; length >= 0; length -= 1) {
      truncateSync(path(), length);
      let said = "";
      try {
        readSignIn(path());
      } catch (reason) {
        said = String(reason);
      }
      expect(said).toContain("expected a sign-in");
      expect(said).not.toContain(TOKEN.slice(0, 8));
    }
  });

  it.each(["", "a b", "a\nb", "a\r\nx: y", "é", "a".repeat(12_289)])(
    "is not written of what fits no header",
    (token) => {
      expect(() => writeSignIn(path(), token)).toThrow(expect.objectContaining({ code: "malformed" }));
      expect(readSignIn(path())).toBeUndefined();
    },
  );
});
