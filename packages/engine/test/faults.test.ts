// SPDX-License-Identifier: Apache-2.0
// What may go wrong at a peer: every party gets one clear end, nothing more is disclosed, and the next run works.
import { setTimeout as sleep } from "node:timers/promises";
import { bind, type JobTable } from "@koplamp/protocol";
import type { AnswerResult, Post } from "@koplamp/wire";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LogEvent, NodePorts, Outcome, Progress } from "../src/index.ts";
import { countOf, Federation, type Lists, type Machine, matchOf, type Wishes } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

function open(wishes: Wishes, lists: Lists = LISTS): Federation {
  federation = new Federation(lists, { graceMs: 150, ...wishes });
  return federation;
}

const LISTS: Lists = { anna: ["x", "y", "z"], bert: ["y", "z", "q"], cleo: ["z", "r"] };
const PARTIES = ["anna", "bert", "cleo"];
const question = matchOf(PARTIES, ["anna"]);

/** The ends of a question at everybody but those that are gone. */
async function ends(
  all: Federation,
  outcome: Outcome<AnswerResult>,
  others: readonly string[],
): Promise<readonly Outcome<AnswerResult>[]> {
  return [outcome, ...(await all.outcomes(others))];
}

/** Disclosures of tokens in a party's ledger; allowances do not count. */
function tokensFrom(all: Federation, party: string): number {
  const { store } = all.machine(party);
  const entries = Array.from({ length: store.size() }, (_, at) => Buffer.from(store.leaf(at)).toString());
  return entries.filter((entry) => entry.includes('"type":"disclose"')).length;
}

async function nextWorks(all: Federation, id = "the-next"): Promise<void> {
  const outcome = await all.ask("anna", matchOf(PARTIES, ["anna"], { id }));
  expect(outcome).toMatchObject({
    status: "released",
    result: { matches: [{ key: ["y"] }, { key: ["z"] }] },
  });
}

/** Changes what a party posts under topics that end like this. */
function posting(end: RegExp, change: (body: Uint8Array) => Uint8Array): NonNullable<Wishes["ports"]> {
  return (ports, { party }) => {
    if (party !== "bert") return ports;
    const post: Post = {
      ...ports.post,
      send: (to, topic, body) => ports.post.send(to, topic, end.test(topic) ? change(body) : body),
    };
    return { ...ports, post };
  };
}

describe("a coordinator that is started again", () => {
  it("ends at once what waits for letters that it may have forgotten, and the next question works", async () => {
    let lost = true;
    const drop = (post: Post): Post => ({
      ...post,
      send: async (to, topic, body) => {
        if (!lost || !topic.endsWith("/verdict")) await post.send(to, topic, body);
      },
    });
    const all = open({ graceMs: 60_000, post: drop });
    const asked = all.ask("anna", question);
    for (const party of PARTIES)
      await vi.waitUntil(() => all.machine(party).progress.some(({ phase }) => phase === "approve"));
    lost = false;
    await all.restartCoordinator();
    const first = asked.then(({ status }) => status);
    expect(await Promise.race([first, sleep(8000, "waits on")])).toBe("failed");
    const outcomes = await ends(all, await asked, ["bert", "cleo"]);
    for (const end of outcomes)
      expect(end).toMatchObject({ status: "failed", code: "unreachable", party: "coordinator" });
    await nextWorks(all);
  });
});

