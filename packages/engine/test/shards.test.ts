// SPDX-License-Identifier: Apache-2.0
// Long lists as several query sessions: the answer of one, nothing told when a shard is over its size, and one that is
// lost repeated alone.
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import { verifyBundle } from "@koplamp/ledger";
import { bind, type JobTable } from "@koplamp/protocol";
import { psiJobs } from "@koplamp/psi";
import { contractOf, evaluationLimit } from "@koplamp/query";
import type { AnswerResult, Entry } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import type { Outcome, Scratch, ScratchFile } from "../src/index.ts";
import { Federation, type Lists, matchOf, primitives, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(lists: Lists, wishes: Wishes & { readonly evaluations?: number } = {}): Federation {
  const { terms = (all) => all, evaluations = 1024 } = wishes;
  const lab = evaluations > 1024; // more than a covenant between agencies allows over these registers
  federation = new Federation(lists, {
    ...wishes,
    id: lab ? "lab/test" : "ring/test", // outside a lab a verifier looks at quotas and budgets too
    terms: (all) => terms({ ...all, quotas: all.quotas.map((row) => ({ ...row, evaluations })) }),
  });
  return federation;
}

const PARTIES = ["anna", "bert", "cleo"];
const long = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) => `k${from + at}`);
const LISTS = { anna: [...long(0, 300), "k7", ""], bert: long(250, 700), cleo: long(290, 320) };

/** Own entries of all plans, in order. */
function entriesAt(all: Federation, party: string): readonly Entry[] {
  const { store } = all.machine(party);
  return Array.from({ length: store.size() }, (_, at) => JSON.parse(Buffer.from(store.leaf(at)).toString()));
}

/** The query sessions that began at a party, by their labels. */
function begun(all: Federation, party: string): readonly unknown[] {
  const labels = entriesAt(all, party).flatMap(({ type, body }) => (type === "begin" ? [body["shard"]] : []));
  return labels.filter((label) => /^\d/.test(String(label)));
}

function resultOf(outcome: Outcome<AnswerResult> | undefined): AnswerResult | undefined {
  expect(outcome).toMatchObject({ status: "released" });
  return outcome?.status === "released" ? outcome.result : undefined;
}

/** Every promise that the bundle of an answer breaks, or shows nothing of. */
function broken(all: Federation, outcome: Outcome<AnswerResult>): readonly unknown[] {
  if (outcome.status !== "released" || outcome.bundle === undefined) throw new Error("expected evidence");
  const { lines } = verifyBundle(outcome.bundle, {
    trust: { covenant: all.membership.covenantHash },
    primitives,
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
  });
  const [, equal, nodes] = /equal the contract at (\d+) of (\d+) nodes/.exec(
    lines.find(({ promise }) => promise === "egress")?.detail ?? "",
  ) ?? ["", "none", ""];
  expect(equal).toBe(nodes); // to the byte, in all sessions together
  return lines.filter(
    ({ verdict, detail, promise }) => verdict !== "PASS" && detail !== "lab" && promise !== "erasure",
  );
}

/** A job table in which calls of one job fail as when a worker is lost, by their number from 0. */
function losing(table: JobTable, name: string, fails: (call: number) => boolean): JobTable {
  const code = table.get(name);
  if (code === undefined) throw new Error(`no job ${name}`);
  let calls = 0;
  const lost = bind({ name }, (vault, ...args: readonly unknown[]) => {
    calls += 1;
    if (fails(calls - 1)) throw new Error("a worker was lost");
    return code(vault, ...args);
  });
  return new Map([...table, lost]);
}

