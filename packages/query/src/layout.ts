// SPDX-License-Identifier: Apache-2.0

/** Text in lines of at most `width` characters, broken between words; a longer word stands alone. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** A table row: each cell wrapped in its column, columns two spaces apart, no space at the end of a line. */
export function tableRow(
  cells: readonly (readonly string[])[],
  widths: readonly number[],
): readonly string[] {
  const columns = cells.map((phrases, at) => phrases.flatMap((phrase) => indented(phrase, widths[at] ?? 20)));
  const height = Math.max(...columns.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((column, at) => (column[line] ?? "").padEnd(widths[at] ?? 20))
      .join("  ")
      .trimEnd(),
  );
}

/** A phrase whose later lines are set in, so that two phrases in one cell stay apart. */
function indented(phrase: string, width: number): readonly string[] {
  return wrapped(phrase, width - 2).map((line, at) => (at === 0 ? line : `  ${line}`));
}

/** `label`, then text wrapped beside it. */
export function labelled(label: string, text: string, labelWidth: number, width: number): readonly string[] {
  const lines = wrapped(text, width - labelWidth - 2);
  return lines.map((line, at) => `${(at === 0 ? label : "").padEnd(labelWidth)}  ${line}`.trimEnd());
}
