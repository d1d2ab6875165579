// SPDX-License-Identifier: Apache-2.0
// Single questions to a list: through real engines, gates, ledgers and stores, on the toy group.
import { setTimeout as sleep } from "node:timers/promises";
import type { JobTable, PartyId } from "@koplamp/protocol";
import { compareIndex } from "@koplamp/psi";
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import type { AnswerResult } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import type { NodePorts, Outcome } from "../src/index.ts";
import { Federation, type Lists, type Machine, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(lists: Lists, wishes?: Wishes): Federation {
  federation = new Federation(lists, wishes);
  return federation;
}

const LISTS: Lists = { anna: undefined, bert: ["x", "y", "z", "z", ""] };
const DAY_MS = 86_400_000;
/** Durable writes of a question at a node, each an fsync, where nothing is published. */
const MOST_WRITES = 20;

/** Questions of anna to bert. */
function lookup(questions: readonly string[], id = "a-look-up", tell = "asker"): Question {
  const recipients = tell === "asker" ? "[anna]" : "[anna, bert]";
  const text = `koplamp: query/v1
id: ${id}
ask: { kind: lookup, key: [id], asker: anna, holder: bert, questions: questions.csv, tell: ${tell} }
recipients: ${recipients}
release: { minCount: 1, minContributors: 1 }
`;
  const asked = ["id", ...questions].join("\n");
  return readQuestion(text, { file: `${id}.yaml`, lab: true, questions: asked });
}

function answersOf(
  outcome: Outcome<AnswerResult> | undefined,
): Readonly<Record<string, boolean>> | undefined {
  expect(outcome).toMatchObject({ status: "released" });
  if (outcome?.status !== "released" || outcome.result?.kind !== "lookup") return undefined;
  return Object.fromEntries(outcome.result.answers.map(({ key, hit }) => [key.join(), hit]));
}

function linesOf(outcome: Outcome | undefined): readonly string[] {
  return (outcome?.disclosures ?? []).map(({ id }) => id);
}

function typesAt(all: Federation, party: PartyId, planHash = ""): readonly string[] {
  return all
    .machine(party)
    .ports.ledger.entriesOf(planHash)
    .map(({ entry }) => entry.type);
}

/** As a node's own sources: what was read is the same object until the list is another. */
function keepingSnapshots(ports: NodePorts, machine: Machine): NodePorts {
  const kept = new Map<readonly string[] | undefined, ReturnType<NodePorts["sources"]["snapshot"]>>();
  const { sources } = ports;
  const snapshot: NodePorts["sources"]["snapshot"] = (dataset) => {
    const known = kept.get(machine.list) ?? sources.snapshot(dataset);
    kept.set(machine.list, known);
    return known;
  };
  return { ...ports, sources: { ...sources, snapshot } };
}

const perDay =
  (lookupsPerDay: number) =>
  (terms: Terms): Terms => ({ ...terms, quotas: terms.quotas.map((row) => ({ ...row, lookupsPerDay })) });

/** Starts a party's machine again over a store that counts how often something is made durable. */
async function countedAt(all: Federation, party: PartyId): Promise<{ writes: number }> {
  const { store, list, close } = all.machine(party);
  const counted = { writes: 0 };
  let depth = 0;
  const counting: NodePorts["store"] = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (!/^(?:together|append|put|drop|replace)/.test(String(name))) return value.bind(target);
      return (...args: readonly unknown[]) => {
        if (depth === 0) counted.writes += 1;
        depth += 1;
        try {
          return value.apply(target, args);
        } finally {
          depth -= 1;
        }
      };
    },
  });
  await close();
  all.start(party, list, counting);
  return counted;
}

/** The alarms that bert raised about anna. */
function alarmsAt(all: Federation): readonly unknown[] {
  return all
    .machine("bert")
    .log.filter(({ event, peer }) => event === "quota.alarm" && peer === "anna")
    .map(({ count }) => count);
}

