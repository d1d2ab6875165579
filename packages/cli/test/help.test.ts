// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { ALONE, GROUPS } from "../src/commands.ts";
import { koplamp, transcript } from "./transcript.ts";

const COMMANDS = [
  ...GROUPS.flatMap(({ name, commands }) =>
    commands.map((command) => ({ words: [name, wordOf(command.name)], command })),
  ),
  ...ALONE.map((command) => ({ words: [wordOf(command.name)], command })),
];

function wordOf(name: string): string {
  return name.split(" ")[0] ?? "";
}

test("the commands, at a glance", async () => {
  expect(await transcript(["--help"])).toMatchSnapshot();
});

test.each(GROUPS.map(({ name }) => name))("koplamp %s --help", async (name) => {
  expect(await transcript([name, "--help"])).toMatchSnapshot();
});

test.each(COMMANDS.map(({ words }) => words.join(" ")))("koplamp %s --help", async (words) => {
  expect(await transcript([...words.split(" "), "--help"])).toMatchSnapshot();
});

test.each(COMMANDS)(
  "the help of $words begins with an example that its own flags understand",
  async ({ words, command }) => {
    const { stdout, exit } = await koplamp([...words, "--help"]);
    expect(exit).toBe(0);
    expect(stdout.split("\n")[0]).toBe(`  ${command.example}`);
    const [name, ...rest] = command.example.split(" ");
    expect([name, ...rest.slice(0, words.length)]).toEqual(["koplamp", ...words]);
    const known = [...command.flags.map(({ flag }) => flag.split(" ")[0]), "--json"];
    for (const flag of rest.filter((word) => word.startsWith("--"))) expect(known).toContain(flag);
    for (const { flag } of command.flags.filter(({ required }) => required))
      expect(rest).toContain(flag.split(" ")[0]);
  },
);
