// SPDX-License-Identifier: Apache-2.0

/** Most changes between a mistyped name and the one that was meant. */
const MOST_CHANGES = 3;

/**
 * `; did you mean "x"?` for the nearest of the known names, or nothing. A name that is far off is never shown: in a
 * file without a header the first row stands in place of the names.
 */
export function didYouMean(name: string, known: readonly string[]): string {
  const least = Math.min(MOST_CHANGES, Math.ceil(name.length / 3));
  const [best] = known
    .map((candidate) => ({ candidate, changes: changesBetween(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ changes }) => changes <= least)
    .sort((left, right) => left.changes - right.changes);
  return best === undefined ? "" : `; did you mean "${best.candidate}"?`;
}

/** Levenshtein's distance, a row at a time. */
function changesBetween(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > MOST_CHANGES) return MOST_CHANGES + 1;
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 0; i < left.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < right.length; j += 1) {
      const replaced = (row[j] ?? 0) + Number(left[i] !== right[j]);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
