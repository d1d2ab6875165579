// SPDX-License-Identifier: Apache-2.0
// A standing trend that people halt: an officer by the whole node, or whoever may by the question. Nothing is run, nothing
// is charged, and what goes on stays within what was approved.
import { signSuspension } from "@koplamp/covenant";
import type { HeBackend } from "@koplamp/he";
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import { addPeriod, type Budget, base64, dueAt, timeMs, timeText } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { toyBfv } from "../../../test/toy/bfv.ts";
import { Federation, primitives, rng } from "./federation.ts";
import { until } from "./people.ts";

const TWO = ["anna", "bert"];
const MONTHS = ["2026-01", "2026-02", "2026-03"];
const DAY = 86_400_000;
const SLOW = { timeout: 60_000 };
const he: HeBackend = toyBfv(rng);

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const rows = (party: string, times: number): readonly string[] =>
  MONTHS.flatMap((month) =>
    Array.from({ length: 5 * times }, (_, at) => `${party}${month}${at}@a@1@${month}`),
  );

function open(): Federation {
  const row: Budget = {
    ...{ party: "bert", dataset: "list", unit: "row", period: "P50Y" },
    ...{ rhoMicro: 0, exactCells: 1000, repeats: 1000 },
  };
  const approval = { validFor: "P3Y", external: [] } as const;
  const terms = (own: Terms): Terms => ({ ...own, approval, quotas: [], budgets: [row] });
  const lists = Object.fromEntries(TWO.map((party) => [party, rows(party, 1)]));
  federation = new Federation(lists, { he, graceMs: 500, terms });
  return federation;
}

/** A trend over three months, asked every month from the day after tomorrow, so many times. */
function standing(all: Federation, runs: number): Question {
  const from = timeText(all.clock.now() + 2 * DAY).slice(0, 10);
  const text = `koplamp: query/v1
id: watch
ask:
  kind: trend
  from: { anna: list, bert: list }
  groupBy: [kind]
  domain: { kind: [a], month: [${MONTHS.join(", ")}] }
  measures: [count]
  period: month
  alarm: { rule: zscore, window: 2, threshold: 3 }
  reveal: series
recipients: [anna]
expires: ${addPeriod(`${from}T00:00:00Z`, "P2Y").slice(0, 10)}
schedule: { every: P1M, runs: ${runs}, from: ${from} }
`;
  return readQuestion(text, { file: "q.yaml", lab: true });
}

/** The cells that bert has told of, and charged, so far. */
function charged(all: Federation): number {
  const { ledger } = all.machine("bert").ports;
  const entries = ledger.plans().flatMap((hash) => ledger.entriesOf(hash));
  const debits = entries.flatMap(({ entry: { type, body } }) =>
    type === "disclose" ? (body["debits"] as readonly { readonly amount: number }[]) : [],
  );
  return debits.reduce((total, { amount }) => total + amount, 0);
}
const begins = (all: Federation): readonly number[] =>
  TWO.map((party) => all.machine(party).log.filter(({ event }) => event === "session.begin").length);
const standAt = (all: Federation): readonly number[] =>
  TWO.map((party) => all.machine(party).node.standing().length);
const quiet = (): Promise<void> => new Promise((done) => setTimeout(done, 60));

function come(all: Federation, { schedule }: Question, number: number): void {
  if (schedule !== null) all.clock.jump(timeMs(dueAt(schedule, number)) + 1000);
}

/** A run over new data, which ends at the recipient. */
async function run(all: Federation, question: Question, number: number): Promise<void> {
  const { outcomes } = all.machine("bert"); // anna hears the first where it asked
  const before = outcomes.length;
  for (const party of TWO) all.machine(party).list = rows(party, number + 1);
  const began = begins(all)[0] ?? 0;
  come(all, question, number);
  await until(() => (begins(all)[0] ?? 0) > began && outcomes.length > before);
  expect(outcomes.at(-1)).toMatchObject({ status: "released" });
}