describe("a match in shards", () => {
  it.each([4, 8])(
    "of %i gives the answer of one, in the order of each recipient's own list",
    async (shards) => {
      const answers: unknown[] = [];
      for (const asked of [1, shards]) {
        const all = open(LISTS);
        const outcome = await all.ask("anna", matchOf(PARTIES, ["anna", "cleo"], { shards: asked }));
        const [, cleo] = await all.outcomes(["bert", "cleo"]);
        answers.push([resultOf(outcome), resultOf(cleo)]);
        const labels = Array.from({ length: asked }, (_, at) => `${at}/${asked}`);
        for (const party of PARTIES) expect(begun(all, party)).toEqual(labels);
        expect(broken(all, outcome)).toEqual([]);
        await all.close();
      }
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[0]).toMatchObject([{ matches: { length: 50 } }, { matches: { length: 30 } }]);
    },
  );

  it.each([
    ["pair", {}],
    ["bulk", {}],
    ["bulk, and nobody deals,", { dealer: "nobody" }],
  ])("of two in mode %s gives the answer of one, whatever is cut", async (named, dealing) => {
    const [mode = ""] = named.split(",");
    const two = ["anna", "bert"];
    const answers: unknown[] = [];
    for (const shards of [1, 4, 8]) {
      const all = open(LISTS, { evaluations: 4096 });
      const outcome = await all.ask("anna", matchOf(two, two, { shards, mode, ...dealing }));
      const [bert] = await all.outcomes(["bert"]);
      answers.push([resultOf(outcome), resultOf(bert)]);
      const labels = Array.from({ length: shards }, (_, at) => `${at}/${shards}`);
      for (const party of two) expect(begun(all, party)).toEqual(labels);
      expect(broken(all, outcome)).toEqual([]);
      await all.close();
    }
    expect(answers[0]).toMatchObject([{ matches: { length: 50 } }, { matches: { length: 50 } }]);
    expect(answers.slice(1)).toEqual([answers[0], answers[0]]);
  });

  it.each(["pair", "bulk"])(
    "of two in mode %s charges what the shards are padded to, each with its session",
    async (mode) => {
      const all = open({ anna: long(0, 1500), bert: long(1400, 1500) }, { evaluations: 4096 });
      const outcome = await all.ask("anna", matchOf(["anna", "bert"], ["anna"], { shards: 4, mode }));
      expect(resultOf(outcome)).toMatchObject({ matches: { length: 100 } });
      await all.outcomes(["bert"]);
      const charged = entriesAt(all, "bert").flatMap(({ type, body }) =>
        type === "begin" && /^\d/.test(String(body["shard"])) ? [body["debits"]] : [],
      );
      const each = { asker: "anna", unit: "elements", amount: 768 }; // 384 + 8·sqrt(384), in 256s
      expect(charged).toEqual([[each], [each], [each], [each]]);
      expect(outcome.contract?.debits).toMatchObject([{ unit: "evaluations", amount: 4 * 768 }]);
    },
  );

  it("of two whose padded shards are more than what is left of a quota runs no session at all", async () => {
    const two = ["anna", "bert"];
    const all = open({ anna: long(0, 1500), bert: long(1400, 1500) }, { evaluations: 4096 });
    const asked = (id: string) => matchOf(two, ["anna"], { shards: 4, mode: "pair", id });
    expect((await all.ask("anna", asked("one"))).status).toBe("released"); // 3,072 of 4,096
    all.machine("anna").list = long(1, 1500);
    const sizes = two.map((party) => entriesAt(all, party).length);
    expect(await all.ask("anna", asked("two"))).toMatchObject({ code: "quota" });
    for (const [at, party] of two.entries()) {
      const more = entriesAt(all, party).slice(sizes[at]);
      expect(more.filter(({ type }) => type === "begin" || type === "disclose")).toEqual([]);
    }
  });

  it.each(["pair", "bulk", "tokens"])(
    "of two in mode %s leaves no list behind, however it ends",
    async (mode) => {
      const [opened, closed] = [new Set<ScratchFile>(), new Set<ScratchFile>()];
      const watched = (scratch: Scratch): Scratch => ({
        open: () => {
          const file = scratch.open();
          const close = (): void => {
            closed.add(watching);
            file.close();
          };
          const watching: ScratchFile = { put: (piece) => file.put(piece), get: (at) => file.get(at), close };
          opened.add(watching);
          return watching;
        },
      });
      const job =
        mode === "bulk" ? "psi.bulk.join" : mode === "pair" ? "psi.input-root" : "psi.cache.load-sealed";
      for (const fails of [() => false, () => true]) {
        const all = open(LISTS, {
          evaluations: 4096,
          ports: (ports) => ({ ...ports, scratch: watched(ports.scratch) }),
          jobs: (table) => losing(table, job, fails),
        });
        const outcome = await all.ask("anna", matchOf(["anna", "bert"], ["anna"], { shards: 4, mode }));
        expect(outcome.status).toBe(fails() ? "failed" : "released");
        await all.outcomes(["bert"]);
        await all.close();
        expect(opened.size).toBeGreaterThanOrEqual(4); // at each of two: what finds keys that are alike, and the parts
        expect(closed).toEqual(opened);
      }
    },
  );

  it("says how far it is", async () => {
    const all = open(LISTS);
    await all.ask("anna", matchOf(PARTIES, ["anna"], { shards: 4 }));
    const phases = all.machine("anna").progress.map(({ phase }) => phase);
    expect(phases.filter((phase) => phase.startsWith("match"))).toEqual(
      [1, 2, 3, 4].map((shard) => `match, shard ${shard} of 4`),
    );
  });

  it("is charged as one run, with its first session", async () => {
    const budget = { party: "bert", dataset: "list", unit: "row", period: "P1Y", repeats: 0 } as const;
    const all = open(LISTS, {
      terms: (terms) => ({ ...terms, budgets: [{ ...budget, rhoMicro: 0, exactCells: 0 }] }),
    });
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna"], { shards: 4 }));
    expect(outcome.status).toBe("released");
    expect(broken(all, outcome)).toEqual([]);
    await all.outcomes(["bert"]);
    const charged = entriesAt(all, "bert").flatMap(({ type, body }) =>
      type === "begin" && /^\d/.test(String(body["shard"])) ? [body["debits"]] : [],
    );
    expect(charged).toEqual([[{ unit: "repeats", amount: 1 }], [], [], []]);
  });

  it("in which a shard of one party is over its size tells nothing to anybody", async () => {
    const one = { ...primitives, hmacSha256Under: sameFor(primitives.hmacSha256Under, "shard") };
    const jobs = new Map(psiJobs({ group: toyGroup(), primitives: one }));
    const all = open(
      { anna: long(0, 900), bert: long(100, 1000) },
      { jobs: (table, party) => (party === "bert" ? new Map([...table, ...jobs]) : table) },
    );
    const outcome = await all.ask("anna", matchOf(["anna", "bert"], ["anna", "bert"], { shards: 4 }));
    const [bert] = await all.outcomes(["bert"]);
    for (const end of [outcome, bert]) {
      expect(end).toMatchObject({ status: "failed", code: "limits", party: "bert" });
      expect(end).toMatchObject({ message: expect.stringContaining("shard 4 of 4 of bert has more keys") });
    }
    for (const party of ["anna", "bert"]) {
      expect(begun(all, party)).toEqual([]);
      expect(entriesAt(all, party).filter(({ type }) => type === "disclose")).toEqual([]);
    }
  });

  it.each([
    ["before its tokens leave", "bert", "psi.tokens.make"],
    ["when the tokens of the others have left", "anna", "psi.tokens.join"],
  ])("repeats one that is lost %s, and no other", async (_when, loser, job) => {
    const fails = (call: number): boolean => call === (job === "psi.tokens.join" ? 4 : 2); // in shard 3 of 4
    const all = open(LISTS, {
      jobs: (table, party) => (party === loser ? losing(table, job, fails) : table),
    });
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna"], { shards: 4 }));
    expect(resultOf(outcome)).toMatchObject({ matches: { length: 50 } });
    await all.outcomes(["bert", "cleo"]);
    for (const party of PARTIES) expect(begun(all, party)).toEqual(["0/4", "1/4", "2/4", "2/4/1", "3/4"]);
    expect(broken(all, outcome)).toEqual([]);
  });

  it.each([
    ["pair", "psi.pair.join"],
    ["bulk", "psi.bulk.join"],
  ])(
    "of two in mode %s that is lost when the tokens of the other have left is repeated, and no other",
    async (mode, job) => {
      const two = ["anna", "bert"];
      const all = open(LISTS, {
        evaluations: 4096,
        jobs: (table, party) => (party === "anna" ? losing(table, job, (call) => call === 1) : table),
      });
      const outcome = await all.ask("anna", matchOf(two, ["anna"], { shards: 4, mode }));
      expect(resultOf(outcome)).toMatchObject({ matches: { length: 50 } });
      await all.outcomes(["bert"]);
      for (const party of two) expect(begun(all, party)).toEqual(["0/4", "1/4", "1/4/1", "2/4", "3/4"]);
      expect(broken(all, outcome)).toEqual([]);
    },
  );

  it("of two in which a shard of one is over its size tells nothing to anybody", async () => {
    const two = ["anna", "bert"];
    const last = bind(
      { name: "psi.pair.cut-inputs" },
      (_vault, { ends }: { readonly ends: Uint32Array }, shards: number) =>
        new Uint16Array(ends.length).fill(shards - 1),
    );
    const all = open(
      { anna: long(0, 900), bert: long(100, 1000) },
      { evaluations: 8192, jobs: (table, party) => (party === "bert" ? new Map([...table, last]) : table) },
    );
    const outcome = await all.ask("anna", matchOf(two, two, { shards: 4, mode: "pair" }));
    const [bert] = await all.outcomes(["bert"]);
    for (const end of [outcome, bert])
      expect(end).toMatchObject({ message: expect.stringContaining("shard 4 of 4 of bert has more keys") });
    for (const party of two) expect(begun(all, party)).toEqual([]);
  });

  it("of two for which nobody deals makes a correlation for each shard", async () => {
    const two = ["anna", "bert"];
    const all = open(LISTS, { evaluations: 4096 });
    const asked = matchOf(two, ["anna"], { shards: 2, mode: "bulk", dealer: "nobody" });
    const outcome = await all.ask("anna", asked);
    expect(resultOf(outcome)).toMatchObject({ matches: { length: 50 } });
    await all.outcomes(["bert"]);
    for (const party of two) expect(begun(all, party)).toEqual(["0/2", "1/2"]);
    expect(broken(all, outcome)).toEqual([]);
  });

  it("of two that a third party deals for is dealt for shard by shard", async () => {
    const all = open({ ...LISTS, cleo: undefined }, { evaluations: 4096 });
    const asked = matchOf(["anna", "bert"], ["anna"], { shards: 4, mode: "bulk", dealer: "cleo" });
    const outcome = await all.ask("anna", asked);
    expect(resultOf(outcome)).toMatchObject({ matches: { length: 50 } });
    await all.outcomes(["bert", "cleo"]);
    for (const party of PARTIES) expect(begun(all, party)).toEqual(["0/4", "1/4", "2/4", "3/4"]);
    expect(entriesAt(all, "cleo").filter(({ type }) => type === "inputs")).toEqual([]);
    expect(broken(all, outcome)).toEqual([]);
  });

  it("ends when a shard is lost for good, and says what was told before", async () => {
    const all = open(LISTS, {
      jobs: (table, party) =>
        party === "bert" ? losing(table, "psi.tokens.make", (call) => call >= 2) : table,
    });
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna"], { shards: 4 }));
    expect(outcome).toMatchObject({
      status: "failed",
      party: "bert",
      message: expect.stringContaining(
        "in shard 3 of 4; what 2 of them told is told, and there is no answer",
      ),
    });
    await all.outcomes(["bert", "cleo"]);
    expect(begun(all, "cleo")).toEqual(["0/4", "1/4", "2/4", "2/4/1", "2/4/2"]);
  });
});

/** HMAC under each of many keys, but for messages of one use, which give the same whatever the key. */
function sameFor(honest: typeof primitives.hmacSha256Under, use: string): typeof primitives.hmacSha256Under {
  return (keys, message) =>
    Buffer.from(message).includes(use) ? new Uint8Array(keys.length).fill(255) : honest(keys, message);
}
