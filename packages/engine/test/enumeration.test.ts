// SPDX-License-Identifier: Apache-2.0
// Enumeration: an agency that walks through a domain of 100,000 identifiers, question by question, on real SQLite files.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@koplamp/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Federation, matchOf } from "./federation.ts";

const DOMAIN = 100_000;
const CHUNK = 8192;
const TWO = ["anna", "bert"];
let dir = "";
let federation: Federation | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "koplamp-enumeration-"));
});
afterEach(async () => {
  await federation?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** bert, the holder, keeps its account in a file; anna may have `evaluations` elements evaluated. */
async function open(evaluations: number): Promise<Federation> {
  const all = new Federation(
    { anna: ["none"], bert: ["v7", "v20000", "v99999"] },
    {
      graceMs: 500,
      terms: (terms) => ({ ...terms, quotas: terms.quotas.map((row) => ({ ...row, evaluations })) }),
    },
  );
  federation = all;
  await all.machine("bert").close();
  all.machine("bert").store.close();
  all.start("bert", ["v7", "v20000", "v99999"], openStore(join(dir, "bert.db")));
  return all;
}

/** The process of bert ends, and another one opens its file. */
async function restart(all: Federation): Promise<void> {
  await all.machine("bert").close();
  all.machine("bert").store.close();
  all.start("bert", ["v7", "v20000", "v99999"], openStore(join(dir, "bert.db")));
}

const chunk = (number: number): readonly string[] =>
  Array.from({ length: CHUNK }, (_, at) => `v${(number * CHUNK + at) % DOMAIN}`);

/** What bert allowed anna, in all, as its ledger says. */
function allowed(all: Federation): number {
  const { store } = all.machine("bert");
  const entries = Array.from({ length: store.size() }, (_, at) =>
    JSON.parse(Buffer.from(store.leaf(at)).toString()),
  );
  return entries
    .filter(({ type, body }) => type === "allow" && body.asker === "anna")
    .reduce((sum, { body }) => sum + body.ceiling, 0);
}

describe("enumeration of a domain", () => {
  it("stops exactly at the quota, and stays stopped in the next process", { timeout: 120_000 }, async () => {
    const quota = 3 * CHUNK;
    const all = await open(quota);
    const ends: string[] = [];
    for (let number = 0; number * CHUNK < DOMAIN; number += 1) {
      if (number === 2 || number === 4) await restart(all);
      all.machine("anna").list = chunk(number);
      const outcome = await all.ask("anna", matchOf(TWO, ["anna"], { id: `walk-${number}` }));
      ends.push(outcome.status === "failed" ? outcome.code : outcome.status);
      expect(allowed(all)).toBe(Math.min(number + 1, 3) * CHUNK);
    }
    expect(ends).toEqual(ends.map((_, at) => (at < 3 ? "released" : "quota")));
    expect(ends).toHaveLength(Math.ceil(DOMAIN / CHUNK));
    expect(allowed(all)).toBe(quota);
  });

  it("is not quicker with questions at the same time: what they share is paid for once", {
    timeout: 120_000,
  }, async () => {
    const all = await open(2 * CHUNK);
    all.machine("anna").list = chunk(0);
    await all.ask("anna", matchOf(TWO, ["anna"], { id: "first" }));
    all.machine("anna").list = chunk(1);
    const ids = ["left", "middle", "right"];
    await Promise.all(ids.map((id) => all.ask("anna", matchOf(TWO, ["anna"], { id }))));
    expect(allowed(all)).toBe(2 * CHUNK);
    await restart(all);
    all.machine("anna").list = chunk(2);
    const after = ["again", "once-more"].map((id) => all.ask("anna", matchOf(TWO, ["anna"], { id })));
    for (const end of await Promise.all(after))
      expect(end).toMatchObject({ status: "failed", code: "quota" });
    expect(allowed(all)).toBe(2 * CHUNK);
  });
});
