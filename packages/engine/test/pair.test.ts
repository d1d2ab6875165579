// SPDX-License-Identifier: Apache-2.0
// Two parties under a key for one question: through real engines, gates, ledgers and stores.
import { bind, type JobTable, type PartyId } from "@koplamp/protocol";
import { explain, type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import type { AnswerResult } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { exposureLog, exposureOf, type Outcome } from "../src/index.ts";
import { Federation, type Lists, matchOf, type Wishes } from "./federation.ts";
import { lines } from "./hostile-coordinator.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(lists: Lists, wishes?: Wishes): Federation {
  federation = new Federation(lists, wishes);
  return federation;
}

const TWO = ["anna", "bert"];
const LISTS = { anna: ["x", "y", "z", "z", ""], bert: ["y", "z", "q", "r"] };

/** A question of anna and bert. */
function ask(body: string, recipients: readonly PartyId[], id = "a-pair", minCount = 1): Question {
  const text = `koplamp: query/v1
id: ${id}
ask: { key: [id], from: { anna: list, bert: list }, ${body} }
recipients: [${recipients.join(", ")}]
release: { minCount: ${minCount}, minContributors: 1 }
`;
  return readQuestion(text, { file: `${id}.yaml`, lab: true });
}

const matchPair = (recipients: readonly PartyId[], id?: string): Question =>
  ask("kind: match, atLeast: 2, tell: holders, mode: pair", recipients, id);
const pairCount = (mode: string, recipients: readonly PartyId[], minCount?: number): Question =>
  ask(`kind: overlap-count, shape: pairs, mode: ${mode}`, recipients, "a-count", minCount);

function resultOf(outcome: Outcome<AnswerResult> | undefined): AnswerResult | undefined {
  expect(outcome).toMatchObject({ status: "released" });
  return outcome?.status === "released" ? outcome.result : undefined;
}

function typesAt(all: Federation, party: PartyId, planHash = ""): readonly string[] {
  return all
    .machine(party)
    .ports.ledger.entriesOf(planHash)
    .map(({ entry }) => entry.type);
}

function quotas(evaluations: number): (terms: Terms) => Terms {
  return (terms) => ({ ...terms, quotas: terms.quotas.map((row) => ({ ...row, evaluations })) });
}

const BOTH_HOLD = [
  { key: ["y"], holders: TWO },
  { key: ["z"], holders: TWO },
];

describe("a match of two under a key for this question", () => {
  it.each([[["anna"]], [["bert"]], [TWO]])("tells %s, and nobody else anything", async (recipients) => {
    const all = open(LISTS);
    const anna = await all.ask("anna", matchPair(recipients));
    const [bert] = await all.outcomes(["bert"]);
    for (const [party, outcome] of [
      ["anna", anna],
      ["bert", bert],
    ] as const) {
      const told = recipients.includes(party) ? { kind: "match", matches: BOTH_HOLD } : undefined;
      expect(resultOf(outcome)).toEqual(told);
    }
  });

  it("makes no key set and no cache, and leaves none: a second question evaluates everything again", async () => {
    const all = open(LISTS);
    for (const id of ["one", "two"]) {
      const outcome = await all.ask("anna", matchPair(["anna"], id));
      expect(resultOf(outcome)).toMatchObject({ matches: { length: 2 } });
      await all.outcomes(["bert"], id === "one" ? 1 : 2);
      expect(typesAt(all, "bert", outcome.planHash)).not.toContain("keyset");
      expect(typesAt(all, "bert", outcome.planHash)).not.toContain("allow");
      all.machine("anna").list = [...LISTS.anna, "w"];
    }
    for (const party of TWO) {
      const { store } = all.machine(party);
      expect(["keyset/", "cache/"].flatMap((prefix) => store.sealedNames(prefix))).toEqual([]);
    }
  });

  it("discloses exactly the lines of its contract, acknowledged, and sends what the contract lists", async () => {
    const all = open(LISTS);
    const outcome = await all.ask("anna", matchPair(TWO));
    const [bert] = await all.outcomes(["bert"]);
    const lines = [outcome, bert].flatMap((one) => one?.disclosures ?? []);
    expect(lines.map(({ id, to }) => `${id} to ${to}`).sort()).toEqual([
      "pair.anna.bert to bert",
      "pair.bert.anna to anna",
    ]);
    for (const party of TWO) {
      const types = typesAt(all, party, outcome.planHash);
      expect(types.filter((type) => ["deliver", "undelivered", "abort"].includes(type))).toEqual(["deliver"]);
    }
  });
});

