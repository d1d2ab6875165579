// SPDX-License-Identifier: Apache-2.0
// A question in several shards outlives the death of a party and of the coordinator, wherever it comes: the answer is that
// of the pooled plaintext, at most one shard is run again, and nothing is told twice in a session.
import { admitFounding, checkApprovals } from "@koplamp/covenant";
import { verifyBundle } from "@koplamp/ledger";
import { contractOf, evaluationLimit } from "@koplamp/query";
import type { AnswerResult, Entry, Post } from "@koplamp/wire";
import { afterEach, describe, expect, it } from "vitest";
import { plainResults } from "../../../test/simulation/plaintext.ts";
import type { LogEvent, Outcome } from "../src/index.ts";
import { keepCut, keptCut } from "../src/legs-kept.ts";
import { changedPost, Federation, type Lists, matchOf, primitives, type Wishes } from "./federation.ts";
import { again, decision, kill, mortal, NO, until } from "./people.ts";

const SLOW = { timeout: 60_000 };
const SHARDS = 4;
const long = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, at) => `k${from + at}`);
const LISTS: Lists = { anna: long(0, 300), bert: long(250, 700), cleo: long(290, 320) };

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

/** Who does what: a step of a protocol as its log says it, or a letter that it is about to send. */
type Step = { readonly log: string; readonly phase?: string } | { readonly letter: RegExp };

const isLogged = (step: Step, { event, phase }: LogEvent): boolean =>
  "log" in step && step.log === event && (step.phase === undefined || step.phase === phase);
const isSent = (step: Step, topic: string): boolean => "letter" in step && step.letter.test(topic);

/** A federation in which something comes about once, the moment a party comes to a step. */
function open(
  lists: Lists,
  at: { readonly party: string; readonly step: Step },
  act: (all: Federation) => void,
  wishes: Wishes = {},
): Federation {
  let armed = true;
  const reach = (): void => {
    if (!armed || federation === undefined) return;
    armed = false;
    act(federation);
  };
  const post = (own: Post, party: string): Post =>
    changedPost(own, async (to, topic, body) => {
      if (party === at.party && isSent(at.step, topic)) reach();
      await own.send(to, topic, body);
    });
  const all = new Federation(lists, {
    id: "lab/test",
    graceMs: 30_000,
    terms: (terms) => ({
      ...terms,
      quotas: terms.quotas.map((row) => ({ ...row, evaluations: 8192 })),
    }),
    post,
    ports: (ports, { party }) => ({
      ...ports,
      log: (event) => {
        ports.log(event);
        if (party === at.party && isLogged(at.step, event)) reach();
      },
    }),
    ...wishes,
  });
  federation = all;
  return all;
}

/** Every store is one that writes nothing more once its process is dead. */
async function mortals(all: Federation): Promise<void> {
  for (const party of all.parties) {
    const { list, store } = all.machine(party);
    await all.machine(party).close();
    all.start(party, list, mortal(store));
  }
}

/** Dies, and is back a moment later. */
function dies(party: string): (all: Federation) => void {
  return (all) => {
    const { list } = all.machine(party);
    void kill(all.machine(party)).then(() => again(all, party, list));
  };
}

function entriesAt(all: Federation, party: string): readonly Entry[] {
  const { store } = all.machine(party);
  return Array.from({ length: store.size() }, (_, at) => JSON.parse(Buffer.from(store.leaf(at)).toString()));
}

function begun(all: Federation, party: string): readonly string[] {
  const labels = entriesAt(all, party).flatMap(({ type, body }) => (type === "begin" ? [body["shard"]] : []));
  return labels.map(String).filter((label) => /^\d/.test(label));
}

/** How the question ends at a party, whichever of its processes sees that. */
async function endAt(all: Federation, party: string): Promise<Outcome<AnswerResult>> {
  return await until(() => {
    const [planHash] = all.machine(party).ports.ledger.plans();
    return planHash === undefined ? undefined : all.machine(party).node.outcomeOf(planHash);
  });
}

function plain(lists: Lists, recipients: readonly string[]): unknown {
  const rows = Object.entries(lists).map(
    ([party, list = []]) => [party, list.map((id) => ({ id }))] as const,
  );
  const asked = { kind: "match", key: ["id"], atLeast: 2, tell: "holders", recipients } as const;
  return plainResults(Object.fromEntries(rows), asked);
}

/** In the form of the oracle. */
function resultOf(outcome: Outcome<AnswerResult>): unknown {
  expect(outcome).toMatchObject({ status: "released" });
  if (outcome.status !== "released") return undefined;
  const { result } = outcome;
  if (result?.kind !== "match") return undefined;
  const rows = result.matches.map(({ key, holders }) => [
    JSON.stringify(key),
    [holders].flat().sort().join(),
  ]);
  return Object.fromEntries(rows);
}

