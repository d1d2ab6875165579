// SPDX-License-Identifier: Apache-2.0
// What the clauses of a covenant promise each other, beyond its form: promises that no question could ever use, or that
// need another clause.
import type { Covenant } from "@koplamp/wire";
import { list } from "./clause-words.ts";
import type { Finding } from "./finding.ts";

const PERSONS: readonly string[] = ["E", "F"];

/** Questions about persons need a clause that allows them and says why. */
export function personFindings({ personLevel, purposes, approval }: Covenant): readonly Finding[] {
  const asked = purposes.filter(({ classes }) => classes.some((letter) => PERSONS.includes(letter)));
  const found: Finding[] = [];
  if (personLevel.allowed && personLevel.ground === null) {
    found.push({
      clause: "personLevel/ground",
      grave: true,
      expected: "the ground on which questions about persons rest",
      got: "null",
      hint: "write it in nl and en, or set personLevel.allowed to false",
    });
  }
  for (const { id, classes } of personLevel.allowed ? [] : asked) {
    found.push({
      clause: `purposes/${id}/classes`,
      grave: true,
      expected: "no class E or F while personLevel/allowed is false",
      got: list(classes, "en"),
      hint: "take them out, or allow questions about persons and say on which ground",
    });
  }
  const roles = new Set(
    approval.external
      .filter(({ classes }) => classes.some((one) => PERSONS.includes(one)))
      .map(({ role }) => role),
  );
  const idle = personLevel.external.filter((role) => !roles.has(role));
  for (const role of personLevel.external.length === 0 ? [] : idle) {
    found.push({
      clause: `approval/external/${role}`,
      grave: false,
      expected: "class E or F among its classes",
      got: "neither",
      hint: "personLevel/external asks for it all the same",
    });
  }
  return found;
}

/** Purposes that no question could serve. */
export function purposeFindings({ purposes, dataClasses, quotas }: Covenant): readonly Finding[] {
  const rules = dataClasses.flatMap(({ allow }) => allow);
  return purposes.flatMap(({ id, classes }) => {
    const usable = rules.filter(({ purpose }) => purpose === id).flatMap((rule) => rule.classes);
    const unused = classes.filter((letter) => !usable.includes(letter));
    const matches = classes.some((letter) => ["B", ...PERSONS].includes(letter));
    const idle = note(
      `purposes/${id}/classes`,
      "a data class for each of its classes",
      `none for ${list(unused, "en")}`,
      "no question of that class can be asked",
    );
    const empty = note(
      `purposes/${id}`,
      "a quota",
      "none",
      "without one no overlap can be counted and nothing matched",
    );
    return [
      ...(unused.length > 0 ? [idle] : []),
      ...(matches && !quotas.some(({ purpose }) => purpose === id) ? [empty] : []),
    ];
  });
}

/** Data classes that promise what their purpose does not, and a covenant without protocols. */
export function dataFindings({ purposes, dataClasses, protocols }: Covenant): readonly Finding[] {
  const beyond = dataClasses.flatMap(({ id, allow }) =>
    allow.flatMap(({ purpose, classes }) => {
      const most = purposes.find((row) => row.id === purpose)?.classes ?? [];
      const more = classes.filter((letter) => !most.includes(letter));
      const clause = `dataClasses/${id}/allow/${purpose}`;
      const hint = "the purpose refuses them all the same";
      return more.length === 0 ? [] : [note(clause, `classes of purpose ${purpose}`, list(more, "en"), hint)];
    }),
  );
  const none = note("protocols", "at least one protocol", "none", "no question can be asked");
  return protocols.length === 0 ? [...beyond, none] : beyond;
}

function note(clause: string, expected: string, got: string, hint: string): Finding {
  return { clause, grave: false, expected, got, hint };
}
