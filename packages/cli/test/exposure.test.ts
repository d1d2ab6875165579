// SPDX-License-Identifier: Apache-2.0
// What could they have learned? Told from the folder of a node that does not run.
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { koplamp, transcript } from "./transcript.ts";

let cwd = "";

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "koplamp-cli-"));
  const generate = "lab generate --parties 3 --rows 40 --overlap 0.3 --seed 5 --out country".split(" ");
  expect((await koplamp(generate, { cwd })).exit).toBe(0);
  for (const query of ["overlap", "match"]) {
    const run = `lab run --federation country/federation.yaml --query country/${query}.yaml --state kept --quiet`;
    expect((await koplamp(run.split(" "), { cwd })).exit).toBe(0);
  }
  await mkdir(join(cwd, "own", "state"), { recursive: true });
  await copyFile(join(cwd, "kept", "douane", "node.db"), join(cwd, "own", "state", "node.db"));
}, 60_000);

afterAll(() => rm(cwd, { recursive: true, force: true }));

const DATES = ["--from", "2000-01-01", "--to", "2100-12-31", "--node", "own"];

/** A transcript in which times and hashes are always the same. */
async function told(...args: readonly string[]): Promise<string> {
  const text = await transcript(["ledger", "exposure", ...args], { cwd });
  return text
    .replace(/20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (time) => (time.startsWith("2100") ? time : "TIME"))
    .replace(/sha256:[0-9a-f]{64}/g, "sha256:H")
    .replace(/\d{4}-W\d\d/g, "WEEK");
}

test("of one party alone, and with everybody else", async () => {
  expect(await told("--party", "politie", ...DATES)).toMatchSnapshot();
});

test("of one party with named others, in Dutch", async () => {
  expect(
    await told("--party", "politie", "--with", "coordinator", "--lang", "nl", ...DATES),
  ).toMatchSnapshot();
});

test("is nothing about other data or in another time", async () => {
  expect(await told("--party", "politie", "--dataset", "none", ...DATES)).toMatchSnapshot();
  const before = ["--from", "2000-01-01", "--to", "2001-01-01", "--node", "own"];
  expect(await told("--party", "politie", ...before)).toMatchSnapshot();
});

test("with --json is one document", async () => {
  const { stdout, exit } = await koplamp(["ledger", "exposure", "--party", "politie", "--json", ...DATES], {
    cwd,
  });
  expect(exit).toBe(0);
  const { exposures } = JSON.parse(stdout);
  expect(exposures.map(({ who }: { who: readonly string[] }) => who)).toEqual([
    ["politie"],
    ["belastingdienst", "coordinator", "politie"],
    ["coordinator", "politie"],
  ]);
  expect(exposures[0].items.map(({ fact }: { fact: string }) => fact)).toContain("holders-of-own");
  expect(exposures[1].items.length).toBeGreaterThan(exposures[0].items.length);
});

test.each([
  [
    "no folder of a node",
    ["--party", "politie", "--from", "2026-01-01", "--to", "2026-12-31", "--node", "none"],
  ],
  ["the own party", ["--party", "douane", ...DATES]],
  ["no party", ["--party", "Police!", ...DATES]],
  ["no day", ["--party", "politie", "--from", "yesterday", "--to", "2026-12-31", "--node", "own"]],
  [
    "a day that there is not",
    ["--party", "politie", "--from", "2026-13-31", "--to", "2026-12-31", "--node", "own"],
  ],
  [
    "an end before the beginning",
    ["--party", "politie", "--from", "2026-02-01", "--to", "2026-01-01", "--node", "own"],
  ],
])("says what is wrong: %s", async (_, args) => {
  expect(await told(...args)).toMatchSnapshot();
});

test("leaving needs a node that runs", async () => {
  const args = ["covenant", "withdraw", "--key", "own/keys", "--reason", "done", "--node", "own"];
  expect(await transcript(args, { cwd })).toMatchSnapshot();
});
