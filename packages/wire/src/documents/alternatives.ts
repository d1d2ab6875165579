// SPDX-License-Identifier: Apache-2.0
// Matches by several keys of which any may agree, and what their agreement is called.

/** Most alternatives of one question. */
export const MOST_ALTERNATIVES: number = 8;
/** Most bands that a question declares; what fits none of them is in the band after the last. */
export const MOST_BANDS: number = 7;

/** A band of matches by alternatives: one of `any` agrees, or at least so many of all. */
export interface Band {
  /** Alternatives by their position in `anyKey`, ascending. */
  readonly any: readonly number[];
  readonly atLeast: number;
}

/** Where a question declares no bands: A where at least two alternatives agree, B where one does. */
const USUAL_BANDS: readonly Band[] = [{ any: [], atLeast: 2 }];

/** Keys of which any may agree, one after the other. */
type Alternatives = readonly (readonly string[])[];

/** The keys by which a match compares, each by itself: one, but for alternatives. */
export function alternativesOf({
  key,
  anyKey,
}: {
  readonly key: readonly string[];
  readonly anyKey?: Alternatives;
}): Alternatives {
  return anyKey ?? [key];
}

/** The columns of all alternatives, each once, in the order in which they first stand. */
export function columnsOfAlternatives(anyKey: Alternatives): readonly string[] {
  return [...new Set(anyKey.flat())];
}

/** Which band it is where these alternatives agree: 0 is the best. */
export function bandOf(agreed: readonly number[], bands: readonly Band[] = USUAL_BANDS): number {
  const found = bands.findIndex(
    ({ any, atLeast }) => agreed.length >= atLeast || any.some((at) => agreed.includes(at)),
  );
  return found < 0 ? bands.length : found;
}

/** The name of a band: A is the best. */
export function bandName(band: number): string {
  return "ABCDEFGH".charAt(band);
}
