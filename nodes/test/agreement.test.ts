// SPDX-License-Identifier: Apache-2.0
// An agency leaves, and another asks what could have been learned; nodes are real processes.
import { join } from "node:path";
import type { RunningFederation } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Country, foundCountry, logOf, type Ran, runCli, startCountry } from "./processes.ts";

const SLOW = 120_000;
const PARTIES = ["politie", "belastingdienst", "douane"];

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(3, "trial-2026", ["belastingdienst"]);
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

const nodeOf = (party: string): string => country.folders.nodes.get(party) ?? "";

function ask(party: string): Promise<Ran> {
  const people = country.folders.people.get(party);
  const own = people === undefined ? [] : ["--key", join(people, "analyst.key")];
  return runCli("query", "run", join(country.dir, "country", "match.yaml"), "--node", nodeOf(party), ...own);
}

function withdraw(party: string, keyOf = party): Promise<Ran> {
  const key = join(nodeOf(keyOf), "keys", "keys");
  return runCli(
    "covenant",
    "withdraw",
    "--key",
    key,
    "--reason",
    "Our task has ended",
    "--node",
    nodeOf(party),
  );
}

function exposure(...more: readonly string[]): Promise<Ran> {
  const dates = ["--from", "2000-01-01", "--to", "2100-12-31", "--node", nodeOf("douane")];
  return runCli("ledger", "exposure", "--party", "politie", ...dates, ...more);
}

/** Waits until the question waits for people at every node. */
async function waiting(): Promise<void> {
  for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const inboxes = await Promise.all(PARTIES.map((party) => running.client(party).inbox()));
    if (inboxes.every((items) => items.some(({ state }) => state === "waiting"))) return;
    if (Date.now() > end) expect.fail("the question does not wait at every node");
  }
}

test(
  "a question that waits ends everywhere when an agency leaves, and new ones are refused by its name",
  async () => {
    const asked = ask("politie");
    await waiting();
    expect(await withdraw("belastingdienst", "politie")).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("expected the signature of belastingdienst"),
    });
    const left = await withdraw("belastingdienst");
    expect(left).toMatchObject({ exit: 0, stderr: "" });
    expect(left.stdout).toMatch(/^belastingdienst has left covenant sha256:[0-9a-f]{64}\n/);
    const ended = await asked;
    expect(ended.exit).toBe(3);
    expect(ended.stdout).toMatch(/^error: belastingdienst left covenant .*: Our task has ended$/m);
    for (const party of PARTIES) {
      const again = await ask(party);
      expect([party, again.exit, again.stdout + again.stderr]).toEqual([
        party,
        3,
        expect.stringContaining("belastingdienst left covenant"),
      ]);
      const events = (await logOf(nodeOf(party))).map(({ event }) => event);
      expect(events.filter((event) => event === "party.withdrawn")).toHaveLength(1);
      expect(events).not.toContain("session.begin");
    }
  },
  SLOW,
);

test(
  "an agency that leaves stays away when the nodes start again, and a ledger is told with and without its node",
  async () => {
    const asked = await exposure("--json");
    expect(asked).toMatchObject({ exit: 0, stderr: "" });
    await running.stop();
    expect(await exposure("--json")).toEqual(asked);
    running = await startCountry(country);
    const again = await ask("douane");
    expect([again.exit, again.stdout]).toEqual([3, expect.stringContaining("belastingdienst left covenant")]);
  },
  SLOW,
);
