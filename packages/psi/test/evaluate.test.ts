// SPDX-License-Identifier: Apache-2.0
import { conversation, exchangeReady, finalize, type Group, hashToGroup, tell } from "@koplamp/crypto";
import { compute, disclose, MemoryVault, type Party, receive, runJob, send } from "@koplamp/protocol";
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { blindRequest, evaluateBlock, verifyReply } from "../src/evaluate-jobs.ts";
import { type EvaluateSetup, evaluate, evaluateAsker, evaluateHolder, type Spent } from "../src/index.ts";
import { allowanceCodec, ROOT, replyCodec, requestCodec } from "../src/messages.ts";
import { expectDescribed } from "./described.ts";
import { allowance, Federation, inputsOf } from "./federation.ts";
import { anyWeather } from "./weather.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `item ${at}`);

/** s_x of a cache, by index, from its sealed chunks. */
function secretsOf(federation: Federation, party: string, list: readonly string[]): string[] {
  const vault = new MemoryVault({ cacheKey: federation.site(party).cacheKey.slice() });
  const { inputs, scope, chunks } = federation.items(party, inputsOf(list));
  runJob(federation.jobs, vault, "psi.cache.open", [scope, chunks]);
  runJob(federation.jobs, vault, "psi.cache.load", [inputs]);
  const secrets = vault.get("s");
  return list.map((_, at) => hex(secrets.slice(at * 32, at * 32 + 32)));
}

/** s_x as RFC 9497 has it under the sum of all shares. */
function plainSecret(group: Group, federation: Federation, name: string): string {
  const { bytes } = inputsOf([name]);
  const hashed = hashToGroup(group, primitives, [bytes]);
  const parts = federation.parties.map((party) => group.mulSame(federation.site(party).k, hashed));
  const sum = parts.reduce((a, b) => group.addEach(a, b));
  return hex(finalize(primitives, bytes, sum).slice(0, 32));
}