/** The answer is right at every recipient, and the books are in order at everybody. */
async function expectAnswered(
  all: Federation,
  lists: Lists,
  recipients: readonly string[],
  deaths = 1,
): Promise<void> {
  const ends = await Promise.all(all.parties.map(async (party) => [party, await endAt(all, party)] as const));
  const told = ends.filter(([party]) => recipients.includes(party));
  expect(Object.fromEntries(told.map(([party, end]) => [party, resultOf(end)]))).toEqual(
    plain(lists, recipients),
  );
  for (const party of all.parties) {
    expect(begun(all, party).length).toBeLessThanOrEqual(SHARDS + deaths);
    expectBooks(all, party);
    await until(() => all.machine(party).store.sealedNames("legs/").length === 0); // it is over
    expect(all.machine(party).store.sealedNames("pending/")).toEqual([]);
  }
}

/** No session is begun twice, none discloses a line or a frame twice, and all are over. */
function expectBooks(all: Federation, party: string): void {
  const entries = entriesAt(all, party);
  const of = (...types: readonly string[]) => entries.filter(({ type }) => types.includes(type));
  const sessions = of("begin").map(({ body }) => String(body["session"]));
  expect(new Set(sessions).size).toBe(sessions.length);
  const lines = of("disclose", "allow").map(({ body }) => `${body["session"]}/${body["disclosure"]}`);
  expect(new Set(lines).size).toBe(lines.length);
  const frames = of("disclose", "allow").map(({ body }) => String(body["frame"]));
  expect(new Set(frames).size).toBe(frames.length);
  const over = of("end", "abort").map(({ body }) => String(body["session"]));
  expect(over.sort()).toEqual(sessions.sort());
  expect(of("release").length).toBeLessThanOrEqual(1);
}

