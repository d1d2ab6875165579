// SPDX-License-Identifier: Apache-2.0
// An asker whose node forgot the covenant: every other node refuses, by the id of the clause, and nothing begins.
import { labTerms, type Terms } from "@koplamp/sdk";
import { afterEach, expect, it } from "vitest";
import { countOf, Federation, matchOf } from "./federation.ts";

let federation: Federation | undefined;
afterEach(async () => {
  await federation?.close();
});

const PARTIES = ["anna", "bert", "cleo"];
const match = matchOf(PARTIES, ["anna"]);
const rows =
  (party: string, change: Partial<Terms["dataClasses"][number]>) =>
  (terms: Terms): Terms => ({
    ...terms,
    dataClasses: terms.dataClasses.map((row) => (row.party === party ? { ...row, ...change } : row)),
  });
const but =
  (change: (terms: Terms) => Partial<Terms>) =>
  (terms: Terms): Terms => ({ ...terms, ...change(terms) });
const floors = (change: Partial<NonNullable<Terms["floors"]>>): ((terms: Terms) => Terms) =>
  but(({ floors: own }) => (own === undefined ? {} : { floors: { ...own, ...change } }));

const CASES: readonly (readonly [
  clause: string,
  narrowed: (terms: Terms) => Terms,
  question?: typeof match,
])[] = [
  ["personLevel/allowed", but(() => ({ personLevel: { allowed: false, ground: null, external: [] } }))],
  [
    "personLevel/allowed",
    but(() => ({ personLevel: { allowed: false, ground: null, external: [] } })),
    countOf(PARTIES, ["anna"], { mode: "recipient" }),
  ],
  [
    "purposes/lab/classes",
    but(({ purposes }) => ({ purposes: purposes.map((row) => ({ ...row, classes: ["A", "B"] as const })) })),
  ],
  [
    "dataClasses/cleo.list/allow/lab",
    rows("cleo", { allow: [{ purpose: "lab", classes: ["F"], recipients: ["bert"] }] }),
  ],
  [
    "dataClasses/bert.list/allow/lab",
    rows("bert", { allow: [{ purpose: "lab", classes: ["B"], recipients: PARTIES }] }),
  ],
  ["dataClasses/bert.list/allow", rows("bert", { allow: [] })],
  ["dataClasses/anna.list/columns", rows("anna", { columns: ["kind"] })],
  [
    "dataClasses",
    but(({ dataClasses }) => ({ dataClasses: dataClasses.filter(({ party }) => party !== "cleo") })),
  ],
  [
    "protocols",
    but(({ protocols }) => ({ protocols: protocols.filter(({ id }) => id !== "match-tokens/1") })),
  ],
  [
    "protocols/overlap-hub/1/coordinatorLearns",
    but(({ protocols }) => ({ protocols: protocols.map((row) => ({ ...row, coordinatorLearns: [] })) })),
    countOf(PARTIES, ["anna"]),
  ],
  ["floors/minCount", floors({ minCount: 5 })],
  ["floors/minContributors", floors({ minContributors: 4 })],
  ["quotas", but(() => ({ quotas: [] }))],
  ["quotas/1", but(({ quotas }) => ({ quotas: quotas.map((row) => ({ ...row, evaluations: 255 })) }))],
];

it.each(CASES.map(([clause, narrowed, question = match]) => [clause, narrowed, question] as const))(
  "%s is named by every node, though the asker's own node lets it through",
  async (clause, narrowed, question) => {
    const lax = labTerms(
      PARTIES.map((id) => ({ id, name: id, datasets: {} })),
      ["lab"],
    );
    federation = new Federation(
      { anna: ["x", "y"], bert: ["y", "z"], cleo: ["z", "y"] },
      {
        graceMs: 150,
        terms: narrowed,
        ports: (ports, { party }) => {
          if (party !== "anna") return ports;
          const { covenant } = ports.membership;
          const forgot = {
            ...covenant,
            ...lax,
            dataClasses: covenant.parties.map(({ id }) => ({
              id: `${id}.list`,
              party: id,
              dataset: "list",
              columns: ["id", "kind"],
              registerSize: 0,
              sensitivity: "ordinary" as const,
              allow: [{ purpose: "lab", classes: ["A", "B", "F"] as const, recipients: PARTIES }],
            })),
          };
          return { ...ports, membership: { ...ports.membership, covenant: forgot } };
        },
      },
    );
    const outcome = await federation.ask("anna", question);
    for (const end of [outcome, ...(await federation.outcomes(["bert", "cleo"]))])
      expect(end).toMatchObject({ status: "refused", party: "bert", rule: clause });
    for (const party of PARTIES) {
      expect(federation.machine(party).log.filter(({ event }) => event === "session.begin")).toEqual([]);
    }
  },
);
