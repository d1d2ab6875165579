// SPDX-License-Identifier: Apache-2.0
// What may be wrong with a source, a question or a member, as real processes see it: one clear error at everybody
// concerned, nothing disclosed, and the next question is answered.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AnswerResult, Outcome, RunningFederation } from "@koplamp/sdk";
import { dialRelay } from "@koplamp/transport";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readNodeConfig } from "../src/config.ts";
import { type Country, foundCountry, logOf, runCli, startCountry } from "./processes.ts";

const SLOW = 120_000;
const OTHERS = ["belastingdienst", "douane"];

let country: Country;
let running: RunningFederation;
let accounts = "";
let good = "";

beforeAll(async () => {
  country = await foundCountry(3);
  accounts = join(country.dir, "country", "data", "douane-accounts.csv");
  good = await readFile(accounts, "utf8");
  running = await startCountry(country);
}, SLOW);

afterAll(async () => {
  await running?.stop();
  await country?.remove();
}, SLOW);

/** How the match ended where it was asked, and at the others where it came so far. */
async function ask(): Promise<readonly Outcome<AnswerResult>[]> {
  const asked = await running.client("politie").run(await country.question("match.yaml"));
  const { planHash } = asked;
  if (planHash === undefined) return [asked];
  return [asked, ...(await Promise.all(OTHERS.map((party) => running.client(party).outcomeOf(planHash))))];
}

const errors = async (party: string): Promise<readonly unknown[]> =>
  (await logOf(country.folders.nodes.get(party) ?? "")).filter(({ event }) =>
    /refused|failed/.test(String(event)),
  );

async function nextWorks(): Promise<void> {
  await writeFile(accounts, good);
  for (const { status } of await ask()) expect(status).toBe("released");
}

test.each([
  ["another column", () => good.replace(/^account/, "acount"), /has no column "account"/],
  ["an empty file", () => "", /is empty/],
  ["two encodings", () => `${good}NL00\u00e9,2026-01\n`, /is not UTF-8/],
  ["a row with a field too many", () => `${good}a,2026-01,b\n`, /another number of fields/],
])(
  "%s at one agency: it and the asker read why, the others are not asked",
  async (_what, text, sentence) => {
    const before = (await errors("douane")).length;
    await writeFile(accounts, text(), text().includes("\u00e9") ? "latin1" : "utf8");
    const [asked, ...others] = await ask();
    expect(others).toEqual([]);
    expect(asked).toMatchObject({ status: "failed", code: "source", party: "douane", disclosures: [] });
    if (asked?.status !== "failed") throw new Error("expected a failure");
    expect(asked.message).toBe("douane cannot use its data as they are"); // the rest is for its own people
    expect(asked.hint).not.toBe("");
    const config = join(country.folders.nodes.get("douane") ?? "", "node.yaml");
    const own = await runCli("source", "test", "accounts", "--config", config);
    expect(own).toMatchObject({ exit: 2, stderr: expect.stringMatching(sentence) });
    expect(own.stderr).toContain("hint:");
    expect((await errors("douane")).slice(before)).toMatchObject([
      { event: "offer.refused", code: "source" },
    ]);
    await nextWorks();
  },
  SLOW,
);

test.each([
  ["no rows", () => good.slice(0, good.indexOf("\n") + 1)],
  ["rows that are all rejected", () => "account,month\nNL00KOPL0000000000,2026-01\nx,2026-01\n"],
  ["a column of another kind", () => good.replace(/^[^,\n]+(?=,\d)/gm, "2026-01-01")],
])(
  "%s at one agency is an answer without it, and is counted there",
  async (_what, text) => {
    await writeFile(accounts, text());
    const ends = await ask();
    for (const end of ends) expect(end).toMatchObject({ status: "released" });
    const [asked] = ends;
    const told = JSON.stringify(asked?.status === "released" ? asked.result : undefined);
    expect(told).toContain("belastingdienst");
    expect(told).not.toContain("douane");
    await nextWorks();
  },
  SLOW,
);

test(
  "rows that stand twice count once",
  async () => {
    const [asked] = await ask();
    await writeFile(accounts, good + good.slice(good.indexOf("\n") + 1));
    const [again] = await ask();
    const told = (end: Outcome<AnswerResult> | undefined) =>
      end?.status === "released" ? end.result : undefined;
    expect(told(again)).toEqual(told(asked));
    expect(told(again)).toBeDefined();
    await nextWorks();
  },
  SLOW,
);

test(
  "a file that changes while a question runs fails it at every party, by its owner's name",
  async () => {
    const { file, text } = await country.question("match.yaml");
    const question = { file, text: text.replace(/^id: .*$/m, "id: meanwhile") }; // one that has no answer yet
    let changed: Promise<void> | undefined;
    const asked = await running.client("politie").run(question, ({ phase }) => {
      if (phase === "approve") changed ??= writeFile(accounts, `${good}NL91KOPL0417164300,2026-01\n`);
    });
    await changed;
    const ends = await Promise.all(
      OTHERS.map((party) => running.client(party).outcomeOf(asked.planHash ?? "")),
    );
    for (const end of [asked, ...ends]) {
      expect(end).toMatchObject({ status: "failed", code: "source", party: "douane" });
      expect(end.disclosures.filter(({ id }) => id.startsWith("tokens."))).toEqual([]);
    }
    await nextWorks();
  },
  SLOW,
);

test(
  "a member that is not there is named, and the question is answered when it is back",
  async () => {
    await running.nodes.get("douane")?.stop();
    const [asked, ...others] = await ask();
    expect(others).toEqual([]);
    expect(asked).toMatchObject({ status: "failed", code: "unreachable", party: "douane", disclosures: [] });
    expect(asked?.status === "failed" && asked.hint).toMatch(/doctor/);
    await running.restart("douane");
    await nextWorks();
  },
  SLOW,
);

test(
  "a member that sends garbage is not listened to, and nobody stops",
  async () => {
    await running.nodes.get("douane")?.stop();
    const own = country.folders.nodes.get("douane") ?? "";
    const read = (name: string): Promise<string> => readFile(join(own, "tls", name), "utf8");
    const { federation } = await readNodeConfig(join(own, "node.yaml"));
    const [certificate, key, ca] = await Promise.all(["machine.crt", "machine.key", "ca.crt"].map(read));
    const line = await dialRelay({
      party: "douane",
      url: federation.coordinator.url.origin,
      pins: federation.coordinator.pins,
      tls: { certificate: certificate ?? "", key: key ?? "", ca: ca ?? "" },
    });
    for (const length of [0, 1, 100, 4096, 2 ** 17]) {
      for (const to of ["politie", "belastingdienst", "coordinator"]) {
        await line.post(to, crypto.getRandomValues(new Uint8Array(Math.min(length, 65_536)))).catch(() => {});
      }
      await line.push(crypto.getRandomValues(new Uint8Array(length & 0xffff))).catch(() => {});
    }
    await line.close();
    await running.restart("douane");
    await nextWorks();
    const events = (await logOf(country.folders.nodes.get("politie") ?? "")).map(({ event }) =>
      String(event),
    );
    expect(events).toContain("letter.refused");
  },
  SLOW,
);

test(
  "a question that has expired is refused before anybody is asked",
  async () => {
    const { file, text } = await country.question("match.yaml");
    const before = (await errors("douane")).length;
    const old = running
      .client("politie")
      .run({ file, text: text.replace(/^expires: .*$/m, "expires: 2026-01-01") });
    await expect(old).rejects.toMatchObject({ name: "QueryError", code: "expired" });
    expect((await errors("douane")).length).toBe(before);
    await nextWorks();
  },
  SLOW,
);
