// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { koplamp, transcript } from "./transcript.ts";

test.each([
  ["no command", []],
  ["an unknown command", ["labb"]],
  ["an unknown command of a group", ["lab", "runn"]],
  ["a group alone", ["lab"]],
  ["an unknown flag", ["lab", "run", "--federatoin", "f.yaml", "--query", "q.yaml"]],
  ["a missing flag", ["lab", "run", "--federation", "f.yaml"]],
  ["a flag without its value", ["lab", "run", "--federation"]],
  ["a missing argument", ["query", "run"]],
  ["an argument too many", ["query", "run", "a.yaml", "b.yaml"]],
  ["a number out of range", ["lab", "generate", "--parties", "1", "--rows", "10", "--overlap", "0.2"]],
  ["no number", ["lab", "generate", "--parties", "four", "--rows", "10", "--overlap", "0.2"]],
  ["an overlap above 1", ["lab", "generate", "--parties", "4", "--rows", "10", "--overlap", "2"]],
  ["an unknown language", ["query", "explain", "q.yaml", "--lang", "fr"]],
  ["a size that is no number", ["bench", "--curves", "--sizes", "1024,many"]],
  ["one size and a curve", ["bench", "--curves", "--n", "1024"]],
  ["a folder without curves", ["bench", "--out", "here"]],
  ["two ways to explain", ["query", "explain", "q.yaml", "--node", "a", "--federation", "f.yaml"]],
])("wrong use: %s", async (_, argv) => {
  const text = await transcript(argv);
  expect(text).toMatch(/--- stderr\nerror: .+\n(.*\n)*--- exit 2$/);
  expect(text).toMatchSnapshot();
});

test.each([
  ["a file that is not there", ["lab", "run", "--federation", "f.yaml", "--query", "q.yaml"]],
  ["a bundle that is not there", ["verify", "b.tar", "--trust", "t.txt"]],
])("%s", async (_, argv) => {
  expect(await transcript(argv)).toMatchSnapshot();
});

test("with --json an error is one document on standard error, and standard output stays empty", async () => {
  const { stdout, stderr, exit } = await koplamp(["lab", "run", "--json", "--federatoin", "f"]);
  expect(stdout).toBe("");
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: "usage",
      message: 'unknown option "--federatoin"',
      facts: [],
      hint: "did you mean --federation?",
      exit: 2,
    },
  });
  expect(exit).toBe(2);
});

test("an error is red on a terminal, and plain where colour is not wanted", async () => {
  const red = "\u001b[31merror:\u001b[39m";
  expect((await koplamp(["labb"], { terminal: true })).stderr).toContain(red);
  expect((await koplamp(["labb"])).stderr).not.toContain(red);
  expect((await koplamp(["labb", "--no-color"], { terminal: true })).stderr).not.toContain(red);
  expect((await koplamp(["labb"], { terminal: true, env: { NO_COLOR: "1" } })).stderr).not.toContain(red);
});

test("--verbose says where an error arose", async () => {
  const { stderr } = await koplamp(["lab", "check", "--federation", "f.yaml", "--verbose"]);
  expect(stderr).toMatch(/^error: .*\n(.*\n)*\s+at .*read-lab/m);
});

test("version", async () => {
  expect((await transcript(["version", "--full"])).replace(/node .*/, "node N")).toMatchSnapshot();
  expect(JSON.parse((await koplamp(["version", "--json"])).stdout)).toMatchObject({ koplamp: "0.0.0" });
});
