// SPDX-License-Identifier: Apache-2.0
// A coordinator of match-threshold/1 that tells what it did not find, and what it can see when it tells the truth.
import { compute, type Party, ProtocolError, receive, send } from "@koplamp/protocol";
import { describe, expect, it } from "vitest";
import { toyGroup } from "../../../test/toy/group.ts";
import { nodePrimitives } from "../../pool/src/index.ts";
import { type Tell, type ThresholdMatched, type ThresholdSession, thresholdLayout } from "../src/index.ts";
import { P25 } from "../src/threshold-field.ts";
import { findHeld } from "../src/threshold-hits.ts";
import { findHits } from "../src/threshold-jobs.ts";
import { type ThresholdLayout, tableBytes } from "../src/threshold-layout.ts";
import { type Hit, hitsCodec, NEXT, tablesCodec } from "../src/threshold-messages.ts";
import { Federation, inputsOf } from "./federation.ts";
import { runThreshold, type ThresholdQuestion } from "./threshold.ts";

const PARTIES = ["alice", "bob", "carol", "dave"];
const UNIVERSE = Array.from({ length: 12 }, (_, at) => `item ${at}`);
const ROWS = 16;

const federation = new Federation(toyGroup(), nodePrimitives(), PARTIES);
federation.ceremony();
federation.pad = (rows) => rows; // the cache alone matters here
for (const party of PARTIES) federation.evaluate(party, inputsOf(UNIVERSE));

/** The first four items at all four; the others at as many as `holders`. */
function question(tell: Tell, holders = 1): ThresholdQuestion {
  const side = (at: number): readonly string[] => (at < holders ? UNIVERSE : UNIVERSE.slice(0, 4));
  return {
    sides: Object.fromEntries(PARTIES.map((party, at) => [party, { items: side(at), flags: [] }])),
    recipients: PARTIES,
    atLeast: 3,
    tell,
    flagged: false,
    rows: ROWS,
  };
}

/** The coordinator, telling everybody what `lie` makes of the hits. */
function* lying(
  session: ThresholdSession,
  lie: (hits: readonly Hit[], layout: ThresholdLayout) => readonly Hit[],
): Party<undefined> {
  const { parties, sid, tell } = session;
  const layout = thresholdLayout(session);
  const tables: Uint8Array[] = [];
  for (const party of parties) tables.push(yield* receive(party, tablesCodec(layout)));
  const hits = yield* compute(findHits, { sid, layout, tell }, tables);
  for (const [at, to] of parties.entries()) yield* send(to, hitsCodec(layout), lie(hits[at] ?? [], layout));
  return undefined;
}

function outcome(tell: Tell, lie: Parameters<typeof lying>[1]): unknown {
  try {
    const run = runThreshold(federation, question(tell), {}, (session) => lying(session, lie));
    return (run.outputs.get("alice") as ThresholdMatched).told;
  } catch (reason) {
    return reason;
  }
}

const first = (hits: readonly Hit[], change: (hit: Hit) => Hit): readonly Hit[] =>
  hits.map((hit, at) => (at === 0 ? change(hit) : hit));
