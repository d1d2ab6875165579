// SPDX-License-Identifier: Apache-2.0
// People sign in at a real provider from the command line, come to the desk of a real node, and sign with own keys.
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { nodeClient, personKeyOf, type RunningFederation, signPlanOf } from "@koplamp/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  Background,
  type Country,
  foundCountry,
  type Ran,
  runCliAs,
  runNode,
  startCountry,
} from "./processes.ts";
import { CLIENT, TestProvider } from "./provider.ts";

const SLOW = 120_000;
const OURS = "politie";
/** Who works at the agency, and in which groups. */
const GROUPS = {
  aafke: ["g-analysts"],
  fenna: ["g-analysts"],
  bart: ["g-legal"],
  carla: ["g-ethics"],
  dirk: ["g-audit"],
  els: ["g-canteen"],
} as const;
type Name = keyof typeof GROUPS;

let provider: TestProvider;
let country: Country;
let running: RunningFederation;
let daemon: Background;

beforeAll(async () => {
  provider = await TestProvider.open(GROUPS);
  country = await foundCountry(2, "trial-2026", [OURS]);
  running = await startCountry(country);
  await running.nodes.get(OURS)?.stop();
  const config = await askForSignIn();
  daemon = new Background({}, "node", "start", "--config", config);
  await daemon.says(/"event":"ready"/);
}, SLOW);

afterAll(async () => {
  daemon?.child.kill("SIGTERM");
  await daemon?.ended;
  await running?.stop();
  await country?.remove();
  await provider?.stop();
}, SLOW);

const node = (): string => country.folders.nodes.get(OURS) ?? "";
const key = (role: string): string => join(country.folders.people.get(OURS) ?? "", `${role}.key`);
const homeOf = (name: Name): string => join(country.dir, "homes", name);
const as = (name: Name, ...args: readonly string[]): Promise<Ran> =>
  runCliAs({ HOME: homeOf(name), XDG_CONFIG_HOME: "" }, ...args, "--node", node());

/** Writes the provider into the node's file, and gives the file. */
async function askForSignIn(): Promise<string> {
  const file = join(node(), "node.yaml");
  await writeFile(join(node(), "login.crt"), provider.ca);
  const people = `people:
  oidc: { issuer: "${provider.issuer}", client: ${CLIENT}, roleClaim: groups, scope: openid groups, ca: login.crt }
  roles: { analyst: [g-analysts], lawful: [g-legal], ethical: [g-ethics], auditor: [g-audit] }
  subjects: { aafke: politie-p1, bart: politie-p2, carla: politie-p3 }
`;
  const text = (await readFile(file, "utf8")).replace(/^people: own\n/m, people);
  expect(text).toContain("roleClaim");
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

/** Signs in as somebody would: a code in the terminal, and the rest in a browser. */
async function login(name: Name): Promise<Background> {
  const env = { HOME: homeOf(name), XDG_CONFIG_HOME: "" };
  const asked = new Background(env, "login", "--node", node());
  const [, link = ""] = await asked.says(/open in a browser: (\S+)/);
  await asked.says(/and compare the code: [A-Z]{4}-[A-Z]{4}\n/);
  expect(await provider.browse(link, name)).toContain("Sign-in Success");
  return asked;
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The token that somebody's sign-in left. */
function tokenOf(name: Name): string {
  const [file = ""] = filesBelow(homeOf(name));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return /^token (\S+)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? "";
}

const match = (): string => join(country.dir, "country", "match.yaml");

test(
  "nobody comes to the desk unless they sign in, and the doctor says where",
  async () => {
    for (const args of [
      ["inbox"],
      ["query", "explain", match()],
      ["query", "run", match(), "--key", key("analyst")],
    ]) {
      expect(await as("aafke", ...args)).toMatchObject({
        exit: 3,
        stdout: "",
        stderr: expect.stringMatching(
          /^error: this node wants its people to sign in.*\nhint: +koplamp login --node DIR\n/,
        ),
      });
    }
    expect(await bare("/v1/status")).toMatchObject({ status: 401 });
    expect(await bare("/v1/sign-in")).toMatchObject({
      status: 200,
      body: expect.stringMatching(/"issuer":"https:/),
    });
    const examined = await runNode("doctor", "--config", join(node(), "node.yaml"));
    expect(examined.stdout).toMatch(/^ok +sign-in +the keys of 127\.0\.0\.1:\d+ can be read$/m);
  },
  SLOW,
);

/** What the desk answers to somebody without the command line. */
function bare(path: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    request({ socketPath: join(node(), "state", "desk.sock"), path }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      answer.once("end", () => resolve({ status: answer.statusCode, body }));
    })
      .once("error", reject)
      .end();
  });
}