describe("evaluate/1", () => {
  it("gives the asker s_x of each item under the sum of all shares, and meters the bucket at every holder", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        anyWeather(),
        (count, items, weather) => {
          const federation = new Federation(
            toyGroup(),
            primitives,
            ["a", "b", "c", "d", "e"].slice(0, count),
          );
          federation.ceremony();
          const [run] = federation.evaluate("b", inputsOf(names(items)), weather);
          expect(secretsOf(federation, "b", names(items))).toEqual(
            names(items).map((name) => plainSecret(toyGroup(), federation, name)),
          );
          expect(federation.metered).toEqual(
            new Array(count - 1).fill({ asker: "b", elements: 256, block: 0 }),
          );
          if (run === undefined) throw new Error("no session ran");
          const quotas = Object.fromEntries(federation.parties.map((party) => [party, 1000]));
          expectDescribed(
            run,
            evaluate.describe({ parties: federation.parties, asker: "b", elements: 256, quotas }),
          );
          const request = run.transcript.find(({ type }) => type === "M")?.bytes ?? new Uint8Array();
          const spent = { asker: "b", metered: 256, request: primitives.sha256(request) };
          expect(run.outputs.get("a") as Spent).toEqual(spent);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("shows nothing of the items: requests for other items of the same bucket differ like chance", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    federation.ceremony();
    const runs = [names(3), names(3), ["x"], names(200)].map((list) => {
      federation.site("a").chunks.splice(0);
      return federation.evaluate("a", inputsOf(list))[0]?.transcript ?? [];
    });
    const shapes = runs.map((run) => run.map(({ from, to, type, bytes }) => [from, to, type, bytes.length]));
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(1);
    const elements = runs.flatMap((run) => {
      const { bytes } = run.find(({ type }) => type === "M") ?? { bytes: new Uint8Array() };
      return Array.from({ length: bytes.length / 32 }, (_, at) => hex(bytes.slice(at * 32, at * 32 + 32)));
    });
    expect(elements).toHaveLength(4 * 256);
    expect(new Set(elements).size).toBe(4 * 256);
  });

  it("blinds each item by a scalar of its own: no two elements differ as their items do", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    const group = toyGroup();
    const vault = new MemoryVault({ salt: new Uint8Array(32).fill(1) });
    const args = [inputsOf(names(3)), 256, new Uint8Array(32).fill(1)];
    const request = runJob(federation.jobs, vault, blindRequest.name, args) as Uint8Array;
    const asked = [0, 1, 2].map((at) => request.slice(at * 32, at * 32 + 32)); // items stand before dummies
    const hashed = names(3).map((name) => hashToGroup(group, primitives, [inputsOf([name]).bytes]));
    const differences = (elements: readonly Uint8Array[]): readonly string[] =>
      elements.flatMap((one) =>
        elements.filter((other) => other !== one).map((other) => hex(group.subEach(one, other))),
      );
    const guesses = new Set(differences(hashed));
    expect(guesses.size).toBe(6);
    expect(differences(asked).filter((difference) => guesses.has(difference))).toEqual([]);
  });

  it("makes the same request again from list, salt and transcript, and no other", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    const request = (list: readonly string[], salt: number, transcript: number): string => {
      const vault = new MemoryVault({ salt: new Uint8Array(32).fill(salt) });
      const args = [inputsOf(list), 256, new Uint8Array(32).fill(transcript)];
      return hex(runJob(federation.jobs, vault, blindRequest.name, args) as Uint8Array);
    };
    expect(request(["x", "y"], 1, 1)).toBe(request(["x", "y"], 1, 1));
    expect(request(["y", "x"], 1, 1)).toBe(request(["x", "y"], 1, 1));
    const others = [
      request(["x", "y"], 1, 1),
      request(["x", "z"], 1, 1),
      request(["x", "y"], 2, 1),
      request(["x", "y"], 1, 2),
    ];
    expect(new Set(others).size).toBe(4);
    // Not only the dummies: another session has other blinds for the same items, which stand first.
    expect(others[3]?.slice(0, 64)).not.toBe(others[0]?.slice(0, 64));
    expect(blindOf(federation, 1)).not.toBe(blindOf(federation, 2));
  });

  it("leaves neither blinds nor hashes nor the sum in the vault", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    const vault = new MemoryVault({
      salt: new Uint8Array(32),
      k: OTHER_KEY.slice(),
      cacheKey: new Uint8Array(32),
    });
    const inputs = inputsOf(["x", "y"]);
    const transcript = new Uint8Array(32);
    const job = (name: string, ...args: readonly unknown[]): Uint8Array =>
      runJob(federation.jobs, vault, name, args) as Uint8Array;
    const request = job(blindRequest.name, inputs, 8, transcript);
    const prover = { prover: "b", key: toyGroup().mulBase(OTHER_KEY), transcript };
    job(verifyReply.name, prover, request, job(evaluateBlock.name, prover, 0, request, new Uint8Array(32)));
    const handles = ["evaluate/h1", "evaluate/blinds", "evaluate/sum"];
    expect(handles.map((handle) => vault.has(handle))).toEqual([true, true, true]);
    job("psi.evaluate.unblind", inputs, prover.key, new Uint8Array(32), new Uint8Array(32));
    expect(handles.map((handle) => vault.has(handle))).toEqual([false, false, false]);
  });

  it("cuts what does not fit into sessions of 2^16, in the order of the cache", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    const news = federation.news("a", inputsOf(names(300)));
    expect([...news].sort((a, b) => a - b)).toEqual(names(300).map((_, at) => at));
    expect([...news]).not.toEqual(names(300).map((_, at) => at));
    expect(
      evaluate.describe({ parties: ["a", "b"], asker: "a", elements: 98_304, quotas: {} }).egress,
    ).toContainEqual({
      from: "b",
      to: "a",
      channel: "send",
      what: "E",
      messages: 2,
      bytes: 98_304 * 32 + 12 * 64,
    });
  });

  it("sends no evaluation when the allowance stays behind the gate, the quota is spent, or the ceiling is too low", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    federation.ceremony();
    const left: string[] = [];
    const observe = ({ type }: { readonly type: string }): void => void left.push(type);
    expect(() => federation.evaluate("a", inputsOf(["x"]), { gate: () => false, observe })).toThrow(
      "waits for its gate",
    );
    expect(left).not.toContain("W");
    expect(left).not.toContain("M");
    federation.quota = 255;
    expect(() => federation.evaluate("a", inputsOf(["x"]), { observe })).toThrow("quota");
    expect(left).not.toContain("E");
    const setup = { ...federation.askerSetup("a", inputsOf(["x"])), allowance: allowance("a", 255) };
    expect(() => federation.run({ a: evaluateAsker(setup, federation.rng) })).toThrow("is allowed 255");
    expect(federation.site("a").chunks).toEqual([]);
  });

  it("stops at the quota over many sessions", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    federation.ceremony();
    federation.quota = 600;
    for (const list of [["x"], ["y"]]) federation.evaluate("a", inputsOf(list));
    expect(() => federation.evaluate("a", inputsOf(["z"]))).toThrow("quota");
    expect(secretsOf(federation, "a", ["x", "y"])).toHaveLength(2);
    expect(() => secretsOf(federation, "a", ["z"])).toThrow("not evaluated");
  });
});

