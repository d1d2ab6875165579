// SPDX-License-Identifier: Apache-2.0
// Analysts ask with keys of their own, and an agency puts a new one on its card; nodes are real processes.
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunningFederation } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../../packages/cli/src/index.ts";
import { type Country, foundCountry, type Ran, runCli, startCountry } from "./processes.ts";

const SLOW = 120_000;

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(2, "trial-2026", ["politie"]);
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

const nodeOf = (party: string): string => country.folders.nodes.get(party) ?? "";
const key = (role: string): string => join(country.folders.people.get("politie") ?? "", `${role}.key`);
const node = (): readonly string[] => ["--node", nodeOf("politie")];

function ask(...more: readonly string[]): Promise<Ran> {
  return runCli("query", "run", join(country.dir, "country", "match.yaml"), ...node(), ...more);
}

/** Runs a command that must go well, and gives what it printed. */
async function done(...args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await runCli(...args);
  expect({ args, exit, stderr }).toEqual({ args, exit: 0, stderr: "" });
  return stdout;
}

/** Both people of the asker approve what waits there. */
async function approve(): Promise<void> {
  for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const waiting = (await running.client("politie").inbox()).find(({ state }) => state === "waiting");
    if (waiting === undefined && Date.now() > end) expect.fail("nothing waits");
    if (waiting === undefined) continue;
    for (const role of ["lawful", "ethical"])
      await done(
        "approve",
        waiting.planHash,
        "--role",
        role,
        "--key",
        key(role),
        "--consider",
        "why=test",
        ...node(),
      );
    return;
  }
}

test(
  "a question without an analyst's key, or with another's, is asked of nobody",
  async () => {
    expect(await ask()).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(
        /^error: the node of politie holds no analyst's key: an analyst signs what is asked\nhint: +koplamp query run FILE --key FILE/,
      ),
    });
    for (const role of ["lawful", "officer"])
      expect(await ask("--key", key(role))).toMatchObject({
        exit: 3,
        stderr: expect.stringMatching(
          /^error: expected the key of an analyst on the card of politie, got another\nhint: +the analysts on the card: politie-p1\n/,
        ),
      });
    expect(await ask("--key", join(country.dir, "none.key"))).toMatchObject({ exit: 2 });
    expect(await running.client("belastingdienst").inbox()).toEqual([]);
  },
  SLOW,
);

test(
  "at a terminal the analyst sees the contract and says yes, or nothing is asked",
  async () => {
    const said: string[] = [];
    const asked: string[] = [];
    const sink = { write: (text: string) => said.push(text) };
    const exit = await main(
      ["query", "run", join(country.dir, "country", "match.yaml"), "--key", key("analyst"), ...node()],
      {
        ...{ stdout: sink, stderr: sink, env: process.env, cwd: country.dir, onInterrupt: () => () => {} },
        ask: async (question) => {
          asked.push(said.join(""), question);
          return "";
        },
      },
    );
    expect(exit).toBe(2);
    expect(asked).toEqual([expect.stringMatching(/^who +learns/m), "Sign it and ask? [y/N] "]);
    expect(said.join("")).toMatch(/^error: not signed, and nothing was asked\nhint: +--yes/m);
    expect(await running.client("belastingdienst").inbox()).toEqual([]);
  },
  SLOW,
);

test(
  "a new analyst asks once the card names their key and all parties have signed the roster",
  async () => {
    const [own, charter, next] = ["jansen.key", "charter", "next"].map((name) => join(country.dir, name));
    const made = JSON.parse(await done("key", "new", "--out", own ?? "", "--json")) as {
      readonly publicKey: string;
    };
    expect(await ask("--key", own ?? "")).toMatchObject({ exit: 3 });
    await cp(join(nodeOf("politie"), "charter"), charter ?? "", { recursive: true });
    const keyOf = (party: string): string => join(nodeOf(party), "keys", "keys");
    const added = await done(
      ...["card", "add", "politie-p9", "--role", "analyst", "--public", made.publicKey],
      ...["--charter", charter ?? "", "--out", next ?? "", "--key", keyOf("politie")],
    );
    expect(added).toMatch(/^card of politie\n/);
    expect(added).toContain(`politie-p9   analyst   ${made.publicKey}`);
    expect(added).toMatch(/^not yet signed: belastingdienst$/m);
    const sign = ["card", "sign", next ?? "", "--charter", charter ?? "", "--key", keyOf("belastingdienst")];
    expect(await done(...sign)).toMatch(/^signed by all: give it to every node as its charter/m);

    await running.stop();
    for (const dir of [...country.folders.nodes.values(), country.folders.coordinator]) {
      await rm(join(dir, "charter"), { recursive: true });
      await cp(next ?? "", join(dir, "charter"), { recursive: true });
    }
    running = await startCountry(country);
    const [answer] = await Promise.all([ask("--key", own ?? ""), approve()]);
    expect(answer).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^released to politie/m) });
    expect(answer.stderr).toMatch(/^plan +sha256:[0-9a-f]{64}$/m); // shown before it was signed
  },
  SLOW,
);
