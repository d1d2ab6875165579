// SPDX-License-Identifier: Apache-2.0
// Takes one measure out of the source text while tests load it. The tree itself is never changed, and production code
// has no place where a measure could be switched off.

/** A piece of one source file, which must stand there exactly once, and what stands there instead. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The text with every edit of this file made. @throws when a piece is not there, or more than once. */
export function edited(file: string, text: string, edits: readonly Edit[]): string {
  return edits
    .filter((edit) => file.endsWith(`/${edit.file}`))
    .reduce((changed, { from, to }) => {
      const [before, ...after] = changed.split(from);
      if (before === undefined || after.length !== 1) {
        throw new Error(`expected once in ${file}, got ${after.length} times: ${from}`);
      }
      return `${before}${to}${after.join("")}`;
    }, text);
}
