// SPDX-License-Identifier: Apache-2.0
import type { Ask, QueryClass } from "@koplamp/wire";

/** The kinds of question that a policy can name. */
export const KINDS: readonly Ask["kind"][] = [
  "match",
  "overlap-count",
  "aggregate",
  "join-aggregate",
  "trend",
];
/** The classes that a policy can name. */
export const CLASSES: readonly QueryClass[] = ["A", "B", "C", "D", "E", "F"];

/**
 * What a local policy may speak of, in Cedar's schema language: an asker of an agency and role asks (`match/F` belongs to
 * the actions `match` and `class-F`) for a dataset of ours, on behalf of one recipient at a time.
 */
export const POLICY_SCHEMA: string = `entity Role;
entity Agency;
entity Asker in [Agency, Role] = { agency: Agency, task: String, regimes: Set<String> };
entity DataClass;
entity Dataset in [DataClass] = {
  owner: Agency, name: String, sensitivity: String, columns: Set<String>, registerSize: Long
};
type Question = {
  purpose: String,            // as in the covenant
  bases: Set<String>,         // the asker's legal bases, by their ids in the covenant
  columns: Set<String>,       // of this dataset, that the question uses
  recipient: String,          // judged one by one: each must be permitted
  recipients: Set<String>,    // all of them
  contributors: Set<String>,
  protocol: String,
  rows: Long,                 // padded, as everybody sees it
  minCount: Long,
  now: datetime
};
${[...CLASSES.map((letter) => `class-${letter}`), ...KINDS].map((name) => `action "${name}";`).join("\n")}
${KINDS.flatMap((kind) =>
  CLASSES.map(
    (letter) =>
      `action "${kind}/${letter}" in ["${kind}", "class-${letter}"] appliesTo { principal: Asker, resource: Dataset, context: Question };`,
  ),
).join("\n")}
`;
