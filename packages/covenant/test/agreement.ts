// SPDX-License-Identifier: Apache-2.0
// Agreements at random, small enough that two of them often differ in one clause only.
import type { Contract, Covenant, Plan, QueryClass } from "@koplamp/wire";
import fc from "fast-check";
import type { Case } from "../src/index.ts";
import { charter, documentOf } from "./charter.ts";

const base = documentOf("covenant/v1", charter.covenant);
type Part = Covenant["parties"][number]["part"];
const PARTIES = ["anna", "bert"];
const TIMES = [
  "2026-01-01T00:00:00Z",
  "2026-11-24T12:00:00Z",
  "2027-01-01T00:00:00Z",
  "2031-01-01T00:00:00Z",
];
const CLASSES: readonly QueryClass[] = ["B", "F"];
const PURPOSES = ["ports", "fraud"];
const PROTOCOLS = ["match-tokens/1", "overlap-hub/1"];

/** Mostly everything: agreements of which most say yes to most questions. */
function most<T>(values: T[]): fc.Arbitrary<T[]> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(values) },
    { weight: 1, arbitrary: fc.subarray(values) },
  );
}
/** Mostly the first. */
function first<T>(...values: readonly [T, ...T[]]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(values[0]) },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );
}
const classes = most([...CLASSES]);
const parties = most(PARTIES);
const few = (...values: readonly number[]): fc.Arbitrary<number> => fc.constantFrom(...values);

const purposes = fc.subarray(PURPOSES).chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc.record({
        id: fc.constant(id),
        text: fc.constant({ en: id }),
        classes,
        until: first("2031-01-01T00:00:00Z", ...TIMES),
        bases: fc.constant([]),
      }),
    ),
  ),
);
const allow = fc.array(fc.record({ purpose: fc.constantFrom(...PURPOSES), classes, recipients: parties }), {
  maxLength: 3,
});
const dataClasses = most(PARTIES).chain((owners) =>
  fc.tuple(
    ...owners.map((party) =>
      fc.record({
        id: fc.constant(`${party}.list`),
        party: fc.constant(party),
        dataset: first("list", "other"),
        columns: most(["id", "kind"]),
        registerSize: few(100, 300),
        sensitivity: fc.constantFrom("ordinary" as const, "secret" as const),
        allow,
      }),
    ),
  ),
);
const quotas = fc.uniqueArray(
  fc.record({
    asker: first("*", ...PARTIES),
    holder: first("*", ...PARTIES),
    purpose: fc.constantFrom(...PURPOSES),
    epoch: fc.constant("P7D"),
    evaluations: first(512, 0, 256),
    lookupsPerDay: few(0),
  }),
  { minLength: 1, selector: ({ asker, holder, purpose }) => `${asker} ${holder} ${purpose}`, maxLength: 5 },
);
const protocols = most(PROTOCOLS).chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc.record({
        id: fc.constant(id),
        paramSets: most(["ristretto255-sha512"]),
        coordinatorLearns: most(["pattern" as const, "count" as const]),
      }),
    ),
  ),
);

/** An agreement. Not every one would be read as a covenant: a decision must be right about any. */
export const covenants: fc.Arbitrary<Covenant> = fc
  .record({
    id: first("ports", "lab/ports"),
    validFrom: first("2026-01-01T00:00:00Z", ...TIMES),
    validUntil: first("2031-01-01T00:00:00Z", ...TIMES),
    purposes,
    dataClasses,
    quotas,
    protocols,
    parts: fc.tuple(
      ...PARTIES.map(() => first<Part>("member" as const, "input-only" as const, "result-only" as const)),
    ),
    persons: first(true, false),
    minCount: first(5, 1, 10),
    minContributors: first(1, 2, 3),
  })
  .map(({ parts, persons, minCount, minContributors, ...rest }) => ({
    ...base,
    ...rest,
    parties: base.parties.map((party, at) => ({ ...party, part: parts[at] ?? "member" })),
    personLevel: { allowed: persons, ground: null, external: [] },
    floors: { ...base.floors, minCount, minContributors },
  }));

/** The same agreement with one field of the other. */
export const pairs: fc.Arbitrary<readonly [Covenant, Covenant]> = fc
  .tuple(
    covenants,
    covenants,
    fc.subarray(
      [
        "id",
        "validFrom",
        "validUntil",
        "purposes",
        "dataClasses",
        "quotas",
        "protocols",
        "parties",
        "personLevel",
        "floors",
      ] as const,
      { minLength: 1, maxLength: 2 },
    ),
  )
  .map(([before, other, fields]) => [
    before,
    { ...before, ...Object.fromEntries(fields.map((field) => [field, other[field]])) },
  ]);

const input = (party: string): Plan["inputs"][number] => ({
  party,
  dataset: "list",
  dataClass: `${party}.list`,
  columns: ["id"],
  kinds: ["opaque"],
  rowsPadded: 256,
  bounds: [],
  maxRowsPerCell: 1,
  snapshot: `sha256:${"0".repeat(64)}`,
});

/** A question, judged under an agreement. What a decision does not read is left out. */
export const questions: fc.Arbitrary<(covenant: Covenant) => Case> = fc
  .record({
    purpose: first("ports", ...PURPOSES, "other"),
    letter: fc.constantFrom(...CLASSES),
    recipients: fc.subarray(PARTIES, { minLength: 1 }),
    inputs: fc.subarray(PARTIES, { minLength: 1 }),
    protocol: fc.constantFrom(...PROTOCOLS),
    minCount: first(5, 1, 10),
    minContributors: first(1, 2),
    amount: few(256, 512),
    fact: first<"timing" | "pattern">("timing", "pattern"),
    lab: fc.boolean(),
  })
  .map((wish) => (covenant: Covenant) => {
    const plan = {
      class: wish.letter,
      purpose: wish.purpose,
      proposer: { party: "anna" },
      ask: { kind: "match", key: ["id"] },
      inputs: wish.inputs.map(input),
      recipients: wish.recipients.map((party) => ({ party, roles: ["analyst"] })),
      protocol: { id: wish.protocol, params: "ristretto255-sha512" },
      release: { minCount: wish.minCount, minContributors: wish.minContributors, noise: null },
      notBefore: "2026-11-01T00:00:00Z",
      expires: "2030-01-01T00:00:00Z",
    } as unknown as Plan;
    const contract = {
      views: [{ who: ["coordinator"], learns: [{ fact: wish.fact, about: ["anna"], bound: 1 }], atMost: [] }],
      debits: [{ holder: "bert", asker: "anna", unit: "evaluations", amount: wish.amount }],
    } as unknown as Contract;
    return { covenant, plan, contract, me: "anna", now: "2026-11-24T12:00:00Z", lab: wish.lab };
  });
