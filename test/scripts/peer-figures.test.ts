// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import {
  FULL_BUCKET,
  microsEach,
  middle,
  type PeerRun,
  ratios,
  runText,
  verdictsOf,
  verdictText,
} from "../../scripts/peer-figures.ts";

const PAIRS = [
  { theirs: 900, ours: 100 },
  { theirs: 700, ours: 100 },
  { theirs: 1600, ours: 200 },
];

/** Later questions that take so many CPU-µs an item of all lists and recipient, told to one a fifth more. */
function laterOf(us: number, items = FULL_BUCKET) {
  const both = (items * 4 * us) / 1000;
  return { one: (both / 2) * 1.2, both };
}

function runWith(changed: Partial<PeerRun> = {}): PeerRun {
  const later = [4, 3, 9].map((us) => laterOf(us));
  return {
    backend: "portable",
    items: FULL_BUCKET,
    pairs: PAIRS,
    later,
    nodeMiB: 200,
    relayMiB: 90,
    ...changed,
  };
}

function verdictOf(id: string, runs: readonly PeerRun[]) {
  return verdictsOf(runs).find((one) => one.id === id);
}

describe("arithmetic over pairs", () => {
  test("the middle is of sorted values, and between two of an even number", () => {
    expect(middle([9, 1, 5])).toBe(5);
    expect(middle([10, 2, 4, 8])).toBe(6);
    expect(middle([])).toBeNaN();
  });

  test("the median is that of the pairs' ratios, not the ratio of two medians", () => {
    const pairs = [
      { theirs: 100, ours: 10 },
      { theirs: 200, ours: 100 },
      { theirs: 900, ours: 300 },
    ];
    expect(ratios(pairs)).toEqual({ median: 3, least: 2, most: 10 }); // 200 / 100 would be 2
  });

  test("CPU time an item is in microseconds", () => {
    expect(microsEach([30, 10, 20], 1000)).toBe(20);
  });
});

