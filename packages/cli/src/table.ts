// SPDX-License-Identifier: Apache-2.0

/** Rows of text in columns three spaces apart; columns of `right` are set to the right. No space at a line's end. */
export function columns(
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => [...(row[at] ?? "")].length)));
  return rows.map((row) =>
    row
      .map((text, at) => (right.includes(at) ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join("   ")
      .trimEnd(),
  );
}

/** A whole number, or text of one, with separators of thousands; anything else as it is. */
export function grouped(value: number | string): string {
  const text = String(value);
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) return text;
  const [whole = "", rest] = text.split(".");
  const thousands = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  return rest === undefined ? thousands : `${thousands}.${rest}`;
}

/** `a, b and c`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

/** `1 key`, `2 keys`. */
export function counted(value: number, one: string, more: string = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : more}`;
}