describe("a look-up", () => {
  it("answers the asker, tells the holder nothing, and is acknowledged line by line", async () => {
    const all = open(LISTS);
    const outcome = await all.ask("anna", lookup(["y", "q", "x"]));
    const [bert] = await all.outcomes(["bert"]);
    expect(answersOf(outcome)).toEqual({ y: true, q: false, x: true });
    expect(answersOf(bert)).toBeUndefined();
    expect([...linesOf(bert)].sort()).toEqual(["answers.bert.anna", "index.bert.anna"]);
    const types = typesAt(all, "bert", outcome.planHash);
    expect(types.filter((type) => ["keyset", "allow", "spent", "deliver", "abort"].includes(type))).toEqual([
      "keyset",
      "allow",
      "spent",
      "deliver",
    ]);
    expect(types.indexOf("allow")).toBeLessThan(types.indexOf("spent"));
  });

  it("publishes an index once: a second question takes none, and no answer of an earlier one", async () => {
    const all = open(LISTS);
    expect(answersOf(await all.ask("anna", lookup(["y"], "one")))).toEqual({ y: true });
    await all.outcomes(["bert"]);
    expect(answersOf(await all.ask("anna", lookup(["q"], "one")))).toEqual({ q: false });
    const [second] = await all.outcomes(["bert"], 2);
    expect(linesOf(second)).toEqual(["answers.bert.anna"]);
  });

  it("tells both of a hit where that was asked, and the holder of no question that hits nothing", async () => {
    const all = open(LISTS);
    const outcome = await all.ask("anna", lookup(["y", "q"], "both", "both-on-hit"));
    const [bert] = await all.outcomes(["bert"]);
    expect(answersOf(outcome)).toEqual({ y: true, q: false });
    expect(answersOf(bert)).toEqual({ y: true });
    expect(linesOf(outcome)).toEqual(["report.anna.bert"]);
  });

  it("follows a list that changes: a small one under a fresh key, a large one by a churn of a fixed size", async () => {
    const many = Array.from({ length: 769 }, (_, at) => `item${at}`);
    const all = open({ ...LISTS, bert: many });
    expect(answersOf(await all.ask("anna", lookup(["item1", "new"], "one")))).toEqual({
      item1: true,
      new: false,
    });
    await all.outcomes(["bert"]);
    all.machine("bert").list = [...many.slice(2), "new", "newer"];
    expect(answersOf(await all.ask("anna", lookup(["item1", "new"], "two")))).toEqual({
      item1: false,
      new: true,
    });
    const [second] = await all.outcomes(["bert"], 2);
    expect([...linesOf(second)].sort()).toEqual(["answers.bert.anna", "churn.bert.anna"]);
    all.machine("bert").list = ["new"];
    expect(answersOf(await all.ask("anna", lookup(["item3", "new"], "three")))).toEqual({
      item3: false,
      new: true,
    });
    const [third] = await all.outcomes(["bert"], 3);
    expect(linesOf(third)).toContain("index.bert.anna");
  });

  it("reads a list that stays as it was once, and one that changes anew", async () => {
    const compared: PartyId[] = [];
    const jobs = (table: JobTable, party: PartyId): JobTable => {
      const compare = table.get(compareIndex.name);
      if (compare === undefined) return table;
      const counted: typeof compare = (...args) => {
        compared.push(party);
        return compare(...args);
      };
      return new Map([...table, [compareIndex.name, counted]]);
    };
    const all = open(LISTS, { jobs, ports: keepingSnapshots });
    for (const [id, times] of [
      ["one", 0],
      ["two", 1],
      ["three", 1],
    ] as const) {
      expect(answersOf(await all.ask("anna", lookup(["y", "q"], id)))).toEqual({ y: true, q: false });
      await all.outcomes(["bert"], compared.length + 1);
      expect(compared).toHaveLength(times);
    }
    all.machine("bert").list = ["q"];
    expect(answersOf(await all.ask("anna", lookup(["y", "q"], "four")))).toEqual({ y: false, q: true });
    expect(compared).toEqual(["bert", "bert"]);
  });

  it("is made durable in few writes, and in no more for many names", async () => {
    const all = open(LISTS);
    await all.ask("anna", lookup(["y"], "first"));
    const [anna, bert] = [await countedAt(all, "anna"), await countedAt(all, "bert")];
    for (const names of [["y"], ["x", "q", "z"], Array.from({ length: 40 }, (_, at) => `name${at}`)]) {
      [anna.writes, bert.writes] = [0, 0];
      const known = all.machine("bert").outcomes.length;
      await all.ask("anna", lookup(names, `of-${names.length}`));
      await all.outcomes(["bert"], known + 1);
      expect(anna.writes).toBeLessThanOrEqual(MOST_WRITES);
      expect(bert.writes).toBeLessThanOrEqual(MOST_WRITES);
    }
  });

  it("reads what is kept of an index once while it stays, at both sides, and publishes anew when it is erased", async () => {
    const read: string[] = [];
    const counted = (ports: NodePorts): NodePorts => {
      const sealed = (name: string): Uint8Array | undefined => {
        if (/^lookup-(?:list|index)\/.*\//.test(name)) read.push(name);
        return ports.store.sealed(name);
      };
      const store: NodePorts["store"] = new Proxy(ports.store, {
        get: (target, name) => {
          if (name === "sealed") return sealed;
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      return { ...ports, store };
    };
    const all = open(LISTS, { ports: counted });
    for (const [at, id] of ["one", "two", "three"].entries()) {
      expect(answersOf(await all.ask("anna", lookup(["y", "q"], id)))).toEqual({ y: true, q: false });
      await all.outcomes(["bert"], at + 1);
    }
    expect(read).toHaveLength(2);
    all.clock.jump(all.clock.now() + 8 * DAY_MS);
    for (
      let look = 0;
      look < 50 && all.machine("bert").store.sealedNames("lookup-list/").length > 0;
      look += 1
    )
      await sleep(10);
    const outcome = await all.ask("anna", lookup(["y", "q"], "four"));
    expect(answersOf(outcome)).toEqual({ y: true, q: false });
    const [bert] = await all.outcomes(["bert"], 4);
    expect([...linesOf(bert)].sort()).toEqual(["answers.bert.anna", "index.bert.anna"]);
  });

  it("keeps what it has over a restart, and publishes again for an asker that has lost it", async () => {
    const all = open(LISTS);
    await all.ask("anna", lookup(["y"], "one"));
    await all.outcomes(["bert"]);
    const { store, list } = all.machine("bert");
    await all.machine("bert").close();
    all.start("bert", list, store);
    expect(answersOf(await all.ask("anna", lookup(["x"], "two")))).toEqual({ x: true });
    expect(linesOf((await all.outcomes(["bert"]))[0])).toEqual(["answers.bert.anna"]);
    const anna = all.machine("anna").store;
    for (const name of anna.sealedNames("lookup-index/")) anna.dropSealed(name);
    expect(answersOf(await all.ask("anna", lookup(["x", "q"], "three")))).toEqual({ x: true, q: false });
    expect(linesOf((await all.outcomes(["bert"], 2))[0])).toContain("index.bert.anna");
  });

  it("keeps no question once it is answered, and no key or index once the epoch is over", async () => {
    const all = open(LISTS);
    await all.ask("anna", lookup(["y"]));
    await all.outcomes(["bert"]);
    expect(all.machine("anna").store.sealedNames("lookup-questions/")).toEqual([]);
    expect(all.machine("anna").store.sealedNames("lookup-index/")).toHaveLength(2);
    all.clock.jump(all.clock.now() + 8 * DAY_MS);
    const left = (): readonly string[] => [
      ...all.machine("anna").store.sealedNames("lookup-index/"),
      ...all.machine("bert").store.sealedNames("lookup-list/"),
    ];
    for (let look = 0; look < 50 && left().length > 0; look += 1) await sleep(10);
    expect(left()).toEqual([]);
  });
});

describe("the quota of a day", () => {
  it("stops whoever guesses on and on, and is heard of at the holder at 50, 80 and 100 %", async () => {
    const all = open(LISTS, { terms: perDay(40) });
    const guesses = (round: number): readonly string[] =>
      Array.from({ length: 4 }, (_, at) => `guess${round}-${at}`);
    const ends: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      const outcome = await all.ask("anna", lookup(guesses(round), `guess-${round}`));
      ends.push(outcome.status === "failed" ? outcome.code : outcome.status);
      await all.outcomes(["bert"], round + 1);
    }
    expect(ends).toEqual([...Array.from({ length: 10 }, () => "released"), "quota", "quota"]);
    expect([...new Set(alarmsAt(all))]).toEqual([50, 80, 100]);
    all.clock.jump(all.clock.now() + DAY_MS);
    expect(answersOf(await all.ask("anna", lookup(["y"], "tomorrow")))).toEqual({ y: true });
  });

  it("stops ten thousand guesses at the first that is above it: no later one gets as far as a session", async () => {
    const all = open(LISTS, { terms: perDay(2000) });
    const each = 400; // twelve batches of 32 and one of 16: no dummies
    const reached: number[] = [];
    for (let from = 0; from < 10_000; from += each) {
      const guesses = Array.from({ length: each }, (_, at) => `guess${from + at}`);
      const outcome = await all.ask("anna", lookup(guesses, `from-${from}`));
      await all.outcomes(["bert"], from / each + 1);
      if (outcome.status === "released") expect(chargedAt(all, outcome.planHash)).toEqual([each]);
      else expect(outcome).toMatchObject({ status: "failed", code: "quota", party: "bert" });
      const types = typesAt(all, "bert", outcome.planHash);
      if (types.some((type) => ["begin", "allow", "spent"].includes(type))) reached.push(from);
    }
    expect(reached).toEqual([0, 400, 800, 1200, 1600]);
    expect([...new Set(alarmsAt(all))]).toEqual([50, 80, 100]);
    expect(alarmsAt(all).filter((percent) => percent === 100)).toHaveLength(21);
  }, 60_000);

  it("bounds look-ups alone: other questions of the same number are no repeats of one question", async () => {
    const budget = { party: "bert", dataset: "list", unit: "row", period: "P1Y" } as const;
    const budgets = [{ ...budget, rhoMicro: 0, exactCells: 0, repeats: 0 }];
    const all = open(LISTS, { terms: (terms) => ({ ...perDay(3)(terms), budgets }) });
    for (const [at, name] of ["x", "q", "y"].entries()) {
      expect(answersOf(await all.ask("anna", lookup([name], "one")))).toEqual({ [name]: name !== "q" });
      await all.outcomes(["bert"], at + 1);
    }
    expect(await all.ask("anna", lookup(["z"], "one"))).toMatchObject({ status: "failed", code: "quota" });
  });

  it("is charged with the allowance, before the first answer, dummies too; and refuses before anything leaves", async () => {
    const all = open(LISTS, { terms: perDay(8) });
    const outcome = await all.ask("anna", lookup(["y", "q", "r"]));
    expect(answersOf(outcome)).toEqual({ y: true, q: false, r: false });
    expect(chargedAt(all, outcome.planHash)).toEqual([4]);
    await all.outcomes(["bert"]);
    const above = await all.ask(
      "anna",
      lookup(
        Array.from({ length: 9 }, (_, at) => `q${at}`),
        "above",
      ),
    );
    expect(above).toMatchObject({ status: "refused", rule: expect.stringContaining("quotas") });
    const rest = await all.ask("anna", lookup(["a", "b", "c", "d", "e"], "rest"));
    expect(rest).toMatchObject({ status: "failed", code: "quota", party: "bert" });
    expect(typesAt(all, "bert", rest.planHash)).not.toContain("begin");
  });
});

/** The ceilings of the allowances that bert logged for a plan. */
function chargedAt(all: Federation, planHash = ""): readonly unknown[] {
  return all
    .machine("bert")
    .ports.ledger.entriesOf(planHash)
    .filter(({ entry }) => entry.type === "allow")
    .map(({ entry }) => entry.body["ceiling"]);
}

describe("a look-up that cannot be", () => {
  it("is refused where another than its asker proposes it, and where it tells others than it says", async () => {
    const all = open({ ...LISTS, cleo: ["c"] });
    await expect(all.machine("cleo").node.explain(lookup(["y"]))).rejects.toMatchObject({
      code: "recipient",
    });
    const wrong = { ...lookup(["y"]), recipients: ["anna", "cleo"] };
    await expect(all.machine("anna").node.explain(wrong)).rejects.toMatchObject({ code: "recipient" });
  });
});