test(
  "an analyst, a lawyer and an ethicist sign in, ask and approve, each with a key of their own and for no other",
  async () => {
    const people = ["aafke", "bart", "carla", "dirk", "fenna"] as const;
    const ended = await Promise.all(
      people.map(async (name) => {
        const asked = await login(name);
        return [await asked.ended, asked.said] as const;
      }),
    );
    for (const [exit, said] of ended) {
      expect(exit).toBe(0);
      expect(said).toMatch(/signed in at politie\nkept in /);
    }
    for (const name of people) expect(ended.join()).not.toContain(tokenOf(name));

    // Signed in as an analyst, and with another's key.
    expect(await as("aafke", "query", "run", match(), "--key", key("lawful"))).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(
        /^error: expected the key of the person who signed in, got another person's\n/,
      ),
    });
    expect(await as("bart", "query", "run", match(), "--key", key("analyst"))).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/expected somebody who is analyst .* got somebody who is lawful\n/),
    });

    // An analyst who hands in what a colleague has signed.
    const deskOf = (name: Name) => nodeClient(node(), { HOME: homeOf(name) });
    const question = { file: match(), text: await readFile(match(), "utf8") };
    const draft = await deskOf("aafke").draft(question, personKeyOf(key("analyst")));
    const signed = signPlanOf(draft, question, key("analyst"));
    await expect(deskOf("fenna").ask(signed)).rejects.toMatchObject({
      code: "sign-in",
      message: expect.stringContaining("the key of the person who signed in"),
    });

    const asked = as("aafke", "query", "run", match(), "--key", key("analyst"));
    const plan = await waiting();
    const by = (name: Name, role: string) =>
      as(name, "approve", plan, "--role", role, "--key", key(role), "--consider", "why=a test");
    const wrong = await by("bart", "ethical");
    expect(wrong).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/expected somebody who signed in as ethical/),
    });
    expect(await by("dirk", "lawful")).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/is auditor/),
    });
    expect(await by("bart", "lawful")).toMatchObject({ exit: 0, stderr: "" });
    expect(await by("carla", "ethical")).toMatchObject({ exit: 0, stderr: "" });
    const answer = await asked;
    expect(answer).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^released to politie/m) });
    expect(await as("dirk", "inbox")).toMatchObject({ exit: 0, stdout: "Nothing waits.\n" });
  },
  SLOW,
);

async function waiting(): Promise<string> {
  for (const end = Date.now() + 20_000; ; ) {
    const { stdout } = await as("bart", "inbox", "--json");
    const { questions } = JSON.parse(stdout) as {
      readonly questions: readonly { readonly planHash: string }[];
    };
    const [first] = questions;
    if (first !== undefined) return first.planHash;
    if (Date.now() > end) expect.fail("nothing waits");
  }
}

test(
  "somebody whose groups have no role is let in nowhere, and nothing is kept of their sign-in",
  async () => {
    const asked = await login("els");
    expect(await asked.ended).toBe(3);
    expect(asked.said).toMatch(/^error: expected somebody who is .* got somebody who is nothing$/m);
    expect(filesBelow(homeOf("els"))).toEqual([]);
  },
  SLOW,
);

test(
  "a sign-in ends by logout, and a file that others can read is none",
  async () => {
    expect(await as("dirk", "logout")).toMatchObject({ exit: 0, stdout: "signed out\n" });
    expect(await as("dirk", "logout")).toMatchObject({ exit: 0, stdout: "nobody was signed in\n" });
    expect(await as("dirk", "inbox")).toMatchObject({ exit: 3 });
    const [file = ""] = filesBelow(homeOf("carla"));
    chmodSync(file, 0o640);
    expect(await as("carla", "inbox")).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(
        /^error: expected secrets that only their owner can use \(600\), got mode 640/,
      ),
    });
  },
  SLOW,
);

test("no token, subject or group stands in a log of the node", () => {
  const log = daemon.said;
  expect(log).toContain('"event":"sign-in.refused"');
  const secrets = [
    ...Object.keys(GROUPS),
    ...Object.values(GROUPS).flat(),
    tokenOf("aafke"),
    tokenOf("bart"),
  ];
  for (const secret of secrets.flatMap((text) => text.split("."))) expect(log).not.toContain(secret);
});

test(
  "a node of which people are not asked to sign in says so",
  async () => {
    const other = country.folders.nodes.get("belastingdienst") ?? "";
    expect(await runCliAs({ HOME: homeOf("els") }, "login", "--node", other)).toMatchObject({
      exit: 2,
      stderr: expect.stringMatching(/^error: this node asks for no sign-in/),
    });
  },
  SLOW,
);