describe("a count of two", () => {
  it.each(["pairs.local", "pairs.blind"])("%s: for a party, and for somebody without keys", async (mode) => {
    const all = open({ ...LISTS, dora: undefined });
    const counts = { kind: "overlap-count", pairs: { "anna&bert": 2 } };
    const anna = await all.ask("anna", pairCount(mode, ["anna", "dora"]));
    const [bert, dora] = await all.outcomes(["bert", "dora"]);
    expect(resultOf(anna)).toEqual(counts);
    expect(resultOf(dora)).toEqual(counts);
    expect(resultOf(bert)).toBeUndefined();
    const name = mode === "pairs.local" ? "count-local" : "count-blind";
    expect([anna, bert].flatMap((one) => (one?.disclosures ?? []).map(({ id }) => id))).toEqual([
      `${name}.anna.dora.count`,
      `${name}.bert.anna`,
    ]);
    expect(anna.contract?.protocol).toBe(`match-pair-${name}/1`);
  });

  it.each(["pairs.local", "pairs.blind"])("%s: withholds what is below minCount", async (mode) => {
    const all = open({ ...LISTS, dora: undefined });
    const outcome = await all.ask("dora", pairCount(mode, ["dora"], 3));
    expect(resultOf(outcome)).toEqual({
      kind: "overlap-count",
      pairs: { "anna&bert": { withheld: "minCount" } },
    });
  });
});

describe("a count of the pairs of three", () => {
  const lists = { ...LISTS, cleo: ["z", "r", "s"], dora: undefined };
  const threes = (mode: string, recipients: readonly PartyId[]): Question =>
    readQuestion(
      `koplamp: query/v1
id: three
ask: { kind: overlap-count, key: [id], from: { anna: list, bert: list, cleo: list }, shape: pairs, mode: ${mode} }
recipients: [${recipients.join(", ")}]
`,
      { file: "three.yaml", lab: true },
    );
  const pairs = { "anna&bert": 2, "anna&cleo": 1, "bert&cleo": 2 };

  it.each(["pairs.local", "pairs.blind"])(
    "%s: tells recipients all, by the lines of the contract",
    async (mode) => {
      const all = open(lists);
      const anna = await all.ask("anna", threes(mode, ["anna", "dora"]));
      const [bert, cleo, dora] = await all.outcomes(["bert", "cleo", "dora"]);
      for (const outcome of [anna, dora]) expect(resultOf(outcome)).toEqual({ kind: "overlap-count", pairs });
      for (const outcome of [bert, cleo]) expect(resultOf(outcome)).toBeUndefined();
      const told = [anna, bert, cleo].flatMap((one) => (one?.disclosures ?? []).map(({ id }) => id));
      const listed = anna.contract?.disclosures.map(({ id }) => id) ?? [];
      expect(told.sort()).toEqual([...listed].sort());
      expect(listed).toHaveLength(3 + 3);
      expect(all.machine("anna").store.sealedNames("keyset/")).toEqual([]);
    },
  );

  it("charges each asker at each holder with the beginning of the one session", async () => {
    const all = open(lists);
    const outcome = await all.ask("anna", threes("pairs.blind", ["anna"]));
    await all.outcomes(["bert", "cleo"]);
    const charged = (party: PartyId): unknown =>
      all
        .machine(party)
        .ports.ledger.entriesOf(outcome.planHash ?? "")
        .filter(({ entry }) => entry.type === "begin")
        .map(({ entry }) => entry.body["debits"]);
    const due = (asker: PartyId) => ({ asker, unit: "elements", amount: 256 });
    expect(charged("anna")).toEqual([[]]);
    expect(charged("bert")).toEqual([[due("anna"), due("cleo")]]);
    expect(charged("cleo")).toEqual([[due("anna")]]);
  });
});

describe("what an exposure says of pairs", () => {
  it("lists what each could have learned, and no tests under a key set: none was made for them", async () => {
    const all = open(LISTS);
    await all.ask("anna", matchOf(TWO, ["bert"], { id: "tokens" })); // allowances of the same epoch stand in the ledger
    await all.outcomes(["bert"]);
    await all.ask("anna", pairCount("pairs.blind", ["anna"]));
    await all.outcomes(["bert"], 2);
    const { items } = exposureOf(exposureLog(all.machine("bert").store), {
      who: ["anna"],
      from: "2020-01-01T00:00:00Z",
      to: "2100-01-01T00:00:00Z",
    });
    const told = items.map(({ fact, how, bound }) => `${fact} ${how} ${bound}`);
    expect(told).toContain("pair-count learns 1");
    expect(told).toContain("test-evaluated atMost 256");
    expect(items.filter(({ how }) => how === "tests")).toEqual([]);
  });
});

/** How much more than the messages themselves may go over the line: headers, seals, proofs of the ledger. */
const TOLERANCE = 1.05;