describe("a coordinator that tells what it did not find", () => {
  it("passes when it tells the truth, and can keep hits to itself", () => {
    expect(outcome("holders", (hits) => hits)).toHaveLength(4);
    expect(outcome("holders", (hits) => hits.slice(1))).toHaveLength(3);
    expect(outcome("holders", () => [])).toEqual([]);
  });

  it.each<[string, Tell, Parameters<typeof lying>[1]]>([
    ["an invented hit", "nothing", () => [{ table: 3, bin: 5, low: 1, high: 2, told: 0 }]],
    [
      "a receipt that is one off",
      "holders",
      (hits) => first(hits, (hit) => ({ ...hit, low: (hit.low ^ 1) >>> 0 })),
    ],
    [
      "a receipt that is off in its upper limb",
      "holders",
      (hits) => first(hits, (hit) => ({ ...hit, high: hit.high ^ 1 })),
    ],
    [
      "the receipt of another item",
      "holders",
      (hits) => first(hits, (hit) => ({ ...hit, low: hits[1]?.low ?? 0, high: hits[1]?.high ?? 0 })),
    ],
    [
      "a true receipt at another cell",
      "holders",
      (hits, { bins }) => hits.slice(0, 1).map((hit) => ({ ...hit, bin: (hit.bin + 1) % bins })),
    ],
    ["the bitmap of fewer than enough", "holders", (hits) => first(hits, (hit) => ({ ...hit, told: 3 }))],
    ["a bitmap without the party itself", "holders", (hits) => hits.map((hit) => ({ ...hit, told: 0b1110 }))],
    [
      "a bitmap with a party that there is not",
      "holders",
      (hits) => first(hits, (hit) => ({ ...hit, told: 0b11111 })),
    ],
    ["too low a number of holders", "count", (hits) => first(hits, (hit) => ({ ...hit, told: 2 }))],
    ["more holders than parties", "count", (hits) => first(hits, (hit) => ({ ...hit, told: 5 }))],
    ["holders where nothing is to be told", "nothing", (hits) => first(hits, (hit) => ({ ...hit, told: 7 }))],
  ])("is refused with %s, and nothing is told", (_name, tell, lie) => {
    expect(outcome(tell, lie)).toMatchObject({ code: "hit", party: "coordinator" });
  });

  it("is believed about who holds an item, among those who may", () => {
    const without = outcome("holders", (hits) => hits.map((hit) => ({ ...hit, told: hit.told & ~0b0010 })));
    expect(without).toMatchObject({ code: "hit" }); // bob sees itself left out, and nobody else would
    const count = outcome("count", (hits) => hits.map((hit) => ({ ...hit, told: 3 })));
    expect(count).toEqual(UNIVERSE.slice(0, 4).map((_, item) => ({ item, count: 3 })));
  });
});

describe("what the codecs of match-threshold/1 refuse", () => {
  const layout = thresholdLayout({
    parties: ["a", "b"],
    rowsPadded: { a: 4, b: 4 },
    atLeast: 2,
    flagged: false,
  });
  const hit: Hit = { table: 1, bin: 2, low: 7, high: 9, told: 3 };
  const hits = hitsCodec(layout);
  const after: Hit = { ...hit, table: 2 };

  it("takes what it makes", () => {
    expect(hits.decode(hits.encode([hit, after]))).toEqual([hit, after]);
    expect(hits.encode([hit])).toHaveLength(4 * 17);
    expect(tablesCodec(layout).decode(new Uint8Array(tableBytes(layout)))).toHaveLength(24 * 8 * 12);
    expect(NEXT.decode(new Uint8Array(1))).toEqual(new Uint8Array(1));
  });

  it.each<[string, Uint8Array]>([
    ["a row too few", hits.encode([hit]).slice(17)],
    ["a table that there is not", hits.encode([{ ...hit, table: 24 }])],
    ["a bin that there is not", hits.encode([{ ...hit, bin: 8 }])],
    ["rows out of order", hits.encode([after, hit])],
    ["a cell twice", hits.encode([hit, hit])],
    ["a receipt of p61 itself", hits.encode([{ ...hit, low: 2 ** 32 - 1, high: 2 ** 29 - 1 }])],
    ["padding that says something", hits.encode([hit]).fill(1, 18, 19)],
  ])("hits: %s", (_name, bytes) => {
    expect(() => hits.decode(bytes)).toThrow(ProtocolError);
  });

  it("tables: other lengths, and numbers outside the fields", () => {
    const tables = new Uint8Array(tableBytes(layout));
    new DataView(tables.buffer).setUint32(12, P25, true);
    expect(() => tablesCodec(layout).decode(tables)).toThrow("two fields");
    const large = new Uint8Array(tableBytes(layout)).fill(0xff, 16, 24);
    expect(() => tablesCodec(layout).decode(large)).toThrow("two fields");
    expect(() => tablesCodec(layout).decode(tables.slice(12))).toThrow(ProtocolError);
    expect(() => NEXT.decode(Uint8Array.of(1))).toThrow(ProtocolError);
    expect(() => hits.encode([hit, after, hit, hit, hit])).toThrow("at most 4 hits");
  });
});

