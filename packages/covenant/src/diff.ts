// SPDX-License-Identifier: Apache-2.0
import type { Covenant } from "@koplamp/wire";
import type { Clause, Scope } from "./clause.ts";
import { clausesOf } from "./clauses.ts";

/** What a change does to what is permitted. `mixed`: wider in one way and narrower in another. */
export type Direction = "widened" | "narrowed" | "mixed" | "neutral";

/** A clause that two versions of a covenant do not have alike. */
export interface Difference {
  /** The id in the second version, or in the first where the second has no such clause. */
  readonly id: string;
  readonly direction: Direction;
  readonly before?: Clause;
  readonly after?: Clause;
}

/** Two covenants, clause by clause: those that differ, in the order of the second. */
export function differencesOf(before: Covenant, after: Covenant): readonly Difference[] {
  const [old, fresh] = [byMatch(before), byMatch(after)];
  const both = [...new Set([...fresh.keys(), ...old.keys()])];
  return both.flatMap((match) => {
    const [was, is] = [old.get(match), fresh.get(match)];
    const clause = is ?? was;
    if (clause === undefined || (was !== undefined && is !== undefined && sameScope(was.scope, is.scope)))
      return [];
    return [
      {
        id: clause.id,
        direction: directionOf(was?.scope, is?.scope),
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is }),
      },
    ];
  });
}

/** What all differences together do. */
export function directionOfAll(differences: readonly Pick<Difference, "direction">[]): Direction {
  const has = (one: Direction): boolean => differences.some(({ direction }) => direction === one);
  return combined(has("widened") || has("mixed"), has("narrowed") || has("mixed"));
}

function byMatch(covenant: Covenant): ReadonlyMap<string, Clause> {
  return new Map(clausesOf(covenant).map((clause) => [clause.match ?? clause.id, clause]));
}

function sameScope(a: Scope, b: Scope): boolean {
  const plain = ({ values }: Scope): string => JSON.stringify([...values].sort());
  return (
    a.kind === b.kind &&
    (ordered(a) ? JSON.stringify(a.values) === JSON.stringify(b.values) : plain(a) === plain(b))
  );
}

function ordered({ kind }: Scope): boolean {
  return kind === "most" || kind === "least";
}

function directionOf(before: Scope | undefined, after: Scope | undefined): Direction {
  const { kind } = after ?? before ?? { kind: "words" };
  const [old, fresh] = [before?.values ?? [], after?.values ?? []];
  if (kind === "words") return "neutral";
  if (kind === "set" || kind === "duty") {
    const more = fresh.some((value) => !old.some((other) => other === value));
    const less = old.some((value) => !fresh.some((other) => other === value));
    return kind === "set" ? combined(more, less) : combined(less, more);
  }
  if (kind === "least" && (before === undefined || after === undefined)) return "neutral"; // the rest of its row tells
  const length = Math.max(old.length, fresh.length);
  const steps = Array.from({ length }, (_, at) => Number(fresh[at] ?? 0) - Number(old[at] ?? 0));
  const [up, down] = [steps.some((step) => step > 0), steps.some((step) => step < 0)];
  return kind === "most" ? combined(up, down) : combined(down, up);
}

function combined(wider: boolean, narrower: boolean): Direction {
  if (wider) return narrower ? "mixed" : "widened";
  return narrower ? "narrowed" : "neutral";
}
