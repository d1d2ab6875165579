// SPDX-License-Identifier: Apache-2.0
// An answer again: as a table, as a file for a spreadsheet, as a picture.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { koplamp, transcript } from "./transcript.ts";

const SUM = {
  kind: "aggregate",
  cells: [
    { group: { place: "north", month: "2026-01" }, count: 1826, "sum(amount)": "9007199254740993" },
    { group: { place: '=cmd|" /C calc"!A0', month: "2026-01" }, count: -3, "sum(amount)": 12 },
    { group: { place: "south", month: "2026-01" }, withheld: ["minCount", "minContributors"] },
  ],
};
const NOISY = {
  kind: "aggregate",
  cells: [
    { group: { place: "north" }, count: 1826, uncertainty: { count: 32 } },
    { group: { place: "south" }, withheld: "minCount" },
  ],
};
const COUNTS = { kind: "overlap-count", histogram: { 1: 491, 2: { withheld: "minCount" } } };
const MATCHES = { kind: "match", matches: [{ key: ["9187629"], holders: ["eu", "ofac"] }] };

const FLOW = {
  kind: "aggregate",
  flow: { origin: "from", destination: "to", period: "month" },
  cells: [
    { group: { from: "NL", month: "2026-01", to: "DE" }, count: 20, "sum(amount)": 1500 },
    { group: { from: "NL", month: "2026-02", to: "DE" }, withheld: "minCount" },
    { group: { from: "DE", month: "2026-01", to: "NL" }, count: 11, "sum(amount)": 700 },
    { group: { from: "DE", month: "2026-02", to: "NL" }, count: 12, "sum(amount)": 800 },
    { group: { from: "DE", month: "2026-01", to: "DE" }, withheld: "minCount" },
    { group: { from: "DE", month: "2026-02", to: "DE" }, withheld: "minContributors" },
  ],
};
const TREND = {
  kind: "trend",
  alarms: [{ group: { place: "north" }, period: "2026-02", value: 9 }],
  series: [
    { group: { place: "north" }, period: "2026-01", value: 4 },
    { group: { place: "north" }, period: "2026-02", value: 9 },
    { group: { place: "north" }, period: "2026-03", withheld: "minCount" },
  ],
};
const ALARMS = {
  kind: "trend",
  alarms: ["2025-11", "2026-02"].map((period) => ({ group: { place: "north" }, period })),
};

const STATISTICS = {
  kind: "aggregate",
  cells: [{ group: { place: "north" }, count: 20, "variance(x)": "1234.500000" }],
  precision: { "variance(x)": "6 decimals, half to even" },
  statistics: [
    { statistic: "chi-square(place, late)", group: {}, value: "1777.415000", degrees: 1 },
    { statistic: "quantile(x; 0.5)", group: { place: "north" }, value: "0..39" },
    { statistic: "chi-square(place, x)", group: {}, withheld: ["derivable", "minCount"] },
  ],
};
const CIRCLE = {
  kind: "aggregate",
  flow: { origin: "from", destination: "to" },
  cells: [
    ...["AB", "BC", "CA"].map(([from, to]) => ({ group: { from, to }, "sum(amount)": 5000 })),
    ...["BA", "CB", "AD", "DA"].map(([from, to]) => ({ group: { from, to }, "sum(amount)": 1000 })),
    { group: { from: "C", to: "D" }, withheld: "minCount" },
  ],
};

const TOTALS = {
  kind: "aggregate",
  rounding: 5,
  cells: [
    { group: { place: "north", month: "2026-01" }, count: 1825 },
    { group: { place: "north", month: "2026-02" }, withheld: "minCount", hint: "fewer than 10 rows: merge" },
    { group: { place: "south", month: "2026-01" }, withheld: "derivable", hint: "with it one could: ask" },
    { group: { place: "south", month: "2026-02" }, withheld: "minCount", hint: "fewer than 10 rows: merge" },
  ],
  margins: [
    { group: { place: "north" }, count: 1830 },
    { group: { month: "2026-02" }, withheld: "derivable", hint: "with it one could: ask" },
  ],
  total: { withheld: "derivable", hint: "with it one could: ask" },
};

const SHORT = {
  kind: "aggregate",
  flow: { origin: "from", destination: "to" },
  cells: [
    { group: { from: "NL", to: "DE" }, count: 20, "sum(amount)": 1500 },
    {
      group: { from: "DE", to: "NL" },
      withheld: "minContributors",
      hint: "rows of fewer than 2 parties: merge",
    },
  ],
  others: { cells: 9_999_998, withheld: ["minCount", "minContributors"], hint: "fewer than 10 rows: merge" },
};

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "koplamp-result-"));
  const answers = {
    sum: { north: SUM },
    totals: { north: TOTALS },
    short: { north: SHORT },
    noisy: { north: NOISY },
    counts: { eu: COUNTS },
    flow: { eu: FLOW },
    statistics: { eu: STATISTICS },
    circle: { eu: CIRCLE },
    trend: { eu: TREND },
    alarms: { eu: ALARMS },
    match: { eu: MATCHES },
    two: { eu: COUNTS, ofac: MATCHES },
    none: {},
  };
  for (const [query, results] of Object.entries(answers)) {
    const answer = { query, status: "released", results, disclosures: [], ledger: {} };
    await writeFile(join(cwd, `${query}.json`), JSON.stringify(answer));
  }
  const refusal = { party: "eu", rule: "class", message: "eu refuses class F", hint: "" };
  const refused = { query: "no", status: "refused", results: {}, disclosures: [], ledger: {}, refusal };
  await writeFile(join(cwd, "refused.json"), JSON.stringify(refused));
  await writeFile(join(cwd, "other.json"), '{"query":7}');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const result = (...args: readonly string[]) => koplamp(["result", ...args], { cwd });

