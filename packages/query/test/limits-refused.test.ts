// SPDX-License-Identifier: Apache-2.0
// Every limit of docs/protocols/limits.md: at it a question is taken, above it it is refused before anything runs, with
// what was expected, what came, whose list it is about, and what can be asked instead. The numbers are those of the page.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "@koplamp/wire";
import { describe, expect, test } from "vitest";
import { contractOf, QueryError } from "../src/index.ts";
import { covenantOf, primitives, rosterOf } from "./agreement.ts";
import * as q from "./limited.ts";
import { COUNTS, PAIR_COUNT, PAIR_MATCH, REPORTS, SHIPS } from "./samples.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/protocols/limits.md"), "utf8");
const { among, between, changed, distinct, inMode, joined, listed, numbered, read, ships, summed } = q;

/** Rows of a part of the page: limit, most, and what is asked instead, without marks. */
function rowsOf(part: string): readonly (readonly [limit: string, most: number, instead: string])[] {
  const text = PAGE.split(`\n## ${part}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = [...text.replaceAll("`", "").matchAll(/^\| (.+?) *\| ([\d,]+) *\| (.+?) *\|$/gm)];
  return rows.map(([, limit = "", most = "", instead = ""]) => [
    limit,
    Number(most.replaceAll(",", "")),
    instead,
  ]);
}

/** Questions with so much of something. */
interface Limit {
  readonly asks: readonly ((amount: number) => unknown)[];
  /** The next amount that there is; absent: one more. */
  readonly above?: number;
  /** What the refusal says was expected, and what came, where it is not the amount. */
  readonly says?: readonly [expected: string, came: string];
  readonly party?: string;
  /** A question that the hint names, with the amount that was refused. */
  readonly instead?: () => unknown;
  /** The plan at the limit, as a node is handed it with more. */
  readonly handed?: (plan: Plan) => Plan;
}

const one = (ask: Limit["asks"][number], more: Omit<Limit, "asks"> = {}): Limit => ({ asks: [ask], ...more });

/** The plan with longer lists. */
const longer =
  (rowsPadded: number, party?: string) =>
  (plan: Plan): Plan => ({
    ...plan,
    inputs: plan.inputs.map((input) =>
      input.party === (party ?? input.party) ? { ...input, rowsPadded } : input,
    ),
  });

/** The plan with more parties, that bring what the first one brings. */
const wider =
  (count: number) =>
  (plan: Plan): Plan => {
    const [first] = plan.inputs;
    if (first === undefined) throw new Error("expected an input");
    const inputs = numbered("p", count).map((party) => ({ ...first, party }));
    const from = inputs.map(({ party, dataset }) => ({ party, dataset }));
    return { ...plan, inputs, ask: { ...plan.ask, from } as Plan["ask"] };
  };

/** The plan over more groups. */
const grouped =
  (column: string, count: number) =>
  (plan: Plan): Plan => {
    const domain = [{ column, values: numbered("t", count) }];
    return { ...plan, ask: { ...plan.ask, domain } as Plan["ask"] };
  };

const READ: Readonly<Record<string, Limit>> = {
  "parties of a question": {
    asks: [(count) => read(among(count, SHIPS))],
    instead: () => between(20, SHIPS),
    handed: wider(33),
  },
  "parties of mode: pair and bulk": {
    asks: ["pair", "bulk"].map((mode) => (count) => read(among(count, inMode(mode)))),
    says: ["for two parties", "got 3"],
    instead: () => between(3, changed(SHIPS, "  mode: tokens\n", "")),
  },
  "parties of a join in mode: pair": one((count) => read(among(count, changed(q.COUNTED, "hub", "pair"))), {
    says: ["for two parties", "got 3"],
    instead: () => between(3, changed(q.COUNTED, "  mode: hub\n", "")),
  }),
  "atLeast among two parties": one((count) => read(SHIPS.replace("atLeast: 2", `atLeast: ${count}`)), {
    instead: () => between(3, changed(SHIPS, "atLeast: 2", "atLeast: 3")),
  }),
  recipients: one((count) => read(changed(COUNTS, "[insurer]", `[${listed("p", count)}]`))),
  "columns of a key": one((count) => read(changed(SHIPS, "[imo]", `[${listed("c", count)}]`))),
  "alternatives of anyKey": one((count) =>
    read(q.anyKey(numbered("c", count).map((column) => `[${column}]`))),
  ),
  "columns of all alternatives": one((count) =>
    read(q.anyKey([`[${listed("c", 8)}]`, `[${listed("d", 7)}]`, `[${listed("e", count - 15)}]`])),
  ),
  "bands of anyKey": one((count) => {
    const bands = `bands: [${"{ atLeast: 1 }, ".repeat(count)}]\n  atLeast: 2`;
    return read(changed(q.anyKey(["[imo]", "[id]"]), "atLeast: 2", bands));
  }),
  "columns of flaggedBy": one((count) => {
    const flags = numbered("f", count).map((column) => `${column}: true`);
    return read(changed(SHIPS, "mode: tokens", `flaggedBy: { ${flags.join(", ")} }`));
  }),
  "conditions of where": one((count) => {
    const condition = '{ column: settled, op: "=", value: true }, ';
    return read(changed(REPORTS, /where:.*\n/, `where: [ ${condition.repeat(count)} ]\n`));
  }),
  "columns of groupBy": one((count) => {
    const groups = `groupBy: [${listed("c", count)}]\n  domain: declared\n`;
    return read(changed(REPORTS, /groupBy:.*\n.*domain:\n.*\n.*\n/, groups));
  }),
  "values of a column in domain": one((count) => summed(q.cells(count, 2))),
  measures: one((count) => {
    const measures = numbered("a", count).map((column) => `sum(${column})`);
    return read(changed(REPORTS, /measures:.*\n/, `measures: [${measures.join(", ")}]\n`));
  }),
  "columns of totals: margins": one((count) => summed(q.margins(count)), {
    instead: () => summed(changed(q.margins(5), "totals: margins", "totals: total")),
  }),
  "periods of a trend's window": one((count) => read(changed(q.TREND, "window: 2", `window: ${count}`)), {
    instead: () => read(changed(q.TREND, "window: 2", "baseline: { mean: 5, deviation: 1 }")),
  }),
  "runs of a schedule": one((count) =>
    read(`${REPORTS}schedule: { every: P1D, runs: ${count}, from: 2026-12-01 }\n`),
  ),
  "questions of a look-up": one((count) => q.asked(numbered("q", count)), {
    instead: () => ships(SHIPS, 12_288),
  }),
  "elements of an open look-up": one((count) => q.open(count), { instead: () => q.asked(["x"]) }),
  "bytes of a look-up's questions": one((count) => q.asked(["x", " ".repeat(count - 5)])),
};

const LISTS: Limit["asks"] = [
  ...[inMode("threshold"), COUNTS, q.AT_LEAST, PAIR_COUNT],
  ...[changed(COUNTS, "histogram", "histogram\n  mode: recipient"), changed(PAIR_COUNT, "blind", "local")],
].map((text) => (rows: number) => ships(text, rows));

const PLANNED: Readonly<Record<string, Limit>> = {
  "keys of a list": {
    asks: LISTS,
    above: 1.5 * 2 ** 20,
    party: "customs",
    handed: longer(1.5 * 2 ** 20, "customs"),
  },
  "keys of a list in a match, but at a threshold": {
    asks: [SHIPS, PAIR_MATCH, inMode("bulk")].map((text) => (rows: number) => ships(text, rows)),
    above: 1.5 * 2 ** 27,
    party: "customs",
    handed: longer(1.5 * 2 ** 27, "customs"),
  },
  "keys of a list that is looked up in": one((rows) => q.asked(["x"], rows), {
    above: 1.5 * 2 ** 20,
    party: "holder",
    handed: longer(1.5 * 2 ** 20),
  }),
  "keys of a list in join-sum-pair/1": one((rows) => joined(q.JOIN, rows), {
    above: 1.5 * 2 ** 17,
    party: "tax",
    instead: () => joined(q.BY_HUB, 1.5 * 2 ** 17),
    handed: longer(1.5 * 2 ** 17, "tax"),
  }),
  "parties of a match at a threshold": one((count) => between(count, inMode("threshold")), {
    instead: () => between(17, SHIPS),
    handed: wider(17),
  }),
  "parties of a count at a threshold": one((count) => between(count, q.AT_LEAST), {
    instead: () => between(17, changed(q.AT_LEAST, "mode: atLeast", "mode: hub")),
    handed: wider(17),
  }),
  "combinations of cells at a threshold": one(
    (count) =>
      between(16, changed(inMode("threshold"), "atLeast: 2", "atLeast: 8"), count > 5e10 ? 16_384 : 12_288),
    {
      says: ["at most 50000000000 are allowed", "would try 50606899200"],
      instead: () => between(16, changed(SHIPS, "atLeast: 2", "atLeast: 8"), 16_384),
      handed: longer(16_384),
    },
  ),
  "parts of a list at a threshold, of sixteen": one(
    (parts) => between(16, changed(inMode("threshold"), "atLeast: 2", "atLeast: 16"), parts * 1024),
    {
      above: 64,
      says: ["at most 32 fit", "would take 64 parts"],
      instead: () => between(16, changed(SHIPS, "atLeast: 2", "atLeast: 16"), 2 ** 16),
      handed: longer(2 ** 16),
    },
  ),
  "parties of join-sum-hub/1": one((count) => between(count, q.COUNTED), { handed: wider(13) }),
  "parties of distinct-sum/1": one((count) => between(count, distinct(2)), {
    instead: () => between(13, changed(distinct(2), "  distinctBy: [key]\n", "")),
    handed: wider(13),
  }),
  "pseudonyms of a party in distinct-sum/1": one((count) => between(2, distinct(count / 2 ** 18), 2 ** 18), {
    above: 5 * 2 ** 18,
    handed: grouped("region", 5),
  }),
  "ciphertexts of a party, of ten": one(
    (chunks) => between(10, distinct(1), chunks > 32 ? 262_144 : 196_608),
    {
      says: ["a session of 10 takes 32", "take 33 ciphertexts"],
      instead: () => between(9, distinct(1), 262_144),
      handed: longer(262_144),
    },
  ),
  "totals of join-sum-pair/1": one((count) => joined(q.towns(count), 256), {
    instead: () => joined(q.towns(513, q.BY_HUB), 256),
    handed: grouped("register.town", 513),
  }),
  "selections of join-sum-pair/1": one((count) => joined(q.towns(count / 2 ** 14), 256, 2 ** 14), {
    above: 65 * 2 ** 14,
    instead: () => joined(q.towns(65, q.BY_HUB), 256, 2 ** 14),
    handed: grouped("register.town", 65),
  }),
  "numbers of sum-threshold/1": one((count) => summed(q.cells(count > 524_032 ? 737 : 736, 712)), {
    says: ["a sum takes 524032", "524744 cells of 1 numbers"],
    instead: () => summed(q.cells(737, 712), q.masking),
  }),
  "cells that are told one by one": one((count) => q.handed([count / 2048, 64, 32], { totals: "total" }), {
    above: 513 * 2048,
    instead: () => q.handed([513, 64, 32]),
  }),
  "numbers of sum-masked/1": one((count) => q.handed([count / 2 ** 18, 512, 512]), { above: 513 * 2 ** 18 }),
  "bytes of a plan": one(q.ofBytes),
};

/** The refusal, or nothing where there is none. Any other error is a fault. */
function refusal(act: () => unknown): QueryError | undefined {
  try {
    act();
    return undefined;
  } catch (reason) {
    if (reason instanceof QueryError) return reason;
    throw reason;
  }
}

/** What a node computes of a plan that it is handed: the contract, of which a refusal is its verdict. */
function asNode(plan: Plan): unknown {
  const parties = [...new Set([...plan.inputs, ...plan.recipients].map(({ party }) => party))].sort();
  return contractOf(covenantOf(parties), rosterOf(), plan, primitives);
}

const NONE: Limit = { asks: [() => expect.unreachable("the page has a limit that is not asked")] };
const same = (plan: Plan): Plan => plan;

/** At the limit a question is taken; above it is refused, in these words. */
function expectBound(
  ask: Limit["asks"][number],
  most: number,
  [above, says, instead, party]: readonly [
    above: number,
    says: readonly (string | number)[],
    instead: string,
    party: string | undefined,
  ],
): void {
  expect(refusal(() => ask(most))).toBeUndefined();
  const no = refusal(() => ask(above));
  for (const part of says) expect(no?.message).toContain(String(part));
  expect(no?.hint.replaceAll("`", "")).toContain(instead);
  expect(no?.party).toBe(party);
}

describe.each([
  ["As a question is read", READ],
  ["As it is planned, and by every node", PLANNED],
] as const)("%s", (part, limits) => {
  const rows = rowsOf(part);

  test("the page has every limit once", () => {
    expect(rows.map(([limit]) => limit)).toEqual(Object.keys(limits));
  });

  test.each(rows)("%s: at most %i", (limit, most, instead) => {
    const { asks, above, says, party, ...more } = limits[limit] ?? NONE;
    const refused = [above ?? most + 1, says ?? [most, above ?? most + 1], instead, party] as const;
    for (const ask of asks) expectBound(ask, most, refused);
    if (more.instead !== undefined) expect(refusal(more.instead)).toBeUndefined();
  });

  const plans = rows.filter(([limit]) => limits[limit]?.handed !== undefined);
  test.each(plans)("%s: a node refuses a plan above %i", (limit, most, instead) => {
    const { asks, above = most + 1, says = [most, above], handed = same } = limits[limit] ?? NONE;
    for (const ask of asks) {
      const { plan } = (limits === READ ? between(3, SHIPS) : ask(most)) as { readonly plan: Plan };
      const no = refusal(() => asNode(handed(plan)));
      expect(no).toMatchObject({ code: "too-many", message: expect.stringContaining(String(says[1])) });
      expect(no?.hint.replaceAll("`", "")).toContain(instead);
    }
  });
});

test("a contract that is no document is refused, with fewer parties to ask", () => {
  const [, most = ""] = /a contract is full at (\d+) parties/.exec(PAGE) ?? [];
  expect(refusal(() => between(Number(most), SHIPS))).toBeUndefined();
  expect(refusal(() => between(Number(most) + 1, SHIPS))).toMatchObject({
    code: "too-many",
    message: expect.stringMatching(/^the contract takes \d+ bytes, and a document at most 1048576$/),
    hint: "ask fewer parties at a time",
  });
});
