// SPDX-License-Identifier: Apache-2.0
import type { CubeLine } from "@koplamp/aggregate";
import type { AggregateAsk } from "@koplamp/wire";

/** The sums of cells that a question asks for beside them: their groups name the columns that are not summed out. */
export function linesOf({ domain, totals }: Pick<AggregateAsk, "domain" | "totals">): readonly CubeLine[] {
  if (totals === undefined) return [];
  const sizes = domain.map(({ values }) => values.length);
  const cells = Array.from(Array(sizes.reduce((product, size) => product * size, 1)).keys());
  const kept = totals === "total" ? [[]] : subsetsOf(domain.map((_, at) => at));
  return kept.flatMap((columns) => marginsOf(cells, columns, { domain, sizes }));
}

/** All choices of columns but that of all. */
function subsetsOf(columns: readonly number[]): readonly (readonly number[])[] {
  const all = Array.from(Array(2 ** columns.length).keys());
  return all.slice(0, Math.max(1, all.length - 1)).map((mask) => columns.filter((at) => (mask >> at) & 1));
}

function marginsOf(
  cells: readonly number[],
  columns: readonly number[],
  { domain, sizes }: { readonly domain: AggregateAsk["domain"]; readonly sizes: readonly number[] },
): readonly CubeLine[] {
  const lines = new Map<string, { group: Record<string, string>; cells: number[] }>();
  for (const cell of cells) {
    const places = placesOf(cell, sizes);
    const values = columns.map(
      (at) => [domain[at]?.column ?? "", domain[at]?.values[places[at] ?? 0] ?? ""] as const,
    );
    const name = JSON.stringify(values);
    const line = lines.get(name) ?? { group: Object.fromEntries(values), cells: [] };
    lines.set(name, line);
    line.cells.push(cell);
  }
  return [...lines.values()];
}

/** The place of a cell in each column; the last column runs fastest. */
function placesOf(cell: number, sizes: readonly number[]): readonly number[] {
  const places = sizes.map(() => 0);
  let rest = cell;
  for (let at = sizes.length - 1; at >= 0; at -= 1) {
    const size = sizes[at] ?? 1;
    places[at] = rest % size;
    rest = Math.floor(rest / size);
  }
  return places;
}
