// SPDX-License-Identifier: Apache-2.0
// Commands that start processes leave none behind.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Background, runCli } from "./processes.ts";

const SLOW = 120_000;
let dir = "";

afterEach(() => rm(dir, { recursive: true, force: true }));

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test(
  "the demo, interrupted in the middle, stops its processes, removes its files and exits with 130",
  async () => {
    const before = await readdir(tmpdir());
    const demo = new Background({}, "demo");
    const [line] = await demo.says(/five processes: .*/);
    const pids = [...line.matchAll(/\d+/g)].map(([pid]) => Number(pid));
    expect(pids).toHaveLength(5);
    expect(pids.every(alive)).toBe(true);
    demo.child.kill("SIGINT");
    expect(await demo.ended).toBe(130);
    expect(pids.filter(alive)).toEqual([]);
    const after = (await readdir(tmpdir())).filter(
      (name) => name.startsWith("koplamp-demo-") && !before.includes(name),
    );
    expect(after).toEqual([]);
  },
  SLOW,
);

test(
  "the daemons of a demo that was killed end by themselves",
  async () => {
    dir = await mkdtemp(join(tmpdir(), "koplamp-trial-"));
    const demo = new Background({}, "demo", "--keep", join(dir, "demo"));
    const [line] = await demo.says(/five processes: .*/);
    const pids = [...line.matchAll(/\d+/g)].map(([pid]) => Number(pid));
    demo.child.kill("SIGKILL");
    await demo.ended;
    for (const until = Date.now() + 60_000; pids.some(alive) && Date.now() < until; )
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pids.filter(alive)).toEqual([]);
  },
  SLOW,
);

test(
  "lab up runs until it is interrupted, and says how to ask",
  async () => {
    dir = await mkdtemp(join(tmpdir(), "koplamp-trial-"));
    await runCli(
      "lab",
      "generate",
      "--parties",
      "2",
      "--rows",
      "20",
      "--overlap",
      "0.5",
      "--out",
      join(dir, "country"),
    );
    const up = new Background(
      {},
      "lab",
      "up",
      "--federation",
      join(dir, "country/federation.yaml"),
      "--out",
      join(dir, "up"),
    );
    const [, node = ""] = await up.says(/ask +koplamp query run query\.yaml --node (\S+)/);
    const pids = [...up.said.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(3);
    const ran = await runCli("query", "run", join(dir, "country/match.yaml"), "--node", node);
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(ran.stdout).toMatch(/^released to politie: \d+ keys$/m);
    await standing(join(dir, "country/sum.yaml"), node);
    up.child.kill("SIGINT");
    expect(await up.ended).toBe(0);
    expect(pids.filter(alive)).toEqual([]);
  },
  SLOW,
);

/** A sum is scheduled from tomorrow on, and stands at the node: sat out, then taken part in again. */
async function standing(file: string, node: string): Promise<void> {
  const day = (ms: number): string => new Date(Date.now() + ms).toISOString().slice(0, 10);
  const from = day(DAY);
  const when = ["--every", "P1M", "--runs", "2", "--from", from];
  const asked = await runCli("query", "schedule", file, ...when, "--node", node);
  const row = new RegExp(
    `^([0-9a-f]{8}) +reports-per-municipality +0 / 2 +${from} +\\d{4}-\\d\\d-\\d\\d$`,
    "m",
  );
  expect(asked).toMatchObject({ exit: 0, stderr: "" });
  expect(asked.stdout).toMatch(row);
  const [, plan = ""] = row.exec(asked.stdout) ?? [];
  expect((await runCli("query", "list", "--node", node)).stdout).toMatch(row);
  expect((await runCli("query", "pause", plan, "--node", node)).stdout).toContain("paused");
  expect((await runCli("query", "resume", plan, "--node", node)).stdout).not.toContain("paused");
  const unknown = await runCli("query", "pause", "nothing", "--node", node);
  expect(unknown).toMatchObject({ exit: 2 });
  expect(unknown.stderr).toContain('nothing like "nothing" stands at this node');
}

const DAY = 86_400_000;
