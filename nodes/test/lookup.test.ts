// SPDX-License-Identifier: Apache-2.0
// An open look-up between real processes: asked from the command line, one by one, and proven in the end.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Folders,
  foundFolders,
  type RunningFederation,
  startFederation,
  trialTerms,
} from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Background, logOf, PROGRAMS, type Ran, runCli } from "./processes.ts";

const SLOW = 120_000;
const DAY_MS = 86_400_000;

let dir: string;
let folders: Folders;
let running: RunningFederation;

beforeAll(async () => {
  const left = DAY_MS - (Date.now() % DAY_MS);
  if (left < SLOW) await new Promise((done) => setTimeout(done, left)); // what is open ends with the day
  dir = await mkdtemp(join(tmpdir(), "koplamp-lookup-"));
  const file = join(dir, "ships.csv");
  await writeFile(file, "imo\n9187629\n9074729\n9319466\n");
  const ships = { file, nulls: [], columns: { imo: { kind: "imo" as const } } };
  const parties = [
    { id: "douane", name: "Douane", datasets: { ships } },
    { id: "kmar", name: "Kmar", datasets: {} },
  ];
  const federation = { id: "lookups", covenant: "default" as const, parties };
  const terms = trialTerms(parties, ["lab"], 4096);
  folders = await foundFolders({
    dir: join(dir, "federation"),
    federation,
    covenant: "trial/lookups",
    terms,
  });
  running = await startFederation(folders, PROGRAMS);
}, 2 * SLOW);

afterAll(async () => {
  await running?.stop();
  await rm(dir, { recursive: true, force: true });
}, SLOW);

const QUESTION = `koplamp: query/v1
id: ships-today
class: E
purpose: lab
legalBasis: [none]
indication: made up
necessity: made up
intendedEffect: { text: made up, measure: made up }
ask: { kind: lookup, key: [imo], asker: kmar, holder: douane, open: 40, tell: asker }
recipients: [kmar]
release: { minCount: 1, minContributors: 1 }
expires: "2099-12-31"
`;

const at = (party: string): readonly string[] => ["--node", folders.nodes.get(party) ?? ""];
const ask = (...args: readonly string[]): Promise<Ran> => runCli("query", "ask", ...args, ...at("kmar"));

test(
  "questions are asked one by one, each answered at once, and the evidence of all of them verifies",
  async () => {
    const file = join(dir, "ships-today.yaml");
    const bundle = join(dir, "today.tar");
    await writeFile(file, QUESTION);
    const explained = await runCli("query", "explain", file, ...at("kmar"));
    expect(explained.stdout).toContain("one by one, until the end of the day (UTC)");

    const asking = new Background({}, "query", "run", file, "--bundle", bundle, ...at("kmar"));
    const [, plan = ""] = await asking.says(/koplamp query ask ([0-9a-f]{8}) VALUE/);
    const one = await ask(plan, "9187629", "9241061");
    expect(one).toMatchObject({ exit: 0, stderr: expect.stringContaining("elements left: 36") });
    expect(one.stdout).toMatch(/9187629 +on the list\n9241061 +not on the list\n/);
    const json = await ask(plan, "IMO 9319466", "--json");
    expect(JSON.parse(json.stdout)).toEqual({ answers: [{ key: ["9319466"], hit: true }], left: 35 });
    const wrong = await ask(plan, "9187628");
    expect(wrong).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("expected a value of kind imo in question 1"),
    });
    expect(wrong.stderr).not.toContain("9187628");
    const elsewhere = await runCli("query", "ask", plan, "9187629", ...at("douane"));
    expect(elsewhere).toMatchObject({
      stderr: expect.stringContaining("no look-up of this plan is open at this node"),
    });
    expect(elsewhere.exit).not.toBe(0);

    const [open] = await running.client("kmar").inbox();
    expect(await runCli("query", "end", plan, ...at("kmar"))).toMatchObject({ exit: 0 });
    expect(await asking.ended).toBe(0);
    expect(asking.said).toMatch(/9319466/);
    const verified = await runCli("verify", bundle, "--trust", folders.trust);
    expect(verified).toMatchObject({ exit: 0 });
    const over = await ask(open?.planHash ?? "", "9187629");
    expect(over).toMatchObject({ stderr: expect.stringContaining("no look-up of this plan is open") });
    for (const party of ["kmar", "douane"]) {
      const lines = await logOf(folders.nodes.get(party) ?? "");
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(JSON.stringify(line)).not.toMatch(/9187629|9241061|9319466/);
    }
  },
  SLOW,
);