describe("koplamp result", () => {
  test.each(["sum", "noisy", "counts", "match", "statistics", "totals", "short"])(
    "shows the table of %s",
    async (name) => {
      expect(await transcript(["result", `${name}.json`], { cwd })).toMatchSnapshot();
    },
  );

  test.each(["sum", "noisy", "counts", "match", "short"])("writes %s for a spreadsheet", async (name) => {
    const out = await result(`${name}.json`, "--format", "csv", "--out", `${name}.csv`);
    expect(out).toMatchObject({ exit: 0, stdout: "", stderr: "" });
    expect(await readFile(join(cwd, `${name}.csv`), "utf8")).toMatchSnapshot();
  });

  test("gives a name that would be a formula an apostrophe, and leaves negative numbers alone", async () => {
    const { stdout } = await result("sum.json", "--format", "csv");
    expect(stdout).toContain(`"'=cmd|"" /C calc""!A0",2026-01,-3,12,`);
    expect(stdout).toContain("9007199254740993");
  });

  test("draws bars of the measure that is asked for, in the language that is asked for", async () => {
    const first = await result("noisy.json", "--format", "svg");
    expect(first.stdout).toContain("count per place");
    expect(first.stdout).toContain("1,826 ± 32");
    expect(first.stdout).toContain("withheld: too few");
    const sums = await result("sum.json", "--format", "svg", "--measure", "sum(amount)", "--lang", "nl");
    expect(sums.stdout).toContain("sum(amount) per place, month");
    expect(sums.stdout).toContain("achtergehouden: te weinig, te weinig partijen");
    expect((await result("counts.json", "--format", "svg")).stdout).toContain("histogram · 1");
  });

  test("says what of a very large table no picture and no circle can show", async () => {
    const { stdout } = await result("short.json", "--format", "svg");
    expect(stdout).toMatch(/Not drawn:.*9,999,998, withheld: too few/s);
    expect((await result("short.json", "--format", "svg", "--lang", "nl")).stdout).toContain("Niet getekend");
    expect((await result("short.json", "--circles", "2")).stdout).toContain("9,999,999 flows, withheld");
  });

  test("draws a money flow as bands between its ends, over all periods", async () => {
    const { stdout } = await result("flow.json", "--format", "svg");
    expect(stdout).toContain("sum(amount), from → to");
    expect(stdout).toContain(
      "NL → DE: 1,500, 1/2 withheld: too few; DE → NL: 1,500; DE → DE: 2/2 withheld: too few, too few contributors.",
    );
    expect((await result("flow.json", "--format", "svg", "--measure", "count")).stdout).toContain(
      "DE → NL: 23;",
    );
  });

  test("reads a money flow from where to where, then when", async () => {
    expect((await result("flow.json", "--format", "csv")).stdout.split("\r\n")[0]).toBe(
      "from,to,month,count,sum(amount),withheld",
    );
    expect((await result("flow.json")).stdout).toContain("  from   to   month     count   sum(amount)");
  });

  test("tells which money comes back to where it came from", async () => {
    expect(await transcript(["result", "circle.json", "--circles", "3"], { cwd })).toMatchSnapshot();
  });

  test("draws a trend as lines with its alarms, or as alarms alone", async () => {
    const series = (await result("trend.json", "--format", "svg")).stdout;
    expect(series).toContain("north: 2026-01 4; 2026-02 9, alarm; 2026-03 withheld: too few.");
    const alone = (await result("alarms.json", "--format", "svg", "--lang", "nl")).stdout;
    expect(alone).toContain("alarmen, zonder waarden. north: 2025-11 alarm; 2026-02 alarm.");
    expect(alone).not.toContain('class="line"');
  });

  test("with --json is the answer itself", async () => {
    const { stdout, exit } = await result("match.json", "--json");
    expect([exit, JSON.parse(stdout).results.eu]).toEqual([0, MATCHES]);
  });

  test.each([
    ["an answer that is none", ["refused.json"]],
    ["a file that is no answer", ["other.json"]],
    ["a file that is not there", ["gone.json"]],
    ["another format", ["sum.json", "--format", "pdf"]],
    ["two formats at once", ["sum.json", "--format", "csv", "--json"]],
    ["circles of no flow", ["sum.json", "--circles", "3"]],
    ["circles of keys", ["match.json", "--circles", "3"]],
    ["a picture of keys", ["match.json", "--format", "svg"]],
    ["a measure that is not in it", ["sum.json", "--format", "svg", "--measure", "mean(amount)"]],
    ["several results and no name", ["two.json"]],
    ["a recipient that has none", ["two.json", "--recipient", "un"]],
    ["no result at all", ["none.json"]],
  ])("says what to do about %s", async (_what, args) => {
    expect(await transcript(["result", ...args], { cwd })).toMatchSnapshot();
  });

  test("shows one of several results", async () => {
    expect((await result("two.json", "--recipient", "ofac")).stdout).toContain("9187629");
  });
});
