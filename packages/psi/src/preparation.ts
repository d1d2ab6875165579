// SPDX-License-Identifier: Apache-2.0
import type { Description, PartyId } from "@koplamp/protocol";
import { mergeDescriptions } from "./description-parts.ts";
import { evaluate } from "./evaluate.ts";
import { keyset } from "./keyset.ts";

/** What a question over tokens may need before its own session. */
export interface PreparationParameters {
  readonly parties: readonly PartyId[];
  /** Public bucket of each party's list: the most that it can want evaluated. */
  readonly rowsPadded: Readonly<Record<PartyId, number>>;
  /** The most elements that `asker` may have evaluated by `holder` in the epoch. */
  readonly quota: (asker: PartyId, holder: PartyId) => number;
}

/**
 * The key ceremony and one evaluation for each party, at most: what a question over tokens brings with it when nothing
 * is there yet. Upper bounds: with a full cache nothing of it happens. `what` begins with `keyset.` or `evaluate.`.
 */
export function describePreparation({ parties, rowsPadded, quota }: PreparationParameters): Description {
  const evaluations = parties.map((asker) => {
    const quotas = Object.fromEntries(parties.map((holder) => [holder, quota(asker, holder)]));
    return evaluate.describe({ parties, asker, elements: rowsPadded[asker] ?? 0, quotas });
  });
  const named = evaluations.map((part) => ({
    ...part,
    egress: part.egress.map((row) => ({ ...row, what: `evaluate.${row.what}` })),
  }));
  return mergeDescriptions(keyset.describe({ parties }), ...named);
}
