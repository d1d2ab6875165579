// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { type Difference, type Direction, differencesOf, directionOfAll, readCovenant } from "@koplamp/sdk";
import type { CommandSpec } from "./command.ts";
import { EXIT } from "./errors.ts";
import type { Session } from "./session.ts";

/** `koplamp covenant diff`: exit status 0 nothing more or less, 8 narrower only, 9 wider in any clause. */
export const COVENANT_DIFF: CommandSpec = {
  name: "diff <before> <after>",
  summary: "Two versions, clause by clause: what is wider, narrower or neither. Exit 0, 8 narrower, 9 wider.",
  example: "koplamp covenant diff charter/covenant.json covenant-v2.yaml",
  flags: [],
  run: async (session, _flags, [before = "", after = ""]) => {
    const { cwd } = session.io;
    const [old, fresh] = [readCovenant(resolve(cwd, before)), readCovenant(resolve(cwd, after))];
    const differences = differencesOf(old.covenant, fresh.covenant);
    const direction = directionOfAll(differences);
    if (session.json)
      session.print(
        JSON.stringify({ direction, before: old.hash, after: fresh.hash, differences: plain(differences) }),
      );
    else session.print(...differenceLines(differences, session.lang), TOTAL[session.lang][direction]);
    return STATUS[direction];
  },
};

const STATUS: Readonly<Record<Direction, number>> = {
  neutral: EXIT.done,
  narrowed: EXIT.narrower,
  widened: EXIT.wider,
  mixed: EXIT.wider,
};

const WORDS: Readonly<Record<Session["lang"], Readonly<Record<Direction, string>>>> = {
  nl: { widened: "verruimd", narrowed: "beperkt", mixed: "verruimd en beperkt", neutral: "anders" },
  en: { widened: "widened", narrowed: "narrowed", mixed: "widened and narrowed", neutral: "changed" },
};

const TOTAL: Readonly<Record<Session["lang"], Readonly<Record<Direction, string>>>> = {
  nl: {
    widened: "De nieuwe versie staat meer toe.",
    narrowed: "De nieuwe versie staat minder toe.",
    mixed: "De nieuwe versie staat meer toe in de ene clausule en minder in de andere.",
    neutral: "Wat is toegestaan, blijft gelijk.",
  },
  en: {
    widened: "The new version permits more.",
    narrowed: "The new version permits less.",
    mixed: "The new version permits more in one clause and less in another.",
    neutral: "What is permitted stays the same.",
  },
};

/** Each difference: direction, clause, the words before and after. */
export function differenceLines(
  differences: readonly Difference[],
  lang: Session["lang"],
): readonly string[] {
  const none = lang === "nl" ? "(niets)" : "(nothing)";
  return differences.flatMap(({ id, direction, before, after }) => [
    `${WORDS[lang][direction].padEnd(10)}${id}`,
    `  - ${before?.[lang] ?? none}`,
    `  + ${after?.[lang] ?? none}`,
  ]);
}

function plain(differences: readonly Difference[]): readonly object[] {
  const text = (clause: Difference["before"]): object | null =>
    clause === undefined ? null : { nl: clause.nl, en: clause.en };
  return differences.map(({ id, direction, before, after }) => ({
    id,
    direction,
    before: text(before),
    after: text(after),
  }));
}