describe("goals", () => {
  test("without a pair, of what later questions cost alone", () => {
    const run = runWith({ pairs: [] });
    expect(verdictOf("P1", [run])).toMatchObject({ verdict: "not measured here" });
    expect(verdictOf("P1", [run])?.figure).toBeUndefined();
    expect(verdictOf("P4", [run])).toMatchObject({ verdict: "met" });
    expect(runText(run).join("\n")).toMatch(
      /no pairs.*\n +match-tokens.* 4\.00 .*\n +4\.80 told to one, which is 9\.60 /,
    );
  });

  test("all of performance.md, section 4, in its order, each with a verdict", () => {
    const ids = verdictsOf([]).map(({ id }) => id);
    expect([...new Set(ids)]).toEqual([
      "P1",
      "P2",
      "P3",
      "P4",
      "P5",
      "P6",
      "P7",
      "P8",
      "P9",
      "P10",
      "M1",
      "M2",
      "M3",
      "L1",
    ]);
    expect(
      verdictsOf([]).every(({ verdict, figure }) => verdict === "not measured here" && figure === undefined),
    ).toBe(true);
  });

  test("a ratio at a full bucket is met from its bound on, and missed below it", () => {
    expect(verdictOf("P1", [runWith()])).toEqual(
      expect.objectContaining({ verdict: "met", figure: "8.00, 7.00 to 9.00 over 3 pairs, 98304 items" }),
    );
    const slow = PAIRS.map(({ theirs, ours }) => ({ theirs: theirs * 0.74, ours }));
    expect(verdictOf("P1", [runWith({ pairs: slow })])?.verdict).toBe("missed");
    const edge = [{ theirs: 6, ours: 1 }];
    expect(verdictOf("P1", [runWith({ pairs: edge })])?.verdict).toBe("met");
    expect(verdictOf("P2", [runWith({ pairs: edge, backend: "native" })])?.verdict).toBe("missed");
  });

  test("a backend that did not run is not judged by the other one", () => {
    expect(verdictOf("P2", [runWith()])).toEqual(
      expect.objectContaining({
        verdict: "not measured here",
        command: "npm run bench:peers -- --backend native",
      }),
    );
  });

  test("another size shows its figure and decides nothing; beside a full bucket it is not asked", () => {
    const small = runWith({ items: 2000, pairs: [{ theirs: 1, ours: 1 }] });
    expect(verdictOf("P1", [small])).toEqual(
      expect.objectContaining({
        verdict: "not measured here",
        figure: "1.00, 1.00 to 1.00 over one pair, 2000 items",
      }),
    );
    expect(verdictOf("P1", [small, runWith()])?.verdict).toBe("met");
    expect(verdictOf("P4", [small])?.verdict).toBe("not measured here");
  });

  test("a later question has to be cheap on every backend, whether one is told or both", () => {
    const PORTABLE = "4.00 portable, 98304 items (told to one 4.80, which is 9.60 an item of each)";
    const [cheap, dear] = [runWith(), runWith({ backend: "native", later: [laterOf(4.2)] })];
    expect(verdictOf("P4", [cheap])).toEqual(expect.objectContaining({ verdict: "met", figure: PORTABLE }));
    const both = runWith({ later: [{ one: 1, both: FULL_BUCKET * 4 * 0.0051 }] });
    expect(verdictOf("P4", [both])?.verdict).toBe("missed");
    expect(verdictOf("P4", [cheap, dear])).toEqual(
      expect.objectContaining({
        verdict: "missed",
        figure: `${PORTABLE}; 4.20 native, 98304 items (told to one 5.04, which is 10.08 an item of each)`,
      }),
    );
  });

  test("a count without proofs is held against the peer, and against its operations alone", () => {
    const pairs = [
      { theirs: 900, ours: 100, blind: 100, bare: 87 },
      { theirs: 1000, ours: 100, blind: 100, bare: 88 },
      { theirs: 800, ours: 100, blind: 100, bare: 50 },
    ];
    const native = runWith({ backend: "native", pairs });
    const [, second, third] = verdictsOf([native]).filter(({ id }) => id === "P2" || id === "P3");
    expect(second).toMatchObject({ id: "P2", verdict: "met", figure: "9.00 over 3 pairs, 98304 items" });
    expect(third).toMatchObject({ id: "P3", verdict: "met", figure: "1.15 over 3 pairs, 98304 items" });
    const slow = pairs.map((pair) => ({ ...pair, blind: 101 }));
    const missed = verdictsOf([runWith({ backend: "native", pairs: slow })]);
    expect(missed.filter(({ verdict }) => verdict === "missed").map(({ id }) => id)).toEqual(["P2", "P3"]);
    const small = verdictsOf([runWith({ backend: "native", pairs, items: 2000 })]);
    expect(small.find(({ id }) => id === "P3")?.verdict).toBe("not measured here");
  });

  test("memory of the relay is that of every run", () => {
    expect(verdictOf("M2", [runWith()])?.verdict).toBe("met");
    expect(verdictOf("M2", [runWith(), runWith({ relayMiB: 257 })])?.verdict).toBe("missed");
  });
});

test("a goal as a line says what measures it", () => {
  const lines = verdictsOf([runWith()]).map(verdictText);
  expect(lines[0]).toBe(
    "P1  met: match-pair with proofs, portable: 6 times less CPU than psi.js (aim 7.5), 98304 items each; here 8.00, 7.00 to 9.00 over 3 pairs, 98304 items",
  );
  expect(lines).toContain(
    "M3  not measured here (npm run bench:prepare -- --rows 100000000): 10^8 rows prepared in 2048 MiB and 48 bytes of disk a row",
  );
  expect(lines.find((line) => line.startsWith("P5"))).toContain(
    "not measured here (npm run bench -- --suite bulk --n 1048576)",
  );
});

test("a run as lines: CPU time an item, the ratio with its ends, memory", () => {
  expect(runText(runWith({ items: 1000, later: [5, 4, 6].map((us) => laterOf(us, 1000)) }))).toEqual([
    "1000 by 1000 items, portable, 3 pairs, medians",
    "  @openmined/psi.js, raw        900 CPU-µs an item of each",
    "  match-pair/1, with proofs     100 CPU-µs an item of each, all processes and the client",
    "  times less                    8.00 (7.00 to 9.00)",
    "  match-tokens/1, a later one   5.00 CPU-µs an item of all lists and recipient, told to both",
    "                                6.00 told to one, which is 12.00 an item of each",
    "  peak memory                   a node 200 MiB, the relay 90 MiB",
  ]);
  expect(runText(runWith({ pairs: PAIRS.slice(0, 1) }))[0]).toContain("one pair, no median");
  const counted = [{ theirs: 9, ours: 1, blind: 4, bare: 3 }];
  expect(runText(runWith({ items: 1000, pairs: counted })).slice(4, 6)).toEqual([
    "  a count without proofs        4 CPU-µs an item of each",
    "  its operations, libsodium     3 CPU-µs an item of each",
  ]);
});
