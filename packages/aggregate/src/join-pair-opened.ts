// SPDX-License-Identifier: Apache-2.0
// What the owner makes of the totals that it opened.
import type { Count } from "@koplamp/psi";
import { joinLimbs } from "./join-limbs.ts";
import { ownerHasGroups, type SealedColumn, sealedColumns } from "./join-pair-session.ts";
import { type JoinOpened, type JoinSession, mostMatched } from "./join-session.ts";

/** One group: how many rows match, and the total of each column. */
interface Group {
  readonly count: number;
  readonly sums: readonly number[];
}

/**
 * The answer: a group is withheld where the other one counts too few rows, where this one does in a group of its own,
 * or where any total is none that so many rows can have. Which of the three it was, is not told.
 */
export function openedGroups(
  session: JoinSession,
  told: readonly Count[],
  totals: readonly number[],
): JoinOpened {
  const { cells, columns } = session;
  const groups = ownerHasGroups(session)
    ? ownGroups(session, told, totals)
    : theirGroups(session, told, totals);
  const withheld = groups.flatMap((group, cell) => (group === undefined ? [cell] : []));
  const sums = columns.map((_, column) => Float64Array.from(groups, (group) => group?.sums[column] ?? 0));
  const counts = Float64Array.from({ length: cells }, (_, cell) => groups[cell]?.count ?? 0);
  return { counts, sums, withheld };
}

function theirGroups(
  session: JoinSession,
  told: readonly Count[],
  totals: readonly number[],
): readonly (Group | undefined)[] {
  const columns = sealedColumns(session);
  return told.map((count, group) => {
    if (count === null || count > mostMatched(session)) return undefined;
    return groupOf(
      session,
      count,
      columns,
      totals.slice(group * columns.length, (group + 1) * columns.length),
    );
  });
}

function ownGroups(
  session: JoinSession,
  [open]: readonly Count[],
  totals: readonly number[],
): readonly (Group | undefined)[] {
  const columns = sealedColumns(session);
  const each = columns.length / session.cells;
  return Array.from({ length: session.cells }, (_, group) => {
    const [count = 0, ...sums] = totals.slice(group * each, (group + 1) * each);
    const tooFew = open === null || count < session.minCount || count < 0 || count > mostMatched(session);
    return tooFew ? undefined : groupOf(session, count, columns.slice(1, each), sums);
  });
}

/** The sums of a group, put together from their limbs; nothing where a limb is none that `count` rows can have. */
function groupOf(
  session: JoinSession,
  count: number,
  columns: readonly SealedColumn[],
  totals: readonly number[],
): Group | undefined {
  const plausible = columns.every(({ range: { least, most } }, at) => {
    const total = totals[at] ?? 0;
    return total >= count * Math.min(0, least) && total <= count * Math.max(0, most);
  });
  if (!plausible) return undefined;
  const sums = session.columns.map((_, column) => {
    const limbs = columns.flatMap(({ of }, at) =>
      of?.column === column ? [Float64Array.of(totals[at] ?? 0)] : [],
    );
    return joinLimbs(limbs)[0] ?? 0;
  });
  return { count, sums };
}
