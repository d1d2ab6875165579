// SPDX-License-Identifier: Apache-2.0
// Limits that a covenant sets, judged by whole nodes: at each a question is answered; above it every party hears the no of
// one, with the clause and with what can be asked instead, and nothing begins: no session is opened and no line is logged.
import { type Question, readQuestion } from "@koplamp/query";
import type { Terms } from "@koplamp/sdk";
import { afterEach, expect, it } from "vitest";
import { tinyBfv } from "../../../test/toy/bfv.ts";
import { Federation, type Lists, matchOf, rng, sumOf } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const PARTIES = ["anna", "bert"];
const keys = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `key${at}`);
const floors =
  (change: Partial<NonNullable<Terms["floors"]>>) =>
  (terms: Terms): Terms => ({ ...terms, floors: { ...(terms.floors ?? FLOORS), ...change } });
const FLOORS = {
  minCount: 1,
  minContributors: 1,
  minSet: 0,
  dominanceN: 0,
  dominancePercent: 100,
  maxDomainPermille: 1000,
};
const quotas =
  (change: Partial<Terms["quotas"][number]>) =>
  (terms: Terms): Terms => ({ ...terms, quotas: terms.quotas.map((row) => ({ ...row, ...change })) });

function lookup(count: number): Question {
  const text = `koplamp: query/v1
id: a-look-up
ask: { kind: lookup, key: [id], asker: anna, holder: bert, questions: questions.csv, tell: asker }
recipients: [anna]
`;
  return readQuestion(text, {
    file: "q.yaml",
    lab: true,
    questions: ["id", ...keys(count)].join("\n"),
  });
}

interface Bound {
  readonly clause: string;
  /** Who says no: the first in order of id that does. */
  readonly party: string;
  readonly terms: (terms: Terms) => Terms;
  /** What is asked at the limit, and above it. */
  readonly at: readonly [lists: Lists, question: Question];
  readonly above: readonly [lists: Lists, question: Question];
  readonly says: string;
  readonly hint: string;
}

const two = (anna: number, bert = 2): Lists => ({ anna: keys(anna), bert: keys(bert) });
const match = (mode = "tokens"): Question => matchOf(PARTIES, ["anna"], { mode });
/** A sum goes under masks, which the toy scheme is for. */
const underMasks = ({ id }: { readonly id: string }): boolean => id !== "sum-threshold/1";
const BUDGET = {
  ...({ party: "bert", dataset: "list", unit: "row", period: "P1Y" } as const),
  ...{ rhoMicro: 0, exactCells: 2, repeats: 1 },
};
const three: Lists = { ...two(2), cleo: keys(2) };

const BOUNDS: readonly Bound[] = [
  ...["tokens", "pair"].map(
    (mode): Bound => ({
      clause: "quotas/1",
      party: "anna",
      terms: quotas({ evaluations: 256 }),
      at: [two(256), match(mode)],
      above: [two(257), match(mode)],
      says: 'anna would have 384 elements evaluated by bert for purpose "lab", and its quota is 256',
      hint: "ask over fewer items",
    }),
  ),
  {
    clause: "quotas/1",
    party: "anna",
    terms: quotas({ lookupsPerDay: 4 }),
    at: [{ anna: undefined, bert: keys(2) }, lookup(4)],
    above: [{ anna: undefined, bert: keys(2) }, lookup(5)],
    says: 'anna would look up 5 elements at bert for purpose "lab", and its quota is 4 a day',
    hint: "ask over fewer items",
  },
  ...["tokens", "pair", "bulk"].map(
    (mode): Bound => ({
      clause: "floors/minSet",
      party: "anna",
      terms: floors({ minSet: 20 }),
      at: [two(20), match(mode)],
      above: [{ ...two(19), anna: [...keys(19), "key1", ""] }, match(mode)],
      says: "has at least 20 keys",
      hint: "ask about single cases by a look-up",
    }),
  ),
  {
    clause: "budgets/1",
    party: "bert",
    terms: (terms) => ({ ...terms, budgets: [BUDGET], protocols: terms.protocols.filter(underMasks) }),
    at: [two(2), sumOf(PARTIES, ["anna"], { kinds: ["a", "b"] })],
    above: [two(2), sumOf(PARTIES, ["anna"], { kinds: ["a", "b", "c"] })],
    says: "bert allows 2 exact cells of list",
    hint: "wait until",
  },
  {
    clause: "floors/minContributors",
    party: "anna",
    terms: floors({ minContributors: 3 }),
    at: [three, matchOf(["anna", "bert", "cleo"], ["anna"])],
    above: [three, match()],
    says: "expected at least 3 contributing parties, got 2",
    hint: "ask more parties",
  },
];

it.each(BOUNDS.map((bound) => [bound.clause, bound.at[1].ask.kind, bound] as const))(
  "%s bounds a %s: nothing begins above it",
  async (_clause, _kind, bound) => {
    for (const [[lists, question], ends] of [
      [bound.at, "released"],
      [bound.above, "refused"],
    ] as const) {
      const opened: string[] = [];
      federation = new Federation(lists, {
        graceMs: 150,
        terms: bound.terms,
        he: tinyBfv(rng),
        ports: (ports, { party }) => ({
          ...ports,
          openChannel: (request) => {
            opened.push(party);
            return ports.openChannel(request);
          },
        }),
      });
      const asked = await federation.ask("anna", question);
      const all = [asked, ...(await federation.outcomes(PARTIES.slice(1)))];
      for (const outcome of all) expect(outcome).toMatchObject({ status: ends });
      const types = PARTIES.flatMap((party) => typesAt(federation, party, asked.planHash));
      expect(types.includes("begin")).toBe(ends === "released");
      expect(opened.length > 0).toBe(ends === "released");
      if (ends === "refused") {
        const { clause: rule, party, says, hint } = bound;
        const no = {
          rule,
          party,
          message: expect.stringContaining(says),
          hint: expect.stringContaining(hint),
        };
        for (const outcome of all) expect(outcome).toMatchObject(no);
      }
      await federation.close();
    }
  },
);

function typesAt(all: Federation | undefined, party: string, planHash = ""): readonly string[] {
  const entries = all?.machine(party).ports.ledger.entriesOf(planHash) ?? [];
  return entries.map(({ entry }) => entry.type);
}
