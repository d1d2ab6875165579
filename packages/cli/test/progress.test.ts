// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import type { Io } from "../src/io.ts";
import { lanes } from "../src/progress.ts";

function screen(isTTY: boolean): { readonly io: Io; text(): string } {
  let written = "";
  const write = (text: string): void => {
    written += text;
  };
  const stderr = { isTTY, columns: 70, write };
  const io: Io = { stdout: { write: () => {} }, stderr, env: {}, cwd: "/", onInterrupt: () => () => {} };
  return { io, text: () => written };
}

test("on a terminal each party has a lane with its phase, how far it is, and its rate", () => {
  const { io, text } = screen(true);
  const shown = lanes(io, false);
  shown.show({ party: "kmar", phase: "evaluate", done: 0.5, rate: "12,000/s" });
  expect(text()).toBe("kmar  evaluate                     ▕█████     ▏ 50 %  12,000/s\n");
  shown.clear();
  expect(text().endsWith("\u001b[1A\u001b[J")).toBe(true);
});

test("no lane is longer than the terminal is wide", () => {
  const { io, text } = screen(true);
  lanes(io, false).show({ party: "a".repeat(32), phase: "b".repeat(40), done: 1, rate: "c".repeat(40) });
  expect(text().trimEnd().length).toBeLessThan(70);
});

test.each([
  ["not a terminal", false, false],
  ["--quiet", true, true],
])("nothing is painted: %s", (_, isTTY, quiet) => {
  const { io, text } = screen(isTTY);
  const shown = lanes(io, quiet);
  shown.show({ party: "kmar", phase: "evaluate" });
  shown.clear();
  expect(text()).toBe("");
});