describe("a party that dies", () => {
  const phases: readonly [string, (step: Progress & LogEvent) => boolean][] = [
    ["while people decide", ({ phase }) => phase === "approve"],
    ["while the key is made", ({ event, phase }) => event === "session.begin" && phase === "keyset/0"],
    [
      "while it has items evaluated",
      ({ event, phase }) => event === "session.begin" && phase === "evaluate/bert/0/0",
    ],
    [
      "while it evaluates for others",
      ({ event, phase }) => event === "session.begin" && phase === "evaluate/cleo/0/0",
    ],
    ["in the session of the question", ({ event, phase }) => event === "session.begin" && phase === "0/1"],
  ];

  it.each(phases)("%s is named at every other party, and nothing is disclosed", async (_when, dies) => {
    let armed = true;
    const all = open({
      ports: (ports, machine) =>
        machine.party === "bert" ? mortal(ports, machine, (step) => armed && dies(step)) : ports,
    });
    const outcome = await all.ask("anna", question);
    for (const end of await ends(all, outcome, ["cleo"])) {
      expect(end).toMatchObject({ status: "failed", code: "unreachable", party: "bert" });
    }
    expect(tokensFrom(all, "anna") + tokensFrom(all, "cleo")).toBe(0);
    armed = false;
    all.start("bert", LISTS["bert"], all.machine("bert").store);
    await nextWorks(all);
  });

  it("after the tokens left is a recipient that never acknowledged", async () => {
    const all = open({
      ports: (ports, machine) =>
        machine.party === "bert" ? mortal(ports, machine, ({ phase }) => phase === "prove") : ports,
    });
    const outcome = await all.ask("anna", matchOf(PARTIES, ["anna", "bert"]));
    expect(outcome).toMatchObject({
      status: "released",
      result: { matches: [{ key: ["y"] }, { key: ["z"] }] },
    });
    const [cleo] = await all.outcomes(["cleo"]);
    expect(cleo).toMatchObject({ status: "released" });
    for (const party of ["anna", "cleo"]) {
      const entries = all.machine(party).ports.ledger.entriesOf(outcome.planHash ?? "");
      const lost = entries.filter(({ entry }) => entry.type === "undelivered");
      expect(lost.map(({ entry }) => entry.body["disclosure"])).toEqual([`tokens.${party}.bert`]);
    }
  });

  it("and begins again at once has lost its sessions: nobody waits for it", async () => {
    let armed = true;
    const dies = ({ event, phase }: Progress & LogEvent): boolean =>
      armed && event === "session.begin" && phase === "evaluate/cleo/0/0";
    const all = open({
      graceMs: 60_000,
      ports: (ports, machine) => (machine.party === "bert" ? mortal(ports, machine, dies) : ports),
    });
    const asked = all.ask("anna", question);
    const bert = all.machine("bert");
    while (bert.log.every(({ phase }) => phase !== "evaluate/cleo/0/0")) await all.clock.sleep(5);
    armed = false;
    all.start("bert", LISTS["bert"], bert.store);
    expect(await asked).toMatchObject({ status: "failed", code: "unreachable", party: "bert" });
    expect((await all.outcomes(["cleo"]))[0]).toMatchObject({ code: "unreachable", party: "bert" });
    await nextWorks(all);
  });

  it("before the question is asked cannot be asked for an offer", async () => {
    const all = open({});
    await all.machine("cleo").close();
    expect(await all.ask("anna", question)).toMatchObject({
      status: "failed",
      code: "unreachable",
      party: "cleo",
    });
    all.start("cleo", LISTS["cleo"], all.machine("cleo").store);
    await nextWorks(all);
  });
});

/** A party whose line goes down for good at one of its own steps. */
function mortal(ports: NodePorts, machine: Machine, dies: (step: Progress & LogEvent) => boolean): NodePorts {
  let dead = false;
  const see = (step: Partial<Progress & LogEvent>): void => {
    if (dead || !dies(step as Progress & LogEvent)) return;
    dead = true;
    ports.post.close();
    void machine.line.close();
  };
  return {
    ...ports,
    log: (event) => {
      ports.log(event);
      see(event);
    },
    progress: (step) => {
      ports.progress(step);
      see(step);
    },
  };
}

describe("a peer that sends garbage", () => {
  const topics: readonly [string, RegExp][] = [
    ["a verdict", /\/verdict$/],
    ["a word on its key set", /\/keyset$/],
    ["a number of items", /\/wanted$/],
    ["a nonce", /\/ready\/keyset\/0$/],
    ["an end of a session", /\/done\/keyset\/0$/],
  ];

  it.each(topics)("as %s is named at every party", async (_what, topic) => {
    let armed = true;
    const all = open({ ports: posting(topic, (body) => (armed ? new Uint8Array([123, 34, 1]) : body)) });
    const outcome = await all.ask("anna", question);
    for (const end of await ends(all, outcome, ["bert", "cleo"])) {
      expect(end).toMatchObject({ status: "failed", code: "garbage", party: "bert" });
    }
    expect(PARTIES.map((party) => tokensFrom(all, party))).toEqual([0, 0, 0]);
    armed = false;
    await nextWorks(all);
  });

  it("wants more evaluated than its list can hold", async () => {
    const all = open({
      ports: posting(/\/wanted$/, () => new Uint8Array(Buffer.from('{"elements":1048576}'))),
    });
    expect(await all.ask("anna", question)).toMatchObject({
      status: "failed",
      code: "garbage",
      party: "bert",
    });
  });

  const jobs: readonly [string, string, (value: unknown) => unknown, string][] = [
    ["an evaluation under another key", "psi.evaluate.block", (reply) => swapped(reply), "integrity"],
    ["a proof that does not hold", "psi.evaluate.block", (reply) => flipped(reply, -1), "integrity"],
    ["tokens out of order", "psi.tokens.make", (tokens) => reversed(tokens), "garbage"],
    ["an opening that fits no commitment", "psi.keyset.create", (share) => unfit(share), "integrity"],
  ];

  it.each(jobs)("as %s gets nobody anything", async (_what, job, change, code) => {
    let armed = true;
    const wishes: Wishes = {
      jobs: (table, party) =>
        party === "bert" ? changed(table, job, (value) => (armed ? change(value) : value)) : table,
    };
    const all = open(wishes);
    const outcome = await all.ask("anna", question);
    const all3 = await ends(all, outcome, ["bert", "cleo"]);
    expect(all3.map((end) => end.status)).toEqual(["failed", "failed", "failed"]);
    expect(all3.map((end) => (end.status === "failed" ? end.code : ""))).toEqual([code, code, code]);
    armed = false;
    await nextWorks(all);
  });

  it("proposes what is no plan, and hears so; others never learn of it", async () => {
    const all = open({});
    await all.machine("bert").ports.post.send("anna", "propose/", new Uint8Array([1, 2, 3]));
    const [anna] = await all.outcomes(["anna"]);
    expect(anna).toMatchObject({ status: "failed", code: "garbage", party: "bert" });
    await nextWorks(all);
  });
});

