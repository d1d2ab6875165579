// SPDX-License-Identifier: Apache-2.0
// An invented covenant and roster in which everything is allowed, so that a test can take one thing away.
import { createHash } from "node:crypto";
import { FACTS } from "@koplamp/protocol";
import type { ColumnKind, Covenant, Roster } from "@koplamp/wire";
import { type CatalogueEntry, contractOf, planQuery, type Question } from "../src/index.ts";

const hash = `sha256:${"0".repeat(64)}`;
const key = `ed25519:${"A".repeat(43)}=`;

const PROTOCOLS = [
  ...["match-tokens/1", "overlap-hub/1", "overlap-recipient/1", "sum-threshold/1"],
  ...[
    "match-threshold/1",
    "overlap-threshold/1",
    "match-pair/1",
    "bulk-pair/1",
    "match-pair-count-local/1",
    "match-pair-count-blind/1",
  ],
  ...["lookup/1", "alarm-blind/1", "join-sum-pair/1", "join-sum-hub/1", "distinct-sum/1"],
];

/** SHA-256, which is all that a contract needs of a cryptographic library. */
export const primitives = {
  sha256: (data: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(data).digest()),
};

/** A covenant between `parties` that allows everything for the purposes of the samples. */
export function covenantOf(parties: readonly string[], id = "ports"): Covenant {
  const classes = ["A", "B", "C", "D", "E", "F"] as const;
  const purposes = ["ports-2026", "fraud-2026", "ondermijning-2026", "lab"];
  return {
    koplamp: "covenant/v1",
    id,
    version: 1,
    previous: null,
    title: { en: "An agreement for tests" },
    validFrom: "2026-01-01T00:00:00Z",
    validUntil: "2031-01-01T00:00:00Z",
    parties: parties.map((party) => ({
      id: party,
      name: party[0]?.toUpperCase() + party.slice(1),
      part: "member",
      task: "supervision",
      regimes: ["avg"],
      bases: [],
      covenantKeys: [key],
    })),
    purposes: purposes.map((purpose) => ({
      id: purpose,
      text: { en: purpose },
      classes,
      until: "2031-01-01T00:00:00Z",
      bases: [],
    })),
    dataClasses: [],
    personLevel: { allowed: true, ground: { en: "ground" }, external: [] },
    floors: {
      minCount: 1,
      minContributors: 1,
      minSet: 0,
      dominanceN: 0,
      dominancePercent: 100,
      maxDomainPermille: 1000,
    },
    quotas: purposes.flatMap((purpose) =>
      parties.flatMap((asker) =>
        parties
          .filter((holder) => holder !== asker)
          .map((holder) => ({ asker, holder, purpose, epoch: "P7D", evaluations: 4096, lookupsPerDay: 20 })),
      ),
    ),
    budgets: [],
    approval: { validFor: "P30D", external: [{ role: "prosecutor", classes: ["E", "F"], keys: [key] }] },
    witnesses: { quorum: 2, external: [] },
    protocols: PROTOCOLS.map((protocol) => ({
      id: protocol,
      paramSets: ["ristretto255-sha512", "bfv-amt-50-pq", "bfv-join-46-pq", "bfv-sel-42-pq", "words-128"],
      coordinatorLearns: FACTS,
    })),
    retention: { results: "P90D", salts: "P1Y", ledger: "P5Y", extensions: 1 },
    supervision: { body: "Supervisor", keys: [key] },
    dpia: { reference: "D-1", hash },
    ethics: { framework: "IAMA", reference: "E-1", hash },
  };
}

/** A roster whose coordinator is run by `operator`. */
export function rosterOf(operator = "example-hosting"): Roster {
  return {
    koplamp: "roster/v1",
    id: "ports",
    epoch: 1,
    previous: null,
    covenantHash: hash,
    cards: [],
    witnessQuorum: 2,
    coordinator: {
      name: "relay",
      operator,
      identity: key,
      seal: { x25519: "", mlkem768Hash: hash },
      tlsPins: [],
    },
  };
}

/** What a party offers, with kinds by column name. */
export function entry(
  party: string,
  dataset: string,
  kinds: Readonly<Record<string, ColumnKind>>,
  rowsPadded = 1024,
): CatalogueEntry {
  const columns = Object.entries(kinds).map(([name, kind]) =>
    kind === "integer"
      ? { name, kind, min: 0, max: 1_000_000, unit: "cent" }
      : { name, kind, min: null, max: null, unit: null },
  );
  return {
    party,
    dataset,
    columns,
    rowsPadded,
    maxRowsPerCell: rowsPadded,
    maxRowsPerSubject: null,
    snapshot: hash,
  };
}

/** 2026-11-24, a Tuesday in ISO week 48. */
export const NOW = 1_795_478_400_000;

/** The plan and the contract of a question between the parties of its catalogue. */
export function planned(
  question: Question,
  catalogue: readonly CatalogueEntry[],
  covenant?: Covenant,
  roster: Roster = rosterOf(),
) {
  const parties = [...new Set([...catalogue.map(({ party }) => party), ...question.recipients])].sort();
  const agreement = covenant ?? covenantOf(parties);
  const plan = planQuery({
    question,
    covenant: agreement,
    covenantHash: hash,
    rosterHash: hash,
    proposer: { party: question.recipients[0] ?? "", by: key },
    catalogue,
    now: NOW,
    salt: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
  });
  return { plan, covenant: agreement, contract: contractOf(agreement, roster, plan, primitives) };
}
