// SPDX-License-Identifier: Apache-2.0
// Look-ups: how they are read, what a plan of one says and does not say, and that its contract is what leaves.
import type { Sent, Simulated } from "@koplamp/protocol";
import { batchesOf } from "@koplamp/psi";
import { type Contract, canonicalBytes, canonicalise, type LookupAsk } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives } from "../../crypto/test/oracle-primitives.ts";
import { Desk } from "../../psi/test/lookups.ts";
import {
  explain,
  lookupKeys,
  offeredColumns,
  type Question,
  readCatalogueEntry,
  readQuestion,
  withList,
} from "../src/index.ts";
import { entry, planned } from "./agreement.ts";

const TEXT = `koplamp: query/v1
id: on-your-list
class: E
purpose: ports-2026
legalBasis: [covenant art. 3]
indication: why now
necessity: why this
intendedEffect: { text: what should change, measure: how we see it }
ask: { kind: lookup, key: [imo], asker: asker, holder: { holder: watch }, questions: questions.csv, tell: asker }
recipients: [asker]
expires: 2030-12-31
`;
const BOTH = TEXT.replace("tell: asker", "tell: both-on-hit").replace("[asker]", "[asker, holder]");
const QUESTIONS = "imo\nIMO 9187629\n9074729\n9187629\n\n9319466\n";

const read = (text: string, questions?: string): Question =>
  readQuestion(text, { file: "q.yaml", lab: false, ...(questions === undefined ? {} : { questions }) });
const LIST = [entry("holder", "watch", { imo: "imo" }, 256)];

/** A plan and its contract. */
function plannedFor(text: string, questions?: string) {
  return planned(read(text, questions), LIST);
}

describe("an open look-up as it is read", () => {
  const OPEN = TEXT.replace("questions: questions.csv", "open: 200");

  test("its plan says how many elements there may be, and its contract what leaves at most", () => {
    const { plan, contract } = plannedFor(OPEN);
    expect(plan.ask).toMatchObject({ elements: 200, open: true });
    const rows = contract.egress.map(({ what, messages, bytes }) => [what, messages, bytes]);
    expect(rows).toEqual(
      expect.arrayContaining([
        ["M", 201, 6400],
        ["E", 200, 19_200],
      ]),
    );
    expect(rows.map(([what]) => what)).not.toContain("R");
    expect(contract.debits).toEqual([
      expect.objectContaining({ holder: "holder", unit: "lookups", amount: 200 }),
    ]);
    expect(contract.warnings).toContain("OPEN-LOOKUP");
    expect(contract.text.en).toMatch(/one by one, until the end of the day/);
  });

  test.each([
    ["questions beside it", OPEN.replace("open: 200", "open: 200, questions: q.csv"), "invalid-value"],
    ["neither", TEXT.replace("questions: questions.csv, ", ""), "missing-field"],
    ["none", OPEN.replace("open: 200", "open: 0"), "invalid-value"],
    ["more than one may hold", OPEN.replace("open: 200", "open: 1025"), "invalid-value"],
  ])("%s is refused", (_name, text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code }));
  });
});