/** A job table in which one job gives something else. */
function changed(table: JobTable, name: string, change: (value: unknown) => unknown): JobTable {
  const code = table.get(name);
  if (code === undefined) throw new Error(`no job ${name}`);
  return new Map([...table, bind({ name }, (vault, ...args) => change(code(vault, ...args)))]);
}

function flipped(value: unknown, at: number): Uint8Array {
  const bytes = Uint8Array.from(value as Uint8Array);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes;
}

/** Two answers in each other's place: as if each were given under another key. */
function swapped(value: unknown): Uint8Array {
  const reply = value as Uint8Array;
  const [first, second, rest] = [reply.subarray(0, 32), reply.subarray(32, 64), reply.subarray(64)];
  return new Uint8Array(Buffer.concat([second, first, rest]));
}

function reversed(value: unknown): Uint8Array {
  const tokens = Buffer.from(value as Uint8Array);
  const rows = Array.from({ length: tokens.length / 16 }, (_, at) => tokens.subarray(at * 16, at * 16 + 16));
  return new Uint8Array(Buffer.concat(rows.reverse()));
}

function unfit(value: unknown): object {
  const share = value as { readonly commitment: Uint8Array; readonly opening: Uint8Array };
  return { ...share, opening: flipped(share.opening, -1) };
}

describe("a fault of nobody", () => {
  it("is repeated with fresh secrets, and charged again", async () => {
    let fails = 1;
    const all = open({
      jobs: (table, party) =>
        party === "bert"
          ? changed(table, "psi.evaluate.block", (value) => {
              if (fails-- > 0) throw new Error("a worker was lost");
              return value;
            })
          : table,
    });
    await nextWorks(all);
    const repeats = all.machine("bert").log.filter(({ event }) => event === "session.repeat");
    expect(repeats).toHaveLength(1);
    const { store } = all.machine("bert");
    const entries = Array.from({ length: store.size() }, (_, at) =>
      JSON.parse(Buffer.from(store.leaf(at)).toString()),
    );
    const allowed = entries.filter(({ type, body }) => type === "allow" && body.asker === "anna");
    expect(allowed).toHaveLength(2);
    expect(new Set(allowed.map(({ body }) => body.session)).size).toBe(2);
    expect(entries.filter(({ type }) => type === "abort")).toHaveLength(1);
  });

  it("ends the question when it does not go away", async () => {
    const all = open({
      jobs: (table, party) =>
        party === "bert"
          ? changed(table, "psi.evaluate.block", () => {
              throw new Error("k42 is what a message must never say");
            })
          : table,
    });
    const outcome = await all.ask("anna", question);
    const [bert] = await all.outcomes(["bert"]);
    expect(bert).toMatchObject({ status: "failed", code: "internal", party: "bert" });
    expect(outcome).toMatchObject({ status: "failed", party: "bert" });
    expect(JSON.stringify(outcome)).not.toContain("k42"); // a fault's own words stay at home
    const repeats = all.machine("anna").log.filter(({ event }) => event === "session.repeat");
    expect(repeats.filter(({ phase }) => phase === "evaluate/anna/0").length).toBeLessThanOrEqual(2);
    expect(repeats.length).toBeGreaterThan(0);
  });
});