const STEPS: readonly (readonly [string, Step])[] = [
  ["its first leg has a number", { letter: /^leg\// }],
  ["a leg begins", { log: "leg.begin" }],
  ["its first session begins", { log: "session.begin", phase: "0/4" }],
  ["a session in the middle begins", { log: "session.begin", phase: "2/4" }],
  ["a session in the middle has ended", { log: "session.end", phase: "2/4" }],
  ["it has kept what a shard found, and told nobody", { letter: /\/done\/2\/4$/ }],
  ["its last session begins", { log: "session.begin", phase: "3/4" }],
  ["its last session has ended", { log: "session.end", phase: "3/4" }],
  ["it has kept what the last shard found", { letter: /\/done\/3\/4$/ }],
];

const MODES: readonly (readonly [string, readonly string[]])[] = [
  ["tokens", ["anna", "bert", "cleo"]],
  ["pair", ["anna", "bert"]],
  ["bulk", ["anna", "bert"]],
];

const BROUGHT = ["anna", "bert"];
const brought: Lists = { anna: LISTS["anna"], bert: LISTS["bert"] };
const MIDDLE: Step = { log: "session.begin", phase: "2/4" };
const pair = (more: Parameters<typeof matchOf>[2] = {}): ReturnType<typeof matchOf> =>
  matchOf(BROUGHT, ["anna"], { shards: SHARDS, mode: "pair", ...more });

describe.each(MODES)("a match in shards, mode %s", (mode, parties) => {
  const lists = Object.fromEntries(parties.map((party) => [party, LISTS[party]]));
  describe.each(["anna", "bert"])("outlives that %s is killed when", (victim) => {
    it.each(STEPS)("%s", SLOW, async (_name, step) => {
      const all = open(lists, { party: victim, step }, dies(victim));
      await mortals(all);
      const before = all.machine(victim);
      void all.ask("anna", matchOf(parties, ["anna"], { shards: SHARDS, mode })).catch(() => {});
      await expectAnswered(all, lists, ["anna"]);
      expect(all.machine(victim)).not.toBe(before);
    });
  });

  it.each(STEPS)(
    "outlives that the coordinator is started again when %s at bert",
    SLOW,
    async (_name, step) => {
      const all = open(lists, { party: "bert", step }, (one) => void one.restartCoordinator());
      void all.ask("anna", matchOf(parties, ["anna"], { shards: SHARDS, mode })).catch(() => {});
      await expectAnswered(all, lists, ["anna"]);
    },
  );
});

describe("a match in shards whose party dies", () => {
  it(
    "runs one shard again, as a session of its own that is charged, and none of those before it",
    SLOW,
    async () => {
      const all = open(brought, { party: "anna", step: MIDDLE }, dies("anna"));
      await mortals(all);
      void all.ask("anna", pair()).catch(() => {});
      await expectAnswered(all, brought, ["anna"]);
      for (const party of BROUGHT) expect(begun(all, party)).toEqual(["0/4", "1/4", "2/4", "2/4/1", "3/4"]);
      const debits = entriesAt(all, "bert").flatMap(({ type, body }) =>
        type === "begin" && /^\d/.test(String(body["shard"])) ? [body["debits"]] : [],
      );
      expect(debits).toHaveLength(SHARDS + 1);
      for (const debit of debits) expect(debit).toEqual([{ asker: "anna", unit: "elements", amount: 256 }]);
    },
  );

  it.each(["session.begin", "session.end"])("has evidence that shows all of it, at %s", SLOW, async (log) => {
    const all = open(brought, { party: "bert", step: { log, phase: "2/4" } }, dies("bert"));
    await mortals(all);
    const outcome = await all.ask("anna", pair());
    expect(resultOf(outcome)).toEqual((plain(brought, ["anna"]) as Record<string, unknown>)["anna"]);
    expectVerified(all, outcome);
  });

  it("goes on when the party comes back much later, and says whom it waits for", SLOW, async () => {
    const all = open(brought, { party: "bert", step: MIDDLE }, (one) => void kill(one.machine("bert")), {
      graceMs: 200,
    });
    await mortals(all);
    const asked = all.ask("anna", pair());
    const waits = { party: "anna", phase: "waiting for bert to come back" };
    await until(() => all.machine("anna").progress.some(({ phase }) => phase === waits.phase));
    await all.clock.sleep(400); // longer than the grace
    expect(all.machine("anna").progress).toContainEqual(waits);
    again(all, "bert", brought["bert"]);
    expect(resultOf(await asked)).toEqual((plain(brought, ["anna"]) as Record<string, unknown>)["anna"]);
  });

  it.each([
    [
      "in an hour",
      3_600_000,
      { code: "unreachable", party: "bert", message: "bert has not come back in 60 minutes" },
    ],
    ["before the question expires", 40 * 86_400_000, { code: "expired" }],
  ])("ends when the party does not come back %s, and keeps nothing", SLOW, async (_name, ms, end) => {
    const all = open(brought, { party: "bert", step: MIDDLE }, (one) => void kill(one.machine("bert")), {
      graceMs: 200,
    });
    await mortals(all);
    const asked = all.ask("anna", pair());
    await until(() => all.machine("anna").progress.some(({ phase }) => phase.startsWith("waiting for bert")));
    expect(all.machine("anna").store.sealedNames("legs/").length).toBeGreaterThan(3);
    all.clock.jump(all.clock.now() + ms + 1000);
    expect(await asked).toMatchObject({ status: "failed", ...end });
    expect(all.machine("anna").store.sealedNames("legs/")).toEqual([]);
    again(all, "bert", brought["bert"]);
    expect(await endAt(all, "bert")).toMatchObject({ status: "failed", ...end });
    expect(all.machine("bert").store.sealedNames("legs/")).toEqual([]);
  });

  it("ends with a clear reason when its data are no longer what they were", SLOW, async () => {
    const back = (all: Federation): void =>
      void kill(all.machine("bert")).then(() => again(all, "bert", long(0, 10)));
    const all = open(brought, { party: "bert", step: MIDDLE }, back);
    await mortals(all);
    const outcome = await all.ask("anna", pair());
    expect(outcome).toMatchObject({ status: "failed", code: "source", party: "bert" });
    expect(await endAt(all, "bert")).toMatchObject({
      code: "source",
      message: "dataset list of bert has changed since it was offered",
    });
    expect(begun(all, "anna")).toEqual(["0/4", "1/4", "2/4"]);
  });

  it("ends when keys of the epoch would cut its list in another way than before", SLOW, async () => {
    const all = open(brought, { party: "bert", step: MIDDLE }, (one) => void kill(one.machine("bert")), {
      graceMs: 200,
    });
    await mortals(all);
    const asked = all.ask("anna", pair({ mode: "tokens" }));
    await until(() => all.machine("anna").progress.some(({ phase }) => phase.startsWith("waiting for bert")));
    const { ports } = all.machine("anna");
    const [planHash = `sha256:${"0".repeat(64)}` as const] = ports.ledger.plans();
    const { shardAt, accounts } = keptCut(ports, planHash);
    expect(shardAt).toHaveLength(300);
    expect([...new Set(shardAt)].sort()).toEqual([0, 1, 2, 3]);
    keepCut(
      ports,
      planHash,
      shardAt.map((shard) => (shard + 1) % SHARDS),
      accounts,
    );
    again(all, "bert", brought["bert"]);
    expect(await asked).toMatchObject({
      status: "failed",
      code: "integrity",
      party: "anna",
      message: "the list of anna is cut otherwise than before the interruption",
    });
  });

  it("ends when one shard is interrupted three times", SLOW, async () => {
    const again2: Wishes["ports"] = (ports, { party }) => ({
      ...ports,
      log: (event) => {
        ports.log(event);
        const shard = event.event === "session.begin" && event.phase?.startsWith("2/4");
        if (party === "bert" && shard === true && federation !== undefined) dies("bert")(federation);
      },
    });
    const all = open(brought, { party: "bert", step: MIDDLE }, () => {}, { ports: again2 });
    await mortals(all);
    const outcome = await all.ask("anna", pair());
    expect(outcome).toMatchObject({
      status: "failed",
      code: "stopped",
      message: expect.stringContaining("shard 3 of 4 was interrupted 3 times; what 2 of them told is told"),
    });
    expect(begun(all, "bert")).toEqual(["0/4", "1/4", "2/4", "2/4/1", "2/4/2"]);
  });

  it("stops at once when a person takes an approval back meanwhile", SLOW, async () => {
    const all = open(brought, { party: "bert", step: MIDDLE }, (one) => void kill(one.machine("bert")), {
      graceMs: 200,
    });
    await mortals(all);
    const asked = all.ask("anna", pair());
    await until(() => all.machine("anna").progress.some(({ phase }) => phase.startsWith("waiting for bert")));
    const { node } = all.machine("anna");
    const [item] = node.inbox();
    const question = node.question(item?.planHash ?? "");
    if (question === undefined) throw new Error("expected the question");
    node.decide(decision(all, question, "anna", "lawful", NO));
    expect(await asked).toMatchObject({ status: "refused", party: "anna" });
    again(all, "bert", brought["bert"]);
    expect(await endAt(all, "bert")).toMatchObject({ status: "refused", party: "anna" });
  });

  it.each([
    ["a receipt", /\/receipt\//],
    ["its evidence", /\/evidence$/],
  ])("has its answer all the same when it dies as it sends %s", SLOW, async (_name, letter) => {
    const all = open(brought, { party: "anna", step: { letter } }, dies("anna"));
    await mortals(all);
    void all.ask("anna", pair()).catch(() => {});
    await endAt(all, "bert");
    await expectAnswered(all, brought, ["anna"]);
    for (const party of BROUGHT) expect(begun(all, party)).toHaveLength(SHARDS);
  });

  it("goes on when a third party that deals for two dies", SLOW, async () => {
    const lists = { ...brought, cleo: undefined };
    const all = open(lists, { party: "cleo", step: MIDDLE }, dies("cleo"));
    await mortals(all);
    void all.ask("anna", pair({ mode: "bulk", dealer: "cleo" })).catch(() => {});
    await expectAnswered(all, brought, ["anna"]);
    expect(begun(all, "cleo")).toEqual(["0/4", "1/4", "2/4", "2/4/1", "3/4"]);
  });

  it("goes on when all die at once, and one of them again as soon as it is back", SLOW, async () => {
    const all = open(brought, { party: "bert", step: MIDDLE }, (one) => {
      for (const party of BROUGHT) dies(party)(one);
    });
    await mortals(all);
    void all.ask("anna", pair()).catch(() => {});
    await until(
      () =>
        all.machine("bert").log.some(({ event }) => event === "leg.begin") && begun(all, "bert").length > 2,
    );
    dies("bert")(all);
    await expectAnswered(all, brought, ["anna"], 2);
  });

  it("goes on when somebody asks who brings nothing", SLOW, async () => {
    const lists = { ...brought, cleo: undefined };
    const all = open(lists, { party: "anna", step: MIDDLE }, dies("anna"));
    await mortals(all);
    const outcome = await all.ask("cleo", pair());
    expect(outcome).toMatchObject({ status: "released" });
    await expectAnswered(all, brought, ["anna"]);
  });

  it("goes on when its node is stopped and started in order", SLOW, async () => {
    const all = open(brought, { party: "bert", step: MIDDLE }, (one) => {
      void one
        .machine("bert")
        .close()
        .then(() => again(one, "bert", brought["bert"]));
    });
    await mortals(all);
    const outcome = await all.ask("anna", pair());
    expect(resultOf(outcome)).toEqual((plain(brought, ["anna"]) as Record<string, unknown>)["anna"]);
    await expectAnswered(all, brought, ["anna"]);
  });
});

function expectVerified(all: Federation, outcome: Outcome): void {
  if (outcome.status !== "released" || outcome.bundle === undefined) throw new Error("expected evidence");
  const { lines } = verifyBundle(outcome.bundle, {
    trust: { covenant: all.membership.covenantHash },
    primitives,
    recompute: contractOf,
    admit: admitFounding,
    approve: checkApprovals,
    quota: evaluationLimit,
  });
  const broken = lines.filter(
    ({ verdict, detail, promise }) => verdict !== "PASS" && detail !== "lab" && promise !== "erasure",
  );
  expect(broken).toEqual([]);
  const { detail } = lines.find(({ promise }) => promise === "egress") ?? {};
  expect(detail).toContain("equal the contract at 2 of 2 nodes");
}