/** The first blind of a session, as the vault holds it. */
function blindOf(federation: Federation, transcript: number): string {
  const vault = new MemoryVault({ salt: new Uint8Array(32).fill(1) });
  runJob(federation.jobs, vault, blindRequest.name, [
    inputsOf(["x"]),
    8,
    new Uint8Array(32).fill(transcript),
  ]);
  return hex(vault.get("evaluate/blinds").slice(0, 32));
}

describe("a proof of evaluate/1", () => {
  it("is of one session, one prover, one block and one key", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    const k = OTHER_KEY.slice();
    const key = toyGroup().mulBase(k);
    const prover = { prover: "b", key, transcript: new Uint8Array(32) };
    const request = toyGroup().mulBase(concat(OTHER_KEY, new Uint8Array(32).fill(9, 0, 4)));
    const reply = (block: number): Uint8Array =>
      runJob(federation.jobs, new MemoryVault({ k: k.slice() }), evaluateBlock.name, [
        prover,
        block,
        request,
        new Uint8Array(32),
      ]) as Uint8Array;
    const verify = (claim: typeof prover, block: number): unknown =>
      runJob(federation.jobs, new MemoryVault(), verifyReply.name, [claim, request, reply(block)]);
    expect(() => verify(prover, 0)).not.toThrow();
    const claims = [
      { ...prover, prover: "c" },
      { ...prover, transcript: new Uint8Array(32).fill(1) },
      { ...prover, key: toyGroup().mulBase(new Uint8Array(32).fill(5, 0, 1)) },
    ];
    for (const claim of claims)
      expect(() => verify(claim, 0)).toThrow(expect.objectContaining({ code: "invalid-proof" }));
    expect(() => verify(prover, 1)).toThrow(expect.objectContaining({ code: "invalid-proof" }));
  });
});

/** What a hostile holder answers to a request, and with which key. */
type Answer = (
  request: Uint8Array,
  honest: (key: Uint8Array, points?: Uint8Array) => Uint8Array,
  k: Uint8Array,
) => Uint8Array;

function* hostileHolder(setup: EvaluateSetup, federation: Federation, answer: Answer): Party<void> {
  const { me, asker, transcript, elements, keys } = setup;
  const talk = evaluateHolder({ ...setup }, federation.rng);
  let step = talk.next();
  while (!step.done && !(step.value.kind === "receive" && step.value.type === "M"))
    step = talk.next(yield step.value);
  const request = yield* receive(asker, requestCodec(elements));
  const honest = (key: Uint8Array, points: Uint8Array = request): Uint8Array => {
    const args = [{ prover: me, key: keys[me], transcript }, 0, points, new Uint8Array(32).fill(5)];
    return runJob(
      federation.jobs,
      new MemoryVault({ k: key.slice() }),
      evaluateBlock.name,
      args,
    ) as Uint8Array;
  };
  yield* send(asker, replyCodec(elements), answer(request, honest, federation.site(me).k));
}

