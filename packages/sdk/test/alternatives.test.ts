// SPDX-License-Identifier: Apache-2.0
// Matches by several keys of which any may agree: whole labs against what the pooled records say in the clear.
import type { ReadSource } from "@koplamp/engine";
import { readQuestion } from "@koplamp/query";
import type { AnswerDisclosure, ColumnSpec, MatchResult } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aRecordCase,
  inTheClear,
  type RecordQuestion,
  type Registers,
} from "../../../test/simulation/records.ts";
import { toyPrimitives } from "../../../test/toy/primitives.ts";
import { toyWorkers } from "../../../test/toy/workers.ts";
import { runLab } from "../src/index.ts";

const COLUMNS: Readonly<Record<string, ColumnSpec>> = {
  number: { kind: "opaque" },
  given: { kind: "person-name" },
  surname: { kind: "person-name" },
  birth: { kind: "date" },
  phones: { kind: "opaque", split: ";" },
};

async function ask(
  pool: Registers,
  asked: RecordQuestion,
  recipients: readonly string[],
): Promise<{
  readonly results: Readonly<Record<string, MatchResult>>;
  readonly disclosures: readonly AnswerDisclosure[];
}> {
  const parties = Object.keys(pool).map((id) => ({
    id,
    name: id,
    datasets: { persons: { file: id, nulls: [], columns: COLUMNS } },
  }));
  const readSource: ReadSource = async ({ file }, columns) => {
    const rows = pool[file] ?? [];
    const cells = columns.map((name) => [name, rows.map((row) => row[name] ?? null)]);
    return {
      table: { rows: rows.length, columns: Object.fromEntries(cells) },
      quality: {},
      digest: new Uint8Array(32),
    };
  };
  const from = Object.fromEntries(Object.keys(pool).map((party) => [party, "persons"]));
  const question = { koplamp: "query/v1", id: "persons", recipients, ask: { kind: "match", from, ...asked } };
  const { answer } = await runLab({
    federation: { id: "random", covenant: "default", parties },
    question: readQuestion(JSON.stringify(question), { file: "case", lab: true }),
    workers: toyWorkers(),
    primitives: toyPrimitives(),
    readSource,
  });
  if (answer.status !== "released") throw new Error(`${answer.status}: ${JSON.stringify(answer.refusal)}`);
  return {
    results: answer.results as Readonly<Record<string, MatchResult>>,
    disclosures: answer.disclosures,
  };
}

const texts = (result: MatchResult | undefined): readonly string[] =>
  (result?.matches ?? [])
    .map(({ key, holders, agreed, band }) =>
      JSON.stringify({ key, ...(holders === undefined ? {} : { holders }), agreed, band }),
    )
    .sort();

describe("a match by alternatives", () => {
  it("tells each recipient what the pooled records say of its own", async () => {
    await fc.assert(
      fc.asyncProperty(aRecordCase, async ({ pool, question, recipients }) => {
        const { results } = await ask(pool, question, recipients);
        expect(Object.keys(results).sort()).toEqual([...recipients].sort());
        for (const party of recipients)
          expect(texts(results[party])).toEqual(inTheClear(pool, question, party));
      }),
      { numRuns: 3 }, // the same in hundreds stands in the engine's tests, without a lab
    );
  });

  const one = { number: "1", given: "an", surname: "bo", birth: "1970-01-01" };
  const two: RecordQuestion = {
    anyKey: [["number"], ["given", "birth"], ["surname", "birth"]],
    atLeast: 2,
    tell: "nothing",
  };

  it("keeps columns apart that have the same kinds: a given name is no surname", async () => {
    const pool = {
      aa: [{ ...one, number: null }],
      bb: [{ ...one, number: null, given: "bo", surname: "cy" }],
    };
    expect(texts((await ask(pool, two, ["aa"])).results["aa"])).toEqual([]);
  });

  it("tells by the first alternative that agrees where an earlier one has no key, and like records once", async () => {
    const without = { ...one, number: null };
    const { results } = await ask({ aa: [without, without, { ...one, number: "9" }], bb: [one] }, two, [
      "aa",
    ]);
    const due = { key: ["an", "1970-01-01"], agreed: [1, 2], band: "A" };
    expect(results["aa"]?.matches).toEqual([due]);
  });

  it("offers the keys of all alternatives as one padded number", async () => {
    const record = (at: number) => ({ number: `${at}`, given: `a${at}`, surname: "bo", birth: "1970-01-01" });
    const register = Array.from({ length: 200 }, (_, at) => record(at));
    const { disclosures } = await ask({ aa: register, bb: [one] }, { ...two, mode: "tokens" }, ["bb"]);
    const list = disclosures.find(({ id }) => id === "tokens.aa.bb");
    expect(list?.bytes).toBe(512 * 16); // 200, 200 and 1 keys
  });

  it("shows the same sizes whichever alternatives records have keys under", async () => {
    const many = Array.from({ length: 300 }, (_, at) => ({ number: `${at}` }));
    const few = Array.from({ length: 150 }, (_, at) => ({
      number: `${at}`,
      given: `a${at}`,
      birth: "1970-01-01",
    }));
    const sizes = async (register: Registers[string]): Promise<readonly unknown[]> => {
      const { disclosures } = await ask({ aa: register, bb: [one] }, { ...two, mode: "tokens" }, ["bb"]);
      return disclosures.map(({ id, bytes }) => [id, bytes]);
    };
    const all = await sizes(many);
    expect(all.length).toBeGreaterThan(0);
    expect(await sizes(few)).toEqual(all);
  });
});
