// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { choose, planQuery, QueryError, readQuestion } from "../src/index.ts";
import { covenantOf, entry, NOW, planned } from "./agreement.ts";
import { COUNTS, PAIR_COUNT, PAIR_MATCH, REPORTS, SHIPS } from "./samples.ts";

const read = (text: string) => readQuestion(text, { file: "q.yaml", lab: false });
const ships = [
  entry("harbour", "ships", { imo: "imo", flag: "category" }, 1536),
  entry("customs", "watch", { imo: "imo" }),
];
const seen = entry("coastguard", "seen", { imo: "imo" }, 256);
const columns = { region: "category", month: "month", settled: "boolean", amount: "integer" } as const;
const reports = ["north", "south", "west"].map((party) => entry(party, "reports", columns, 4096));

describe("a plan", () => {
  test("of a match", () => {
    const { plan } = planned(read(SHIPS), ships);
    expect(plan).toMatchObject({
      koplamp: "plan/v1",
      id: "ships-on-two-lists",
      class: "F",
      purpose: "ports-2026",
      bases: [
        { party: "customs", basis: "covenant art. 3" },
        { party: "harbour", basis: "covenant art. 3" },
      ],
      protocol: {
        id: "match-tokens/1",
        params: "ristretto255-sha512",
        epoch: "2026-W48",
        roles: {
          contributor: ["customs", "harbour"],
          keyHolder: ["customs", "harbour"],
          recipient: ["customs"],
        },
        shards: 1,
      },
      recipients: [{ party: "customs", roles: ["analyst"] }],
      notBefore: "2026-11-23T23:55:00Z",
      expires: "2027-02-01T00:00:00Z",
      schedule: null,
    });
    expect(
      plan.inputs.map(({ party, columns: names, kinds, rowsPadded }) => [party, names, kinds, rowsPadded]),
    ).toEqual([
      ["customs", ["imo"], ["imo"], 1024],
      ["harbour", ["imo"], ["imo"], 1536],
    ]);
  });

  test("of a sum: columns in the order groups, conditions, measures, with their bounds", () => {
    const { plan } = planned(read(REPORTS), reports);
    expect(plan.protocol).toMatchObject({ id: "sum-threshold/1", params: "bfv-amt-50-pq", epoch: null });
    expect(plan.protocol.roles).toEqual({ contributor: ["north", "south", "west"], recipient: ["north"] });
    expect(plan.inputs[0]).toMatchObject({
      columns: ["region", "month", "settled", "amount"],
      kinds: ["category", "month", "boolean", "integer"],
      bounds: [{ column: "amount", min: 0, max: 1_000_000 }],
    });
    expect(plan.release).toEqual({ minCount: 10, minContributors: 3, noise: null });
  });

  test("the covenant's floors win when they are stricter", () => {
    const covenant = covenantOf(["north", "south", "west"]);
    const floors = { ...covenant.floors, minCount: 25, minContributors: 2 };
    const { plan } = planned(read(REPORTS), reports, { ...covenant, floors });
    expect(plan.release).toEqual({ minCount: 25, minContributors: 3, noise: null });
  });

  test("a count goes over the hub, at the recipient only when named", () => {
    const hub = planned(read(COUNTS), [...ships, seen]).plan;
    expect(hub.protocol.id).toBe("overlap-hub/1");
    const named = planned(read(COUNTS.replace("histogram", "histogram\n  mode: recipient")), [
      ...ships,
      seen,
    ]).plan;
    expect(named.protocol.id).toBe("overlap-recipient/1");
  });

  test("the order of the catalogue changes nothing", () => {
    expect(planned(read(COUNTS), [...ships, seen]).plan).toEqual(
      planned(read(COUNTS), [seen, ...ships].reverse()).plan,
    );
  });

  test("the epoch is that of the covenant's shortest quota", () => {
    const covenant = covenantOf(["customs", "harbour"]);
    const epoch = (period: string) =>
      planned(read(SHIPS), ships, {
        ...covenant,
        quotas: covenant.quotas.map((quota) => ({ ...quota, epoch: period })),
      }).plan.protocol.epoch;
    expect(["P1D", "P1M", "P1Y", "once", "P7D"].map(epoch)).toEqual([
      "2026-11-24",
      "2026-11",
      "2026",
      "once:ships-on-two-lists",
      "2026-W48",
    ]);
    expect(() => epoch("P3D")).toThrow(expect.objectContaining({ code: "invalid-value" }));
  });

  test("every choice says why, and names what was passed over", () => {
    for (const text of [SHIPS, COUNTS, REPORTS, PAIR_MATCH, PAIR_COUNT]) {
      const { reason, protocol } = choose(read(text).ask);
      expect(reason.nl).not.toBe("");
      expect(reason.en).not.toBe("");
      expect(protocol).toMatch(/\/1$/);
    }
    expect(choose(read(SHIPS).ask).refused[0]?.protocol).toBe("match-pair/1");
  });
});