function attacked(answer: Answer): { readonly error: unknown; readonly chunks: number } {
  const federation = new Federation(toyGroup(), primitives, ["a", "b", "c"]);
  federation.ceremony();
  const setup = federation.askerSetup("a", inputsOf(["x", "y"]));
  const { inputs: _inputs, scope: _scope, ...common } = setup;
  try {
    const { outputs } = federation.run({
      a: evaluateAsker(setup, federation.rng),
      b: evaluateHolder({ ...common, me: "b" }, federation.rng),
      c: hostileHolder({ ...common, me: "c" }, federation, answer),
    });
    return { error: undefined, chunks: (outputs.get("a") as unknown[]).length };
  } catch (error) {
    return { error, chunks: 0 };
  }
}

const OTHER_KEY = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 77 : 0));

describe("a hostile holder of evaluate/1", () => {
  it("passes when it answers honestly", () => {
    expect(attacked((_request, honest, k) => honest(k))).toEqual({ error: undefined, chunks: 1 });
  });

  it.each<[string, Answer]>([
    ["another key for every item", (_request, honest) => honest(OTHER_KEY)],
    [
      "another key for one item",
      (request, honest, k) => {
        const reply = honest(k);
        reply.set(toyGroup().mulSame(OTHER_KEY, request.slice(0, 32)), 0);
        return reply;
      },
    ],
    [
      "two answers in each other's place",
      (_request, honest, k) => {
        const reply = honest(k);
        return concat(reply.slice(32, 64), reply.slice(0, 32), reply.slice(64));
      },
    ],
    [
      "a flipped proof",
      (_request, honest, k) => {
        const reply = honest(k);
        reply[256 * 32] = (reply[256 * 32] ?? 0) ^ 1;
        return reply;
      },
    ],
    [
      "the identity",
      (_request, honest, k) => {
        const reply = honest(k);
        return reply.fill(0, 0, 32);
      },
    ],
    [
      "an encoding that is not canonical",
      (_request, honest, k) => {
        const reply = honest(k);
        return reply.fill(0xff, 0, 32);
      },
    ],
    [
      "one element twice",
      (_request, honest, k) => {
        const reply = honest(k);
        reply.copyWithin(0, 32, 64);
        return reply;
      },
    ],
    ["a reply that is too short", (_request, honest, k) => honest(k).slice(1)],
  ])("is caught with %s, and nothing is stored", (_name, answer) => {
    const { error, chunks } = attacked(answer);
    expect(error).toBeInstanceOf(Error);
    expect(error).toHaveProperty("code", expect.stringMatching(/^invalid-/));
    expect(chunks).toBe(0);
  });
});

function* hostileAsker(setup: EvaluateSetup, request: (elements: number) => Uint8Array): Party<void> {
  const honest = evaluateAsker(
    { ...setup, inputs: inputsOf(["x"]), scope: new Uint8Array(32) },
    (length) => new Uint8Array(length),
  );
  let step = honest.next();
  while (!step.done && !(step.value.kind === "send" && step.value.type === "M"))
    step = honest.next(yield step.value);
  yield { kind: "send", to: "b", type: "M", bytes: request(setup.elements) };
  yield* receive("b", replyCodec(setup.elements));
}

