// SPDX-License-Identifier: Apache-2.0
// Deconfliction: desks of two agencies look at the same, and nobody else hears of it. Real engines, on the toy group.
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import { verifyBundle } from "@koplamp/ledger";
import type { PartyId } from "@koplamp/protocol";
import { contractOf, evaluationLimit, type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import {
  addPeriod,
  dueAt,
  fromUtf8,
  INTERESTS,
  type Interest,
  type Line,
  readDocument,
  timeMs,
  timeText,
} from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { changedPost, Federation, primitives, type Wishes } from "./federation.ts";
import { until } from "./people.ts";

const HOUR = 3_600_000;
const SLOW = { timeout: 60_000 };
const PAIR = ["anna", "bert"];

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

/** Every agency's register is a list that the agreement knows. */
const withRegisters = (terms: Terms): Terms => ({
  ...terms,
  approval: { validFor: "P3Y", external: [] },
  quotas: terms.quotas.map((row) => ({ ...row, evaluations: 0, lookupsPerDay: 24 * INTERESTS.elements })),
  dataClasses: ["anna", "bert", "carl"].map((party) => ({
    id: `${party}.interests`,
    party,
    dataset: INTERESTS.dataset,
    columns: [INTERESTS.column],
    registerSize: 0,
    sensitivity: "ordinary",
    allow: terms.dataClasses[0]?.allow ?? [],
  })),
});

function open(wishes: Wishes = {}): Federation {
  const lists = { anna: ["x"], bert: ["y"], carl: ["z"] };
  federation = new Federation(lists, { graceMs: 500, terms: withRegisters, ...wishes });
  return federation;
}

const vessel = (imo: string): Interest => ({ kind: "vessel", values: [imo] });

function add(all: Federation, party: PartyId, interest: Interest, days = 30): string {
  const expires = timeText(all.clock.now() + days * 24 * HOUR);
  const own = { interest, reference: `${party}-1`, desk: "narcotics", by: "o", expires };
  return all.machine(party).node.addInterest(own);
}

function question(all: Federation, { runs = 24, every = "PT1H", pair = PAIR } = {}): Question {
  const from = timeText(all.clock.now() + 24 * HOUR).slice(0, 10);
  const [asker, other] = pair;
  const text = `koplamp: query/v1
id: ${pair.join("-")}
ask: { kind: deconflict, asker: ${asker}, with: ${other} }
recipients: [${pair.join(", ")}]
expires: ${addPeriod(`${from}T00:00:00Z`, "P30D").slice(0, 10)}
schedule: { every: ${every}, runs: ${runs}, from: ${from} }
`;
  return readQuestion(text, { file: "q.yaml", lab: true });
}

async function stood(all: Federation, asked: Question): Promise<Question> {
  all.ask(asked.recipients[0] ?? "", asked).catch(() => {});
  await until(() =>
    asked.recipients.every((party) =>
      all
        .machine(party)
        .node.standing()
        .some(({ query }) => query === asked.id),
    ),
  );
  return asked;
}

const runsAt = (all: Federation, party: PartyId): number =>
  all.machine(party).log.filter(({ event }) => event === "session.end").length / 2;

/** The run that falls due ends at both. */
async function tick(all: Federation, { schedule, recipients }: Question, number: number): Promise<void> {
  const before = recipients.map((party) => runsAt(all, party));
  if (schedule !== null) all.clock.jump(timeMs(dueAt(schedule, number)) + 1000);
  await until(() => recipients.every((party, at) => runsAt(all, party) === (before[at] ?? 0) + 1));
  await until(() => recipients.every((party) => endsAt(all, party) === runsAt(all, party)));
}

const endsAt = (all: Federation, party: PartyId): number =>
  all
    .machine(party)
    .ports.ledger.plans()
    .flatMap((hash) => all.machine(party).ports.ledger.entriesOf(hash))
    .filter(({ entry }) => entry.type === "release").length;

const met = (all: Federation, party: PartyId): readonly (readonly string[])[] =>
  all
    .machine(party)
    .node.interests()
    .map(({ meetings }) => meetings.map((one) => one.party));

/** The evidence of the last run, as anybody reads it. */
function expectVerified(all: Federation): void {
  const outcome = all.machine("bert").outcomes.at(-1);
  if (outcome?.status !== "released" || outcome.bundle === undefined) throw new Error("expected evidence");
  const report = verifyBundle(outcome.bundle, {
    trust: { covenant: all.membership.covenantHash },
    primitives,
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
  });
  expect(report.lines.filter(({ verdict }) => verdict === "FAIL")).toEqual([]);
  const passing = report.lines.flatMap(({ promise, verdict }) => (verdict === "PASS" ? [promise] : []));
  expect(passing).toEqual(
    expect.arrayContaining(["contract", "approvals", "disclosed", "egress", "receipts"]),
  );
}

/** Calls `taken` before the first job of a run: its items have been taken then. */
function beforeJob<Job>(name: string, job: Job, taken: () => void): Job {
  if (name !== "psi.lookup.open" || typeof job !== "function") return job;
  const wrapped = (...args: readonly unknown[]): unknown => {
    taken();
    return Reflect.apply(job, undefined, args);
  };
  return wrapped as Job; // safe because it takes and gives what the job does
}

/** What four runs send over each link, at the relay and beside sessions, and how many interests had met after each. */
async function traffic(before: (all: Federation, run: number) => unknown): Promise<{
  readonly hits: readonly number[];
  readonly frames: readonly object[];
  readonly posts: readonly string[];
}> {
  const [hits, frames, posts]: [number[], object[], string[]] = [[], [], []];
  let links: Record<string, number[]> = {};
  const all = open({
    line: (line, party) =>
      countedLine(line, (bytes) => {
        links[party] = [...(links[party] ?? []), bytes];
      }),
    post: (post, party) =>
      changedPost(post, (to, topic, body) => {
        const step = /^q\/[0-9a-f]{32}\/([1-9]\d*\/.*)$/.exec(topic)?.[1]; // ledgers send roots, whatever a run is about
        if (step !== undefined)
          posts.push(`${party} ${to} ${step.replaceAll(/[0-9a-f]{32}/g, "*")} ${body.length}`);
        return post.send(to, topic, body);
      }),
  });
  const asked = await stood(all, question(all));
  for (const number of [0, 1, 2, 3]) {
    before(all, number);
    links = {};
    await tick(all, asked, number);
    await until(() => all.machine("bert").outcomes.length === number + 1); // its evidence is in the ledgers
    await until(() => all.machine("anna").outcomes.length === number);
    frames.push(links);
    hits.push(met(all, "bert").flat().length);
  }
  await all.close();
  federation = undefined;
  return { hits, frames, posts: posts.sort() };
}

/** A line that tells the length of every frame that it takes to the relay. */
function countedLine(line: Line, note: (bytes: number) => void): Line {
  return {
    party: line.party,
    post: (to, envelope) => line.post(to, envelope),
    push: (frame) => {
      note(frame.length);
      return line.push(frame);
    },
    posts: () => line.posts(),
    pull: (session, done) => line.pull(session, done),
    onPresence: (listener) => line.onPresence(listener),
    close: () => line.close(),
  };
}

/** `+` and a number puts a vessel in, `-` takes it back. */
function apply(
  all: Federation,
  party: PartyId,
  change: string,
  live: Readonly<Record<string, Set<string>>>,
): void {
  const imo = change.slice(1);
  if (change.startsWith("+")) {
    add(all, party, vessel(imo));
    live[party]?.add(imo);
    return;
  }
  const { node } = all.machine(party);
  const own = node
    .interests()
    .find((kept) => kept.withdrawn === null && valuesOf(kept.interest).includes(imo));
  node.withdrawInterest(own?.id ?? "", "o");
  live[party]?.delete(imo);
}

function inBoth({ anna, bert }: Readonly<Record<string, Set<string>>>): readonly string[] {
  return [...(anna ?? [])].filter((imo) => bert?.has(imo)).sort();
}

const valuesOf = (interest: Interest): readonly string[] => ("values" in interest ? interest.values : []);

/** The vessels that were found to meet in this hour. */
function metAt(all: Federation, party: PartyId, hour: string): readonly string[] {
  const kept = all.machine(party).node.interests();
  const now = kept.filter(({ meetings }) => meetings.some(({ last }) => last.startsWith(hour)));
  return now.flatMap(({ interest }) => valuesOf(interest)).sort();
}

/** The own audit in short: what, by whom, and how it stands to the ledger. */
const audit = (all: Federation, party: PartyId): readonly string[] =>
  all
    .machine(party)
    .node.interestAudit()
    .map(({ act, by, party: other, onRecord }) => `${act} ${by === null ? other : "person"} ${onRecord}`);

/** How many entries about the register a ledger has. */
const registerEntries = ({ ports: { store } }: ReturnType<Federation["machine"]>): number =>
  Array.from({ length: store.size() }, (_, at) => readDocument("entry/v1", store.leaf(at))).filter(
    ({ type }) => type === "register",
  ).length;

describe("deconfliction", () => {
  it("tells both desks with whom, whichever came first, and the third agency nothing", SLOW, async () => {
    const all = open({ id: "pact/desks" });
    const asked = await stood(all, question(all));
    add(all, "anna", vessel("9187629"));
    add(all, "carl", vessel("9187629"));
    await tick(all, asked, 0);
    expect(met(all, "anna")).toEqual([[]]);
    add(all, "bert", vessel("9187629"));
    await tick(all, asked, 1);
    expect([met(all, "anna"), met(all, "bert")]).toEqual([[["bert"]], [["anna"]]]);
    add(all, "bert", vessel("9074729"));
    await tick(all, asked, 2);
    add(all, "anna", vessel("9074729"));
    await tick(all, asked, 3);
    expect(met(all, "anna").at(-1)).toEqual(["bert"]);
    expect(met(all, "bert").at(-1)).toEqual(["anna"]);
    expectVerified(all);
    expect(met(all, "carl")).toEqual([[]]);
    const [first] = all.machine("bert").node.interests();
    expect(first?.meetings).toHaveLength(1); // once, however often it is found out
    expect(first?.meetings[0]?.last).not.toBe(first?.meetings[0]?.first);
    expect(all.machine("carl").log.filter(({ event }) => event === "session.begin")).toEqual([]);
  });

  it("is over for an interest as soon as it is withdrawn or has expired, at both desks", SLOW, async () => {
    const all = open();
    const asked = await stood(all, question(all));
    const own = add(all, "anna", vessel("9187629"));
    add(all, "anna", vessel("9074729"), 1 / 1440); // a minute
    for (const imo of ["9187629", "9074729"]) add(all, "bert", vessel(imo));
    all.machine("anna").node.withdrawInterest(own, "officer");
    await tick(all, asked, 1);
    expect([met(all, "anna"), met(all, "bert")]).toEqual([
      [[], []],
      [[], []],
    ]);
    const kept = all
      .machine("anna")
      .node.interests()
      .find(({ id }) => id === own);
    expect(kept?.withdrawn).toMatchObject({ by: "officer" });
  });

  it(
    "has every act and hit on record at both desks, and as many entries when there is none",
    SLOW,
    async () => {
      const all = open();
      const asked = await stood(all, question(all));
      add(all, "anna", vessel("9074729"), 1 / 1440); // a minute
      const own = add(all, "anna", vessel("9187629"));
      add(all, "bert", vessel("9187629"));
      expect(audit(all, "bert")).toEqual(["add person waits"]);
      await tick(all, asked, 0);
      const hit = ["add person holds", "expire null holds"];
      expect(audit(all, "anna").toSorted()).toEqual(["add person holds", ...hit, "meet bert holds"]);
      expect(audit(all, "bert").toSorted()).toEqual(["add person holds", "meet anna holds"]);
      all.machine("anna").node.withdrawInterest(own, "officer");
      expect(audit(all, "anna")).toContain("withdraw person waits");
      await tick(all, asked, 1);
      expect(audit(all, "anna")).toContain("withdraw person holds");
      await tick(all, asked, 2);
      for (const party of PAIR) expect(registerEntries(all.machine(party))).toBe(6); // two a run, whatever it found
      const { ledger, store } = all.machine("anna").ports;
      const text = Array.from({ length: store.size() }, (_, at) => fromUtf8(ledger.leaf(at))).join();
      expect(text).not.toContain("9187629");
      expect(text).not.toContain("anna-1");
    },
  );

  it("finds over three days what both have at each run, and nothing else", SLOW, async () => {
    const all = open();
    const asked = await stood(all, question(all, { every: "PT12H", runs: 6 }));
    // What each adds before a run, and takes back.
    const plan = [
      { anna: ["+9187629"], bert: ["+9074729"] },
      { anna: ["+9074729"], bert: [] },
      { anna: ["-9074729"], bert: ["+9187629"] },
      { anna: ["-9187629"], bert: ["-9074729"] },
      { anna: ["+9074729", "+9187629"], bert: [] },
      { anna: [], bert: ["-9187629"] },
    ] as const;
    const live: Readonly<Record<string, Set<string>>> = { anna: new Set(), bert: new Set() };
    for (const [number, step] of plan.entries()) {
      for (const party of ["anna", "bert"] as const)
        for (const change of step[party]) apply(all, party, change, live);
      await tick(all, asked, number);
      const now = timeText(all.clock.now()).slice(0, 13);
      const both = inBoth(live);
      for (const party of ["anna", "bert"]) expect(metAt(all, party, now)).toEqual(both);
    }
  });

  it("records no hit on what is withdrawn while the run is under way", SLOW, async () => {
    let taken = (): void => {};
    const all = open({
      jobs: (table, party) =>
        party === "anna"
          ? new Map([...table].map(([name, run]) => [name, beforeJob(name, run, () => taken())]))
          : table,
    });
    const asked = await stood(all, question(all));
    const own = add(all, "anna", vessel("9187629"));
    add(all, "bert", vessel("9187629"));
    taken = () => all.machine("anna").node.withdrawInterest(own, "officer");
    await tick(all, asked, 0);
    expect(met(all, "anna")).toEqual([[]]);
  });

  it("sends the same whether there is nothing, news, a hit or a withdrawal", SLOW, async () => {
    const quiet = await traffic(() => {});
    const steps: readonly ((all: Federation) => unknown)[] = [
      () => {},
      (all) => ["9187629", "9074729"].map((imo) => add(all, "anna", vessel(imo))),
      (all) => add(all, "bert", vessel("9187629")),
      (all) => {
        const { node } = all.machine("anna");
        for (const { id } of node.interests()) node.withdrawInterest(id, "o");
      },
    ];
    const busy = await traffic((all, number) => steps[number]?.(all));
    expect(busy.hits).toEqual([0, 0, 1, 1]);
    expect(Object.keys(quiet.frames[0] ?? {}).sort()).toEqual(PAIR);
    expect(busy.frames).toEqual(quiet.frames);
    expect(busy.posts).toEqual(quiet.posts);
  });
});
