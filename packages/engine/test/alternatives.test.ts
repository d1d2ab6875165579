// SPDX-License-Identifier: Apache-2.0
// Own records under several keys, against records in the clear. What a match of items is stands here as equal inputs.
import type { Matched } from "@koplamp/psi";
import { alternativesOf, type Input, inputAt, type MatchAsk, type Table } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aRecordCase,
  inTheClear,
  RECORD_COLUMNS,
  type RecordQuestion,
  type Register,
} from "../../../test/simulation/records.ts";
import { type RecordItems, recordItems, recordMatches } from "../src/alternatives.ts";
import { inputsOf } from "../src/items.ts";

const KINDS: Readonly<Record<string, string>> = {
  given: "person-name",
  surname: "person-name",
  birth: "date",
};
const INPUT: Pick<Input, "columns" | "kinds"> = {
  columns: RECORD_COLUMNS,
  kinds: RECORD_COLUMNS.map((name) => KINDS[name] ?? "opaque"),
};
const CONTEXT = { covenantId: "c", purposeId: "p", epoch: "2026-W48", keySpec: "", normVersion: "1" };

async function itemsOf(register: Register, anyKey: RecordQuestion["anyKey"]): Promise<RecordItems> {
  const cells = RECORD_COLUMNS.map((name) => [name, register.map((row) => row[name] ?? null)] as const);
  const table: Table = { rows: register.length, columns: Object.fromEntries(cells) };
  return recordItems(table, anyKey, { input: INPUT, context: CONTEXT, pause: async () => {} });
}

const names = (items: RecordItems): readonly string[] => {
  const inputs = inputsOf(items);
  return Array.from(inputs.ends, (_, at) => inputAt(inputs, at).join());
};

function askOf(question: RecordQuestion, parties: readonly string[]): MatchAsk {
  const { anyKey, atLeast, tell, bands } = question;
  const declared = bands?.map(({ any = [], atLeast: least = anyKey.length + 1 }) => ({
    any,
    atLeast: least,
  }));
  const from = parties.map((party) => ({ party, dataset: "persons" }));
  const ask: MatchAsk = { kind: "match", key: RECORD_COLUMNS, anyKey, from, atLeast, tell };
  return declared === undefined ? ask : { ...ask, bands: declared };
}

describe("records under several keys", () => {
  it("match as they do in the clear", async () => {
    await fc.assert(
      fc.asyncProperty(aRecordCase, async ({ pool, question, recipients }) => {
        const parties = Object.keys(pool);
        const ask = askOf(question, parties);
        const items = new Map<string, RecordItems>();
        for (const party of parties) items.set(party, await itemsOf(pool[party] ?? [], alternativesOf(ask)));
        const lists = parties.map((party) => new Set(names(items.get(party) ?? missing())));
        for (const me of recipients) {
          const own = items.get(me) ?? missing();
          const holders = Uint32Array.from(names(own), (name) =>
            lists.reduce((bits, list, bit) => (list.has(name) ? bits | (1 << bit) : bits), 0),
          );
          const matched: Matched = { parties, roots: new Map(), holders };
          const found = recordMatches(matched, ask, own, me).map(({ key, holders: told, agreed, band }) =>
            JSON.stringify({ key, ...(told === undefined ? {} : { holders: told }), agreed, band }),
          );
          expect([...found].sort()).toEqual(inTheClear(pool, question, me));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are in the band of the holder with the weakest agreement", async () => {
    const question: RecordQuestion = { anyKey: [["number"], ["surname"]], atLeast: 2, tell: "nothing" };
    const own = await itemsOf([{ number: "1", surname: "bo" }], question.anyKey);
    const matched = (...holders: readonly number[]): Matched => ({
      parties: ["aa", "bb", "cc"],
      roots: new Map(),
      holders: Uint32Array.from(holders),
    });
    const bands = (...holders: readonly number[]) =>
      recordMatches(matched(...holders), askOf(question, ["aa", "bb", "cc"]), own, "aa").map(
        ({ band }) => band,
      );
    expect([bands(0b111, 0b111), bands(0b011, 0b011), bands(0b111, 0b011), bands(0b001, 0b001)]).toEqual([
      ["A"],
      ["A"],
      ["B"],
      [],
    ]);
  });
});

function missing(): never {
  throw new Error("expected items of every party");
}
