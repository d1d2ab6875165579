// SPDX-License-Identifier: Apache-2.0
// The answers to the generated questions, known from what was planted and from no file.
import type { PartyId } from "@koplamp/protocol";
import { type GeneratedCountry, type GeneratedReport, MUNICIPALITIES } from "./generated-registers.ts";

/** A municipality that no report names: its cell is withheld like any other small one. */
export const EMPTY_MUNICIPALITY = "GM1699";

/** The release rules of the generated sum. */
export const SUM_RELEASE = { minCount: 10, minContributors: 2 } as const;

/** What the question on accounts gives: to each party its own accounts that another party holds too, with holders. */
export function matchAnswer({ parties, holders }: GeneratedCountry): object {
  const shared = [...(holders["accounts"] ?? [])]
    .filter(([, held]) => held.length >= 2)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const matches = (party: PartyId) =>
    shared.filter(([, held]) => held.includes(party)).map(([key, held]) => ({ key: [key], holders: held }));
  const results = parties.map(({ id }) => [id, { kind: "match", matches: matches(id) }] as const);
  return { status: "released", results: Object.fromEntries(results) };
}

/** How many companies are held by exactly one, two, … parties. */
export function overlapAnswer({ parties, holders }: GeneratedCountry): object {
  const histogram = parties.map((_, at) => {
    const exactly = [...(holders["companies"] ?? [])].filter(([, held]) => held.length === at + 1);
    return [String(at + 1), exactly.length] as const;
  });
  const result = { kind: "overlap-count", histogram: Object.fromEntries(histogram) };
  return { status: "released", results: { [parties[0]?.id ?? ""]: result } };
}

/** Reports per municipality over all parties, with the small cells withheld. */
export function sumAnswer({ parties }: GeneratedCountry): object {
  const codes = [...MUNICIPALITIES.map(([code]) => code), EMPTY_MUNICIPALITY];
  const cells = codes.map((municipality) => {
    const own = parties.map(({ reports }) =>
      reports.filter((report) => report.municipality === municipality),
    );
    return { group: { municipality }, ...measures(own) };
  });
  return {
    status: "released",
    minCount: SUM_RELEASE.minCount,
    domainSize: codes.length,
    results: { [parties[0]?.id ?? ""]: { kind: "aggregate", cells } },
  };
}

function measures(byParty: readonly (readonly GeneratedReport[])[]): object {
  const all = byParty.flat();
  const contributors = byParty.filter((reports) => reports.length > 0).length;
  const withheld = [
    ...(all.length < SUM_RELEASE.minCount ? ["minCount"] : []),
    ...(contributors < SUM_RELEASE.minContributors ? ["minContributors"] : []),
  ];
  if (withheld.length > 0) return { withheld };
  // The first party is told, and takes its own reports away: those of one other would be left.
  const others = byParty.slice(1).filter((reports) => reports.length > 0).length;
  if (byParty.length > 2 && others < 2) return { withheld: ["derivable"] };
  const sum = all.reduce((total, { amount }) => total + amount, 0);
  return { count: all.length, "sum(amount)": sum, "mean(amount)": halfToEven(sum, all.length) };
}

/** A quotient of whole numbers, rounded to a whole number; a half goes to the even one. */
function halfToEven(sum: number, count: number): number {
  const floor = Math.floor(sum / count);
  const twice = 2 * (sum - floor * count);
  if (twice === count) return floor + (floor % 2);
  return twice > count ? floor + 1 : floor;
}
