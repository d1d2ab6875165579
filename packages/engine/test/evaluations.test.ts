// SPDX-License-Identifier: Apache-2.0
import type { Terms } from "@koplamp/sdk";
import type { Entry } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { CountingGroup } from "./counting.ts";
import { Federation, type Lists, matchOf, primitives, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(lists: Lists, wishes?: Wishes): Federation {
  federation = new Federation(lists, wishes);
  return federation;
}

const TWO = ["anna", "bert"];
const long = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) => `k${from + at}`);

/** Own entries of all plans, in order. */
function entriesAt(all: Federation, party: string): readonly Entry[] {
  const { store } = all.machine(party);
  return Array.from({ length: store.size() }, (_, at) => JSON.parse(Buffer.from(store.leaf(at)).toString()));
}

/** What a holder allowed, in order. */
function allowed(all: Federation, holder: string): readonly unknown[] {
  return entriesAt(all, holder)
    .filter(({ type }) => type === "allow")
    .map(({ body }) => [body["asker"], body["ceiling"]]);
}

function quotas(evaluations: number): (terms: Terms) => Terms {
  return (terms) => ({ ...terms, quotas: terms.quotas.map((row) => ({ ...row, evaluations })) });
}

describe("evaluations", () => {
  it("happen once: a second question over the same lists does no group operation at all", async () => {
    const counting = new CountingGroup();
    const all = open({ anna: long(0, 40), bert: long(20, 60) }, { group: counting.group });
    const first = await all.ask("anna", matchOf(TWO, ["anna"]));
    expect(first).toMatchObject({ status: "released", result: { matches: { length: 20 } } });
    expect(counting.calls).toBeGreaterThan(0);
    await all.outcomes(["bert"]);

    counting.calls = 0;
    const second = await all.ask("bert", matchOf(TWO, ["bert"], { id: "again" }));
    expect(second).toMatchObject({ status: "released", result: { matches: { length: 20 } } });
    expect(counting.calls).toBe(0);
  });

  it("grow with the new items only, padded to their bucket", async () => {
    const all = open({ anna: long(0, 1000), bert: long(500, 1500) });
    await all.ask("anna", matchOf(TWO, ["anna"]));
    expect(allowed(all, "bert")).toEqual([["anna", 1024]]);
    all.machine("anna").list = long(0, 1010);
    const grown = await all.ask("anna", matchOf(TWO, ["anna"], { id: "grown" }));
    expect(grown).toMatchObject({ result: { matches: { length: 510 } } });
    expect(allowed(all, "bert")).toEqual([
      ["anna", 1024],
      ["anna", 256],
    ]);
    expect(allowed(all, "anna")).toEqual([["bert", 1024]]);
  });

  it("of long lists take several sessions, the last of which may be padding alone", async () => {
    const all = open({ anna: long(0, 66_000), bert: long(65_990, 66_100) });
    const outcome = await all.ask("anna", matchOf(TWO, ["anna"]));
    expect(outcome).toMatchObject({ status: "released", result: { matches: { length: 10 } } });
    expect(allowed(all, "bert")).toEqual([
      ["anna", 65_536],
      ["anna", 32_768],
    ]);
  });

  it("are closed by what was metered, under the allowance's own hash", async () => {
    const all = open({ anna: ["a"], bert: ["a"] });
    const outcome = await all.ask("anna", matchOf(TWO, ["anna"]));
    await all.outcomes(["bert"]);
    const entries = all.machine("bert").ports.ledger.entriesOf(outcome.planHash ?? "");
    const spent = entries.filter(({ entry }) => entry.type === "spent");
    expect(spent.map(({ entry }) => entry.body["metered"])).toEqual([256]);
    const allow = entries.find(({ entry }) => entry.type === "allow");
    const session = entries.filter(({ entry }) => entry.body["session"] === allow?.entry.body["session"]);
    expect(session.map(({ entry }) => entry.type)).toEqual(["begin", "allow", "end"]);
    const leaf = all.machine("bert").ports.ledger.leaf(allow?.index ?? 0);
    const hash = Buffer.from(primitives.sha256(leaf)).toString("hex");
    expect(spent[0]?.entry.body["allowance"]).toBe(`sha256:${hash}`);
  });

  it("use the key set that is there, and make another when one holder has lost its share", async () => {
    const all = open({ anna: long(0, 30), bert: long(10, 40) });
    await all.ask("anna", matchOf(TWO, ["anna"]));
    await all.outcomes(["bert"]);
    const { store } = all.machine("bert");
    const [name = ""] = store.sealedNames("keyset/");
    store.dropSealed(name);
    const outcome = await all.ask(
      "anna",
      matchOf(TWO, ["anna"], { id: "after a loss".replaceAll(" ", "-") }),
    );
    expect(outcome).toMatchObject({ status: "released", result: { matches: { length: 20 } } });
    expect(entriesAt(all, "anna").filter(({ type }) => type === "keyset")).toHaveLength(2);
    expect(all.machine("anna").store.sealedNames("cache/")).toHaveLength(1);
    // The lost key is no way round the meter: it counts on where it was.
    expect(allowed(all, "bert")).toHaveLength(2);
    const budgets = new Set(all.machine("bert").store.sealedNames("keyset/"));
    expect(budgets.size).toBe(1);
  });

  it("end with their epoch: shares and caches are erased on record", async () => {
    const all = open({ anna: ["a"], bert: ["a"] });
    await all.ask("anna", matchOf(TWO, ["anna"]));
    await all.outcomes(["bert"]);
    all.clock.ahead = 8 * 86_400_000;
    const outcome = await all.ask("anna", matchOf(TWO, ["anna"], { id: "next-week" }));
    expect(outcome).toMatchObject({ status: "released", result: { matches: { length: 1 } } });
    expect(entriesAt(all, "anna").filter(({ type }) => type === "erase")).toHaveLength(1);
    expect(all.machine("anna").store.sealedNames("keyset/")).toHaveLength(1);
  });
});

