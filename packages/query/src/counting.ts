// SPDX-License-Identifier: Apache-2.0
// How many, not which: the way to count that is taken, and in what words.
import type { Fact } from "@koplamp/protocol";
import { countsSingles, tablesFrom } from "@koplamp/psi";
import type { Ask, Covenant, Input, OverlapAsk, Text } from "@koplamp/wire";
import {
  BETWEEN_THEM,
  BLIND_PASSED_OVER,
  BY_TABLES,
  type Choice,
  COUNTS,
  SINGLES_IN_TABLES,
  TABLES_PASSED_OVER,
} from "./choices.ts";
import { fitsTables } from "./thresholds.ts";

/** What the coordinator of a count may do, by covenant and sizes. */
export interface CountTerms {
  /** Whether it may see which pseudonyms each party holds. */
  readonly hub: boolean;
  /** Whether it may see who holds what several hold, and tables take the lists. */
  readonly tables: boolean;
}

/** What a covenant and the sizes of lists allow the coordinator of a count; all of it where nothing is counted. */
export function countTerms({ protocols }: Covenant, ask: Ask, inputs: readonly Input[]): CountTerms {
  if (ask.kind !== "overlap-count") return { hub: true, tables: true };
  const all: readonly Fact[] = countsSingles(ask) ? ["count"] : [];
  const mayLearn = ({ protocol }: Choice, fact: Fact): boolean =>
    protocols.some(
      ({ id, coordinatorLearns }) =>
        id === protocol && [fact, ...all].every((one) => coordinatorLearns.includes(one)),
    );
  const tables = ask.shape !== "pairs" && mayLearn(COUNTS.atLeast, "hit-pattern");
  return { hub: mayLearn(COUNTS.hub, "pattern"), tables: tables && fitsTables({ ask, inputs }) };
}

/**
 * What at least two hold is counted by tables; the whole pattern at the coordinator is what else there is where these
 * cannot be had, and for what one party alone holds, where the covenant lets it see that. Pairs of two are counted
 * between them, and others too where the coordinator may see no pattern (protocols.md, section 10). Nobody's node sees
 * a pattern that the question did not ask for.
 */
export function counting(
  ask: OverlapAsk,
  { admits, hub, tables }: CountTerms & { readonly admits: (protocol: string) => boolean },
): Choice {
  const { from, shape, mode } = ask;
  if (mode !== null) return COUNTS[mode];
  const blind = COUNTS["pairs.blind"];
  if (shape === "pairs") return (from.length === 2 || !hub) && admits(blind.protocol) ? blind : COUNTS.hub;
  const singles = countsSingles(ask);
  if (tables && !(hub && singles)) return COUNTS.atLeast;
  return hub || singles || !admits(COUNTS.atLeast.protocol) ? COUNTS.hub : COUNTS.atLeast;
}

/** The choice that a plan of a count states, in words. */
export function countWording(ask: OverlapAsk, protocol: string): Choice {
  const choice = Object.values(COUNTS).find((one) => one.protocol === protocol) ?? COUNTS.hub;
  if (choice === COUNTS.atLeast) return { ...choice, reason: tablesReason(ask) };
  if (choice === COUNTS["pairs.blind"] && ask.mode === null) return { ...choice, reason: BETWEEN_THEM };
  if (choice !== COUNTS.hub) return choice;
  if (ask.shape === "pairs") return { ...choice, refused: [BLIND_PASSED_OVER] };
  const named = ask.mode === null ? "impossible" : "asked";
  const why = TABLES_PASSED_OVER[countsSingles(ask) ? "singles" : named];
  return { ...choice, refused: [{ protocol: COUNTS.atLeast.protocol, why }, ...choice.refused] };
}

function tablesReason(ask: OverlapAsk): Text {
  const texts = countsSingles(ask) ? SINGLES_IN_TABLES : BY_TABLES;
  return ask.mode === null ? texts.unasked : texts.asked;
}

/** What the coordinator sees of a count, in a sentence of the contract. */
export function coordinatorSees(ask: OverlapAsk, protocol: string): Required<Text> {
  if (protocol === COUNTS.hub.protocol)
    return {
      nl: "De coördinator ziet van elke sleutel als pseudoniem bij wie hij bekend is, ook als dat één partij is.",
      en: "The coordinator sees as a pseudonym who holds each key, also where that is one party.",
    };
  if (protocol !== COUNTS.atLeast.protocol)
    return {
      nl: "De coördinator ziet niet bij wie een sleutel bekend is.",
      en: "The coordinator does not see who holds a key.",
    };
  const rest = countsSingles(ask)
    ? { nl: "van de andere alleen hoeveel het er zijn", en: "of the others only how many there are" }
    : { nl: "van de andere niets", en: "nothing of the others" };
  return {
    nl: `De coördinator ziet als pseudoniem wie elke sleutel heeft die bij ten minste ${tablesFrom(ask)} partijen bekend is, en ${rest.nl}.`,
    en: `The coordinator sees as a pseudonym who holds each key that at least ${tablesFrom(ask)} parties hold, and ${rest.en}.`,
  };
}
