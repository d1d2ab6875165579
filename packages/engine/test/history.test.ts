// SPDX-License-Identifier: Apache-2.0
// Differencing: what two answers give away together, in real questions on real stores.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HeBackend, loadHe } from "@koplamp/he";
import type { Terms } from "@koplamp/sdk";
import { openStore } from "@koplamp/store";
import type { AnswerResult, Entry } from "@koplamp/wire";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { countOf, Federation, primitives, sumOf, type Wishes } from "./federation.ts";

const THREE = ["anna", "bert", "cleo"];
const VICTIM = 888;
const LISTS = {
  anna: ["1@a@5", "2@a@7", "3@b@9"],
  bert: ["4@a@10", "5@a@20", "6@a@30", `7@a@${VICTIM}`],
  cleo: ["8@a@40", "9@b@50"],
};
const DAY_MS = 86_400_000;
const SLOW = { timeout: 60_000 };
let he: HeBackend;
let dir = "";
let federation: Federation | undefined;
beforeAll(async () => {
  he = await loadHe(primitives);
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "koplamp-history-"));
});
afterEach(async () => {
  await federation?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function open(wishes: Wishes = {}, lists = LISTS): Promise<Federation> {
  const all = new Federation(lists, { he, graceMs: 500, ...wishes });
  federation = all;
  await restart(all);
  return all;
}

/** The process of bert ends, and another one opens its file. */
async function restart(all: Federation): Promise<void> {
  const { list, store } = all.machine("bert");
  await all.machine("bert").close();
  store.close();
  all.start("bert", list, openStore(join(dir, "bert.db")));
}

function entriesAt(all: Federation, party: string): readonly Entry[] {
  const { store } = all.machine(party);
  return Array.from({ length: store.size() }, (_, at) => JSON.parse(Buffer.from(store.leaf(at)).toString()));
}

const told = (all: Federation): number =>
  entriesAt(all, "bert").filter(({ type }) => type === "disclose").length;

/** What anna reads of the first cell. */
function sumIn(outcome: Outcome<AnswerResult>): number | undefined {
  const result = outcome.status === "released" ? outcome.result : undefined;
  const cell = result?.kind === "aggregate" ? result.cells[0] : undefined;
  return cell !== undefined && "measures" in cell ? Number(cell.measures["sum(n)"]) : undefined;
}

/**
 * Denning's tracker: everybody, then everybody but the one person whose value is above all others. Both cells are large
 * enough; their difference is that person.
 */
async function tracked(
  all: Federation,
  minCount: number,
  between = async (): Promise<void> => {},
): Promise<number> {
  const whole = await all.ask("anna", sumOf(THREE, ["anna"], { id: "whole", minCount }));
  await all.outcomes(["bert", "cleo"]);
  await between();
  const where = `{ column: n, op: "<", value: ${VICTIM} }`;
  const rest = await all.ask("anna", sumOf(THREE, ["anna"], { id: "rest", minCount, where }));
  return Number(sumIn(whole)) - Number(sumIn(rest));
}

describe("a tracker", () => {
  it("finds a person's value where a floor of one is all that there is", SLOW, async () => {
    expect(await tracked(await open(), 1)).toBe(VICTIM);
  });

  it(
    "finds nothing where cells must have three: the second answer is refused, over a restart too",
    SLOW,
    async () => {
      const all = await open();
      expect(await tracked(all, 3, () => restart(all))).toBeNaN();
      const refused = { status: "refused", rule: "floors/minCount", party: "bert" };
      expect((await all.outcomes(["bert"]))[0]).toMatchObject(refused);
      expect((await all.outcomes(["cleo"], 2))[0]).toMatchObject(refused);
      expect(told(all)).toBe(1);
    },
  );

  it("is not quicker with both questions at once, nor from another analyst", SLOW, async () => {
    const all = await open();
    const where = `{ column: n, op: "<", value: ${VICTIM} }`;
    const both = await Promise.all([
      all.ask("anna", sumOf(THREE, ["anna"], { id: "whole", minCount: 3 })),
      all.ask("cleo", sumOf(THREE, ["anna"], { id: "rest", minCount: 3, where })),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["refused", "released"]);
    expect(told(all)).toBe(1);
  });
});

describe("last month's table", () => {
  it.each([
    ["with one person more", "refused", ["x@a@1"]],
    ["with one value changed", "refused", []],
    ["with as many more as a cell must have", "released", ["x@a@1", "y@a@2", "z@a@3"]],
  ])("%s is %s", SLOW, async (_what, status, more) => {
    const all = await open();
    const question = sumOf(THREE, ["anna"], { minCount: 3 });
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
    await all.outcomes(["bert", "cleo"]);
    const list =
      more.length === 0 ? LISTS.bert.map((row) => row.replace("@20", "@21")) : [...LISTS.bert, ...more];
    all.machine("bert").list = list;
    const outcome = await all.ask("anna", question);
    expect(outcome).toMatchObject({ status });
    expect(outcome).not.toHaveProperty("stored");
  });
});

describe("noise", () => {
  const row = { dataset: "list", unit: "row", period: "P1Y", exactCells: 99, repeats: 9 } as const;
  const terms = (all: Terms): Terms => ({
    ...all,
    budgets: THREE.map((party) => ({ ...row, party, rhoMicro: 100_000_000 })),
  });
  const noise = "{ epsilon: 5 }";

  it(
    "hides a few rows, so last month's table may be asked again for as long as its budget lasts",
    SLOW,
    async () => {
      const all = await open({ terms });
      const question = sumOf(THREE, ["anna"], { minCount: 3, noise });
      expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
      await all.outcomes(["bert", "cleo"]);
      all.machine("bert").list = [...LISTS.bert, "x@a@1"];
      expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
      await all.outcomes(["bert", "cleo"], 2);
      // It does not hide a party.
      expect(await all.ask("anna", sumOf(["anna", "bert"], ["anna"], { id: "two", noise }))).toMatchObject({
        status: "refused",
        rule: "floors/minContributors",
      });
    },
  );
});

describe("all minus one", () => {
  it("is refused by whoever told its part of the first sum", SLOW, async () => {
    const all = await open();
    await all.ask("anna", sumOf(THREE, ["anna"], { id: "three" }));
    await all.outcomes(["bert", "cleo"]);
    expect(await all.ask("anna", sumOf(["anna", "bert"], ["anna"], { id: "two" }))).toMatchObject({
      status: "refused",
      rule: "floors/minContributors",
      party: "bert",
    });
    expect(told(all)).toBe(1);
  });

  it(
    "is allowed after a sum that died before anything was told: a party that fails can be left out",
    SLOW,
    async () => {
      let reads = 0;
      const all = await open({
        ports: (ports, { party }) =>
          party !== "cleo"
            ? ports
            : {
                ...ports,
                sources: {
                  ...ports.sources,
                  snapshot: async (dataset) => {
                    reads += 1;
                    if (reads > 1) throw new Error("the disk of cleo is gone");
                    return await ports.sources.snapshot(dataset);
                  },
                },
              },
      });
      expect(await all.ask("anna", sumOf(THREE, ["anna"], { id: "three" }))).toMatchObject({
        status: "failed",
      });
      await all.outcomes(["bert"]);
      expect(told(all)).toBe(0);
      expect(await all.ask("anna", sumOf(["anna", "bert"], ["anna"], { id: "two" }))).toMatchObject({
        status: "released",
      });
    },
  );
});

describe("a count", () => {
  const lists = { anna: ["p", "q", "r", "s"], bert: ["r", "s", "t", "u"], cleo: ["s"] };
  const allowed = (all: Federation): number =>
    entriesAt(all, "bert").filter(({ type, body }) => type === "allow" && body["asker"] === "anna").length;

  it("of S and of S with x is refused by the asker's own node, before x is evaluated", async () => {
    const all = await open({}, lists);
    const question = countOf(THREE, ["anna"], { minCount: 3 });
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
    expect(allowed(all)).toBe(1);
    all.machine("anna").list = [...lists.anna, "x"];
    expect(await all.ask("anna", question)).toMatchObject({
      status: "refused",
      rule: "floors/minCount",
      party: "anna",
    });
    expect(allowed(all)).toBe(1);
    all.machine("anna").list = [...lists.anna, "x", "y", "z"];
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
    expect(allowed(all)).toBe(2); // and only what is new is evaluated, and charged
  });

  it.each(["recipient", "pairs.local", "pairs.blind"])("in mode %s is compared too", async (mode) => {
    const all = await open({}, lists);
    const shape = mode === "recipient" ? "histogram" : "pairs";
    const question = countOf(["anna", "bert"], ["anna"], { shape, mode, minCount: 3 });
    expect(await all.ask("anna", question)).toMatchObject({ status: "released" });
    await all.outcomes(["bert"]);
    all.machine("bert").list = lists.bert.slice(1);
    const refused = { status: "refused", rule: "floors/minCount", party: "bert" };
    expect(await all.ask("anna", question)).toMatchObject(refused);
    expect((await all.outcomes(["bert"], 2))[0]).toMatchObject(refused);
  });
});

describe("what is remembered", () => {
  const terms = (all: Terms): Terms => ({
    ...all,
    retention: { results: "P1D", salts: "P2D", ledger: "P5Y", extensions: 0 },
    budgets: [
      {
        party: "bert",
        dataset: "list",
        unit: "row",
        period: "P30D",
        rhoMicro: 0,
        exactCells: 99,
        repeats: 9,
      },
    ],
  });

  it(
    "outlives the question until the budget's period is over, and is erased then, on record",
    SLOW,
    async () => {
      const all = await open({ terms });
      const next = Math.ceil(Date.now() / (30 * DAY_MS)) * 30 * DAY_MS; // the first instant of a period
      const go = async (days: number): Promise<void> => {
        all.clock.ahead = next + days * DAY_MS + 60_000 - Date.now();
        await restart(all);
      };
      const names = (): readonly string[] => all.machine("bert").store.sealedNames("history/");
      const erased = (): readonly unknown[] =>
        entriesAt(all, "bert").flatMap(({ type, body }) => (type === "erase" ? [body["what"]] : []));
      await go(0);
      await all.ask("anna", sumOf(THREE, ["anna"], { id: "whole", minCount: 3 }));
      await all.outcomes(["bert", "cleo"]);
      await go(3);
      expect([erased(), names().length]).toEqual([["result", "question"], 1]);
      const where = `{ column: n, op: "<", value: ${VICTIM} }`;
      expect(await all.ask("anna", sumOf(THREE, ["anna"], { id: "rest", minCount: 3, where }))).toMatchObject(
        {
          status: "refused",
          rule: "floors/minCount",
        },
      );
      await go(31);
      expect(names()).toEqual([]);
      expect(erased()).toContain("history");
    },
  );
});
