// SPDX-License-Identifier: Apache-2.0
// Enumeration: an agency that walks through a domain of 100,000 identifiers, question by question, on real SQLite files.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@koplamp/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Federation, matchOf, type Wishes } from "./federation.ts";

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
async function open(evaluations: number, wishes: Wishes = {}): Promise<Federation> {
  const all = new Federation(
    { anna: ["none"], bert: ["v7", "v20000", "v99999"] },
    {
      graceMs: 500,
      ...wishes,
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

/** What bert evaluated for anybody, in all. */
function metered(all: Federation): number {
  const { store } = all.machine("bert");
  const entries = Array.from({ length: store.size() }, (_, at) =>
    JSON.parse(Buffer.from(store.leaf(at)).toString()),
  );
  return entries.filter(({ type }) => type === "spent").reduce((sum, { body }) => sum + body.metered, 0);
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

  it("evaluates exactly the quota for questions at the same time over different items, and never more", {
    timeout: 120_000,
  }, async () => {
    const all = await open(3 * 256, { datasets: ["one", "two", "three"] });
    all.machine("anna").list = chunk(0).slice(0, 200);
    const asked = (id: string): ReturnType<Federation["ask"]> =>
      all.ask("anna", matchOf(TWO, ["anna"], { id, dataset: id }));
    await asked("list"); // the key is there from here on
    expect(allowed(all)).toBe(256);
    const ends = await Promise.all(["one", "two", "three"].map(asked));
    expect(ends.map(({ status }) => status).sort()).toEqual(["failed", "released", "released"]);
    expect(ends.find(({ status }) => status === "failed")).toMatchObject({ code: "quota", party: "bert" });
    expect([allowed(all), metered(all)]).toEqual([3 * 256, 3 * 256]);
    await restart(all);
    const after = await Promise.all(["one", "two", "three"].map((id) => asked(id)));
    // What was evaluated is evaluated; the third list still finds no quota left.
    expect(after.map(({ status }) => status).sort()).toEqual(["failed", "released", "released"]);
    expect([allowed(all), metered(all)]).toEqual([3 * 256, 3 * 256]);
  });

  it("finds the quota spent whoever asks: another analyst, another coordinator, the next roster", {
    timeout: 120_000,
  }, async () => {
    const all = await open(2 * 256);
    all.machine("anna").list = chunk(0).slice(0, 200);
    const first = await all.ask("anna", matchOf(TWO, ["anna"], { id: "first" }));
    expect(first).toMatchObject({ status: "released" });
    const before = all.membership.roster;
    await all.renew();
    expect(all.membership.roster.epoch).toBe(before.epoch + 1);
    expect(all.membership.roster.coordinator.identity).not.toBe(before.coordinator.identity);
    all.machine("anna").list = chunk(1).slice(0, 200);
    const second = await all.ask("anna", matchOf(TWO, ["anna"], { id: "second" }));
    expect(second).toMatchObject({ status: "released" });
    expect(second.plan?.proposer.by).not.toBe(first.plan?.proposer.by);
    expect(allowed(all)).toBe(2 * 256);
    await all.renew();
    all.machine("anna").list = chunk(2).slice(0, 200);
    for (const asker of TWO) {
      const outcome = await all.ask(asker, matchOf(TWO, ["anna"], { id: `third-${asker}` }));
      expect(outcome).toMatchObject({ status: "failed", code: "quota" });
    }
    expect([allowed(all), metered(all)]).toEqual([2 * 256, 2 * 256]);
    expect(all.machine("bert").store.sealedNames("keyset/")).toHaveLength(1);
  });
});