/** The tables that the coordinator is sent, in id order. */
function tablesOf(asked: ThresholdQuestion): readonly Uint8Array[] {
  const { transcript } = runThreshold(federation, asked);
  return transcript.filter(({ type }) => type === "A").map(({ bytes }) => bytes);
}

const LAYOUT = thresholdLayout({
  parties: PARTIES,
  rowsPadded: Object.fromEntries(PARTIES.map((party) => [party, ROWS])),
  atLeast: 3,
  flagged: false,
});

/** Filter shares in sixteen classes of equal size: how far their numbers are from equal (15 degrees of freedom). */
function chiSquare(shares: readonly number[]): number {
  const classes = new Array<number>(16).fill(0);
  for (const share of shares) {
    const at = Math.floor((share * 16) / P25);
    classes[at] = (classes[at] ?? 0) + 1;
  }
  const mean = shares.length / 16;
  return classes.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

describe("what the coordinator sees", () => {
  it("is the holder sets of what enough parties hold, and of nothing else", () => {
    const held = findHeld(LAYOUT, tablesOf(question("holders", 3)));
    expect(held.map(({ holders }) => holders).sort((a, b) => a - b)).toEqual([
      ...new Array<number>(8).fill(0b0111),
      ...new Array<number>(4).fill(0b1111),
    ]);
  });

  it("below the threshold is what uniform numbers of the described size are", () => {
    const below: ThresholdQuestion = {
      ...question("holders"),
      sides: Object.fromEntries(
        PARTIES.map((party, at) => [party, { items: at < 2 ? UNIVERSE : [], flags: [] }]),
      ),
    };
    const seen = tablesOf(below);
    expect(findHeld(LAYOUT, seen)).toEqual([]); // two of three shares of every item are there
    const shares = seen.map((bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return Array.from({ length: bytes.length / 12 }, (_, cell) => view.getUint32(cell * 12, true));
    });
    expect(seen.map(({ length }) => length)).toEqual(PARTIES.map(() => tableBytes(LAYOUT)));
    for (const own of shares) expect(chiSquare(own)).toBeLessThan(50); // chance 1 in 100,000
    // Nor do two parties' shares of one item have anything in common, in whatever cell.
    const [alice = [], bob = []] = shares;
    const differences = alice.map((share, cell) => (share - (bob[cell] ?? 0) + P25) % P25);
    expect(chiSquare(differences)).toBeLessThan(50);
    expect(new Set(alice).size).toBeGreaterThan(alice.length - 4); // an item that stands in two cells shows no equal shares
  });

  it("says nothing in a second run of the same question: no cell is the same, and shares of two runs do not combine", () => {
    const [one, two] = [tablesOf(question("holders", 3)), tablesOf(question("holders", 3))];
    const rows = (tables: readonly Uint8Array[]): readonly string[] =>
      tables.flatMap((bytes) =>
        Array.from({ length: bytes.length / 12 }, (_, cell) =>
          Buffer.from(bytes.subarray(cell * 12, cell * 12 + 12)).toString("hex"),
        ),
      );
    const before = new Set(rows(one));
    expect(rows(two).filter((row) => before.has(row))).toEqual([]);
    const mixed = one.map((bytes, party) => (party % 2 === 0 ? bytes : (two[party] ?? bytes)));
    expect(findHeld(LAYOUT, mixed)).toEqual([]);
  });

  it("counts no receipt that stands in one cell only", () => {
    const [one, two] = [tablesOf(question("holders", 3)), tablesOf(question("holders", 3))];
    const length = tableBytes(LAYOUT) / 24;
    // Of three parties two are of one run and one of another, but for the first table: there all are of the same.
    const seen = one.map((bytes, party) => {
      if (party % 2 === 0) return bytes;
      const mixed = (two[party] ?? bytes).slice();
      mixed.set(bytes.subarray(0, length));
      return mixed;
    });
    const held = findHeld(LAYOUT, seen);
    expect(held.map(({ cells }) => cells.length)).toEqual(held.map(() => 2));
    expect(held.length).toBeLessThan(UNIVERSE.length);
  });
});