describe("a plan is refused with the party and a hint", () => {
  const cases: readonly (readonly [
    what: string,
    run: () => unknown,
    code: string,
    party: string | undefined,
    says: string,
  ])[] = [
    [
      "a stranger among the sources",
      () => planned(read(SHIPS), ships, covenantOf(["customs", "harbours"])),
      "unknown-party",
      "harbour",
      'did you mean "harbours"?',
    ],
    [
      "a stranger among the recipients",
      () =>
        planned(
          read(SHIPS.replace("recipients: [customs]", "recipients: [custom]")),
          ships,
          covenantOf(["customs", "harbour"]),
        ),
      "unknown-party",
      "custom",
      'did you mean "customs"?',
    ],
    [
      "a dataset nobody offers",
      () => planned(read(SHIPS.replace("harbour: ships", "harbour: ship")), ships),
      "unknown-dataset",
      "harbour",
      'did you mean "ships"?',
    ],
    [
      "a column nobody offers",
      () => planned(read(SHIPS.replace("[imo]", "[imos]")), ships),
      "unknown-column",
      "customs",
      'did you mean "imo"?',
    ],
    [
      "keys of different kinds",
      () =>
        planned(read(SHIPS), [
          entry("harbour", "ships", { imo: "opaque" }),
          entry("customs", "watch", { imo: "imo" }),
        ]),
      "kind-mismatch",
      "harbour",
      "is opaque at harbour and imo at customs",
    ],
    [
      "a key that identifies nothing",
      () =>
        planned(read(SHIPS.replace("[imo]", "[flag]")), [
          entry("harbour", "ships", { flag: "category" }),
          entry("customs", "watch", { flag: "category" }),
        ]),
      "wrong-kind",
      undefined,
      "cannot be a key",
    ],
    [
      "a sum of text",
      () => planned(read(REPORTS.replace("sum(amount)", "sum(region)")), reports),
      "wrong-kind",
      undefined,
      "cannot be summed",
    ],
    [
      "groups of integers without ranges",
      () => planned(read(REPORTS.replaceAll("region", "amount")), reports),
      "invalid-value",
      undefined,
      "expected ranges",
    ],
    [
      "units that differ",
      () =>
        planned(
          read(REPORTS),
          reports.map((one) =>
            one.party === "west"
              ? {
                  ...one,
                  columns: one.columns.map((column) =>
                    column.name === "amount" ? { ...column, unit: "euro" } : column,
                  ),
                }
              : one,
          ),
        ),
      "kind-mismatch",
      "west",
      "integer in euro at west and integer in cent at north",
    ],
    [
      "sums without bounds",
      () =>
        planned(
          read(REPORTS),
          reports.map((one) => ({
            ...one,
            columns: one.columns.map((column) => ({ ...column, min: null, max: null })),
          })),
        ),
      "no-bounds",
      "north",
      "min and max",
    ],
    [
      "a condition of another kind",
      () => planned(read(REPORTS.replace("value: true", "value: 1")), reports),
      "invalid-value",
      undefined,
      "expected true or false",
    ],
    [
      "an order of booleans",
      () => planned(read(REPORTS.replace('op: "="', 'op: ">="')), reports),
      "wrong-kind",
      undefined,
      "compared by >=",
    ],
    [
      "a month that is none",
      () => planned(read(REPORTS.replace("2026-02", "2026-13")), reports),
      "invalid-value",
      undefined,
      "no value of kind month",
    ],
    [
      "a match for somebody without keys",
      () => planned(read(SHIPS.replace("recipients: [customs]", "recipients: [insurer]")), ships),
      "recipient",
      "insurer",
      "brings no keys",
    ],
    [
      "a day gone by",
      () => planned(read(SHIPS.replace("2027-01-31", "2026-11-22")), ships),
      "expired",
      undefined,
      "expired at",
    ],
    [
      "a list too long for all sessions",
      () =>
        planned(
          read(SHIPS),
          ships.map((one) => ({ ...one, rowsPadded: 2 ** 28 })),
        ),
      "too-many",
      "customs",
      "match-tokens/1 takes 134217728",
    ],
    [
      "sums under noise that could wrap",
      () =>
        planned(
          read(REPORTS.replace("minContributors: 3", "minContributors: 3, noise: { epsilon: 1 }")),
          reports.map((one) => ({
            ...one,
            maxRowsPerCell: 2 ** 32,
            columns: one.columns.map((column) =>
              column.name === "amount" ? { ...column, max: Number.MAX_SAFE_INTEGER } : column,
            ),
          })),
        ),
      "overflow",
      undefined,
      "could reach more",
    ],
  ];
  for (const [what, run, code, party, says] of cases) {
    test(what, () => {
      expect.assertions(3);
      try {
        run();
      } catch (error) {
        expect(error).toBeInstanceOf(QueryError);
        expect(error).toMatchObject({ code, party });
        expect(error).toHaveProperty("message", expect.stringContaining(says));
      }
    });
  }

  test("a plan needs an entry for each source", () => {
    const question = read(SHIPS);
    const request = {
      question,
      covenant: covenantOf(["customs", "harbour"]),
      covenantHash: "",
      rosterHash: "",
      proposer: { party: "customs", by: "" },
      now: NOW,
      salt: "",
    };
    expect(() => planQuery({ ...request, catalogue: ships.slice(0, 1) })).toThrow(
      expect.objectContaining({ code: "unknown-dataset", party: "customs" }),
    );
  });
});
