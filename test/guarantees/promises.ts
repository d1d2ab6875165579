// SPDX-License-Identifier: Apache-2.0
// SECURITY.md is the registry of guarantees: what it promises, and the tests and switches that it names.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The root of the checkout. */
export const ROOT: string = join(import.meta.dirname, "../..");

/** One promise of SECURITY.md. */
export interface Promised {
  readonly guarantee: string;
  readonly sentence: string;
  /** Test files, from the root. */
  readonly tests: readonly string[];
  /** Ids of switches. */
  readonly switches: readonly string[];
}

/** Every promise, in the order of the page. @throws where a section names no tests or no switches. */
export function promises(): readonly Promised[] {
  const [, ...sections] = readFileSync(join(ROOT, "SECURITY.md"), "utf8").split("\n### ");
  return sections.map((section) => {
    const [, guarantee = "", sentence = ""] = /^(G\d+) (.+)$/m.exec(section) ?? [];
    const named = (label: string): readonly string[] => {
      const [, list] = new RegExp(`_${label}:_([^_]*)`).exec(section) ?? [];
      if (list === undefined) throw new Error(`expected _${label}:_ under ${guarantee} in SECURITY.md`);
      return [...list.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    };
    return { guarantee, sentence, tests: named("Tests"), switches: named("Switches") };
  });
}