describe("what a question was said to cost", () => {
  const many = (from: number): readonly string[] =>
    Array.from({ length: 1400 }, (_, at) => `key ${from + at}`);
  const body: Readonly<Record<string, string>> = {
    "a match": "kind: match, atLeast: 2, tell: holders, mode: pair",
    "a blind count": "kind: overlap-count, shape: pairs, mode: pairs.blind",
  };

  it.each(Object.keys(body))(
    "in bytes goes over the line, and at most a twentieth more: %s",
    async (name) => {
      const sent = new Map<PartyId, number>();
      const all = open(
        { anna: many(0), bert: many(700) },
        lines((line, party) => ({
          push: async (frame) => {
            sent.set(party, (sent.get(party) ?? 0) + frame.length);
            await line.push(frame);
          },
        })),
      );
      const question = ask(body[name] ?? "", ["anna"]);
      const { plan, contract, covenant } = await all.machine("anna").node.explain(question);
      const { cost } = explain(contract, plan, { lang: "en", covenant });
      sent.clear();
      expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
      await all.outcomes(["bert"]);
      expect(cost.parties.map(({ party }) => party)).toEqual(TWO);
      for (const { party, bytesOut } of cost.parties) {
        expect(bytesOut).toBeGreaterThan(49_000);
        expect(sent.get(party)).toBeGreaterThan(bytesOut);
        expect(sent.get(party)).toBeLessThan(bytesOut * TOLERANCE);
      }
    },
  );
});

describe("the quota of a pair", () => {
  const spentAt = (all: Federation, planHash = ""): readonly unknown[] =>
    all
      .machine("bert")
      .ports.ledger.entriesOf(planHash)
      .filter(({ entry }) => entry.type === "begin")
      .map(({ entry }) => entry.body["debits"]);

  it("is charged with the beginning of the session, by the party that evaluates, and named", async () => {
    const all = open(LISTS);
    const outcome = await all.ask("anna", matchPair(["anna"]));
    await all.outcomes(["bert"]);
    expect(spentAt(all, outcome.planHash)).toEqual([[{ asker: "anna", unit: "elements", amount: 256 }]]);
    const anna = all.machine("anna").ports.ledger.entriesOf(outcome.planHash ?? "");
    expect(anna.find(({ entry }) => entry.type === "begin")?.entry.body["debits"]).toEqual([]);
  });

  it("is one with that of match-tokens/1, durable, and never given back", async () => {
    const all = open(LISTS, { terms: quotas(600) });
    expect(await all.ask("anna", matchOf(TWO, ["anna"], { id: "tokens" }))).toMatchObject({
      status: "released",
    });
    await all.outcomes(["bert"]);
    expect(await all.ask("anna", matchPair(["anna"], "pair"))).toMatchObject({ status: "released" });
    await all.outcomes(["bert"], 2);
    const bert = all.machine("bert");
    await bert.close();
    all.start("bert", LISTS.bert, bert.store);
    const outcome = await all.ask(
      "anna",
      ask("kind: match, atLeast: 2, tell: count, mode: pair", ["anna"], "more"),
    );
    expect(outcome).toMatchObject({ status: "failed", code: "quota", party: "bert" });
    expect(spentAt(all, outcome.planHash)).toEqual([]);
  });

  it("stays charged when the asker leaves after the answers", async () => {
    const hostile = (table: JobTable, party: PartyId): JobTable => {
      if (party !== "anna") return table;
      const leave = bind({ name: "psi.pair.unblind" }, () => {
        throw new Error("gone");
      });
      return new Map([...table, leave]);
    };
    const all = open(LISTS, { jobs: hostile });
    const outcome = await all.ask("anna", matchPair(["anna"]));
    expect(outcome).toMatchObject({ status: "failed" });
    await all.outcomes(["bert"]);
    expect(spentAt(all, outcome.planHash)).toHaveLength(1);
    expect(typesAt(all, "bert", outcome.planHash)).toContain("abort");
    expect(typesAt(all, "bert", outcome.planHash)).not.toContain("disclose");
  });
});

/** Bert's node computes one job otherwise. */
function deviating(name: string, change: (value: unknown) => unknown): Wishes {
  return {
    jobs: (table, party) => {
      if (party !== "bert") return table;
      const honest = table.get(name);
      if (honest === undefined) throw new Error(`no job ${name}`);
      const other = bind({ name }, (vault, ...args: readonly unknown[]) => change(honest(vault, ...args)));
      return new Map([...table, other]);
    },
  };
}

describe("a holder that deviates is named, and nothing is told", () => {
  const group = toyGroup();
  const otherKey = new Uint8Array(32).fill(7, 0, 1);
  it.each<[string, string, (value: unknown) => unknown, string, string]>([
    [
      "another key for one item",
      "psi.evaluate.block",
      (reply) => {
        const bytes = (reply as Uint8Array).slice();
        bytes.set(group.mulSame(otherKey, bytes.slice(0, 32)));
        return bytes;
      },
      "integrity",
      "bert does not prove that it used one key for all items",
    ],
    [
      "another list than it committed to",
      "psi.pair.commit",
      (made) => {
        const { commitment, ...rest } = made as { commitment: Uint8Array };
        return { ...rest, commitment: commitment.map((byte) => byte ^ 1) };
      },
      "integrity",
      "bert disclosed other tokens than it had committed to",
    ],
  ])("%s", async (_name, job, change, code, message) => {
    const all = open(LISTS, deviating(job, change));
    const outcome = await all.ask("anna", matchPair(["anna"]));
    expect(outcome).toMatchObject({ status: "failed", code, party: "bert" });
    expect(outcome.status === "failed" ? outcome.message : "").toContain(message);
  });
});
