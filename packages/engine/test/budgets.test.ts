// SPDX-License-Identifier: Apache-2.0
// Exact cells: every cell of a sum that is told is charged to the dataset, with the entry that tells it, for good.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HeBackend, loadHe } from "@koplamp/he";
import type { Terms } from "@koplamp/sdk";
import { openStore } from "@koplamp/store";
import type { Budget, Entry } from "@koplamp/wire";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Federation, primitives, sumOf, type Wishes } from "./federation.ts";

const THREE = ["anna", "bert", "cleo"];
const LISTS = {
  anna: ["1@a@5", "2@b@7"],
  bert: ["3@a@1", "4@a@2", "5@b@3"],
  cleo: ["6@b@9"],
};
const SLOW = { timeout: 120_000 };
let he: HeBackend;
let dir = "";
let federation: Federation | undefined;
beforeAll(async () => {
  he = await loadHe(primitives);
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "koplamp-budgets-"));
});
afterEach(async () => {
  await federation?.close();
  rmSync(dir, { recursive: true, force: true });
});

function budgets(rows: Partial<Budget>): (terms: Terms) => Terms {
  const row: Budget = {
    party: "bert",
    dataset: "list",
    unit: "row",
    period: "P1Y",
    rhoMicro: 0,
    exactCells: 1000,
    repeats: 1000,
    ...rows,
  };
  return (terms) => ({ ...terms, budgets: [row] });
}

/** bert keeps its account in a file. */
async function open(rows: Partial<Budget>, wishes: Wishes = {}): Promise<Federation> {
  const all = new Federation(LISTS, { he, graceMs: 500, terms: budgets(rows), ...wishes });
  federation = all;
  await restart(all, "new");
  return all;
}

async function restart(all: Federation, name = "new"): Promise<void> {
  const { list, store } = all.machine("bert");
  await all.machine("bert").close();
  store.close();
  all.start("bert", list, openStore(join(dir, `${name}.db`)));
}

function entriesAt(all: Federation, party: string): readonly Entry[] {
  const { store } = all.machine(party);
  return Array.from({ length: store.size() }, (_, at) => JSON.parse(Buffer.from(store.leaf(at)).toString()));
}

/** What bert's disclosures state, one after the other. */
function charged(all: Federation): readonly unknown[] {
  return entriesAt(all, "bert")
    .filter(({ type }) => type === "disclose")
    .map(({ body }) => body["debits"]);
}

describe("exact cells", () => {
  it("are listed in the contract, and charged with the entry that tells them", SLOW, async () => {
    const all = await open({});
    const outcome = await all.ask("anna", sumOf(THREE, ["anna"]));
    expect(outcome).toMatchObject({
      status: "released",
      result: { cells: [{ measures: { count: 3, "sum(n)": 8 } }, { measures: { count: 3, "sum(n)": 19 } }] },
    });
    expect(outcome.contract?.debits).toEqual([
      { holder: "bert", asker: "anna", unit: "exactCells", amount: 2 },
      { holder: "cleo", asker: "anna", unit: "exactCells", amount: 2 },
    ]);
    await all.outcomes(["bert"]);
    expect(charged(all)).toEqual([[{ unit: "exactCells", amount: 2 }]]);
    // cleo's agreement has no budget: there is nothing to charge.
    const { entry } = all
      .machine("cleo")
      .ports.ledger.entriesOf(outcome.planHash ?? "")
      .find((placed) => placed.entry.type === "disclose") ?? { entry: undefined };
    expect(entry?.body["debits"]).toEqual([]);
  });

  it("refuse what would pass them, by their clause, at every node, before a byte is sent", SLOW, async () => {
    const all = await open({ exactCells: 5 });
    expect(await all.ask("anna", sumOf(THREE, ["anna"], { id: "one" }))).toMatchObject({
      status: "released",
    });
    await all.outcomes(["bert", "cleo"]);
    await restart(all);
    expect(
      await all.ask(
        "cleo",
        sumOf(THREE, ["cleo"], { id: "two", where: '{ column: n, op: ">=", value: 2 }' }),
      ),
    ).toMatchObject({ status: "released" });
    await all.outcomes(["bert"]);
    const { size } = all.machine("bert").ports.ledger.head();
    const refused = { status: "refused", rule: "budgets/1", party: "bert" };
    const third = await all.ask("anna", sumOf(THREE, ["anna"], { id: "three", kinds: ["b", "a"] }));
    expect(third).toMatchObject({ ...refused, hint: expect.stringMatching(/^wait until \d{4}-01-01T/) });
    expect((await all.outcomes(["cleo"], 2))[0]).toMatchObject(refused);
    expect((await all.outcomes(["bert"], 2))[0]).toMatchObject(refused);
    const since = entriesAt(all, "bert").slice(size);
    expect(since.map(({ type }) => type)).toEqual(["plan"]); // no session, nothing told
    expect(charged(all)).toHaveLength(2);
  });

  it("are charged once each to questions at the same time, never above the clause", SLOW, async () => {
    const all = await open({ exactCells: 4 });
    const asked = ["1", "2", "3"].map((least, at) =>
      all.ask(
        THREE[at] ?? "anna",
        sumOf(THREE, ["anna"], { id: `q${least}`, where: `{ column: n, op: ">=", value: ${least} }` }),
      ),
    );
    const ends = (await Promise.all(asked)).map((end) =>
      end.status === "refused" ? [end.status, end.rule, end.party] : [end.status],
    );
    expect(ends.sort()).toEqual([["refused", "budgets/1", "bert"], ["released"], ["released"]]);
    expect(charged(all).flat()).toEqual([
      { unit: "exactCells", amount: 2 },
      { unit: "exactCells", amount: 2 },
    ]);
  });

  it("begin anew with the next period, and no earlier", SLOW, async () => {
    const all = await open({ exactCells: 2, period: "P1M" });
    expect(await all.ask("anna", sumOf(THREE, ["anna"], { id: "one" }))).toMatchObject({
      status: "released",
    });
    expect(await all.ask("anna", sumOf(THREE, ["cleo"], { id: "two" }))).toMatchObject({ status: "refused" });
    all.clock.ahead = 31 * 86_400_000;
    expect(await all.ask("anna", sumOf(THREE, ["cleo"], { id: "next" }))).toMatchObject({
      status: "released",
    });
  });
});