describe("a hostile asker of evaluate/1", () => {
  it.each([
    [
      "more elements than allowed",
      (elements: number) => new Uint8Array((elements + 1) * 32),
      "invalid-message",
    ],
    [
      "the identity among good elements",
      (elements: number) => concat(new Uint8Array(32), different(elements - 1)),
      "invalid-element",
    ],
    ["one element again and again", (elements: number) => repeated(elements), "invalid-element"],
  ])("gets no answer and no charge for %s", (_name, request, code) => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    federation.ceremony();
    const { inputs: _inputs, scope: _scope, ...common } = federation.askerSetup("a", inputsOf(["x"]));
    const sent: string[] = [];
    const run = (): unknown =>
      federation.run(
        { a: hostileAsker(common, request), b: evaluateHolder({ ...common, me: "b" }, federation.rng) },
        { observe: ({ type }) => void sent.push(type) },
      );
    expect(run).toThrow(expect.objectContaining({ code }));
    expect(sent).toContain("M");
    expect(sent).not.toContain("E");
    expect(federation.metered).toEqual([]);
  });

  it("gets no evaluation with another root than it told the others", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b", "c"]);
    federation.ceremony();
    const { inputs: _inputs, scope: _scope, ...common } = federation.askerSetup("a", inputsOf(["x"]));
    /** Consistent with each of the two; only they can see that they were told different roots. */
    function* twoRoots(): Party<void> {
      const talks = ["b", "c"].map((peer) => ({ peer, talk: conversation("a", ["a", peer]) }));
      for (const [at, { peer, talk }] of talks.entries()) {
        yield* tell(talk, peer, ROOT, new Uint8Array(32).fill(at), true);
      }
      for (const { talk } of talks) yield* exchangeReady(talk, common.transcript);
      yield* receive("b", allowanceCodec(common.allowance));
    }
    const run = (): unknown =>
      federation.run({
        a: twoRoots(),
        b: evaluateHolder({ ...common, me: "b" }, federation.rng),
        c: evaluateHolder({ ...common, me: "c" }, federation.rng),
      });
    expect(run).toThrow(/^[bc] saw other messages in this session than [bc]$/);
  });

  it("cannot use a reply of another session", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    federation.ceremony();
    const first = federation.evaluate("a", inputsOf(["x"]))[0]?.transcript ?? [];
    const old = first.find(({ type }) => type === "E")?.bytes ?? new Uint8Array();
    const setup = federation.askerSetup("a", inputsOf(["y"]));
    const { inputs: _inputs, scope: _scope, ...common } = setup;
    function* replaying(): Party<void> {
      const talk = evaluateHolder({ ...common, me: "b" }, federation.rng);
      let step = talk.next();
      while (!step.done && !(step.value.kind === "send" && step.value.type === "E"))
        step = talk.next(yield step.value);
      yield* send("a", replyCodec(256), old);
    }
    expect(() => federation.run({ a: evaluateAsker(setup, federation.rng), b: replaying() })).toThrow(
      expect.objectContaining({ code: "invalid-proof" }),
    );
  });

  it("is refused an allowance of another session", () => {
    const federation = new Federation(toyGroup(), primitives, ["a", "b"]);
    federation.ceremony();
    const setup = federation.askerSetup("a", inputsOf(["y"]));
    const { inputs: _inputs, scope: _scope, ...common } = setup;
    const other = { ...common.allowance, session: "c".repeat(32) };
    function* otherAllowance(): Party<void> {
      const talk = evaluateHolder({ ...common, me: "b" }, federation.rng);
      let step = talk.next();
      while (!step.done && step.value.kind !== "disclose") step = talk.next(yield step.value);
      yield* disclose("a", "tests.b.a", allowanceCodec(other), other);
      yield* receive("a", requestCodec(256));
      yield* compute({ name: "crypto.sha256" }, other.session);
    }
    expect(() => federation.run({ a: evaluateAsker(setup, federation.rng), b: otherAllowance() })).toThrow(
      "expected the allowance of this session for a",
    );
  });
});

function different(elements: number): Uint8Array {
  return toyGroup().mulBase(
    concat(...Array.from({ length: elements }, (_, at) => new Uint8Array(32).fill(at + 1, 0, 2))),
  );
}

function repeated(elements: number): Uint8Array {
  const point = toyGroup().mulBase(OTHER_KEY);
  return concat(...new Array<Uint8Array>(elements).fill(point));
}
