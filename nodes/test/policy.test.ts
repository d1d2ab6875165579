// SPDX-License-Identifier: Apache-2.0
// An agency changes its mind while its node works: policies are read again, and bind at once. Nodes are real processes.
import { appendFile, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningFederation } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Country, foundCountry, logOf, type Ran, runCli, startCountry } from "./processes.ts";

const SLOW = 120_000;
const PERMIT = '@id("all") @article("Wpg 20")\npermit (principal in Role::"analyst", action, resource);\n';
const FORBID =
  '@id("no-persons") @article("Wpg 11")\nforbid (principal, action in Action::"class-F", resource);\n';

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(2);
  await appendFile(join(nodeOf("belastingdienst"), "node.yaml"), "policy: policy/\n");
  await mkdir(join(nodeOf("belastingdienst"), "policy"));
  await write(PERMIT);
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

function nodeOf(party: string): string {
  return country.folders.nodes.get(party) ?? "";
}

/** As an editor saves: whole, or not at all. */
async function write(text: string): Promise<void> {
  const file = join(nodeOf("belastingdienst"), "policy", "own.cedar");
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

const ask = (): Promise<Ran> =>
  runCli("query", "run", join(country.dir, "country", "match.yaml"), "--node", nodeOf("politie"));
const reload = (): Promise<Ran> => runCli("policy", "reload", "--node", nodeOf("belastingdienst"));

test(
  "a node reads its policies again when it is told to, and keeps those in force when the new ones do not hold",
  async () => {
    expect(await ask()).toMatchObject({ exit: 0, stderr: "" });
    await write(PERMIT + FORBID);
    expect(await ask()).toMatchObject({ exit: 0 }); // written, and not yet in force
    expect(await reload()).toMatchObject({
      exit: 0,
      stdout: "2 policies in force, for all that has not opened yet\n",
    });
    const refused = await ask();
    expect([refused.exit, refused.stdout]).toEqual([
      3,
      expect.stringContaining('policy "no-persons" (Wpg 11) of belastingdienst forbids class F'),
    ]);
    await write(`${PERMIT}permit (`);
    const broken = await reload();
    expect(broken.exit).not.toBe(0);
    expect(broken.stderr).toMatch(/policy\/own\.cedar:3:\d+: .*\nhint: {2}koplamp policy check/);
    expect(await ask()).toMatchObject({ exit: 3 }); // what was in force stays
  },
  SLOW,
);

test(
  "a node reads them again on SIGHUP too, as service managers ask",
  async () => {
    await write(PERMIT);
    process.kill(running.nodes.get("belastingdienst")?.pid ?? 0, "SIGHUP");
    const read = async (): Promise<number> =>
      (await logOf(nodeOf("belastingdienst"))).filter(({ event }) => event === "policy.read").length;
    for (
      const end = Date.now() + 10_000;
      (await read()) < 2;
      await new Promise((next) => setTimeout(next, 50))
    )
      if (Date.now() > end) expect.fail("the node did not read its policies");
    expect(await ask()).toMatchObject({ exit: 0 });
  },
  SLOW,
);

test(
  "a node without a folder of policies says what to do",
  async () => {
    const { exit, stderr } = await runCli("policy", "reload", "--node", nodeOf("politie"));
    expect(exit).not.toBe(0);
    expect(stderr).toMatch(/names no folder of policies.*\nhint: {2}add "policy: policy\/"/);
  },
  SLOW,
);
