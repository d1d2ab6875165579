// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QueryError } from "@koplamp/query";
import type { SourceError } from "@koplamp/sources";
import { answerText } from "@koplamp/wire";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { toyWorkers } from "../../../test/toy/workers.ts";
import { type LabRequest, type LabRun, runLab } from "../src/lab.ts";
import { readLab } from "../src/read-lab.ts";

const folder = mkdtempSync(join(tmpdir(), "lab-"));
const workers = toyWorkers();
afterAll(async () => {
  await workers.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  for (const [name, text] of Object.entries(GOOD)) written(name, text);
});

const GOOD = {
  "aa.csv": "imo,group,amount\n9187629,NL,5\nIMO 7303803,NL,7\n7389704,BE,1\n",
  "bb.csv": "imo,group,amount\n7303803,NL,2\n9187629,BE,3\n",
  "cc.csv": "imo,group,amount\n7303803,NL,11\n",
};
for (const [name, text] of Object.entries(GOOD)) written(name, text);

function written(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const party = (id: string) =>
  `  - { id: ${id}, name: ${id}, datasets: { list: { file: ${id}.csv, columns: { imo: { kind: imo }, group: { kind: category }, amount: { kind: integer, min: 0, max: 100 } } } } }`;
const FEDERATION = written(
  "federation.yaml",
  `koplamp: federation/v1\nid: three\ncovenant: default\nparties:\n${["aa", "bb", "cc"].map(party).join("\n")}\n`,
);
const FROM = "from: { aa: list, bb: list, cc: list }";
const MATCH = `ask: { kind: match, key: [imo], ${FROM}, atLeast: 2, tell: holders }\nrecipients: [aa, bb]`;
const COUNT = `ask: { kind: overlap-count, key: [imo], ${FROM}, shape: histogram }\nrecipients: [cc]`;
const SUM = `ask: { kind: aggregate, ${FROM}, groupBy: [group], domain: { group: [NL, BE] }, measures: [count, sum(amount)] }\nrecipients: [bb]\nrelease: { minCount: 2 }`;

let asked = 0;
async function ask(text: string, more: Partial<LabRequest> = {}): Promise<LabRun> {
  asked += 1;
  const query = written(`query-${asked}.yaml`, `koplamp: query/v1\nid: asked\n${text}\n`);
  return runLab({ ...(await readLab({ federation: FEDERATION, query })), workers, ...more });
}

describe("a lab", { timeout: 60_000 }, () => {
  test("answers a match: each recipient its own, with holders", async () => {
    const { answer, qualities, explanation, bundle } = await ask(MATCH);
    const both = { key: ["7303803"], holders: ["aa", "bb", "cc"] };
    const pair = { key: ["9187629"], holders: ["aa", "bb"] };
    const { results } = JSON.parse(answerText(answer));
    expect(results).toEqual({
      aa: { kind: "match", matches: [both, pair] },
      bb: { kind: "match", matches: [both, pair] },
    });
    expect(qualities.map(({ party: id, rows }) => [id, rows])).toEqual([
      ["aa", 3],
      ["bb", 2],
      ["cc", 1],
    ]);
    expect(explanation).toMatchObject({ protocol: "match-tokens/1", class: "F" });
    expect(answer.disclosures.length).toBeGreaterThan(0);
    expect(Object.keys(answer.ledger).sort()).toEqual(["aa", "bb", "cc"]);
    expect(bundle?.length).toBeGreaterThan(1000);
  });

  test("answers a count and a sum, to their recipient alone", async () => {
    const { answer: counted } = await ask(COUNT);
    expect(counted.results).toMatchObject({ cc: { histogram: { "1": 1, "2": 1, "3": 1 } } });
    const { answer: summed } = await ask(SUM);
    expect(JSON.parse(answerText(summed)).results).toMatchObject({
      bb: {
        cells: [
          { group: { group: "BE" }, count: 2, "sum(amount)": 4 },
          { group: { group: "NL" }, count: 4, "sum(amount)": 25 },
        ],
      },
    });
  });

  test("lets a third party or nobody deal for two, and tells it nothing of their answer", async () => {
    const two = MATCH.replace(FROM, "from: { aa: list, bb: list }").replace(
      "tell: holders",
      "tell: holders, mode: bulk",
    );
    const dealt = (dealer: string): string => two.replace("mode: bulk", `mode: bulk, dealer: ${dealer}`);
    const [own, other] = [await ask(two), await ask(dealt("cc"))];
    const { results } = JSON.parse(answerText(other.answer));
    expect(results).toEqual(JSON.parse(answerText(own.answer)).results);
    const matches = ["7303803", "9187629"].map((imo) => ({ key: [imo], holders: ["aa", "bb"] }));
    expect(results).toEqual({ aa: { kind: "match", matches }, bb: { kind: "match", matches } });
    expect(other.explanation.protocol).toBe("bulk-pair/1");
    expect(Object.keys(other.answer.ledger).sort()).toEqual(["aa", "bb", "cc"]);
    await expect(ask(dealt("bb"))).rejects.toThrow("bb brings a list and cannot deal");
    const undealt = await ask(dealt("nobody"));
    expect(JSON.parse(answerText(undealt.answer)).results).toEqual(results);
    expect(Object.keys(undealt.answer.ledger).sort()).toEqual(["aa", "bb"]);
  });

  test("keeps ledgers and caches of earlier runs in its state", async () => {
    const state = join(folder, "state");
    const first = await ask(MATCH, { state });
    const second = await ask(MATCH, { state });
    expect(JSON.parse(answerText(second.answer)).results).toEqual(
      JSON.parse(answerText(first.answer)).results,
    );
    expect(second.answer.ledger["aa"]?.size).toBeGreaterThan(first.answer.ledger["aa"]?.size ?? 0);
    const other = await ask(`purpose: other\n${COUNT}`, { state });
    expect(other.answer.status).toBe("released");
    expect(other.covenantHash).not.toBe(first.covenantHash);
  });

  test("refuses what a covenant file forbids, with rule and hint", async () => {
    written("strict.yaml", "personLevel: { allowed: false, ground: null, external: [] }\n");
    const text = `koplamp: federation/v1\nid: strict\ncovenant: strict.yaml\nparties:\n${["aa", "bb", "cc"].map(party).join("\n")}\n`;
    const query = written("strict-query.yaml", `koplamp: query/v1\nid: asked\n${MATCH}\n`);
    const lab = await readLab({ federation: written("strict-federation.yaml", text), query });
    const { answer, outcomes } = await runLab({ ...lab, workers });
    expect(answer).toMatchObject({ status: "refused", results: {}, disclosures: [] });
    expect(answer.refusal?.rule).toBe("personLevel/allowed");
    expect(answer.refusal?.hint).not.toBe("");
    expect(Object.values(outcomes).map(({ status }) => status)).toEqual(["refused", "refused", "refused"]);
  });
});

describe("bad input", { timeout: 60_000 }, () => {
  test.each([
    ["a header alone", "imo,group,amount\n"],
    ["rows that are all rejected", "imo,group,amount\n1,NL,\nship,NL,x\n"],
    ["rows that stand twice", `${GOOD["cc.csv"]}7303803,NL,11\nIMO 7303803,NL,11\n`],
    ["a byte order mark and other line ends", `\uFEFF${GOOD["cc.csv"].replaceAll("\n", "\r\n")}`],
  ])("%s is no error", async (_what, text) => {
    written("cc.csv", text);
    const { answer } = await ask(COUNT);
    const holders = text.includes("7303803") ? { "3": 1, "2": 1, "1": 1 } : { "2": 2, "1": 1 };
    const { histogram } = JSON.parse(answerText(answer)).results.cc;
    const some = Object.entries(histogram).filter(([, count]) => count !== 0);
    expect(Object.fromEntries(some)).toEqual(holders);
  });

  test.each([
    ["a file that is gone", undefined, "there is no file"],
    ["an empty file", "", "is empty"],
    ["a column that is missing", "ship,group,amount\n7303803,NL,1\n", 'has no column "imo"'],
    [
      "bytes that are not UTF-8",
      Buffer.from("imo,group,amount\n7303803,\u00c9,1\n", "latin1"),
      "is not UTF-8",
    ],
    ["an integer above its bounds", "imo,group,amount\n7303803,NL,101\n", "above its declared max"],
    ["a row with a field too many", "imo,group,amount\n7303803,NL,1,2\n", "another number of fields"],
  ])("%s: one sentence before anything runs, and the next run works", async (_what, text, sentence) => {
    if (text === undefined) rmSync(join(folder, "cc.csv"));
    else written("cc.csv", text);
    const error = await ask(MATCH).catch((thrown: unknown) => thrown);
    const { message, hint } = error as SourceError; // a refusal has both too
    expect(message).toMatch(new RegExp(sentence));
    expect(hint).not.toBe("");
    written("cc.csv", GOOD["cc.csv"]);
    expect((await ask(COUNT)).answer.status).toBe("released");
  });

  test("an expired question is refused before anything is read", async () => {
    await expect(ask(`expires: 2026-01-01\n${MATCH}`)).rejects.toThrow(QueryError);
  });

  test("a look-up whose questions are still to come: nobody is there to ask", async () => {
    const open = "ask: { kind: lookup, key: [imo], asker: aa, holder: { bb: list }, open: 8, tell: asker }";
    await expect(ask(`${open}\nrecipients: [aa]`)).rejects.toMatchObject({
      name: "SdkError",
      code: "question",
      hint: expect.stringContaining("koplamp query run"),
    });
  });

  test("a key of a kind that cannot be one", async () => {
    await expect(ask(MATCH.replace("[imo]", "[group]"))).rejects.toThrow(
      'column "group" is of kind category',
    );
  });
});