describe("a look-up as it is read", () => {
  test("its plan states how many elements, and no question", () => {
    const { plan } = plannedFor(TEXT, QUESTIONS);
    expect((plan.ask as LookupAsk).elements).toBe(4);
    expect(plan.protocol).toMatchObject({ id: "lookup/1", roles: { asker: ["asker"], holder: ["holder"] } });
    expect(JSON.stringify(plan)).not.toMatch(/9187629|9074729|9319466/);
  });

  test("semicolons, tabs, quotes and other columns beside the key are read; the order does not matter", () => {
    const same = [
      "imo\n9187629\n9074729\n9319466",
      'name;imo\n"a;b";9319466\nx;"IMO 9187629"\ny;9074729\n',
      "\uFEFFimo\tname\r\n9074729\tx\r\n9187629\ty\r\n9319466\tz\r\n",
    ].map((text) => (plannedFor(TEXT, text).plan.ask as LookupAsk).elements);
    expect(same).toEqual([4, 4, 4]);
  });

  test.each([
    ["none at all", undefined, "missing-field"],
    ["an empty file", "imo\n", "missing-field"],
    ["a line that is no number", "imo\n9187628\n", "invalid-value"],
    ["no such column", "ship\n9187629\n", "unknown-column"],
  ])("questions that cannot be asked say why: %s", (_name, questions, code) => {
    expect(() => plannedFor(TEXT, questions)).toThrow(expect.objectContaining({ code }));
  });

  test("names and numbers are read as the holder reads its column: options of the kind are offered with it", () => {
    const columns = {
      name: { kind: "person-name", transliteration: "icao-9303" },
      number: { kind: "bsn", padLeft: 9 },
      born: { kind: "date", format: "DD-MM-YYYY" },
    } as const;
    const spec = { file: "list.csv", nulls: [], columns };
    const plain = entry("holder", "watch", {}, 256);
    const offered = { ...plain, columns: offeredColumns(spec, [], undefined) };
    const entries = [readCatalogueEntry("holder", canonicalBytes(offered))];
    const question = read(
      TEXT.replace("key: [imo]", "key: [name, number, born]"),
      "name,number,born\nИванов,10000008,24-11-1980\n",
    );
    const cells = [
      ["name", "Иванов"] as const,
      ["number", "10000008"] as const,
      ["born", "24-11-1980"] as const,
    ];
    const stored = cells.map(([name, cell]) => canonicalise(columns[name], cell));
    expect(stored.map(({ kind }) => kind)).toEqual(["value", "value", "value"]);
    expect([lookupKeys(question, entries)[0]]).toEqual([stored.map((one) => Reflect.get(one, "value"))]);
    expect(() =>
      lookupKeys(question, [entry("holder", "watch", { name: "person-name", number: "bsn", born: "date" })]),
    ).toThrow(expect.objectContaining({ code: "invalid-value" }));
  });

  test("an error names the line, never the value", () => {
    expect(() => plannedFor(TEXT, "imo\n9187629\n9187628\n")).toThrow("questions.csv, line 3");
    expect(() => plannedFor(TEXT, "imo\n9187629\n9187628\n")).not.toThrow("9187628");
  });

  test("a holder without a list means the only one with its key", () => {
    const question = read(TEXT.replace("{ holder: watch }", "holder"), QUESTIONS);
    const lists = (...datasets: readonly string[]) =>
      datasets.map((dataset) => ({ party: "holder", dataset, columns: ["imo", "flag"] }));
    expect(withList(question, lists("watch")).sources).toEqual([{ party: "holder", dataset: "watch" }]);
    expect(() => withList(question, lists("watch", "other"))).toThrow("several lists");
    expect(() => withList(question, [])).toThrow("no list");
  });

  test.each([
    ["others than tell says", TEXT.replace("recipients: [asker]", "recipients: [asker, holder]")],
    ["fewer than tell says", BOTH.replace("recipients: [asker, holder]", "recipients: [asker]")],
  ])("recipients: %s are refused", (_name, text) => {
    expect(() => plannedFor(text, QUESTIONS)).toThrow(expect.objectContaining({ code: "recipient" }));
  });
});

interface Row {
  messages: number;
  bytes: number;
}

function rowsOf({ transcript }: Simulated, prefix: string): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const { from, to, type, bytes, output } of transcript as readonly Sent[]) {
    const name = [from, to, output === undefined ? "send" : "disclose", `${prefix}${type}`].join(" ");
    const row = rows.get(name) ?? { messages: 0, bytes: 0 };
    rows.set(name, { messages: row.messages + 1, bytes: row.bytes + bytes.length });
  }
  return rows;
}

function listed({ egress }: Contract): ReadonlyMap<string, Row> {
  return new Map(
    egress.map(({ from, to, channel, what, messages, bytes }) => [
      [from, to, channel, what].join(" "),
      { messages, bytes },
    ]),
  );
}

describe("the contract of a look-up", () => {
  test.each([
    ["asker", TEXT],
    ["both-on-hit", BOTH],
  ] as const)("tell: %s: lists what its sessions send, an index or its churn at most", (tell, text) => {
    const { contract } = plannedFor(text, QUESTIONS);
    const desk = new Desk(toyGroup(), oraclePrimitives);
    const index = rowsOf(desk.publish(["x"], { kind: "index", rows: 256 }), "index.");
    const asked = rowsOf(desk.ask(desk.setups(["x", "y", "z"], { tell, batches: batchesOf(4) })), "");
    const rows = listed(contract);
    for (const [name, row] of [...index, ...asked]) expect([name, rows.get(name)]).toEqual([name, row]);
    const churn = rowsOf(desk.publish(["y"], { kind: "churn", changes: 100 }), "index.");
    for (const [name, row] of churn) expect(rows.get(name)?.bytes ?? 0).toBeGreaterThanOrEqual(row.bytes);
    const known = new Set([...index.keys(), ...asked.keys(), ...churn.keys()]);
    expect([...rows.keys()].filter((name) => !known.has(name))).toEqual([]);
    expect(contract.disclosures.map(({ id }) => id)).toEqual(
      ["answers.holder.asker", "churn.holder.asker", "index.holder.asker"].concat(
        tell === "asker" ? [] : ["report.asker.holder"],
      ),
    );
  });

  test("says in both languages who learns what, and that a report cannot be forced", () => {
    const { contract, plan } = plannedFor(BOTH, QUESTIONS);
    for (const lang of ["nl", "en"] as const) {
      const told = explain(contract, plan, { lang });
      expect(told.summary).toContain(lang === "nl" ? "niet af te dwingen" : "cannot be forced");
      expect(told.warnings.join()).toContain(lang === "nl" ? "niet af te dwingen" : "cannot be forced");
      expect(told.cost.evaluations).toEqual([{ holder: "holder", asker: "asker", amount: 4 }]);
    }
    expect(contract.assumptions.map(({ id }) => id)).toContain("honest-report");
    expect(contract.coalitions).toEqual([]);
  });
});
