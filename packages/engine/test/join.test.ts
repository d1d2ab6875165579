// SPDX-License-Identifier: Apache-2.0
// Sums over selected rows, in real questions: what is answered, what is charged, and what two answers may not tell.
import { type HeBackend, loadHe } from "@koplamp/he";
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import type { AnswerResult } from "@koplamp/wire";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../src/index.ts";
import { Federation, primitives, type Wishes } from "./federation.ts";

const SLOW = { timeout: 120_000 };
const LISTS = {
  anna: ["1@a@5", "2@a@7", "3@b@9", "4@a@1", "5@b@2", "6@a@3"],
  bert: ["1@x@10", "2@x@20", "3@x@30", "4@x@40", "9@x@50", "5@x@60"],
  cleo: ["1@y@100", "2@y@200", "3@y@300", "8@y@400"],
};
let he: HeBackend;
let federation: Federation | undefined;
beforeAll(async () => {
  he = await loadHe(primitives);
});
afterEach(async () => {
  await federation?.close();
});

function open(
  lists: Readonly<Record<string, readonly string[] | undefined>> = LISTS,
  wishes: Wishes = {},
): Federation {
  const all = new Federation(lists, { he, graceMs: 500, ...wishes });
  federation = all;
  return all;
}

interface Asked {
  readonly parties?: readonly string[];
  readonly recipients?: readonly string[];
  readonly id?: string;
  readonly minCount?: number;
  readonly measures?: string;
  readonly mode?: string;
  readonly domain?: string;
  readonly rounding?: number;
}

/** How many keys all of them hold, and what bert's numbers add up to, by kind at anna. */
function joinOf({
  parties = ["anna", "bert"],
  recipients = ["bert"],
  id = "a-join",
  minCount = 1,
  measures = "count, sum(bert.n), mean(bert.n)",
  mode = "",
  domain = "{ anna.kind: [a, b] }",
  rounding,
}: Asked = {}): Question {
  const more = mode === "" ? "" : `\n  mode: ${mode}`;
  return read(`koplamp: query/v1
id: ${id}
ask:
  kind: join-aggregate
  key: [id]
  from: { ${parties.map((party) => `${party}: list`).join(", ")} }${more}
  groupBy: [anna.kind]
  ${domain === "" ? "" : `domain: ${domain}`}
  measures: [${measures}]
recipients: [${recipients.join(", ")}]
release: { minCount: ${minCount}, minContributors: 1${rounding === undefined ? "" : `, rounding: ${rounding}`} }
`);
}

/** Events by kind, each once. */
function distinctOf(id: string, where = "", floors = "minCount: 3, minContributors: 1"): Question {
  return read(`koplamp: query/v1
id: ${id}
ask:
  kind: aggregate
  from: { anna: list, bert: list, cleo: list }
  where: [${where}]
  groupBy: [kind]
  domain: { kind: [a, x, y] }
  distinctBy: [id]
  measures: [count, sum(n)]
recipients: [cleo]
release: { ${floors} }
`);
}

const read = (text: string): Question => readQuestion(text, { file: "query.yaml", lab: true });

/** Group to measures, or to the rules that withhold it. */
function cellsIn(outcome: Outcome<AnswerResult>): unknown {
  if (outcome.status !== "released") return outcome;
  const result = outcome.result;
  if (result === undefined || !("cells" in result)) return result?.kind;
  return Object.fromEntries(
    result.cells.map((cell) => [
      Object.values(cell.group).join(" "),
      "measures" in cell ? Object.values(cell.measures).map(Number) : cell.withheld.join(" "),
    ]),
  );
}

const ANSWER = { a: [3, 70, 23], b: [2, 90, 45] };

describe("a join", () => {
  it.each([
    ["between two, at the one that brings the numbers", {}],
    ["over the hub, when that is asked for", { mode: "hub" }],
    ["over the hub, when the other one is told", { recipients: ["anna"] }],
    ["over the hub, when a third party is told", { recipients: ["cleo"] }],
  ])("sums what both hold %s", SLOW, async (_where, asked: Asked) => {
    const all = open();
    const [recipient = ""] = asked.recipients ?? ["bert"];
    expect(cellsIn(await all.ask(recipient, joinOf(asked)))).toEqual(ANSWER);
  });

  it("of three sums what all hold, with numbers of two of them, and gives no small group", SLOW, async () => {
    const all = open();
    const measures = "sum(bert.n), sum(cleo.n)";
    const question = joinOf({
      parties: ["anna", "bert", "cleo"],
      recipients: ["anna"],
      minCount: 2,
      measures,
    });
    expect(cellsIn(await all.ask("anna", question))).toEqual({ a: [30, 300], b: "minCount" });
  });

  it("is told in multiples where that is asked for, and says so", SLOW, async () => {
    const outcome = await open().ask("bert", joinOf({ rounding: 20 }));
    expect(cellsIn(outcome)).toEqual({ a: [0, 80, 20], b: [0, 80, 40] });
    expect(outcome).toMatchObject({ result: { rounding: 20 } });
  });

  it("takes its groups from their owner where the question lists none, in a lab alone", SLOW, async () => {
    expect(cellsIn(await open().ask("bert", joinOf({ domain: "" })))).toEqual(ANSWER);
    await federation?.close();
    const terms = (all: Terms): Terms => ({ ...all, quotas: [] });
    await expect(
      open(LISTS, { id: "country", terms }).ask("bert", joinOf({ domain: "" })),
    ).rejects.toMatchObject({
      code: "no-domain",
      party: "anna",
    });
  });

  it("is refused where a key stands twice, and does not say which", SLOW, async () => {
    const all = open({ ...LISTS, bert: [...LISTS.bert, "2@x@21"] });
    const message = "a key stands twice in list of bert, and a join counts each row once";
    expect(await all.ask("bert", joinOf())).toMatchObject({ status: "failed", party: "bert", message });
    const [other] = await all.outcomes(["anna"]);
    expect(other).toMatchObject({ status: "failed", message: "bert cannot use its data as they are" });
  });
});