describe("the data", () => {
  it("that have changed since they were offered end the question", async () => {
    const all = open({
      ports: (ports, machine) => ({
        ...ports,
        progress: (step) => {
          ports.progress(step);
          if (step.phase === "approve" && machine.party === "bert") machine.list = ["other"];
        },
      }),
    });
    const outcome = await all.ask("anna", question);
    for (const end of await ends(all, outcome, ["bert", "cleo"])) {
      expect(end).toMatchObject({ status: "failed", code: "source", party: "bert" });
    }
    const again = await all.ask("anna", matchOf(PARTIES, ["anna"], { id: "again" }));
    expect(again).toMatchObject({ status: "released" });
  });

  it("that cannot be read are their owner's affair: others hear that, not why", async () => {
    let armed = true;
    const failure = Object.assign(new Error("/home/bert/list.csv, line 3"), {
      name: "SourceError",
      hint: "look",
    });
    const all = open({
      ports: (ports, { party }) => ({
        ...ports,
        sources: {
          ...ports.sources,
          snapshot: async (name) => {
            if (party === "bert" && armed) throw failure;
            return await ports.sources.snapshot(name);
          },
        },
      }),
    });
    const outcome = await all.ask("anna", question);
    expect(outcome).toMatchObject({ status: "failed", code: "source", party: "bert" });
    expect(JSON.stringify(outcome)).not.toContain("/home");
    armed = false;
    await nextWorks(all);
  });

  it("that nobody offers are the author's mistake", async () => {
    const all = open({}, { ...LISTS, bert: undefined });
    await expect(all.ask("anna", question)).rejects.toMatchObject({
      name: "QueryError",
      code: "unknown-dataset",
    });
  });
});

describe("an expired question", () => {
  it("ends every wait, at every party", async () => {
    const all = open({
      graceMs: 60_000,
      ports: (ports, { party }) => {
        if (party !== "bert") return ports;
        const send: Post["send"] = async (to, topic, body) => {
          if (!topic.endsWith("/verdict")) await ports.post.send(to, topic, body);
        };
        return { ...ports, post: { ...ports.post, send } };
      },
    });
    const asked = all.ask("anna", question);
    while (all.machine("cleo").progress.every(({ phase }) => phase !== "approve")) await all.clock.sleep(5);
    all.clock.ahead = 3 * 86_400_000;
    expect(await asked).toMatchObject({ status: "failed", code: "expired" });
    expect((await all.outcomes(["cleo"]))[0]).toMatchObject({ code: "expired" });
  });

  it("is refused before anything runs", async () => {
    const all = open({
      ports: (ports, { party }) => ({
        ...ports,
        // The clock of cleo is three days ahead: for it the question is over before it begins.
        clock:
          party === "cleo"
            ? { sleep: ports.clock.sleep.bind(ports.clock), now: () => ports.clock.now() + 3 * 86_400_000 }
            : ports.clock,
      }),
    });
    const outcome = await all.ask("anna", question);
    expect(["refused", "failed"]).toContain(outcome.status);
    expect(outcome).toMatchObject({ party: "cleo" });
    expect(PARTIES.map((party) => tokensFrom(all, party))).toEqual([0, 0, 0]);
  });
});

describe("the coordinator", () => {
  it("that is not there is named, not waited for", async () => {
    const all = open({ coordinator: false });
    const asked = all.ask("anna", countOf(PARTIES, ["anna"]));
    expect(await asked).toMatchObject({ status: "failed", code: "unreachable", party: "coordinator" });
  });

  it("to which nothing can be sent is named all the same: no line takes what it cannot deliver", async () => {
    const all = open({
      coordinator: false,
      ports: (ports) => {
        const send: Post["send"] = (to, topic, body) =>
          topic.startsWith("ticket/") ? new Promise(() => {}) : ports.post.send(to, topic, body);
        return { ...ports, post: { ...ports.post, send } };
      },
    });
    const outcome = await all.ask("anna", countOf(PARTIES, ["anna"]));
    for (const end of await ends(all, outcome, ["bert", "cleo"])) {
      expect(end).toMatchObject({ status: "failed", code: "unreachable", party: "coordinator" });
    }
  });

  it("refuses tickets that differ, and says so to all", async () => {
    const all = open({
      ports: posting(/^ticket\//, (body) => {
        const ticket = JSON.parse(Buffer.from(body).toString());
        return new Uint8Array(Buffer.from(JSON.stringify({ ...ticket, minCount: 9 })));
      }),
    });
    const outcome = await all.ask("anna", countOf(PARTIES, ["anna"]));
    for (const end of await ends(all, outcome, ["bert", "cleo"])) {
      expect(end).toMatchObject({ status: "failed", code: "integrity", party: "coordinator" });
    }
  });
});

describe("a question that ended", () => {
  it("leaves nothing behind: a node closes at once", async () => {
    const all = open({ ports: posting(/\/keyset$/, () => new Uint8Array([0])) });
    await all.ask("anna", question);
    await all.outcomes(["bert", "cleo"]);
    const begin = performance.now();
    await Promise.all(PARTIES.map((party) => all.machine(party).node.close(5000)));
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});
