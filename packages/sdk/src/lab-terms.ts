// SPDX-License-Identifier: Apache-2.0
// What a lab stands for (lab-format.md): nobody has agreed to anything, and everything is allowed.
import { readFile } from "node:fs/promises";
import { FACTS } from "@koplamp/protocol";
import type { FederationParty } from "@koplamp/query";
import { type Covenant, INTERESTS, type QueryClass } from "@koplamp/wire";
import { parseDocument } from "yaml";
import type { Terms } from "./charter.ts";
import { SdkError } from "./errors.ts";

const CLASSES: readonly QueryClass[] = ["A", "B", "C", "D", "E", "F"];

/** Every protocol that Koplamp has, with its parameter sets. */
const PROTOCOLS: Covenant["protocols"] = [
  { id: "match-tokens/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "match-threshold/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "match-pair/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "bulk-pair/1", paramSets: ["okvs3-gf128", "okvs3-gf128+ea41-1763-v1"], coordinatorLearns: FACTS },
  { id: "match-pair-count-local/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "match-pair-count-blind/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "lookup/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "overlap-hub/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "overlap-threshold/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "overlap-recipient/1", paramSets: ["ristretto255-sha512"], coordinatorLearns: FACTS },
  { id: "sum-threshold/1", paramSets: ["bfv-amt-50-pq"], coordinatorLearns: FACTS },
  { id: "sum-masked/1", paramSets: ["words-64"], coordinatorLearns: FACTS },
  { id: "alarm-blind/1", paramSets: ["words-128"], coordinatorLearns: FACTS },
  { id: "join-sum-pair/1", paramSets: ["bfv-join-46-pq"], coordinatorLearns: FACTS },
  { id: "join-sum-hub/1", paramSets: ["bfv-sel-42-pq"], coordinatorLearns: FACTS },
  { id: "distinct-sum/1", paramSets: ["bfv-sel-42-pq"], coordinatorLearns: FACTS },
];

/** The register of interests that every node keeps: a list like any other. */
const OF_INTERESTS = [INTERESTS.dataset, [INTERESTS.column]] as const;

/** The lab's own agreement: every class, every declared column, every recipient, for these purposes. */
export function labTerms(parties: readonly FederationParty[], purposes: readonly string[]): Terms {
  const recipients = parties.map(({ id }) => id);
  const allow = purposes.map((purpose) => ({ purpose, classes: CLASSES, recipients }));
  return {
    title: { en: "The lab's own agreement: everything is allowed, nobody has agreed to anything" },
    purposes: purposes.map((id) => ({
      id,
      text: { en: id },
      classes: CLASSES,
      until: "2200-01-01T00:00:00Z",
      bases: [],
    })),
    dataClasses: parties.flatMap(({ id, datasets }) => {
      const columns = Object.entries(datasets).map(
        ([name, spec]) => [name, Object.keys(spec.columns)] as const,
      );
      return [...columns, OF_INTERESTS].map(([dataset, listed]) => ({
        id: `${id}.${dataset}`,
        party: id,
        dataset,
        columns: listed,
        registerSize: 0,
        sensitivity: "ordinary" as const,
        allow,
      }));
    }),
    quotas: purposes.map((purpose) => ({
      asker: "*",
      holder: "*",
      purpose,
      epoch: "P7D",
      evaluations: 2 ** 30,
      lookupsPerDay: 1_000_000,
    })),
    protocols: PROTOCOLS.map((row) => (row.id === "bulk-pair/1" ? { ...row, dealers: recipients } : row)),
    personLevel: { allowed: true, ground: { en: "lab" }, external: [] },
    floors: {
      minCount: 1,
      minContributors: 1,
      minSet: 0,
      dominanceN: 0,
      dominancePercent: 100,
      maxDomainPermille: 1000,
    },
    validUntil: "2200-01-01T00:00:00Z",
  };
}

/** The parts of a covenant that a lab may take from a file. Parties and keys are its own. */
const FROM_FILE: readonly (keyof Terms)[] = [
  "title",
  "purposes",
  "dataClasses",
  "personLevel",
  "floors",
  "quotas",
  "budgets",
  "protocols",
  "retention",
];

/** Fields of a covenant that a lab makes itself. */
const OWN: readonly string[] = [
  "koplamp",
  "id",
  "version",
  "previous",
  "validFrom",
  "validUntil",
  "parties",
  "approval",
  "witnesses",
  "supervision",
  "dpia",
  "ethics",
];

/**
 * The terms of a covenant file (YAML or JSON) in place of the lab's own; what the file leaves out stays the lab's. Its
 * parties and keys are not taken: a lab can try a covenant, not sign one.
 * @throws {SdkError} `covenant`.
 */
export async function termsFromFile(file: string, own: Terms): Promise<Terms> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new SdkError(
      "file",
      `there is no covenant file "${file}"`,
      "covenant: default takes the lab's own",
    );
  });
  const document = parseDocument(text);
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new SdkError("covenant", `expected a covenant in "${file}"`, "fields as in covenant/v1");
  }
  const unknown = Object.keys(value).find((name) => ![...FROM_FILE, ...OWN].includes(name));
  if (unknown !== undefined) {
    throw new SdkError(
      "covenant",
      `"${file}" has the unknown field "${unknown}"`,
      "fields as in covenant/v1",
    );
  }
  const taken = Object.entries(value).filter(([name]) => FROM_FILE.some((field) => field === name));
  const terms = Object.fromEntries(taken); // every field is checked when the covenant is read
  return { ...own, ...terms, ...("purposes" in terms ? { purposes: withoutBases(terms["purposes"]) } : {}) };
}

/** The legal bases are those of the file's parties, which are not taken: a lab's have none. */
function withoutBases(purposes: unknown): Terms["purposes"] {
  // Safe because what is no purpose is found when the covenant is read.
  if (!Array.isArray(purposes)) return purposes as Terms["purposes"];
  return purposes.map((purpose) => ({ ...Object(purpose), bases: [] }));
}
