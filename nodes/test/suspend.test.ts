// SPDX-License-Identifier: Apache-2.0
// An officer halts a node from the command line, and lets it go on; nodes are real processes.
import { join } from "node:path";
import type { RunningFederation } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Country, foundCountry, logOf, type Ran, runCli, startCountry } from "./processes.ts";

const SLOW = 120_000;
const OWN = "belastingdienst";

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(2, "trial-2026", [OWN]);
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

const nodeOf = (party: string): string => country.folders.nodes.get(party) ?? "";
const key = (role: string): string => join(country.folders.people.get(OWN) ?? "", `${role}.key`);
const explain = (party: string): Promise<Ran> =>
  runCli("query", "explain", join(country.dir, "country", "match.yaml"), "--node", nodeOf(party));
const suspend = (role: string): Promise<Ran> =>
  runCli("suspend", "--key", key(role), "--reason", "A fault was found", "--node", nodeOf(OWN));
const resume = (role: string): Promise<Ran> => runCli("resume", "--key", key(role), "--node", nodeOf(OWN));

/** Waits until the asker's node has heard something. */
async function heard(event: string): Promise<void> {
  for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const lines = await logOf(nodeOf("politie"));
    if (lines.some((line) => line["event"] === event && line["peer"] === OWN)) return;
    if (Date.now() > end) expect.fail(`politie has not heard ${event}`);
  }
}

test(
  "a halted node contributes nothing, also after it was killed, and the others say whose word it was",
  async () => {
    expect(await explain("politie")).toMatchObject({ exit: 0 });
    for (const role of ["lawful", "ethical", "analyst"])
      expect(await suspend(role)).toMatchObject({
        exit: 3,
        stderr: expect.stringMatching(
          /^error: expected the signature of an officer on the card of belastingdienst, got none that holds\n(?:.*\n)?hint: /,
        ),
      });
    expect(await resume("officer")).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/^error: the node of belastingdienst is not suspended\nhint: /),
    });
    const halted = await suspend("officer");
    expect(halted).toMatchObject({ exit: 0, stderr: "" });
    expect(halted.stdout).toMatch(/^the node of belastingdienst is halted: it contributes nothing\n/);
    await heard("party.suspended");
    const refusal = {
      exit: 3,
      stderr: expect.stringMatching(
        /^error: an officer of belastingdienst has suspended its node at 20.*Z: A fault was found\n(?:.*\n)?hint: .*koplamp resume/,
      ),
    };
    expect(await explain("politie")).toMatchObject(refusal);
    expect(await explain(OWN)).toMatchObject(refusal);
    const asked = await runCli(
      ...["query", "run", join(country.dir, "country", "match.yaml"), "--node", nodeOf("politie")],
    );
    expect(asked).toMatchObject({
      exit: 3,
      stdout: expect.stringContaining("rule   suspension/belastingdienst"),
    });

    await running.nodes.get(OWN)?.kill();
    await running.restart(OWN);
    expect(await explain(OWN)).toMatchObject(refusal);
    expect(await suspend("officer")).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/^error: the node of belastingdienst is suspended already\n/),
    });

    expect(await resume("lawful")).toMatchObject({ exit: 3 });
    expect(await resume("officer")).toMatchObject({
      exit: 0,
      stdout: "the node of belastingdienst takes part again\n",
    });
    await heard("party.resumed");
    expect(await explain("politie")).toMatchObject({ exit: 0 });
  },
  SLOW,
);