describe("two joins", () => {
  it("with one row more at a party are not both answered", SLOW, async () => {
    const all = open();
    const first = joinOf({ minCount: 2, id: "first" });
    await all.ask("anna", first);
    expect((await all.outcomes(["bert"]))[0]).toMatchObject({ status: "released" });
    const { list = [] } = all.machine("bert");
    all.machine("bert").list = [...list, "6@x@999"];
    const outcome = await all.ask("anna", joinOf({ minCount: 2, id: "second" }));
    expect(outcome).toMatchObject({ status: "refused", party: "bert", rule: "floors/minCount" });
  });

  it("of which one takes one party more are not both answered", SLOW, async () => {
    const all = open();
    const common = { recipients: ["anna"], mode: "hub", minCount: 2, measures: "count, sum(bert.n)" };
    expect(await all.ask("anna", joinOf({ ...common, id: "two" }))).toMatchObject({ status: "released" });
    const three = joinOf({ ...common, parties: ["anna", "bert", "cleo"], id: "three" });
    expect(await all.ask("anna", three)).toMatchObject({ status: "refused" });
  });
});

describe("a join beside an earlier one", () => {
  const WIDER = { ...LISTS, anna: [...LISTS.anna, "7@b@4"] };
  const whole = (id: string): Question =>
    read(`koplamp: query/v1
id: ${id}
ask:
  kind: join-aggregate
  key: [id]
  from: { anna: list, bert: list }
  groupBy: []
  measures: [count]
recipients: [bert]
release: { minCount: 3, minContributors: 1 }
`);
  const byKind = joinOf({ minCount: 3, measures: "count", id: "by-kind" });

  it("tells no group of a total where one is too small", SLOW, async () => {
    const all = open(WIDER);
    expect(cellsIn(await all.ask("bert", whole("whole")))).toEqual({ "": [5] });
    expect(cellsIn(await all.ask("bert", byKind))).toEqual({ a: "derivable", b: "derivable" });
  });

  it("tells no total of groups where one was too small, and nothing of them from then on", SLOW, async () => {
    const all = open(WIDER);
    expect(cellsIn(await all.ask("bert", byKind))).toEqual({ a: [3], b: "minCount" });
    expect(cellsIn(await all.ask("bert", whole("whole")))).toEqual({ "": "derivable" });
    const again = joinOf({ minCount: 3, measures: "sum(bert.n)", id: "again" });
    expect(cellsIn(await all.ask("bert", again))).toEqual({ a: "derivable", b: "derivable" });
  });
});

describe("events that several report", () => {
  const REPORTS = {
    anna: ["1@a@5", "2@a@7", "3@a@9", "3@a@9"],
    bert: ["1@a@5", "2@x@1", "4@x@2", "5@x@3", "6@x@4", "7@x@888"],
    cleo: ["4@x@2", "8@y@1"],
  };

  it("count once, as the first party in id order has them", SLOW, async () => {
    expect(cellsIn(await open(REPORTS).ask("cleo", distinctOf("once")))).toEqual({
      a: [3, 21],
      x: [4, 897],
      y: "minCount",
    });
  });

  it("are withheld where too few parties have any, whoever's report counts", SLOW, async () => {
    // cleo's one report under x is bert's too and counts at bert: two parties have rows there all the same
    const question = distinctOf("of-two", "", "minCount: 1, minContributors: 2");
    expect(cellsIn(await open(REPORTS).ask("cleo", question))).toEqual({
      a: [3, 21],
      x: [4, 897],
      y: "minContributors",
    });
  });

  it("are no way round the tracker's rule", SLOW, async () => {
    const all = open(REPORTS);
    expect(await all.ask("cleo", distinctOf("whole"))).toMatchObject({ status: "released" });
    const rest = distinctOf("rest", '{ column: n, op: "<", value: 888 }');
    expect(await all.ask("cleo", rest)).toMatchObject({ status: "refused", rule: "floors/minCount" });
  });
});
