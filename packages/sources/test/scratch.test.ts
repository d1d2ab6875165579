// SPDX-License-Identifier: Apache-2.0
// What of a long list stands on a disk: nothing that can be read without this process, and nothing after it.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openScratch } from "../src/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "koplamp-scratch-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const SECRET = "123456782 is on the list";

/** The handles of this process on files below the folder, as the system has them. */
function handles(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder) ? [`/proc/self/fd/${fd}`] : [];
    } catch {
      return []; // the handle by which the list was read
    }
  });
}

describe("a scratch file", () => {
  it("gives back every piece as it was, in any order", () => {
    const file = openScratch(folder).open();
    const pieces = Array.from({ length: 40 }, (_, at) => new Uint8Array(at * 1000).fill(at));
    expect(pieces.map((piece) => file.put(piece))).toEqual([...pieces.keys()]);
    for (const at of [39, 0, 7, 7]) expect(file.get(at)).toEqual(pieces[at]);
    expect(() => file.get(40)).toThrow("expected a piece that was kept");
    file.close();
    file.close();
    expect(() => file.get(0)).toThrow("open");
    expect(() => file.put(bytes("more"))).toThrow("open");
  });

  it("has no name, and its bytes tell nothing of what is in it", () => {
    const file = openScratch(folder).open();
    file.put(bytes(SECRET));
    file.put(bytes(SECRET));
    expect(readdirSync(folder)).toEqual([]);
    const [handle = ""] = handles();
    const found = readFileSync(handle);
    expect(found).toHaveLength(2 * (SECRET.length + 16));
    expect(found.includes(SECRET.slice(0, 9))).toBe(false);
    expect(found.subarray(0, found.length / 2).equals(found.subarray(found.length / 2))).toBe(false);
    file.close();
    expect(handles()).toEqual([]);
  });

  it("is sealed under a key of its own", () => {
    const scratch = openScratch(folder);
    const files = [scratch.open(), scratch.open()];
    for (const file of files) file.put(bytes(SECRET));
    const [one, other] = handles().map((handle) => readFileSync(handle).toString("hex"));
    expect(one).not.toBe(other);
    for (const file of files) file.close();
  });

  it("refuses a piece that is not what was written", () => {
    const file = openScratch(folder).open();
    file.put(bytes(SECRET));
    const [handle = ""] = handles();
    const changed = readFileSync(handle);
    changed[3] = (changed[3] ?? 0) ^ 1;
    writeFileSync(handle, changed);
    expect(() => file.get(0)).toThrow("is not what was written");
    writeFileSync(handle, changed.subarray(0, 5));
    expect(() => file.get(0)).toThrow("is not what was written");
    file.close();
  });

  it("leaves nothing of an earlier process: what a crash left behind is removed", () => {
    mkdirSync(join(folder, "scratch"));
    writeFileSync(join(folder, "scratch", "1"), SECRET);
    openScratch(join(folder, "scratch"));
    expect(readdirSync(join(folder, "scratch"))).toEqual([]);
  });
});
