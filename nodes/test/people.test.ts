// SPDX-License-Identifier: Apache-2.0
// People approve from the command line, with keys that no node has; nodes are real processes.
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InboxItem, RunningFederation } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  Background,
  type Country,
  foundCountry,
  type Ran,
  runCli,
  runNode,
  startCountry,
} from "./processes.ts";

const SLOW = 120_000;
const PARTIES = ["politie", "belastingdienst"];

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(2, "trial-2026", PARTIES);
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

const nodeOf = (party: string): string => country.folders.nodes.get(party) ?? "";
const keyOf = (party: string, role: string): string =>
  join(country.folders.people.get(party) ?? "", `${role}.key`);

/** The question that waits at a party, as its inbox lists it. */
async function waiting(party: string): Promise<InboxItem> {
  for (const end = Date.now() + 20_000; ; ) {
    const found = (await running.client(party).inbox()).find(({ state }) => state === "waiting");
    if (found !== undefined) return found;
    if (Date.now() > end) expect.fail(`nothing waits at ${party}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const asking = (file: string, key: string): readonly string[] => [
  ...["query", "run", join(country.dir, "country", file), "--key", key, "--node", nodeOf("politie")],
];

/** The question under an id of its own: the same one has its answer, and waits for nobody. */
async function named(id: string): Promise<string> {
  const text = await readFile(join(country.dir, "country", "match.yaml"), "utf8");
  await writeFile(join(country.dir, "country", `${id}.yaml`), text.replace(/^id: .*$/m, `id: ${id}`));
  return `${id}.yaml`;
}

async function ask(id: string): Promise<Ran> {
  return await runCli(...asking(await named(id), keyOf("politie", "analyst")));
}

function approve(party: string, role: string, plan: string, ...more: readonly string[]): Promise<Ran> {
  const args = ["--role", role, "--key", keyOf(party, role), "--node", nodeOf(party)];
  return runCli("approve", plan, ...args, "--consider", "why=a test", ...more);
}

test("no node has a key of somebody who asks or approves", async () => {
  for (const party of PARTIES) {
    const keys = await readFile(join(nodeOf(party), "keys", "keys"), "utf8");
    expect(keys).not.toMatch(/^(?:analyst|lawful|ethical) /m);
    expect((await stat(keyOf(party, "lawful"))).mode & 0o777).toBe(0o600);
  }
});

test(
  "a question runs once two people of every agency have approved, though a node was killed meanwhile",
  async () => {
    const asked = ask("first");
    const { planHash } = await waiting("politie");
    await waiting("belastingdienst");
    const plan = planHash.slice(7, 15);
    const listed = await runCli("inbox", "--node", nodeOf("belastingdienst"));
    expect(listed.stdout).toMatch(
      new RegExp(`^${plan}  .*asked by politie\\n +until .*asked of you: lawful and ethical\\n`),
    );
    const shown = await runCli("inbox", "show", plan, "--node", nodeOf("belastingdienst"), "--lang", "nl");
    expect(shown).toMatchObject({ exit: 0, stderr: "" });
    expect(shown.stdout).toMatch(/wie +leert +hooguit/);
    expect(shown.stdout).toMatch(/besloten nog niemand\n/);

    const first = await approve("politie", "lawful", plan);
    expect(first).toMatchObject({ exit: 0, stderr: "" });
    expect(first.stdout).toMatch(/^approved {2}lawful {2}ed25519:/m);
    expect(await approve("politie", "ethical", planHash)).toMatchObject({ exit: 0 });
    expect(await approve("belastingdienst", "lawful", plan)).toMatchObject({ exit: 0 });
    await running.nodes.get("belastingdienst")?.kill();
    await running.restart("belastingdienst");
    const again = await waiting("belastingdienst");
    expect(again.missing).toEqual([{ party: "belastingdienst", roles: ["ethical"] }]);
    const [shownFile, given] = [join(country.dir, "question.json"), join(country.dir, "decision.json")];
    const node = ["--node", nodeOf("belastingdienst")];
    await writeFile(shownFile, (await runCli("inbox", "show", plan, ...node, "--json")).stdout);
    const away = ["--node", "/nowhere", "--out", given];
    expect(await approve("belastingdienst", "ethical", shownFile, ...away)).toMatchObject({ exit: 0 });
    const changed = (await readFile(shownFile, "utf8")).replace(/"rowsPadded":\d+/, '"rowsPadded":1024');
    await writeFile(join(country.dir, "changed.json"), changed);
    expect(
      await approve("belastingdienst", "ethical", join(country.dir, "changed.json"), ...away),
    ).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/^error: expected the contract that follows from the plan/),
    });
    expect(await runCli("inbox", "give", given, ...node)).toMatchObject({ exit: 0, stderr: "" });
    const answer = await asked;
    expect(answer.stdout).toMatch(/^released to politie/m);
    expect(answer.stderr).toMatch(/^come back to it with: koplamp query watch [0-9a-f]{8}$/m);
    expect(answer.exit).toBe(0);

    await running.nodes.get("politie")?.kill();
    await running.restart("politie");
    const back = await runCli("query", "watch", planHash, "--node", nodeOf("politie"));
    expect(back).toMatchObject({
      exit: 0,
      stderr: "",
      stdout: answer.stdout.replace(/^.*\n/, "").replace(/query run \S+/, `query watch ${planHash}`),
    });

    const late = await runCli(
      ...["withdraw", planHash, "--key", keyOf("politie", "lawful")],
      ...["--reason", "too late", "--node", nodeOf("politie")],
    );
    expect(late).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/^error: too late: the question was answered\n/),
    });
    const ended = await runCli("inbox", "show", planHash, "--node", nodeOf("belastingdienst"), "--json");
    expect(JSON.parse(ended.stdout)).toMatchObject({ state: "ended" });
    expect(JSON.parse(ended.stdout).decisions).toHaveLength(4);
  },
  SLOW,
);

test(
  "the same question has its answer, of that plan, and waits for nobody",
  async () => {
    const stored = await ask("first");
    expect(stored).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^stored: the answer of plan [0-9a-f]{8} of \S+Z$/m),
    });
    expect(stored.stdout).toContain("nothing was run, evaluated or disclosed");
    expect(stored.stdout).toMatch(/^released to politie/m);
    const told = await runCli(...asking("first.yaml", keyOf("politie", "analyst")), "--json");
    const { stored: of, disclosures } = JSON.parse(told.stdout);
    expect([stored.stdout.includes(of.planHash.slice(7, 15)), disclosures]).toEqual([true, []]);
  },
  SLOW,
);

test(
  "one agency refuses: the question ends at both with the reason, and exit status 3",
  async () => {
    const left = new Background({}, ...asking(await named("refused"), keyOf("politie", "analyst")));
    const { planHash } = await waiting("belastingdienst");
    await left.says(/^waits for .*belastingdienst \(lawful and ethical\)/m);
    left.child.kill("SIGINT");
    expect(await left.ended).toBe(130);
    const asked = runCli("query", "watch", planHash.slice(7, 15), "--node", nodeOf("politie"));
    expect(await approve("politie", "lawful", planHash)).toMatchObject({ exit: 0 });
    const refused = await runCli(
      ...["refuse", planHash, "--key", keyOf("belastingdienst", "ethical")],
      ...["--reason", "A count is enough", "--node", nodeOf("belastingdienst")],
    );
    expect(refused).toMatchObject({ exit: 0, stderr: "" });
    const { stdout, exit } = await asked;
    expect(stdout).toMatch(
      /^error: belastingdienst \(ethical\) refuses: A count is enough\n {2}rule {3}approvals\/ethical$/m,
    );
    expect(exit).toBe(3);
    for (const party of PARTIES) {
      const { decisions, state } = await running.client(party).question(planHash);
      expect(state).toBe("ended");
      expect(decisions).toContainEqual(
        expect.objectContaining({ decision: "refuse", reason: { en: "A count is enough" } }),
      );
    }
  },
  SLOW,
);

test(
  "what does not count is refused with the reason, and signs nothing",
  async () => {
    const asked = ask("withdrawn");
    const { planHash } = await waiting("politie");
    const node = ["--node", nodeOf("politie")];
    const silent = await runCli(
      "approve",
      planHash,
      "--role",
      "lawful",
      "--key",
      keyOf("politie", "lawful"),
      ...node,
    );
    expect(silent).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/--consider is missing\nhint: +--consider "ground=…"/),
    });
    const foreign = await runCli(
      ...["approve", planHash, "--role", "lawful", "--key", keyOf("belastingdienst", "lawful"), ...node],
      ...["--consider", "ground=none"],
    );
    expect(foreign).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/^error: this key decides nothing for politie/),
    });
    expect(await approve("politie", "lawful", planHash)).toMatchObject({ exit: 0 });
    const twice = await approve("politie", "lawful", planHash);
    expect(twice).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/^error: the lawful approval of politie is there already\n/),
    });
    const nothing = await runCli("inbox", "show", "abcdef", ...node);
    expect(nothing).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/^error: nothing like "abcdef" waits/),
    });
    const back = await runCli(
      ...["withdraw", planHash, "--key", keyOf("politie", "lawful"), "--reason", "wrong file", ...node],
    );
    expect(back).toMatchObject({ exit: 0 });
    expect(await asked).toMatchObject({
      exit: 3,
      stdout: expect.stringContaining("has withdrawn its approval: wrong file"),
    });
  },
  SLOW,
);

test(
  "a machine does not start with keys of people who approve, but in a trial",
  async () => {
    const other = await foundCountry(2, "trial-2026");
    try {
      const file = join(other.folders.nodes.get("politie") ?? "", "node.yaml");
      await writeFile(file, (await readFile(file, "utf8")).replace("people: generated", "people: own"), {
        mode: 0o600,
      });
      expect(await runNode("start", "--config", file)).toMatchObject({
        exit: 2,
        stderr: expect.stringMatching(
          /holds keys of people who ask or approve: a machine must not have them\nhint: /,
        ),
      });
    } finally {
      await other.remove();
    }
  },
  SLOW,
);

test(
  "koplamp key: a new file that only its owner may read, never one that is there",
  async () => {
    const file = join(country.dir, "jansen.key");
    const made = await runCli("key", "new", "--out", file, "--json");
    expect(made).toMatchObject({ exit: 0, stderr: "" });
    const { publicKey } = JSON.parse(made.stdout);
    expect(publicKey).toMatch(/^ed25519:/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await runCli("key", "show", file, "--json")).stdout)).toMatchObject({ publicKey });
    expect(await runCli("key", "new", "--out", file)).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/^error: there is a file at .*jansen\.key already\n/),
    });
  },
  SLOW,
);
