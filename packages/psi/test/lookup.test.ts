// SPDX-License-Identifier: Apache-2.0
// lookup/1 on the toy group: against plain sets, what it shows, and who deviates.
import { type Group, loadSodium, nobleGroup } from "@koplamp/crypto";
import { MemoryVault, type Party, type PartyId, ProtocolError, type Simulated } from "@koplamp/protocol";
import { concat, hex } from "@koplamp/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { oraclePrimitives as primitives } from "../../crypto/test/oracle-primitives.ts";
import { findKernelGroup } from "../../pool/src/index.ts";
import {
  batchesOf,
  describePublication,
  lookup,
  lookupElements,
  PsiError,
  type Publication,
  publicationFor,
} from "../src/index.ts";
import { openKept } from "../src/lookup-kept.ts";
import { expectDescribed } from "./described.ts";
import { ASKER, Desk, HOLDER, hitsOf, reportedIn } from "./lookups.ts";
import { bucket } from "./packed.ts";
import { replacing } from "./pair.ts";
import { anyWeather } from "./weather.ts";

const UNIVERSE = Array.from({ length: 60 }, (_, at) => `item ${at}`);
const ROWS = 64;
const anyList = fc.uniqueArray(fc.constantFrom(...UNIVERSE), { maxLength: 40 });

function published(list: readonly string[], rows = ROWS, seed?: string): Desk {
  const desk = new Desk(toyGroup(), primitives, seed);
  desk.publish(list, { kind: "index", rows });
  return desk;
}

/** What left, without what it says: who to whom, what, how long, on which way. */
function shapeOf({ transcript }: Simulated): readonly string[] {
  return transcript.map(({ from, to, type, bytes, output }) =>
    [from, to, type, bytes.length, output].join(" "),
  );
}

/** One of the two deviates in its messages of one type. */
function deviating(who: PartyId, type: string, replace: (bytes: Uint8Array) => Uint8Array) {
  return (party: Party<unknown>, me: PartyId): Party<unknown> =>
    me === who ? replacing(party, type, replace) : party;
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (reason) {
    return reason;
  }
  return undefined;
}

