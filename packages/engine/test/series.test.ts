// SPDX-License-Identifier: Apache-2.0
// Standing questions over a simulated year: each run when it is due, once, and none after the question is over.
import { admitFounding, checkApprovals, signWithdrawal } from "@koplamp/covenant";
import type { HeBackend } from "@koplamp/he";
import { verifyBundle } from "@koplamp/ledger";
import { contractOf, evaluationLimit, type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import { type AggregateResult, addPeriod, base64, dueAt, timeMs, timeText } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { toyBfv } from "../../../test/toy/bfv.ts";
import type { Outcome } from "../src/index.ts";
import { keepStanding, takeRun } from "../src/standing.ts";
import { Federation, primitives, rng, type Wishes } from "./federation.ts";
import { decision, NO, until } from "./people.ts";

const TWO = ["anna", "bert"];
const DAY = 86_400_000;
const he: HeBackend = toyBfv(rng);
const SLOW = { timeout: 60_000 };

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const rows = (party: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${party}${at}@a@${at % 10}`);

function open(wishes: Wishes = {}): Federation {
  const long = { validFor: "P3Y", external: [] } as const;
  const terms = (own: Terms): Terms => ({ ...own, approval: long, quotas: [] });
  const lists = Object.fromEntries(TWO.map((party) => [party, rows(party, 10)]));
  federation = new Federation(lists, { he, graceMs: 500, terms, ...wishes });
  return federation;
}

/** The count of rows, every month from the day after tomorrow, so many times. */
function standing(all: Federation, runs: number, expires = "P2Y", every = "P1M"): Question {
  const from = timeText(all.clock.now() + 2 * DAY).slice(0, 10);
  const last = addPeriod(`${from}T00:00:00Z`, expires).slice(0, 10);
  const text = `koplamp: query/v1
id: every-month
ask: { kind: aggregate, from: { anna: list, bert: list }, groupBy: [kind], domain: { kind: [a] }, measures: [count] }
recipients: [anna]
expires: ${last}
schedule: { every: ${every}, runs: ${runs}, from: ${from} }
`;
  return readQuestion(text, { file: "q.yaml", lab: true });
}

const begins = (all: Federation, party: string): number =>
  all.machine(party).log.filter(({ event }) => event === "session.begin").length;
const runsAt = (all: Federation, party: string): number =>
  all.machine(party).log.filter(({ event }) => event === "series.run").length;

/** What every party tells of a run that has just ended. */
const told = (all: Federation): readonly number[] => TWO.map((party) => all.machine(party).outcomes.length);

/** Asks, and waits until the question stands at both. The first outcome comes with the first run. */
async function stood(all: Federation, question: Question): Promise<{ readonly first: Promise<Outcome> }> {
  const first = all.ask("anna", question);
  await until(() => TWO.every((party) => all.machine(party).node.standing().length === 1));
  return { first };
}

/** Moves time to just after a run is due. */
function come(all: Federation, { schedule }: Question, number: number): void {
  if (schedule !== null) all.clock.jump(timeMs(dueAt(schedule, number)) + 1000);
}

/** More rows at every party: the data of another month. */
function grow(all: Federation, by: number): void {
  for (const party of TWO) all.machine(party).list = rows(party, 10 + 5 * by);
}

function countOf(outcome: Outcome | undefined): unknown {
  if (outcome?.status !== "released")
    throw new Error(`expected an answer, got ${outcome?.status}: ${outcome?.message}`);
  const [cell] = (outcome.result as AggregateResult).cells;
  return cell !== undefined && "measures" in cell ? cell.measures["count"] : cell?.withheld;
}

/** The run that is due ends at both, and gives what it came to at the recipient. */
async function next(all: Federation, question: Question, number: number): Promise<Outcome | undefined> {
  const [own = 0, before = 0] = told(all);
  come(all, question, number);
  await until(() => told(all)[1] === before + 1 && (told(all)[0] === own + 1 || told(all)[1] === 1));
  return all.machine("anna").outcomes.at(-1);
}

const quiet = (): Promise<void> => new Promise((done) => setTimeout(done, 60));

describe("a standing question", () => {
  it(
    "runs twelve times in a year, on one approval, over the data of each month, and never again",
    SLOW,
    async () => {
      const all = open({ id: "pact/year" });
      const question = standing(all, 12);
      const { first } = await stood(all, question);
      expect(runsAt(all, "anna")).toBe(0); // nothing before it is due
      const outcomes: Outcome[] = [];
      for (let month = 0; month < 12; month += 1) {
        grow(all, Math.floor(month / 2)); // every other month nothing is new
        const last = await next(all, question, month);
        outcomes.push(last ?? (await first));
      }
      expect(outcomes.map(countOf)).toEqual([20, 20, 30, 30, 40, 40, 50, 50, 60, 60, 70, 70]);
      expect(outcomes.map((outcome) => "stored" in outcome)).toEqual(
        outcomes.map((_, month) => month % 2 === 1),
      );
      expectVerified(all, outcomes[10]);
      // Twelve runs; where nothing was new the answer stood, and no session began.
      expect(TWO.map((party) => [runsAt(all, party), begins(all, party)])).toEqual([
        [12, 6],
        [12, 6],
      ]);
      await until(() => TWO.every((party) => all.machine(party).node.standing().length === 0));
      all.clock.jump(all.clock.now() + 200 * DAY);
      await quiet();
      expect(TWO.map((party) => runsAt(all, party))).toEqual([12, 12]);
      const { ledger } = all.machine("bert").ports;
      const types = ledger.plans().flatMap((hash) => ledger.entriesOf(hash).map(({ entry }) => entry.type));
      expect(types.filter((type) => type === "plan")).toHaveLength(1);
      expect(types.filter((type) => type === "approval")).toHaveLength(4); // two people of each party, once
    },
  );

  it("ends when a person takes an approval back between two runs", SLOW, async () => {
    const all = open();
    const question = standing(all, 12);
    await stood(all, question);
    await next(all, question, 0);
    const [standingAt] = all.machine("bert").node.standing();
    const asked = all.machine("bert").node.question(standingAt?.planHash ?? "");
    if (asked === undefined) throw new Error("expected the question");
    all.machine("bert").node.decide(decision(all, asked, "bert", "lawful", NO));
    await until(() => TWO.every((party) => all.machine(party).node.standing().length === 0));
    expect(all.machine("anna").outcomes.at(-1)).toMatchObject({ status: "refused", party: "bert" });
    come(all, question, 1);
    await quiet();
    expect(TWO.map((party) => begins(all, party))).toEqual([1, 1]);
  });

  it("ends when a party leaves", SLOW, async () => {
    const all = open();
    const question = standing(all, 12);
    await stood(all, question);
    const leaving = { covenantHash: all.membership.covenantHash, party: "bert", reason: { en: "done" } };
    const seed = all.founded.keys["bert"]?.covenant ?? new Uint8Array();
    const now = timeText(all.clock.now());
    all
      .machine("bert")
      .node.withdraw(signWithdrawal(leaving, { seed, salt: base64(rng(32)), now, primitives }));
    await until(() => TWO.every((party) => all.machine(party).node.standing().length === 0));
    come(all, question, 0);
    await quiet();
    expect(TWO.map((party) => runsAt(all, party))).toEqual([0, 0]);
  });

  it("runs nothing once the plan has expired, whatever is still due", SLOW, async () => {
    const all = open();
    const question = standing(all, 3, "P4M");
    const { first } = await stood(all, question);
    all.clock.jump(timeMs(question.expires ?? "") + 1000);
    expect(await first).toMatchObject({ status: "failed", code: "expired" });
    await until(() => TWO.every((party) => all.machine(party).node.standing().length === 0));
    expect(TWO.map((party) => begins(all, party))).toEqual([0, 0]);
  });

  it("goes on after a restart, begins no run twice, and makes up for none", SLOW, async () => {
    const all = open();
    const question = standing(all, 12);
    await stood(all, question);
    await next(all, question, 0);
    for (const party of TWO) {
      const { store, list } = all.machine(party);
      await all.machine(party).close();
      all.start(party, list, store);
    }
    await until(() => TWO.every((party) => all.machine(party).node.standing()[0]?.past === 1));
    all.clock.jump(all.clock.now() + 3 * DAY); // the same month
    await quiet();
    expect(TWO.map((party) => runsAt(all, party))).toEqual([0, 0]);
    grow(all, 1);
    await next(all, question, 4); // three have passed unnoticed
    expect(countOf(all.machine("anna").outcomes.at(-1))).toBe(30);
    expect(TWO.map((party) => [runsAt(all, party), begins(all, party)])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(all.machine("bert").node.standing()[0]).toMatchObject({ past: 5, runs: 12, paused: false });
  });

  it("is sat out where its people have paused it, and only there", SLOW, async () => {
    const all = open();
    const question = standing(all, 12);
    const { first } = await stood(all, question);
    const { node } = all.machine("bert");
    const [one] = node.standing();
    node.pause(one?.planHash ?? "", true);
    expect(node.standing()[0]).toMatchObject({ paused: true, past: 0 });
    come(all, question, 0);
    await until(() => runsAt(all, "anna") === 1);
    await until(() => node.standing()[0]?.past === 1);
    all.clock.jump(all.clock.now() + 700_000); // nobody waits for it longer than ten minutes
    expect(await first).toMatchObject({ status: "failed", code: "unreachable" });
    node.pause(one?.planHash ?? "", false);
    grow(all, 1);
    await next(all, question, 1);
    await until(() => told(all)[0] === 1);
    expect(countOf(all.machine("anna").outcomes.at(-1))).toBe(30);
    expect(() => node.pause(`sha256:${"0".repeat(64)}`, true)).toThrow("no such standing question");
  });
});

it("takes a run once, over any number of processes", () => {
  const all = open();
  const { ports } = all.machine("anna");
  const planHash = `sha256:${"1".repeat(64)}`;
  keepStanding(ports, planHash);
  takeRun(ports, planHash, 0);
  expect(() => takeRun(ports, planHash, 0)).toThrow("got one that has");
  keepStanding(ports, planHash); // as another process does
  expect(() => takeRun(ports, planHash, 0)).toThrow("got one that has");
  takeRun(ports, planHash, 3);
  expect(() => takeRun(ports, planHash, 2)).toThrow("got one that has");
});

/** The evidence of one run holds by itself, for whoever has the covenant's hash. */
function expectVerified(all: Federation, outcome: Outcome | undefined): void {
  if (outcome?.status !== "released" || outcome.bundle === undefined) throw new Error("expected evidence");
  const report = verifyBundle(outcome.bundle, {
    trust: { covenant: all.membership.covenantHash },
    primitives,
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
  });
  const failing = report.lines.filter(({ verdict }) => verdict === "FAIL");
  expect(failing).toEqual([]);
  const passing = report.lines.flatMap(({ promise, verdict }) => (verdict === "PASS" ? [promise] : []));
  expect(passing).toEqual(
    expect.arrayContaining(["plan", "contract", "approvals", "disclosed", "order", "egress", "receipts"]),
  );
}
