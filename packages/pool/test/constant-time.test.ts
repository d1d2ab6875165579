// SPDX-License-Identifier: Apache-2.0
// The check of the kernel's text finds what it is for.
import { describe, expect, test } from "vitest";

const SCRIPT = new URL("../../../scripts/constant-time.mjs", import.meta.url).href;
const { violations } = (await import(SCRIPT)) as {
  readonly violations: (wat: string, exempt: readonly string[]) => readonly string[];
};

const func = (name: string, head: string, ...lines: readonly string[]) =>
  [` (func $${name}${head}`, ...lines.map((line) => `  ${line}`), " )"].join("\n");
const module = (...functions: readonly string[]) => ["(module", ...functions, ")"].join("\n");
const SECRET = ["local.get $0", "i64.load", "i32.wrap_i64"];
const found = (...lines: readonly string[]) => violations(module(func("f", " (param $0 i32)", ...lines)), []);

describe("the rules of constant time", () => {
  test("a branch, a selection, an address, a length and a division by what was read are found", () => {
    expect(found(...SECRET, "if", "end")).toEqual(["$f: a branch depends on a secret"]);
    expect(found("loop $l", ...SECRET, "br_if $l", "end")).toEqual(["$f: a branch depends on a secret"]);
    expect(found("i32.const 1", "i32.const 2", ...SECRET, "select", "drop")).toEqual([
      "$f: a selection depends on a secret",
    ]);
    expect(found(...SECRET, "i32.const 8", "i32.add", "i32.load", "drop")).toEqual([
      "$f: an address depends on a secret",
    ]);
    expect(found(...SECRET, "i32.const 1", "i32.store")).toEqual(["$f: an address depends on a secret"]);
    expect(found("i32.const 0", "i32.const 0", ...SECRET, "memory.fill")).toHaveLength(1);
    expect(found("i32.const 7", ...SECRET, "i32.rem_u", "drop")).toEqual([
      "$f: a division depends on a secret",
    ]);
  });

  test("also through a local, a later pass of a loop, a block and a call", () => {
    expect(found(...SECRET, "local.set $1", "local.get $1", "if", "end")).toHaveLength(1);
    expect(found("loop $l", "local.get $1", "if", "end", ...SECRET, "local.set $1", "end")).toHaveLength(1);
    const block = ["i32.const 1", "if (result i32)", ...SECRET, "else", "i32.const 0", "end"];
    expect(found(...block, "if", "end")).toHaveLength(1);
    const callee = func("g", " (param $0 i32)", "local.get $0", "i32.load", "drop");
    const caller = func("f", " (param $0 i32)", ...SECRET, "call $g");
    expect(violations(module(callee, caller), [])).toEqual(["$g: an address depends on a secret"]);
    const given = func("g", " (param $0 i32) (result i32)", "local.get $0");
    expect(violations(module(given, func("f", "", "i32.const 1", "call $g", "if", "end")), [])).toHaveLength(
      1,
    );
  });

  test("counters, arithmetic on secrets and functions of public inputs pass", () => {
    const counter = ["local.get $1", "i32.const 1", "i32.add", "local.tee $1", "i32.const 8", "i32.lt_u"];
    expect(found("loop $l", ...counter, "br_if $l", "end")).toEqual([]);
    expect(found("local.get $0", ...SECRET, "i32.const 3", "i32.mul", "i32.store")).toEqual([]);
    expect(violations(module(func("msm/f", " (param $0 i32)", ...SECRET, "if", "end")), ["msm/"])).toEqual(
      [],
    );
  });

  test("an instruction that nobody thought of ends the check", () => {
    expect(() => found("i32.unheard_of")).toThrow("an instruction that is not known here: i32.unheard_of");
  });
});