describe("lookup/1", () => {
  it("equals the plain sets, and sends what it describes: any list, questions and interleaving", () => {
    const cases = fc.record({
      list: anyList,
      questions: fc.uniqueArray(fc.constantFrom(...UNIVERSE), { minLength: 1, maxLength: 40 }),
      tell: fc.constantFrom("asker" as const, "both-on-hit" as const),
      weather: anyWeather(),
    });
    fc.assert(
      fc.property(cases, ({ list, questions, tell, weather }) => {
        const desk = published(list);
        const setups = desk.setups(questions, { tell });
        const run = desk.ask(setups, { weather });
        expect(hitsOf(run)).toEqual(questions.map((question) => list.includes(question)));
        const hits = list.filter((item) => questions.includes(item));
        expect(reportedIn(run, list)).toEqual(tell === "asker" ? [] : hits);
        const { batches } = setups[0];
        expectDescribed(
          run,
          lookup.describe({ holder: HOLDER, asker: ASKER, batches, tell, rowsPadded: ROWS }),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("follows a list as it changes, by churns of a fixed size", () => {
    fc.assert(
      fc.property(anyList, anyList, anyWeather(), (before, after, weather) => {
        const desk = published(before, 128);
        const { fresh, gone, dummies, rows } = desk.changes(after);
        expect([fresh, gone]).toEqual([
          after.filter((item) => !before.includes(item)).length,
          before.filter((item) => !after.includes(item)).length,
        ]);
        expect([dummies, rows]).toEqual([128 - before.length, 128]);
        const publication: Publication = { kind: "churn", changes: 48 };
        const run = desk.publish(after, publication, { weather });
        expectDescribed(run, describePublication({ holder: HOLDER, asker: ASKER, publication, quota: 20 }));
        expect(desk.answers(UNIVERSE)).toEqual(UNIVERSE.map((item) => after.includes(item)));
        expect(desk.changes(after)).toEqual({ fresh: 0, gone: 0, dummies: 128 - after.length, rows: 128 });
      }),
      { numRuns: 12 },
    );
  });

  it("publishes the same index again for an asker that has lost it, and another one under a fresh key", () => {
    const desk = published(["a", "b"]);
    const index = (run: Simulated): string =>
      hex(run.transcript.find(({ type }) => type === "T")?.bytes ?? new Uint8Array());
    const again = index(desk.publish(["a", "b"], { kind: "again", rows: ROWS }));
    const once = index(desk.publish(["a", "b"], { kind: "again", rows: ROWS }));
    expect(once).toBe(again);
    const publication: Publication = { kind: "index", rows: ROWS };
    const run = desk.publish(["a", "b"], publication);
    expect(tokensIn(run).filter((token) => again.includes(token))).toEqual([]);
    expectDescribed(run, describePublication({ holder: HOLDER, asker: ASKER, publication, quota: 20 }));
    expect(desk.answers(["a", "c"])).toEqual([true, false]);
  });

  it("takes a churn where it hides the change, and a fresh key where it cannot", () => {
    const changes = { fresh: 3, gone: 1, dummies: 500, rows: 1024 };
    expect(publicationFor(changes, 1024, bucket)).toEqual({ kind: "churn", changes: 256 });
    expect(publicationFor({ ...changes, fresh: 0, gone: 0 }, 1024, bucket)).toEqual({
      kind: "churn",
      changes: 256,
    });
    expect(publicationFor({ ...changes, dummies: 200 }, 1024, bucket)).toEqual({ kind: "index", rows: 1024 });
    expect(publicationFor(changes, 1536, bucket)).toEqual({ kind: "index", rows: 1536 });
    expect(publicationFor({ ...changes, fresh: 600 }, 1024, bucket)).toEqual({ kind: "index", rows: 1024 });
    expect(publicationFor({ fresh: 0, gone: 0, dummies: 56, rows: 256 }, 256, bucket)).toBeUndefined();
  });
});

function tokensIn({ transcript }: Simulated): readonly string[] {
  const list = transcript.find(({ type }) => type === "T")?.bytes ?? new Uint8Array();
  return Array.from({ length: list.length / 16 }, (_, at) => hex(list.slice(at * 16, at * 16 + 16)));
}

describe("batches", () => {
  it("twenty questions are one of 16 and one of 4; every number fills its batches again", () => {
    expect(batchesOf(20)).toEqual([16, 4]);
    expect(batchesOf(1)).toEqual([1]);
    expect(batchesOf(31)).toEqual([32]);
    expect(batchesOf(70)).toEqual([32, 32, 4, 4]);
    for (let questions = 1; questions <= 200; questions += 1) {
      const elements = lookupElements(questions);
      expect(elements - questions).toBeGreaterThanOrEqual(0);
      expect(elements - questions).toBeLessThanOrEqual(3);
      expect(batchesOf(elements)).toEqual(batchesOf(questions));
    }
  });
});

describe("what a look-up shows", () => {
  it("has the same messages of the same length for hits and for none, both told or not", () => {
    for (const tell of ["asker", "both-on-hit"] as const) {
      const shapes = [
        ["a", "b", "c"],
        ["x", "y", "z"],
        ["a", "y", "z"],
      ].map((questions) => {
        const desk = published(["a", "b", "c"], ROWS, "shape");
        return shapeOf(desk.ask(desk.setups(questions, { tell })));
      });
      expect(shapes[1]).toEqual(shapes[0]);
      expect(shapes[2]).toEqual(shapes[0]);
    }
  });

  it("asks one question in one round trip, padded: the holder sees whole batches only", () => {
    const desk = published(["a"]);
    const run = desk.ask(desk.setups(["a", "b", "c"]));
    const after = shapeOf(run).filter((line) => / [ME] /.test(line));
    expect(after).toEqual([`${ASKER} ${HOLDER} M 128 `, `${HOLDER} ${ASKER} E 192 `]);
  });

  it("makes requests that have nothing in common, and an index in another order than the list", () => {
    const desk = published(["a", "b"]);
    const rows = [0, 1].flatMap(() => {
      const run = desk.ask(desk.setups(["a", "b", "c", "d"]));
      const request = run.transcript.find(({ type }) => type === "M")?.bytes ?? new Uint8Array();
      return [0, 1, 2, 3].map((at) => hex(request.slice(at * 32, at * 32 + 32)));
    });
    expect(new Set(rows).size).toBe(8);
    const tokens = tokensIn(published(["a", "b"]).publish(["a", "b"], { kind: "again", rows: ROWS }));
    expect(tokens).toEqual([...tokens].sort());
    expect(tokens).toHaveLength(ROWS);
  });

  it("charges every batch before it is answered, dummies too", () => {
    const desk = published(["a"]);
    desk.ask(desk.setups(Array.from({ length: 19 }, (_, at) => `q${at}`)));
    expect(desk.federation.metered).toEqual([
      { asker: ASKER, elements: 16, block: 0 },
      { asker: ASKER, elements: 4, block: 1 },
    ]);
    desk.federation.quota = 20;
    const seen: string[] = [];
    const observe = ({ type }: { readonly type: string }): void => void seen.push(type);
    expect(() => desk.ask(desk.setups(["a"]), { weather: { observe } })).toThrow("quota");
    expect(seen).toContain("M");
    expect(seen).not.toContain("E");
  });
});

describe("a holder that deviates", () => {
  const other = toyGroup().hashToGroup(new Uint8Array(64).fill(5));
  it.each([
    ["another key for one item", (bytes: Uint8Array) => concat(other, bytes.slice(32)), "proof"],
    ["a proof that does not hold", (bytes: Uint8Array) => bytes.with(bytes.length - 1, 1), "proof"],
    ["the identity", (bytes: Uint8Array) => concat(new Uint8Array(32), bytes.slice(32)), "element"],
  ])("is caught and named: %s", (_name, replace, code) => {
    const desk = published(["a"]);
    const turned = deviating(HOLDER, "E", replace);
    const reason = thrownBy(() => desk.ask(desk.setups(["a", "b"]), { turned }));
    expect(reason).toBeInstanceOf(PsiError);
    expect(reason).toMatchObject({ code, party: HOLDER });
  });

  const swapped = (bytes: Uint8Array): Uint8Array =>
    concat(bytes.slice(16, 32), bytes.slice(0, 16), bytes.slice(32));
  const twice = (bytes: Uint8Array): Uint8Array =>
    concat(bytes.slice(0, 16), bytes.slice(0, 16), bytes.slice(32));
  it.each([
    ["in another order", swapped],
    ["with a token twice", twice],
    ["of another length", (bytes: Uint8Array) => bytes.slice(16)],
  ])("is caught and named: an index %s", (_name, replace) => {
    const desk = new Desk(toyGroup(), primitives);
    const turned = deviating(HOLDER, "T", replace);
    const reason = thrownBy(() => desk.publish(["a", "b"], { kind: "index", rows: ROWS }, { turned }));
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason).toMatchObject({ code: "invalid-message", party: HOLDER });
  });

  it("is caught and named: a key that it does not know", () => {
    const desk = new Desk(toyGroup(), primitives);
    const turned = deviating(HOLDER, "K", (bytes) => concat(other, bytes.slice(32)));
    const reason = thrownBy(() => desk.publish(["a"], { kind: "index", rows: ROWS }, { turned }));
    expect(reason).toMatchObject({ code: "proof", party: HOLDER });
  });

  it.each([
    [
      "takes out what does not stand in the index",
      (bytes: Uint8Array) => bytes.with(bytes.length - 16, 0xff),
      "index",
    ],
    ["says another number of additions", (bytes: Uint8Array) => bytes.with(3, 9), "invalid-message"],
  ])("is caught and named: a churn that %s", (_name, replace, code) => {
    const desk = published(["a", "b"]);
    const turned = deviating(HOLDER, "dT", replace);
    const reason = thrownBy(() => desk.publish(["a"], { kind: "churn", changes: 8 }, { turned }));
    expect(reason).toMatchObject({ code, party: HOLDER });
  });
});

describe("an asker that deviates", () => {
  it.each([
    ["the identity", (bytes: Uint8Array) => concat(new Uint8Array(32), bytes.slice(32))],
    [
      "one element twice",
      (bytes: Uint8Array) => concat(bytes.slice(0, 32), bytes.slice(0, 32), bytes.slice(64)),
    ],
  ])("gets no answer and no charge for %s", (_name, replace) => {
    const desk = published(["a"]);
    const reason = thrownBy(() =>
      desk.ask(desk.setups(["a", "b"]), { turned: deviating(ASKER, "M", replace) }),
    );
    expect(reason).toMatchObject({ code: "element", party: ASKER });
    expect(desk.federation.metered).toEqual([]);
  });

  it("gets nothing for more elements than its batch, nor beyond its allowance", () => {
    const desk = published(["a"]);
    const turned = deviating(ASKER, "M", (bytes) => concat(bytes, bytes));
    expect(thrownBy(() => desk.ask(desk.setups(["a"]), { turned }))).toBeInstanceOf(ProtocolError);
    const [asker, holder] = desk.setups(["a", "b"]);
    const small = { ...holder, allowance: { ...holder.allowance, ceiling: 1 } };
    expect(thrownBy(() => desk.ask([asker, small]))).toMatchObject({ code: "allowance" });
    const odd = { ...holder, batches: [2] };
    expect(thrownBy(() => desk.ask([asker, odd]))).toMatchObject({ code: "setup" });
  });

  it("finds nothing with an answer of another session: proof and request are bound to it", () => {
    const desk = published(["a"]);
    const first = desk.ask(desk.setups(["a"]));
    const replayed = first.transcript.find(({ type }) => type === "E")?.bytes ?? new Uint8Array();
    const reason = thrownBy(() =>
      desk.ask(desk.setups(["a"]), { turned: deviating(HOLDER, "E", () => replayed) }),
    );
    expect(reason).toMatchObject({ code: "proof" });
  });

  it("cannot make the holder believe in a hit on what it was not asked about: no token, no row", () => {
    const desk = published(["a", "b"]);
    const random = Uint8Array.from({ length: 16 }, (_, at) => at);
    const turned = deviating(ASKER, "T", () => random);
    expect(reportedIn(desk.ask(desk.setups(["a"], { tell: "both-on-hit" }), { turned }), desk.list)).toEqual(
      [],
    );
  });
});

describe("on ristretto255", () => {
  it("answers, and every backend sends the same bytes", async () => {
    const everything = (group: Group): readonly string[] => {
      const desk = new Desk(group, primitives, "frozen");
      const index = desk.publish(["a", "b"], { kind: "index", rows: 4 });
      const asked = desk.ask(desk.setups(["b", "c"], { tell: "both-on-hit" }));
      expect(hitsOf(asked)).toEqual([true, false]);
      expect(reportedIn(asked, desk.list)).toEqual(["b"]);
      return [...index.transcript, ...asked.transcript].map(({ type, bytes }) => `${type} ${hex(bytes)}`);
    };
    const sodium = await loadSodium();
    const sent = everything(sodium);
    expect(everything(nobleGroup())).toEqual(sent);
    const kernel = findKernelGroup(sodium).group;
    if (kernel !== undefined) expect(everything(kernel)).toEqual(sent);
  });
});

describe("what a holder keeps", () => {
  it("is of no use under another node's key, or another index", () => {
    const desk = published(["a"]);
    const { cacheKey } = desk.federation.site(HOLDER);
    const rows = desk.kept?.rows ?? new Uint8Array();
    const vault = new MemoryVault({ cacheKey: cacheKey.slice() });
    expect(openKept(primitives, vault, desk.route, rows)).toHaveLength(ROWS * 32);
    const others = [
      [new MemoryVault({ cacheKey: new Uint8Array(32) }), desk.route, rows],
      [vault, { ...desk.route, context: new Uint8Array(32) }, rows],
      [vault, desk.route, rows.slice(1)],
    ] as const;
    for (const [other, route, bytes] of others) {
      expect(thrownBy(() => openKept(primitives, other, route, bytes))).toMatchObject({ code: "index" });
    }
  });
});
