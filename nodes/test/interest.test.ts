// SPDX-License-Identifier: Apache-2.0
// What a desk looks at, from the command line: a node is a real process, and keeps it over a restart of nothing else.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningFederation } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Country, foundCountry, type Ran, runCli, startCountry } from "./processes.ts";

const SLOW = 120_000;

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(2, "trial-2026", []);
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

const interest = (...args: readonly string[]): Promise<Ran> =>
  runCli("interest", ...args, "--node", country.folders.nodes.get("politie") ?? "");
const OWN = ["--case", "2027-114", "--desk", "narcotics", "--by", "officer"];
const END = ["--expires", "2099-01-01"];

test(
  "an interest is added, listed and withdrawn, and what is none is refused without its value",
  async () => {
    const wrong = await interest("add", "vessel", "9187628", ...OWN, ...END);
    expect(wrong).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("expected a imo as value 1 of vessel"),
    });
    expect(wrong.stderr).toContain("hint: ");
    expect(wrong.stderr).not.toContain("9187628");
    const { exit, stdout } = await interest("add", "vessel", "9187629", ...OWN, ...END, "--json");
    expect(exit).toBe(0);
    const { id } = JSON.parse(stdout) as { readonly id: string };
    const place = [
      "--near",
      "52.0907,5.1214,200",
      "--from",
      "2098-01-01T10:00:00Z",
      "--to",
      "2098-01-01T12:00:00Z",
    ];
    expect(await interest("add", ...place, ...OWN)).toMatchObject({ exit: 0 });
    const listed = (await interest("list")).stdout;
    expect(listed).toMatch(/vessel +2027-114 +narcotics +2099-01-01T00:00/);
    expect(listed).not.toContain("9187629"); // for whoever looks over a shoulder
    const valued = (await interest("list", "--values")).stdout;
    expect(valued).toMatch(/vessel .* 9187629$/m);
    expect(valued).toMatch(/place .* 52\.090700,5\.121400,200 2098-01-01T10:00 – 2098-01-01T12:00$/m);
    const file = join(country.dir, "desk.yaml");
    const more = [
      "{ vessel: 9187629, case: 2027-114, desk: narcotics, expires: 2099-01-01 }",
      "{ vessel: 9074729, case: 2027-115, desk: narcotics, expires: 2099-01-01 }",
    ];
    await writeFile(file, `koplamp: interests/v1\ninterests:\n${more.map((one) => `  - ${one}\n`).join("")}`);
    const imported = await interest("import", file, "--by", "officer");
    expect(imported).toMatchObject({ exit: 0, stderr: "there already: 1\n" });
    expect(imported.stdout.match(/^\w{8} .*$/gm)).toEqual([expect.stringContaining("2027-115")]);
    expect(await interest("import", file, "--by", "officer")).toMatchObject({ stdout: "none\n" });
    expect(await interest("withdraw", id.slice(0, 8), "--by", "officer")).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("withdrawn"),
    });
    expect(await interest("hits")).toMatchObject({ exit: 0, stdout: "none\n" });
  },
  SLOW,
);
