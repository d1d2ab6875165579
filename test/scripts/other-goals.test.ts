// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { commandOf, OTHER_GOALS, otherVerdict } from "../../scripts/other-goals.ts";
import { verdictsOf } from "../../scripts/peer-figures.ts";

/** What is said of the first goal with this id and word, of what its command printed. */
function verdictOf(id: string, word: string, ...documents: readonly unknown[]) {
  const goal = OTHER_GOALS.find((one) => one.id === id && one.what.includes(word));
  if (goal === undefined) throw new Error(`expected a goal ${id} with ${word}`);
  const lines = ["a line for people", ...documents.map((one) => JSON.stringify(one))];
  return otherVerdict(goal, `${lines.join("\n")}\n`);
}

const row = (...goals: readonly { what: string; got: number; pass: boolean }[]) => ({ suite: "bulk", goals });
const cpu = { what: "CPU seconds of both parties", got: 2.14159, pass: true };
const bytes = { what: "bytes an item between the two", got: 37.3, pass: true };

describe("goals that other commands measure", () => {
  test("rows of a benchmark say themselves whether a goal is met, and one that is missed counts", () => {
    expect(verdictOf("P5", "bulk", row(cpu, bytes), row(cpu))).toEqual(
      expect.objectContaining({
        verdict: "met",
        figure:
          "CPU seconds of both parties 2.14, bytes an item between the two 37.3, CPU seconds of both parties 2.14",
      }),
    );
    expect(verdictOf("P5", "bulk", row(cpu), row({ ...bytes, pass: false })).verdict).toBe("missed");
  });

  test("rows without a goal say nothing: that is no goal met", () => {
    expect(() => verdictOf("P5", "bulk", row())).toThrow("expected a row with goals of P5");
    expect(() => verdictOf("P10", "native", { part: "one name", p50Ms: 1, perSecond: 999 })).toThrow(
      "expected questions in an open look-up",
    );
    const half = { runs: [{ items: 1_000_000, peak: { alice: 1 } }] };
    expect(() => verdictOf("M1", "bulk", half)).toThrow("expected both sizes");
  });

  test("a look-up has to be quick, and batches of them frequent", () => {
    const parts = (p50Ms: number, perSecond: number) => [
      { part: "one name in an open look-up", p50Ms, perSecond: 1 },
      { part: "32 names in an open look-up", p50Ms: 900, perSecond },
    ];
    expect(verdictOf("P10", "portable", ...parts(99, 200)).verdict).toBe("met");
    expect(verdictOf("P10", "native", ...parts(99, 200)).verdict).toBe("missed");
    expect(verdictOf("P10", "native", ...parts(49, 200))).toMatchObject({ figure: "49.0 ms, 200 a second" });
    expect(verdictOf("P10", "native", ...parts(49, 199)).verdict).toBe("missed");
  });

  test("memory is that of the largest node at either size; the relay has a goal of its own", () => {
    const runs = (million: number, ten: number) => ({
      runs: [
        { items: 1_000_000, peak: { relay: 2000, alice: million, bob: 1 } },
        { items: 10_000_000, peak: { relay: 2000, alice: 1, bob: ten } },
      ],
    });
    expect(verdictOf("M1", "tokens", runs(300, 1024))).toMatchObject({
      verdict: "met",
      figure: "1024 MiB at 10000000, 300 MiB at 1000000",
    });
    expect(verdictOf("M1", "tokens", runs(301, 1024)).verdict).toBe("missed");
    expect(verdictOf("M1", "tokens", runs(300, 1025)).verdict).toBe("missed");
  });

  test("a list of 10^8 rows has to be prepared in memory and on disk, and no other list counts", () => {
    const found = { rows: 100_000_000, peakMiB: 2048, diskBytes: 48 };
    expect(verdictOf("M3", "rows", found)).toMatchObject({
      verdict: "met",
      figure: "2048 MiB, 48.0 bytes a row",
    });
    expect(verdictOf("M3", "rows", { ...found, peakMiB: 2049 }).verdict).toBe("missed");
    expect(verdictOf("M3", "rows", { ...found, diskBytes: 48.1 }).verdict).toBe("missed");
    expect(() => verdictOf("M3", "rows", { ...found, rows: 1000 })).toThrow("expected 10^8 rows");
  });

  test("what nobody ran says which command does, as somebody types it", () => {
    const lines = verdictsOf([]);
    expect(lines.find(({ id }) => id === "P9")?.command).toBe("npm run bench -- --suite workers --runs 5");
    expect(OTHER_GOALS.map(({ run }) => commandOf(run)).join()).not.toMatch(/json/);
  });

  test("a command that was run decides its goal among all others", () => {
    const goal = OTHER_GOALS.find(({ id }) => id === "P6");
    const printed = new Map([[goal?.run ?? [], JSON.stringify(row(cpu))]]);
    expect(verdictsOf([], printed).filter(({ verdict }) => verdict === "met")).toEqual([
      expect.objectContaining({ id: "P6" }),
    ]);
  });
});
