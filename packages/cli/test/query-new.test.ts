// SPDX-License-Identifier: Apache-2.0
// Questions to start from, and what a schedule takes.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { koplamp, transcript } from "./transcript.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "koplamp-new-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

test("lists the templates, and knows the one that was meant", async () => {
  expect(await transcript(["query", "new"], { cwd })).toMatchSnapshot();
  expect(await transcript(["query", "new", "--template", "count-bye"], { cwd })).toMatchSnapshot();
});

test("writes one, and over nothing", async () => {
  const args = ["query", "new", "--template", "trend", "--out", "trend.yaml"];
  expect(await koplamp(args, { cwd })).toMatchObject({ exit: 0, stdout: "", stderr: "" });
  const text = await readFile(join(cwd, "trend.yaml"), "utf8");
  expect(text).toContain("# Who learns what");
  expect((await koplamp(["query", "new", "--template", "trend"], { cwd })).stdout.trim()).toBe(text.trim());
  const { exit, stderr } = await koplamp(args, { cwd });
  expect(exit).not.toBe(0);
  expect(stderr).toContain("trend.yaml");
});

test("a schedule is whole, given once, and for a question that has none", async () => {
  const rates = (await koplamp(["query", "new", "--template", "rates"], { cwd })).stdout;
  await writeFile(join(cwd, "rates.yaml"), rates);
  const asked = async (file: string, ...more: readonly string[]) => {
    const { exit, stderr } = await koplamp(["query", "schedule", file, ...more], { cwd });
    return `${exit} ${stderr}`;
  };
  expect(await asked("rates.yaml")).toContain("2 error: this question has no schedule");
  expect(await asked("rates.yaml", "--every", "P1M")).toContain("takes --every, --runs and --from");
  const all = ["--every", "P1M", "--runs", "2", "--from", "2027-01-01"];
  expect(await asked("trend.yaml", ...all)).toContain("has a schedule of its own");
  expect(await asked("rates.yaml", ...all)).toContain("no node answers");
});
