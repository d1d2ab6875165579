// SPDX-License-Identifier: Apache-2.0
// Matches of at least t of n: when a match is one, what it takes, and what it tells whom.
import type { Description, PartyId } from "@koplamp/protocol";
import { matchThreshold, overlapThreshold, PsiError, tablesFrom, thresholdLayout } from "@koplamp/psi";
import type { Ask, Input, MatchAsk, OverlapAsk, Plan, Text } from "@koplamp/wire";
import type { Choice } from "./choices.ts";
import { QueryError } from "./errors.ts";

/** Matching in which nobody's node sees who holds what fewer than `atLeast` parties hold. */
export const THRESHOLD: Choice = {
  protocol: "match-threshold/1",
  params: "ristretto255-sha512",
  reason: {
    nl: "onder de drempel ziet niemand iets, ook geen node: de coördinator vindt pas wat genoeg partijen hebben, zonder te weten wat het is",
    en: "below the threshold nobody sees anything, no node either: the coordinator finds what enough parties hold, without knowing what it is",
  },
  refused: [
    {
      protocol: "match-tokens/1",
      why: {
        nl: "de coördinator zou niets zien en mag dan samenspannen, maar de node van een ontvanger ziet van al zijn sleutels wie ze heeft; op verzoek (mode: tokens)",
        en: "the coordinator would see nothing and might collude, but a recipient's node sees the holders of all its keys; when asked for (mode: tokens)",
      },
    },
  ],
};

/** Why tokens when the threshold could be kept by more than software. */
const WHY = {
  asked: {
    nl: "onder de drempel zou ook de node van een ontvanger niets zien; zonder mode: tokens de keuze",
    en: "a recipient's node would see nothing below the threshold either; the choice without mode: tokens",
  },
  nothingMore: {
    nl: "een ontvanger zou niets minder zien dan nu, en de coördinator het patroon van treffers; op verzoek (mode: threshold)",
    en: "a recipient would see nothing less than it does now, and the coordinator the pattern of hits; when asked for (mode: threshold)",
  },
  alternatives: {
    nl: "onder de drempel zou ook de node van een ontvanger niets zien, maar dat protocol neemt één sleutel",
    en: "a recipient's node would see nothing below the threshold either, but that protocol takes one key",
  },
  notAdmitted: {
    nl: "onder de drempel zou ook de node van een ontvanger niets zien, maar het convenant laat dat protocol niet toe",
    en: "a recipient's node would see nothing below the threshold either, but the covenant does not admit that protocol",
  },
} as const satisfies Readonly<Record<string, Text>>;

/** What a match of more than two by tokens passes over, and why. */
export function thresholdPassedOver(ask: MatchAsk): Choice["refused"][number] {
  const why = needsThreshold(ask) ? WHY.notAdmitted : WHY.nothingMore;
  if (ask.mode === "tokens" && hidesBelow(ask)) return { protocol: THRESHOLD.protocol, why: WHY.asked };
  return { protocol: THRESHOLD.protocol, why: ask.anyKey === undefined ? why : WHY.alternatives };
}

/**
 * Whether a match is one at a threshold: asked for, by flags that nothing else can keep, or because others may see
 * nothing below it and the covenant admits the protocol.
 */
export function takesThreshold(ask: MatchAsk, admits: (protocol: string) => boolean): boolean {
  if (ask.flaggedBy !== undefined || ask.mode === "threshold") return true;
  return needsThreshold(ask) && admits(THRESHOLD.protocol);
}

function needsThreshold({ mode, anyKey, ...ask }: MatchAsk): boolean {
  return mode === undefined && anyKey === undefined && hidesBelow(ask);
}

/** Whether tokens would show a recipient's node more than the answer. Of two parties they never do. */
function hidesBelow({ from, atLeast, tell }: Pick<MatchAsk, "from" | "atLeast" | "tell">): boolean {
  return from.length > 2 && (atLeast > 2 || tell !== "holders");
}

/** A question that tables at the coordinator answer. */
type TablesAsk = MatchAsk | OverlapAsk;

/** Whether tables at the coordinator answer a question. */
export function usesTables(ask: Ask, protocol: string): ask is TablesAsk {
  return (
    (ask.kind === "match" || ask.kind === "overlap-count") &&
    [THRESHOLD.protocol, overlapThreshold.id].includes(protocol)
  );
}

/** What a plan says of a match or a count at a threshold. */
interface Terms {
  readonly ask: TablesAsk;
  readonly inputs: readonly Input[];
}

/**
 * Refuses what one session cannot take, before anybody is asked.
 * @throws {QueryError} `too-many`, with what can be asked instead.
 */
export function checkThreshold(terms: Terms): void {
  try {
    thresholdLayout(layoutTerms(terms));
  } catch (reason) {
    if (!(reason instanceof PsiError)) throw reason;
    throw new QueryError("too-many", reason.message, {
      hint: `ask fewer parties or smaller lists, or ${otherMode(terms.ask)}`,
    });
  }
}

/** Whether one session takes the lists. */
export function fitsTables(terms: Terms): boolean {
  try {
    checkThreshold(terms);
    return true;
  } catch (reason) {
    if (reason instanceof QueryError) return false;
    throw reason;
  }
}

function otherMode(ask: TablesAsk): string {
  if (ask.kind === "overlap-count") return "mode: hub: the coordinator then sees who holds each pseudonym";
  const flags = ask.flaggedBy === undefined ? "" : ", without `flaggedBy`";
  return `mode: tokens${flags}: a recipient's node then sees the holders of all its keys`;
}

/** What a session tells whom. `quotas`: by party, the most keys that it may have evaluated in the epoch. */
export function describeThreshold(
  { inputs, recipients }: Plan,
  ask: MatchAsk,
  quotas: Readonly<Record<PartyId, number>>,
): Description {
  const terms = { ...layoutTerms({ ask, inputs }), quotas, tell: ask.tell };
  return matchThreshold.describe({ ...terms, recipients: recipients.map(({ party }) => party) });
}

function layoutTerms({ ask, inputs }: Terms): Parameters<typeof thresholdLayout>[0] {
  return {
    parties: inputs.map(({ party }) => party),
    rowsPadded: Object.fromEntries(inputs.map(({ party, rowsPadded }) => [party, rowsPadded])),
    atLeast: tablesFrom(ask),
    flagged: ask.kind === "match" && ask.flaggedBy !== undefined,
  };
}

/** What a person should know of a match at a threshold. */
export function thresholdWarnings({ flaggedBy }: MatchAsk): readonly string[] {
  return ["PERSON-LEVEL", "COORDINATOR-HITS", ...(flaggedBy === undefined ? [] : ["COORDINATOR-UNFLAGGED"])];
}

/** How the flags of a question read, after who holds a key. */
export function flagsText({ flaggedBy = [] }: MatchAsk): Required<Text> {
  if (flaggedBy.length === 0) return { nl: "", en: "" };
  const marks = flaggedBy.map(({ column, value }) => `${column} = ${value}`).join(", ");
  return {
    nl: `, als ten minste één van hen hem gemarkeerd heeft (${marks})`,
    en: `, if at least one of these has flagged it (${marks})`,
  };
}
