// SPDX-License-Identifier: Apache-2.0

import { readFile, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import {
  type AnswerResult,
  answerOf,
  answerText,
  type Outcome,
  type RunningFederation,
  readLab,
  runLab,
  type verifyFile,
} from "@koplamp/sdk";
import { createAuthority, dialRelay, issueCertificate } from "@koplamp/transport";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readNodeConfig } from "../src/config.ts";
import { type Country, foundCountry, logOf, runCli, startCountry } from "./processes.ts";

const SLOW = 120_000;
const PARTIES = ["belastingdienst", "douane", "politie"];

let country: Country;
let running: RunningFederation;

beforeAll(async () => {
  country = await foundCountry(3);
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

/** How one question ended at every node, asked at the first recipient's. */
async function askEverywhere(name: string): Promise<Readonly<Record<string, Outcome<AnswerResult>>>> {
  const first = await running.client("politie").run(await country.question(name));
  const { planHash = "" } = first;
  const others = PARTIES.filter((party) => party !== "politie").map(
    async (party) => [party, await running.client(party).outcomeOf(planHash)] as const,
  );
  return { politie: first, ...Object.fromEntries(await Promise.all(others)) };
}

function resultsText(answer: Parameters<typeof answerText>[0]): string {
  return JSON.stringify(JSON.parse(answerText(answer)).results);
}

test.each(["match.yaml", "overlap.yaml", "sum.yaml"])(
  "%s: what the nodes learned, put together, is what the lab answers",
  async (name) => {
    const outcomes = await askEverywhere(name);
    for (const outcome of Object.values(outcomes)) expect(outcome).toMatchObject({ status: "released" });
    const lab = await readLab({ federation: country.file, query: join(country.dir, "country", name) });
    const { answer } = await runLab(lab);
    expect(answer.status).toBe("released");
    expect(resultsText(answerOf(lab.question.id, outcomes))).toBe(resultsText(answer));
  },
  SLOW,
);

test(
  "a node tells its own result only, with its own ledger's entries",
  async () => {
    const outcomes = await askEverywhere("match.yaml");
    const results = Object.entries(outcomes).map(([party, outcome]) =>
      JSON.parse(answerText(answerOf("q", { [party]: outcome }))),
    );
    expect(results.map(({ results: own }) => Object.keys(own))).toEqual(
      Object.keys(outcomes).map((party) => [party]),
    );
    expect(results.map(({ ledger }) => Object.keys(ledger))).toEqual(
      Object.keys(outcomes).map((party) => [party]),
    );
  },
  SLOW,
);

test(
  "query explain and query run, from the command line",
  async () => {
    const node = country.folders.nodes.get("douane") ?? "";
    const question = join(country.dir, "country", "match.yaml");
    const explained = await runCli("query", "explain", question, "--node", node, "--lang", "nl");
    expect(explained).toMatchObject({ exit: 0, stderr: "" });
    expect(explained.stdout).toMatch(/wie +leert +hooguit/);
    expect(explained.stdout).toMatch(/Er is niets verstrekt\.\n$/);
    const ran = await runCli("query", "run", question, "--node", node, "--json");
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(Object.keys(JSON.parse(ran.stdout).results)).toEqual(["douane"]);
  },
  SLOW,
);

test(
  "a question with a mistake is refused by the own node, with its place",
  async () => {
    const { file, text } = await country.question("match.yaml");
    const asked = running.client("politie").run({ file, text: text.replace("atLeast", "atleast") });
    await expect(asked).rejects.toMatchObject({
      name: "QueryError",
      code: "unknown-field",
      place: { file: "match.yaml", line: 14 },
    });
    const column = running.client("politie").explain({ file, text: text.replace("[account]", "[acount]") });
    await expect(column).rejects.toMatchObject({ name: "QueryError", code: "unknown-column" });
  },
  SLOW,
);

test(
  "evidence from the command line is verified under real approvals, and tells that nothing is erased yet",
  async () => {
    const node = country.folders.nodes.get("douane") ?? "";
    const question = join(country.dir, "country", "match.yaml");
    const [first, later] = [join(country.dir, "q.koplamp.tar"), join(country.dir, "later.koplamp.tar")];
    const ran = await runCli("query", "run", question, "--node", node, "--bundle", first);
    expect(ran.exit).toBe(0);
    expect(await runCli("query", "erased", first, "--out", later, "--node", node)).toMatchObject({ exit: 0 });
    for (const file of [first, later]) {
      const { exit, stdout } = await runCli("verify", file, "--trust", country.folders.trust, "--json");
      const { verdict, lines } = JSON.parse(stdout) as Awaited<ReturnType<typeof verifyFile>>;
      expect([exit, verdict]).toEqual([0, "VERIFIED"]);
      const found = lines.map((line) => `${line.verdict} ${line.promise}`);
      expect(found).toEqual(expect.arrayContaining(["PASS approvals", "PASS quotas", "SKIP erasure"]));
    }
    const overdue = await runCli(
      "verify",
      later,
      "--trust",
      country.folders.trust,
      "--at",
      "2099-01-01T00:00:00Z",
    );
    expect(overdue.exit).toBe(5);
    expect(overdue.stdout).toContain("broken  erasure: ");
    const wrong = await runCli("verify", later, "--trust", country.folders.trust, "--at", "tomorrow");
    expect(wrong.exit).toBe(2);
  },
  SLOW,
);

test("the desk is a socket that only the node's user may open, and answers nothing it does not know", async () => {
  const socketPath = join(country.folders.nodes.get("politie") ?? "", "state", "desk.sock");
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
  const status = (path: string, method: string, body = ""): Promise<number> =>
    new Promise((resolve, reject) => {
      const asking = request({ socketPath, path, method }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asking.once("error", reject).end(body);
    });
  expect(await status("/v1/status", "GET")).toBe(200);
  expect(await status("/v1/anything", "GET")).toBe(404);
  expect(await status("/v1/run", "GET")).toBe(404);
  expect(await status("/v1/run", "POST", "not json")).toBe(400);
  expect(await status("/v1/explain", "POST", "{}")).toBe(400);
  expect(await status("/v1/explain", "POST", "x".repeat(2 ** 20 + 1))).toBe(400);
});

test(
  "a machine that is not on the roster is not let in, even under a party's name",
  async () => {
    const authority = await createAuthority("generated");
    const { certificate, key } = await issueCertificate(authority, {
      federation: "generated",
      party: "politie",
    });
    const own = country.folders.nodes.get("politie") ?? "";
    const ca = await readFile(join(own, "tls", "ca.crt"), "utf8");
    const config = await readNodeConfig(join(own, "node.yaml"));
    const dialling = dialRelay({
      party: "politie",
      url: config.federation.coordinator.url.origin,
      pins: config.federation.coordinator.pins,
      tls: { certificate, key, ca },
      connectMs: 2000,
    });
    await expect(dialling).rejects.toMatchObject({ name: "TransportError", code: "unreachable" });
    const refused = (await logOf(country.folders.coordinator)).filter(({ event }) =>
      /refused/.test(String(event)),
    );
    expect(refused.length).toBeGreaterThan(0);
  },
  SLOW,
);

test(
  "a node that dies in the middle ends the question at the others by name, and the next one works",
  async () => {
    const { file, text } = await country.question("overlap.yaml");
    const fresh = { file, text: text.replaceAll("companies", "ships").replace("[company]", "[ship]") };
    const killed = Promise.withResolvers<void>();
    const asked = running.client("politie").run(fresh, ({ phase }) => {
      if (phase.startsWith("evaluate")) killed.resolve(running.nodes.get("douane")?.kill());
    });
    await killed.promise;
    const outcome = await asked;
    expect(outcome).toMatchObject({ status: "failed", party: "douane" });
    expect(outcome.status === "failed" && outcome.message).toMatch(/douane/);
    const elsewhere = await running.client("belastingdienst").outcomeOf(outcome.planHash ?? "");
    expect(elsewhere).toMatchObject({ status: "failed", party: "douane" });
    await running.restart("douane");
    expect(await running.client("politie").run(fresh)).toMatchObject({ status: "released" });
  },
  SLOW,
);

test("no log holds an identifier", async () => {
  for (const dir of [...country.folders.nodes.values(), country.folders.coordinator]) {
    const lines = await logOf(dir);
    expect(lines.length).toBeGreaterThan(3);
    const text = JSON.stringify(lines.map(({ time: _time, ...fields }) => fields));
    expect(text).not.toMatch(/NL\d\d[A-Z]{4}\d{10}/);
  }
});
