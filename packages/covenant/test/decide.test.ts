// SPDX-License-Identifier: Apache-2.0
// The decision table: everything is allowed but one thing at a time, and that one thing is refused by its rule.
import { type Contract, type Covenant, documentBytes, type Plan } from "@koplamp/wire";
import { describe, expect, it } from "vitest";
import { type Case, decide } from "../src/index.ts";

const hash = `sha256:${"0".repeat(64)}`;
const key = (letter: string): string => `ed25519:${letter.repeat(43)}=`;
const END = "2031-01-01T00:00:00Z";

const covenant: Covenant = {
  koplamp: "covenant/v1",
  id: "ports",
  version: 1,
  previous: null,
  title: { en: "An agreement" },
  validFrom: "2026-01-01T00:00:00Z",
  validUntil: END,
  parties: ["anna", "bert", "cleo"].map((id, at) => ({
    id,
    name: id,
    part: "member",
    task: "supervision",
    regimes: ["avg"],
    bases: [],
    covenantKeys: [key("ABC"[at] ?? "D")],
  })),
  purposes: [
    { id: "ports-2026", text: { en: "ports" }, classes: ["A", "B", "F"], until: END, bases: [] },
    { id: "fraud-2026", text: { en: "fraud" }, classes: ["B"], until: "2026-12-31T00:00:00Z", bases: [] },
  ],
  dataClasses: ["anna", "bert", "cleo"].map((party) => ({
    id: `${party}.ships`,
    party,
    dataset: "ships",
    columns: ["imo", "tons"],
    registerSize: 1000,
    sensitivity: "ordinary",
    allow: [{ purpose: "ports-2026", classes: ["A", "B", "F"], recipients: ["anna", "bert"] }],
  })),
  personLevel: { allowed: true, ground: { en: "a ground" }, external: [] },
  floors: {
    minCount: 5,
    minContributors: 2,
    minSet: 0,
    dominanceN: 0,
    dominancePercent: 100,
    maxDomainPermille: 1000,
  },
  quotas: [
    { asker: "bert", holder: "*", purpose: "ports-2026", epoch: "P7D", evaluations: 512, lookupsPerDay: 0 },
    {
      asker: "anna",
      holder: "bert",
      purpose: "ports-2026",
      epoch: "P7D",
      evaluations: 256,
      lookupsPerDay: 0,
    },
    { asker: "*", holder: "*", purpose: "fraud-2026", epoch: "P7D", evaluations: 4096, lookupsPerDay: 0 },
  ],
  budgets: [],
  approval: { validFor: "P30D", external: [] },
  witnesses: { quorum: 2, external: [] },
  protocols: [
    { id: "match-tokens/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: [] },
    { id: "overlap-hub/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: ["pattern"] },
  ],
  retention: { results: "P90D", salts: "P1Y", ledger: "P5Y", extensions: 1 },
  supervision: { body: "Supervisor", keys: [] },
  dpia: { reference: "D-1", hash },
  ethics: { framework: "IAMA", reference: "E-1", hash },
};

const input = (party: string): Plan["inputs"][number] => ({
  party,
  dataset: "ships",
  dataClass: `${party}.ships`,
  columns: ["imo"],
  kinds: ["imo"],
  rowsPadded: 256,
  bounds: [],
  maxRowsPerCell: 256,
  snapshot: hash,
});

const plan: Plan = {
  koplamp: "plan/v1",
  id: "ships",
  covenantHash: hash,
  rosterHash: hash,
  proposer: { party: "anna", by: key("E") },
  class: "F",
  purpose: "ports-2026",
  bases: [],
  indication: { text: { en: "why" }, reference: "ships" },
  necessity: { en: "why" },
  subsidiarity: { en: "why" },
  intendedEffect: { text: { en: "what" }, measure: { en: "how" } },
  ask: {
    kind: "match",
    key: ["imo"],
    from: ["anna", "bert", "cleo"].map((party) => ({ party, dataset: "ships" })),
    atLeast: 2,
    tell: "holders",
  },
  inputs: ["anna", "bert", "cleo"].map(input),
  protocol: { id: "match-tokens/1", params: "ristretto255-sha512", epoch: "2026-W48", roles: {}, shards: 1 },
  release: { minCount: 5, minContributors: 2, noise: null },
  recipients: [{ party: "anna", roles: ["analyst"] }],
  schedule: null,
  notBefore: "2026-11-23T10:00:00Z",
  expires: "2026-12-01T00:00:00Z",
  salt: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
};

const seen = (fact: Contract["views"][number]["learns"][number]["fact"]): Contract =>
  ({
    views: [{ who: ["coordinator"], learns: [{ fact, about: ["anna"], bound: 1 }], atMost: [] }],
    debits: [
      { holder: "bert", asker: "anna", unit: "evaluations", amount: 256 },
      { holder: "anna", asker: "bert", unit: "evaluations", amount: 256 },
    ],
  }) as unknown as Contract;

const good: Case = {
  covenant,
  plan,
  contract: seen("size-padded"), // the decision reads this much of a contract
  me: "bert",
  now: "2026-11-24T12:00:00Z",
  lab: false,
};

type Change = (question: Case) => Case;
const withCovenant =
  (change: Partial<Covenant>): Change =>
  (question) => ({ ...question, covenant: { ...covenant, ...change } });
const withPlan =
  (change: Partial<Plan>): Change =>
  (question) => ({ ...question, plan: { ...plan, ...change } });
const at =
  (now: string): Change =>
  (question) => ({ ...question, now });
const ownClass = (change: Partial<Covenant["dataClasses"][number]>): Change =>
  withCovenant({
    dataClasses: covenant.dataClasses.map((row) => (row.party === "bert" ? { ...row, ...change } : row)),
  });
const ownRule = (change: Partial<Covenant["dataClasses"][number]["allow"][number]>): Change =>
  ownClass({ allow: [{ purpose: "ports-2026", classes: ["F"], recipients: ["anna"], ...change }] });
const part = (id: string, as: Covenant["parties"][number]["part"]): Change =>
  withCovenant({ parties: covenant.parties.map((row) => (row.id === id ? { ...row, part: as } : row)) });
const floors = (change: Partial<Covenant["floors"]>): Change =>
  withCovenant({ floors: { ...covenant.floors, ...change } });
const release = (minCount: number, minContributors: number): Change =>
  withPlan({ release: { minCount, minContributors, noise: null } });
const recipients = (...parties: readonly string[]): Change =>
  withPlan({ recipients: parties.map((party) => ({ party, roles: ["analyst"] })) });
const hub =
  (fact: Parameters<typeof seen>[0]): Change =>
  (question) => ({
    ...question,
    plan: { ...plan, class: "B", protocol: { ...plan.protocol, id: "overlap-hub/1" } },
    contract: seen(fact),
  });

/** A match of two that cleo deals for, under a covenant that lets `dealers` deal in it. */
const dealt =
  (by: string, dealers?: readonly string[]): Change =>
  (question) => {
    const from = ["anna", "bert"].map((party) => ({ party, dataset: "ships" }));
    const ask = {
      kind: "match",
      key: ["imo"],
      from,
      atLeast: 2,
      tell: "holders",
      mode: "bulk",
      dealer: by,
    } as const;
    const row = { id: "bulk-pair/1", paramSets: ["okvs3-gf128"], coordinatorLearns: [] };
    return {
      ...question,
      covenant: { ...covenant, protocols: [dealers === undefined ? row : { ...row, dealers }] },
      plan: {
        ...plan,
        ask,
        inputs: ["anna", "bert"].map(input),
        protocol: { ...plan.protocol, id: "bulk-pair/1", params: "okvs3-gf128" },
      },
    };
  };

const debit =
  (amount: number, holder = "bert", asker = "anna"): Change =>
  (question) => ({
    ...question,
    contract: { ...question.contract, debits: [{ holder, asker, unit: "evaluations", amount }] },
  });
const withQuotas = (change: (row: Covenant["quotas"][number]) => Covenant["quotas"][number]): Change =>
  withCovenant({ quotas: covenant.quotas.map(change) });

/** A list of so many ships under a generous quota, of which so many thousandths of all ships may be evaluated. */
const ofDomain =
  (maxDomainPermille: number, amount: number): Change =>
  (question) => ({
    ...debit(amount)(question),
    covenant: {
      ...covenant,
      floors: { ...covenant.floors, maxDomainPermille },
      quotas: covenant.quotas.map((row) => ({ ...row, evaluations: 4096 })),
    },
  });

const noisy = (unit: Covenant["budgets"][number]["unit"], dataset = "ships"): Change => {
  const row = { party: "bert", dataset, unit, period: "P1Y", rhoMicro: 1, exactCells: 1, repeats: 1 };
  const noise = {
    ...({ mechanism: "gaussian", unit: "row", most: [] } as const),
    ...{ rhoMicro: 1, deltaExponent: 6, colluders: 2 },
  };
  return (question) => ({
    ...question,
    covenant: { ...covenant, budgets: [{ ...row, party: "anna", unit: "row" }, row] },
    plan: { ...plan, release: { ...plan.release, noise } },
  });
};

/** A sum of tonnage under a covenant that lets the largest two make at most 60 %, with a rule of its own or without. */
const dominated = (
  dominance: Plan["release"]["dominance"],
  measures: readonly string[] = ["sum(tons)"],
): Change => {
  const ask = { kind: "aggregate", from: [], where: [], groupBy: [], domain: [], measures } as const;
  return (question) => ({
    ...question,
    covenant: { ...covenant, floors: { ...covenant.floors, dominanceN: 2, dominancePercent: 60 } },
    plan: { ...plan, ask, release: { ...plan.release, ...(dominance === undefined ? {} : { dominance }) } },
  });
};

const REFUSED: readonly (readonly [what: string, rule: string, change: Change])[] = [
  ["a lab's covenant outside a lab", "id", withCovenant({ id: "lab/ports" })],
  ["a covenant that is not yet in force", "validFrom", withCovenant({ validFrom: "2026-11-24T12:00:01Z" })],
  ["a covenant in its last second", "validUntil", withCovenant({ validUntil: "2026-11-24T12:00:00Z" })],
  ["a question in its last second", "plan/expires", at("2026-12-01T00:00:00Z")],
  ["a question that is long over", "plan/expires", at("2027-01-01T00:00:00Z")],
  ["a question before its time", "plan/notBefore", at("2026-11-23T09:59:59Z")],
  ["noise for rows where subjects are protected", "budgets/2", noisy("subject")],
  ["a stranger's data", "parties", withPlan({ inputs: [...plan.inputs, input("dora")] })],
  ["a stranger who receives", "parties", recipients("anna", "dora")],
  ["a stranger who proposes", "parties", withPlan({ proposer: { party: "dora", by: key("F") } })],
  ["data of a party that only receives", "parties/cleo/part", part("cleo", "result-only")],
  ["an answer to a party that only brings data", "parties/anna/part", part("anna", "input-only")],
  ["a purpose that nobody agreed on", "purposes", withPlan({ purpose: "taxes-2026" })],
  ["a covenant without purposes", "purposes", withCovenant({ purposes: [] })],
  [
    "a purpose that is over",
    "purposes/fraud-2026/until",
    (question) =>
      at("2026-12-31T00:00:00Z")(withPlan({ purpose: "fraud-2026", class: "B", expires: END })(question)),
  ],
  ["a class that the purpose lacks", "purposes/ports-2026/classes", withPlan({ class: "E" })],
  ["class D, which it lacks too", "purposes/ports-2026/classes", withPlan({ class: "D" })],
  ["class C", "purposes/ports-2026/classes", withPlan({ class: "C" })],
  [
    "a purpose of no class at all",
    "purposes/ports-2026/classes",
    withCovenant({ purposes: [{ id: "ports-2026", text: { en: "p" }, classes: [], until: END, bases: [] }] }),
  ],
  [
    "persons where none are allowed",
    "personLevel/allowed",
    withCovenant({ personLevel: { allowed: false, ground: null, external: [] } }),
  ],
  [
    "data without a data class",
    "dataClasses",
    withCovenant({ dataClasses: covenant.dataClasses.filter(({ party }) => party !== "bert") }),
  ],
  [
    "a data class of another party under the same name",
    "dataClasses",
    withPlan({ inputs: plan.inputs.map((row) => ({ ...row, dataClass: "anna.ships" })) }),
  ],
  [
    "another dataset than the class covers",
    "dataClasses",
    withPlan({ inputs: plan.inputs.map((row) => ({ ...row, dataset: "crews" })) }),
  ],
  [
    "a column that the class lacks",
    "dataClasses/anna.ships/columns",
    withPlan({
      inputs: plan.inputs.map((row) => ({ ...row, columns: ["imo", "owner"], kinds: ["imo", "opaque"] })),
    }),
  ],
  ["a data class that allows nothing", "dataClasses/bert.ships/allow", ownClass({ allow: [] })],
  ["a data class for another purpose", "dataClasses/bert.ships/allow", ownRule({ purpose: "fraud-2026" })],
  [
    "a data class for another class",
    "dataClasses/bert.ships/allow/ports-2026",
    ownRule({ classes: ["A", "B"] }),
  ],
  [
    "a data class for other recipients",
    "dataClasses/bert.ships/allow/ports-2026",
    ownRule({ recipients: ["bert"] }),
  ],
  ["one recipient too many", "dataClasses/anna.ships/allow/ports-2026", recipients("anna", "cleo")],
  ["a data class without recipients", "dataClasses/bert.ships/allow/ports-2026", ownRule({ recipients: [] })],
  [
    "a protocol that is not listed",
    "protocols",
    withPlan({ protocol: { ...plan.protocol, id: "match-pair/1" } }),
  ],
  [
    "another parameter set",
    "protocols/match-tokens/1/paramSets",
    withPlan({ protocol: { ...plan.protocol, params: "p256-sha256" } }),
  ],
  ["a covenant without protocols", "protocols", withCovenant({ protocols: [] })],
  [
    "a pattern at the coordinator that nobody allowed",
    "protocols/match-tokens/1/coordinatorLearns",
    (question) => ({ ...question, contract: seen("pattern") }),
  ],
  ["a dealer in an agreement without any", "protocols/bulk-pair/1/dealers", dealt("cleo")],
  ["a dealer that the agreement does not name", "protocols/bulk-pair/1/dealers", dealt("cleo", ["anna"])],
  ["a dealer that is no party", "parties", dealt("dora", ["cleo"])],
  ["rows at the coordinator", "protocols/overlap-hub/1/coordinatorLearns", hub("row")],
  ["counts at the coordinator", "protocols/overlap-hub/1/coordinatorLearns", hub("count")],
  ["counts below the covenant's floor", "floors/minCount", release(4, 2)],
  ["counts of one", "floors/minCount", release(1, 2)],
  ["a raised floor", "floors/minCount", floors({ minCount: 6 })],
  ["fewer contributors than the floor", "floors/minContributors", floors({ minContributors: 4 })],
  ["fewer contributors than the question wants itself", "floors/minContributors", release(5, 4)],
  ["a question that lowers the floor of contributors", "floors/minContributors", release(5, 1)],
  [
    "another party's data class that lacks a column",
    "dataClasses/cleo.ships/columns",
    withCovenant({
      dataClasses: covenant.dataClasses.map((row) =>
        row.party === "cleo" ? { ...row, columns: ["tons"] } : row,
      ),
    }),
  ],
  ["a list larger than its asker's quota", "quotas/2", debit(257)],
  ["a list larger than the quota of every party", "quotas/1", debit(1024, "anna", "bert")],
  ["a list larger than a part of all identifiers", "floors/maxDomainPermille", ofDomain(1, 1536)],
  ["an asker without a quota", "quotas", debit(256, "bert", "cleo")],
  ["a covenant without quotas", "quotas", withCovenant({ quotas: [] })],
  ["a quota of none", "quotas/2", withQuotas((row) => ({ ...row, evaluations: 0 }))],
  ["a quota for another purpose", "quotas", withQuotas((row) => ({ ...row, purpose: "fraud-2026" }))],
  ["a sum that tests no dominance", "floors/dominancePercent", dominated(undefined)],
  ["a sum that tests fewer records", "floors/dominancePercent", dominated({ largest: 1, percent: 60 })],
  ["a sum that lets them make more", "floors/dominancePercent", dominated({ largest: 2, percent: 61 })],
  ["one party's data twice", "floors/minContributors", withPlan({ inputs: [input("bert"), input("bert")] })],
];

const ALLOWED: readonly (readonly [what: string, change: Change])[] = [
  ["noise for rows where rows are protected", noisy("row")],
  ["noise where subjects of other data are protected", noisy("subject", "persons")],
  ["the question as it is", (question) => question],
  ["a list as large as that part of all identifiers", ofDomain(1, 1024)],
  ["a larger list where the part is larger", ofDomain(2, 1536)],
  ["a sum with the covenant's rule about dominance", dominated({ largest: 2, percent: 60 })],
  ["a stricter rule about dominance", dominated({ largest: 3, percent: 10 })],
  ["a count, which nobody dominates", dominated(undefined, ["count"])],
  [
    "a lab's covenant in a lab",
    (question) => ({ ...withCovenant({ id: "lab/ports" })(question), lab: true }),
  ],
  ["the first second", at("2026-11-23T10:00:00Z")],
  ["the last second but one", at("2026-11-30T23:59:59Z")],
  [
    "a node that brings no data",
    (question) => ({ ...question, me: "cleo", plan: { ...plan, inputs: ["anna", "bert"].map(input) } }),
  ],
  ["fewer columns than the class covers", ownClass({ columns: ["imo", "tons", "flag"] })],
  ["a stricter question than the floors", release(100, 3)],
  ["what the covenant lets the coordinator see", hub("pattern")],
  ["a dealer that the agreement names", dealt("cleo", ["anna", "cleo"])],
  ["what any relay sees", (question) => ({ ...question, contract: seen("timing") })],
  [
    "a recipient that only receives",
    (question) =>
      part("anna", "result-only")({ ...question, plan: { ...plan, inputs: ["bert", "cleo"].map(input) } }),
  ],
  ["a class without persons where none are allowed", (question) => hub("pattern")(question)],
];

describe("a decision", () => {
  it("has a table of at least sixty cases", () => {
    documentBytes(plan); // the case is a document that a reader would take
    expect(REFUSED.length + ALLOWED.length).toBeGreaterThanOrEqual(60);
  });

  it.each(REFUSED)("refuses %s: %s", (_what, rule, change) => {
    const decision = decide(change(good));
    expect(decision).toMatchObject({ outcome: "refuse", rule });
    expect(decision.outcome === "refuse" && decision.message !== "" && decision.hint !== "").toBe(true);
  });

  it.each(ALLOWED)("allows %s", (_what, change) => {
    // The changed plan of a node without data keeps its own `inputs` only.
    expect(decide(change(good))).toEqual({ outcome: "allow" });
  });

  it.each(REFUSED)("refuses %s at every node alike", (_what, rule, change) => {
    for (const me of ["anna", "bert", "cleo"])
      expect(decide({ ...change(good), me })).toMatchObject({ outcome: "refuse", rule });
  });

  it("names what would pass in place of a match", () => {
    const purposes = covenant.purposes.map((row) => ({ ...row, classes: ["B" as const] }));
    expect(decide(withCovenant({ purposes })(good))).toMatchObject({
      hint: expect.stringContaining("overlap-count"),
    });
  });
});
