// SPDX-License-Identifier: Apache-2.0
// When messages leave whole nodes, by a clock that stands still while anybody works: in two worlds that may tell the same,
// every envelope, frame and message leaves at the same moment, in the same order, on the same way and as long. How long a
// single job takes is not looked at here: it grows with a list, and that one is empty shows (SECURITY.md, G2).
import type { PartyId } from "@koplamp/protocol";
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import { dueAt, timeMs } from "@koplamp/wire";
import { expect, it } from "vitest";
import { Federation, type Lists, matchOf } from "./federation.ts";
import { type Moment, type Seen, StilledClock, stilled } from "./stilled.ts";

const keys = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `key${from + at}`);

function lookup(asked: readonly string[], tell: string): Question {
  const recipients = tell === "asker" ? "[anna]" : "[anna, bert]";
  const text = `koplamp: query/v1
id: a-look-up
ask: { kind: lookup, key: [id], asker: anna, holder: bert, questions: questions.csv, tell: ${tell} }
recipients: ${recipients}
`;
  return readQuestion(text, { file: "q.yaml", lab: true, questions: ["id", ...asked].join("\n") });
}

/** One world: a question over lists, or registers in which desks look at ships. */
interface World {
  readonly lists: Lists;
  readonly question: Question;
  readonly looksAt?: Readonly<Record<PartyId, readonly string[]>>;
}

/** What is seen of one question from its beginning, or from when it falls due, until it has ended everywhere. */
async function seenOf({ lists, question, looksAt = {} }: World): Promise<Seen> {
  const clock = new StilledClock();
  const seen: Seen = { carried: [], opened: [] };
  const ends: number[] = [];
  const all = new Federation(lists, { terms: withRegisters, ...stilled(clock, seen) });
  for (const { node } of all.machines.values()) node.onOutcome(() => void ends.push(clock.now()));
  for (const [party, ships] of Object.entries(looksAt)) for (const imo of ships) add(all, party, imo);
  const running = clock.run();
  try {
    let begin = clock.now();
    const asked = all.ask("anna", question);
    if (question.schedule !== null) {
      await clock.until(() => all.parties.every((party) => all.machine(party).node.standing().length > 0));
      begin = timeMs(dueAt(question.schedule, 0));
      clock.jump(begin);
    }
    expect(await asked).toMatchObject({ status: "released" });
    ends.push(clock.now()); // who asks is told by the answer
    await clock.until(() => ends.length >= all.parties.length);
    const end = Math.max(...ends.slice(0, all.parties.length));
    const during = (moments: readonly Moment[]): Moment[] =>
      moments.flatMap(([ms, ...rest]) => (ms < begin || ms > end ? [] : [[ms - begin, ...rest] as const]));
    return { carried: during(seen.carried), opened: during(seen.opened) };
  } finally {
    await all.close();
    clock.stop();
    await running;
  }
}

const withRegisters = (terms: Terms): Terms => ({
  ...terms,
  approval: { validFor: "P3Y", external: [] },
});

function add(all: Federation, party: PartyId, imo: string): void {
  const interest = { kind: "vessel", values: [imo] } as const;
  const own = {
    interest,
    reference: `${party}-1`,
    desk: "narcotics",
    by: "o",
    expires: "2027-11-24T00:00:00Z",
  };
  all.machine(party).node.addInterest(own);
}

const DECONFLICT = readQuestion(
  `koplamp: query/v1
id: anna-bert
ask: { kind: deconflict, asker: anna, with: bert }
recipients: [anna, bert]
expires: 2027-01-24
schedule: { every: PT1H, runs: 2, from: 2026-11-25 }
`,
  { file: "q.yaml", lab: true },
);
const [SHIP, OTHER, THIRD] = ["9074729", "9187629", "9319466"] as const;

const inLists = (question: Question, ...all: readonly Lists[]): readonly World[] =>
  all.map((lists) => ({ lists, question }));
const holding = (anna: readonly string[], bert: readonly string[]): Lists => ({ anna, bert });
const pair = (mode: string, recipients = ["anna"]): Question =>
  matchOf(["anna", "bert"], recipients, { mode });
const asked = (tell: string, held: number, ...questions: readonly string[]): World => ({
  lists: { anna: undefined, bert: keys(0, held) },
  question: lookup(questions, tell),
});
const PAIRS: readonly Lists[] = [
  holding(keys(0, 5), keys(5, 5)),
  holding(keys(0, 5), keys(0, 5)),
  holding(keys(0, 250), keys(249, 1)),
];
const THREE = ["anna", "bert", "cleo"];

const WORLDS: readonly (readonly [what: string, worlds: readonly World[]])[] = [
  ["a look-up that hits, or does not", [asked("asker", 5, "none"), asked("asker", 200, "key1")]],
  [
    "a look-up that both are told of",
    [asked("both-on-hit", 5, "a", "b", "c", "d"), asked("both-on-hit", 5, "key1", "key2", "key3", "b")],
  ],
  ["a match of two, told to one", inLists(pair("pair"), ...PAIRS)],
  ["a match of two, told to both", inLists(pair("pair", ["anna", "bert"]), ...PAIRS)],
  ["a match of two by tokens", inLists(pair("tokens"), ...PAIRS)],
  [
    "a match of three by tokens",
    inLists(
      matchOf(THREE, ["anna", "cleo"], { atLeast: 3 }),
      { anna: keys(0, 5), bert: keys(5, 5), cleo: keys(10, 5) },
      { anna: keys(0, 5), bert: keys(0, 5), cleo: keys(0, 5) },
      { anna: keys(0, 200), bert: keys(100, 9), cleo: keys(0, 101) },
    ),
  ],
  [
    "a deconfliction that meets, or does not",
    [
      { anna: [SHIP], bert: [OTHER, THIRD] },
      { anna: [SHIP, THIRD], bert: [SHIP, THIRD] },
      { anna: [OTHER, THIRD], bert: [SHIP] },
    ].map((looksAt) => ({ lists: holding([], []), question: DECONFLICT, looksAt })),
  ],
];

it.each(WORLDS)("of %s", { timeout: 60_000 }, async (_what, worlds) => {
  const seen: Seen[] = [];
  for (const world of worlds) seen.push(await seenOf(world));
  const [one, ...others] = seen;
  expect(one?.carried.length).toBeGreaterThan(20);
  expect(one?.opened.length).toBeGreaterThan(20);
  for (const other of others) {
    expect(other.opened).toEqual(one?.opened);
    expect(other.carried).toEqual(one?.carried);
  }
});