/** An officer of bert halts its node, or lets it go on. */
function officer(all: Federation, action: "suspend" | "resume"): void {
  const { node } = all.machine("bert");
  const previous = node.suspension()?.hash ?? null;
  const reason = action === "suspend" ? { en: "a fault" } : null;
  const { covenantHash } = all.membership;
  const seed = all.founded.keys["bert"]?.people.officer ?? new Uint8Array();
  const signing = { seed, salt: base64(rng(32)), now: timeText(all.clock.now()), primitives };
  node.suspend(signSuspension({ party: "bert", covenantHash, action, previous, reason }, signing));
}

/** Asks, and waits until the question stands at both; each run tells how it ended. */
async function stood(all: Federation, question: Question): Promise<void> {
  all.ask("anna", question).catch(() => {});
  await until(() => standAt(all).every((standing) => standing === 1));
}

/** A standing trend of so many runs, after its first. */
async function begun(runs: number): Promise<{ readonly all: Federation; readonly question: Question }> {
  const all = open();
  const question = standing(all, runs);
  await stood(all, question);
  await run(all, question, 0);
  return { all, question };
}

describe("a standing trend", () => {
  it(
    "ends where an officer halts a node: nothing is run or charged, also when the node goes on",
    SLOW,
    async () => {
      const { all, question } = await begun(4);
      const before = [begins(all), charged(all)];
      expect(before).toEqual([[1, 1], 3]); // three cells
      officer(all, "suspend");
      await until(() => standAt(all).every((standing) => standing === 0));
      expect(all.machine("anna").outcomes.at(-1)).toMatchObject({
        ...{ status: "refused", party: "bert", rule: "suspension/bert" },
      });
      for (const party of TWO) all.machine(party).list = rows(party, 9); // new data, so that a run would be one
      come(all, question, 1);
      await quiet();
      officer(all, "resume");
      come(all, question, 2);
      await quiet();
      expect([begins(all), charged(all)]).toEqual(before);
    },
  );

  it(
    "is asked and approved anew when the node goes on, within bounds and a budget that know what was told",
    SLOW,
    async () => {
      const { all } = await begun(2);
      officer(all, "suspend");
      await until(() => standAt(all).every((standing) => standing === 0));
      officer(all, "resume");
      await until(() => all.machine("anna").log.some(({ event }) => event === "party.resumed"));
      const again = standing(all, 2);
      await stood(all, again);
      for (const number of [0, 1]) await run(all, again, number);
      await until(() => standAt(all).every((standing) => standing === 0)); // two runs were approved
      expect([begins(all), charged(all)]).toEqual([[3, 3], 9]);
    },
  );

  it(
    "that is paused runs nothing and charges nothing; resumed it runs what is due then, and no more than was approved",
    SLOW,
    async () => {
      const { all, question } = await begun(4);
      const before = [begins(all), charged(all)];
      const { node } = all.machine("bert");
      const [one] = node.standing();
      node.pause(one?.planHash ?? "", true);
      for (const party of TWO) all.machine(party).list = rows(party, 9);
      for (const number of [1, 2]) {
        come(all, question, number);
        await until(() => node.standing()[0]?.past === number + 1);
        all.clock.jump(all.clock.now() + 700_000); // nobody waits for it longer than ten minutes
        await until(() => all.machine("anna").outcomes.length === number);
        expect(all.machine("anna").outcomes.at(-1)).toMatchObject({ status: "failed", code: "unreachable" });
      }
      expect([begins(all), charged(all)]).toEqual(before);
      node.pause(one?.planHash ?? "", false);
      await run(all, question, 3);
      expect([begins(all), charged(all)]).toEqual([[2, 2], 6]); // two of four: what was sat out is not made up for
      await until(() => standAt(all).every((standing) => standing === 0));
      all.clock.jump(all.clock.now() + 100 * DAY);
      await quiet();
      expect([begins(all), charged(all)]).toEqual([[2, 2], 6]);
    },
  );
});
