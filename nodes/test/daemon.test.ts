// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunningFederation, startFederation } from "@koplamp/sdk";
import { afterEach, expect, test } from "vitest";
import { type Country, foundCountry, logOf, PROGRAMS, runNode } from "./processes.ts";

const SLOW = 120_000;
let country: Country | undefined;
let running: RunningFederation | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await country?.remove();
  country = undefined;
});

/** A founded federation, and the folder of one of its nodes. */
async function founded(covenant?: string): Promise<{ readonly country: Country; readonly node: string }> {
  const made = await foundCountry(2, covenant);
  country = made;
  return { country: made, node: made.folders.nodes.get("politie") ?? "" };
}

const start = (node: string) => runNode("start", "--config", join(node, "node.yaml"));

test(
  "processes start, say where they are, and end by SIGTERM with status 0",
  async () => {
    const { country: made, node } = await founded();
    running = await startFederation(made.folders, PROGRAMS);
    expect(await running.client("politie").status()).toMatchObject({
      party: "politie",
      online: ["belastingdienst"],
    });
    const doctor = await runNode("doctor", "--config", join(node, "node.yaml"));
    expect(doctor).toMatchObject({ exit: 0, stderr: "" });
    expect(doctor.stdout.split("\n").filter((line) => line.startsWith("ok"))).toHaveLength(14);
    expect(Object.fromEntries(await running.stop())).toEqual({
      politie: 0,
      belastingdienst: 0,
      coordinator: 0,
    });
    const events = (await logOf(node)).map(({ event }) => event);
    expect(events).toContain("ready");
    expect(events.slice(-1)).toEqual(["stopped"]);
  },
  SLOW,
);

test(
  "a covenant of the lab is refused: nobody has agreed to it",
  async () => {
    const { node } = await founded("lab/country");
    const { stderr, exit } = await start(node);
    expect(stderr).toMatchInlineSnapshot(`
      "error: covenant "lab/country" is for the lab alone: nobody has agreed to it
      hint:  real nodes need a covenant that the agencies sign
      "
    `);
    expect(exit).toBe(2);
  },
  SLOW,
);

test(
  "another covenant than the one that people named is refused",
  async () => {
    const { node } = await founded();
    const file = join(node, "node.yaml");
    const other = (await readFile(file, "utf8")).replace(
      /covenant: sha256:\w{8}/,
      "covenant: sha256:00000000",
    );
    await writeFile(file, other);
    const { stderr, exit } = await start(node);
    expect(stderr).toMatch(
      /^error: .*node\.yaml names covenant sha256:00000000\w+, got sha256:\w+ in .*charter\nhint: /,
    );
    expect(exit).toBe(2);
  },
  SLOW,
);

test.each([
  ["keys", "keys/keys"],
  ["the machine's TLS key", "tls/machine.key"],
  ["its own file", "node.yaml"],
])(
  "%s that others can read keep a node from starting",
  async (_, file) => {
    const { node } = await founded();
    await chmod(join(node, file), 0o644);
    const { stderr, exit } = await start(node);
    expect(stderr).toMatch(/^error: .*644/);
    expect(stderr).toMatch(/\nhint: +chmod 600 /);
    expect(exit).toBe(2);
  },
  SLOW,
);

test(
  "a changed card is noticed before anything starts",
  async () => {
    const { node } = await founded();
    const card = join(node, "charter", "card-belastingdienst.json");
    await writeFile(card, (await readFile(card, "utf8")).replace('"serial":1', '"serial":2'));
    const { stderr, exit } = await start(node);
    expect(stderr).toMatch(/^error: expected .* belastingdienst/);
    expect(exit).toBe(5);
  },
  SLOW,
);

test(
  "a node computes with the backend that its file names, and with no other where that is not there",
  async () => {
    const { country: made, node } = await founded();
    const file = join(node, "node.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace(/backend: \S+/, "backend: native"));
    const lib = join(made.dir, "lib");
    await mkdir(lib);
    for (const name of ["libsodium.so.26", "libsodium.so.23"]) await writeFile(join(lib, name), ""); // hides the system's
    const { node: program, coordinator } = PROGRAMS;
    const hidden = ["env", `LD_LIBRARY_PATH=${lib}`, ...program] as [string, ...string[]];
    running = await startFederation(made.folders, { node: hidden, coordinator });
    const outcome = await running.client("politie").run(await made.question("match.yaml"));
    expect(outcome).toMatchObject({ status: "failed", party: "politie" });
    expect(outcome.status === "failed" && outcome.message).toMatch(/libsodium/);
  },
  SLOW,
);

test(
  "doctor: a remedy for each failure",
  async () => {
    const { node } = await founded();
    await writeFile(join(node, "..", "country", "data", "politie-ships.csv"), "");
    const { stdout, exit } = await runNode("doctor", "--config", join(node, "node.yaml"));
    expect(stdout).toMatch(
      /^FAIL {2}coordinator +127\.0\.0\.1:\d+ does not answer\n +hint: ask its operator/m,
    );
    expect(stdout).toMatch(/^FAIL {2}source ships +.*\n +hint: /m);
    expect(stdout).toMatch(/^ok {4}keys /m);
    expect(exit).toBe(1);
  },
  SLOW,
);

test(
  "source-test: counts, and never a value",
  async () => {
    const { node } = await founded();
    const config = ["--config", join(node, "node.yaml")];
    const { stdout, exit } = await runNode("source-test", "accounts", ...config);
    expect(stdout).toMatch(/^accounts {2}\d+ rows\n {2}account +\d+ accepted/);
    expect(stdout).not.toMatch(/NL\d\d/);
    expect(exit).toBe(0);
    expect(await runNode("source-test", "acounts", ...config)).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(
        /^error: there is no source "acounts"; did you mean "accounts"\?\nhint: +sources: /,
      ),
    });
  },
  SLOW,
);

test(
  "init makes a node that only lacks its federation, and overwrites none",
  async () => {
    const { country: made } = await founded();
    const out = join(made.dir, "new");
    const args = [
      "init",
      "--party",
      "kmar",
      "--name",
      "Marechaussee",
      "--federation",
      "ships-nl",
      "--out",
      out,
    ];
    expect(await runNode(...args)).toMatchObject({ exit: 0, stderr: "" });
    const joining = JSON.parse(await readFile(join(out, "join.json"), "utf8"));
    expect(joining).toMatchObject({ party: "kmar", identity: expect.stringMatching(/^ed25519:/) });
    const doctor = await runNode("doctor", "--config", join(out, "node.yaml"));
    expect(doctor.stderr).toMatch(/expected sha256:… in "federations\[0\]\.covenant"/);
    expect(await runNode(...args)).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/holds a node already/),
    });
  },
  SLOW,
);