describe("the quota", () => {
  it("refuses what would pass it, at every party, before anything is evaluated", async () => {
    const all = open({ anna: long(0, 300), bert: ["k1"] }, { terms: quotas(256) });
    const outcome = await all.ask("anna", matchOf(TWO, ["anna"]));
    expect(outcome).toMatchObject({ status: "refused", rule: "quotas/1", party: "anna" });
    const [bert] = await all.outcomes(["bert"]);
    expect(bert).toMatchObject({ status: "refused", rule: "quotas/1", party: "anna" });
    expect(allowed(all, "bert")).toEqual([]);
    all.machine("anna").list = ["k1"];
    expect(await all.ask("anna", matchOf(TWO, ["anna"], { id: "less" }))).toMatchObject({
      status: "released",
    });
  });

  it("is durable: another process, another question and a new key find it spent", async () => {
    const all = open({ anna: long(0, 100), bert: ["k1"] }, { terms: quotas(300) });
    await all.ask("anna", matchOf(TWO, ["anna"]));
    await all.outcomes(["bert"]);
    const bert = all.machine("bert");
    await bert.close();
    const [name = ""] = bert.store.sealedNames("keyset/");
    bert.store.dropSealed(name);
    all.start("bert", ["k1"], bert.store);
    const outcome = await all.ask("anna", matchOf(TWO, ["anna"], { id: "again" }));
    expect(outcome).toMatchObject({ status: "failed", code: "quota" });
    expect(allowed(all, "bert")).toEqual([["anna", 256]]);
  });

  it("warns at half, at four fifths and when it is spent", async () => {
    const all = open({ anna: long(0, 100), bert: ["k1"] }, { terms: quotas(512) });
    await all.ask("anna", matchOf(TWO, ["anna"]));
    all.machine("anna").list = long(0, 200);
    await all.ask("anna", matchOf(TWO, ["anna"], { id: "more" }));
    const alarms = all.machine("bert").log.filter(({ event }) => event === "quota.alarm");
    expect(alarms.map(({ count }) => count)).toEqual([50, 80, 100]);
  });
});
