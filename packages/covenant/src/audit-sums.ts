// SPDX-License-Identifier: Apache-2.0
// What everybody can conclude about each withheld number from all that is shown together.
import type { AuditState } from "./audit-state.ts";
import type { AuditTable, Outside, Overlay } from "./audit-table.ts";
import {
  type Hiding,
  hidingOf,
  leastBeside,
  leastOf,
  leavesOpen,
  NO_PART,
  type OwnPart,
  type Quantity,
  saidOf,
} from "./hiding.ts";
import { type KnownSum, networkOf } from "./laminar.ts";
import { type Interval, type Network, UNBOUNDED } from "./network.ts";
import { Trials } from "./trials.ts";

/** Something that is withheld and can be narrowed too far. */
export interface Finding {
  readonly name: string;
  /** Cells that share a known sum with it. */
  readonly near: ReadonlySet<number>;
  /** Whether it is what the rules of withheld cells say that narrows it: no number is needed for that. */
  readonly byWords: boolean;
}

/** Who reads: everybody, or the recipient, who knows what he brought himself. */
export type Reader = "everybody" | "recipient";

/** The first withheld number that can be narrowed too far; undefined when there is none. `lost`: known anyway. */
export function narrowed(state: AuditState, reader: Reader, lost: ReadonlySet<string>): Finding | undefined {
  const { overlays } = state.table;
  const views =
    overlays.length > 0 ? overlays : [{ cells: state.table.cells.map((_, at) => [at]), outside: [] }];
  for (const [at, overlay] of views.entries()) {
    for (const column of [undefined, ...state.table.columns.keys()]) {
      const found = new View(state, reader, overlay, column).narrowed(
        lost,
        `${reader} ${at} ${column ?? "count"}`,
      );
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** A number that must stay hidden: its sum, and what its range must hold. */
interface Target {
  readonly name: string;
  readonly sum: number;
  readonly must: Hiding;
}

/** Counts, or one summed column, of the cells and of what is known besides. */
class View {
  readonly #state: AuditState;
  readonly #reader: Reader;
  readonly #overlay: Overlay;
  readonly #column: number | undefined;

  constructor(state: AuditState, reader: Reader, overlay: Overlay, column: number | undefined) {
    this.#state = state;
    this.#reader = reader;
    this.#overlay = overlay;
    this.#column = column;
  }

  narrowed(lost: ReadonlySet<string>, prefix: string): Finding | undefined {
    const [sums, targets] = this.#puzzle("numbers");
    const open = targets.filter(({ name }) => !lost.has(`${prefix} ${name}`));
    const solver = this.#solver(sums);
    const beside = this.#overlay.outside.length > 0;
    const before = beside ? this.#solver(this.#puzzle("nothing")[0]) : undefined;
    for (const target of open) {
      if (isHidden(solver, target)) continue;
      if (beside && alike(before, solver, target)) continue; // no doing of this table
      const words = beside ? this.#solver(this.#puzzle("words")[0]) : undefined;
      return {
        name: `${prefix} ${target.name}`,
        near: this.#near(sums[target.sum]?.parts ?? []),
        byWords: beside && !isHidden(words, target) && !alike(before, words, target),
      };
    }
    return undefined;
  }

  /**
   * What is known, and what must stay hidden. `told`: nothing of this table; which of its cells are withheld, by which
   * rules; or its numbers too.
   */
  #puzzle(told: Told): readonly [sums: readonly KnownSum[], targets: readonly Target[]] {
    const sums: KnownSum[] = [];
    const targets: Target[] = [];
    const add = (parts: readonly number[], bounds: Interval): number => sums.push({ parts, ...bounds }) - 1;
    for (const cell of this.#state.cellOrder) {
      const parts = this.#overlay.cells[cell] ?? [];
      if (this.#state.isWithheld(cell)) {
        const { minCount } = this.#state.table.rules;
        const [word, own] = [this.#state.wordOf(cell), this.#ownIn([cell])];
        const sum = add(parts, saidOf(this.#quantity, told === "nothing" ? told : word, minCount, own));
        targets.push(...this.#target(`cell ${cell}`, sum, hidingOf(this.#quantity, word, minCount, own)));
      } else if (told === "numbers") add(parts, exactly(this.#valueOf([cell])));
      else add(parts, { lo: leastBeside(this.#quantity, this.#ownIn([cell])), hi: UNBOUNDED });
    }
    this.#addLines(told, add, targets);
    for (const [at, known] of this.#overlay.outside.entries())
      this.#addOutside(known, `outside ${at}`, add, targets);
    return [sums, targets];
  }

  #addLines(
    told: Told,
    add: (parts: readonly number[], bounds: Interval) => number,
    targets: Target[],
  ): void {
    const { minCount } = this.#state.table.rules;
    const kept = new Set(this.#state.lines);
    for (const line of this.#state.lineOrder) {
      const { cells } = this.#state.line(line);
      const parts = cells.flatMap((cell) => this.#overlay.cells[cell] ?? []);
      if (kept.has(line) && told === "numbers") add(parts, exactly(this.#valueOf(cells)));
      else if (!kept.has(line) && this.#state.countOf(cells) < BigInt(minCount)) {
        const sum = add(parts, { lo: leastOf(this.#quantity), hi: UNBOUNDED });
        const must = hidingOf(this.#quantity, "small", minCount, this.#ownIn(cells));
        targets.push(...this.#target(`line ${line}`, sum, must));
      }
    }
  }

  #addOutside(
    known: Outside,
    name: string,
    add: (parts: readonly number[], bounds: Interval) => number,
    targets: Target[],
  ): void {
    if (known.kind === "told") {
      if (known.column === this.#column) add(known.parts, { lo: known.lo, hi: known.hi });
      return;
    }
    const sum = add(known.parts, saidOf(this.#quantity, known.word, known.minCount));
    const least = Math.min(known.minCount, this.#state.table.rules.minCount);
    const own = this.#ownIn(this.#cellsInside(known.parts));
    const must = hidingOf(this.#quantity, known.word, least, own);
    if (!this.#passesNow(known.parts)) targets.push(...this.#target(name, sum, must));
  }

  /** Whether what was withheld before is made of cells of this table, and would be shown by its rules. */
  #passesNow(parts: readonly number[]): boolean {
    const inside = this.#cellsInside(parts);
    const covered = inside.reduce((total, cell) => total + (this.#overlay.cells[cell]?.length ?? 0), 0);
    const { minCount } = this.#state.table.rules;
    return covered === new Set(parts).size && this.#state.countOf(inside) >= BigInt(minCount);
  }

  #cellsInside(parts: readonly number[]): readonly number[] {
    const own = new Set(parts);
    return this.#state.cellOrder.filter((cell) => this.#overlay.cells[cell]?.every((part) => own.has(part)));
  }

  /** What the reader knows of cells because he brought it. */
  #ownIn(cells: readonly number[]): OwnPart {
    return this.#reader === "everybody" ? NO_PART : this.#state.ownIn(cells, this.#column);
  }

  get #quantity(): Quantity {
    return this.#column === undefined ? undefined : this.#state.table.columns[this.#column];
  }

  #target(name: string, sum: number, must: Hiding | undefined): readonly Target[] {
    return must === undefined ? [] : [{ name, sum, must }];
  }

  #valueOf(cells: readonly number[]): bigint {
    return cells.reduce((total, cell) => total + this.#state.valueOf(cell, this.#column), 0n);
  }

  #solver(sums: readonly KnownSum[]): Solver | undefined {
    const network = networkOf(sums, leastOf(this.#quantity));
    if (network !== undefined) return network.settle() ? network : undefined;
    return this.#column === undefined ? Trials.of(sums) : undefined;
  }

  /** Cells that stand with it under one known sum; where there is none, any. */
  #near(parts: readonly number[]): ReadonlySet<number> {
    const own = new Set(parts);
    const together = new Set(parts);
    for (const known of this.#overlay.outside) {
      if (known.parts.some((part) => own.has(part))) for (const part of known.parts) together.add(part);
    }
    return new Set(
      this.#state.cellOrder.filter((cell) => this.#overlay.cells[cell]?.some((part) => together.has(part))),
    );
  }
}

/** How much of a table is taken to be known. */
type Told = "nothing" | "words" | "numbers";

/** Something that knows ranges: a network, or trying. */
type Solver = Network | Trials;

const EVERYTHING: Interval = { lo: -UNBOUNDED, hi: UNBOUNDED };

function exactly(value: bigint): Interval {
  return { lo: value, hi: value };
}

/** Whether a number stays hidden. What cannot be told counts as no. */
function isHidden(solver: Solver | undefined, { sum, must }: Target): boolean {
  if (solver === undefined) return false;
  if (must.kind === "each") return solver.reaches(sum, must.of);
  const range = solver.rangeOf(sum, EVERYTHING);
  return range !== undefined && leavesOpen(range, must);
}

function alike(before: Solver | undefined, now: Solver | undefined, { sum }: Target): boolean {
  if (before === undefined || now === undefined) return false;
  const [one, other] = [before.rangeOf(sum, EVERYTHING), now.rangeOf(sum, EVERYTHING)];
  return one?.lo === other?.lo && one?.hi === other?.hi;
}

/** Whether what is known besides can be true of these rows: otherwise it is of other data. */
export type Agreement = "agrees" | "contradicts" | "untold";

/** How an overlay and the true cells go together; `untold` where they are no network. */
export function agreementOf(table: Pick<AuditTable, "cells" | "columns">, overlay: Overlay): Agreement {
  for (const column of [undefined, ...table.columns.keys()]) {
    const quantity = column === undefined ? undefined : table.columns[column];
    const cells = table.cells.map(({ facts, sums }, at): KnownSum => {
      const value = column === undefined ? facts.count : (sums[column] ?? 0n);
      return { parts: overlay.cells[at] ?? [], ...exactly(value) };
    });
    const outside = overlay.outside.flatMap((known) => trueOf(known, column, quantity));
    const network = networkOf([...cells, ...outside], leastOf(quantity));
    if (network === undefined) return "untold";
    if (!network.settle()) return "contradicts";
  }
  return "agrees";
}

function trueOf(known: Outside, column: number | undefined, quantity: Quantity): readonly KnownSum[] {
  const { parts } = known;
  if (known.kind === "withheld") return [{ parts, ...saidOf(quantity, known.word, known.minCount) }];
  return known.column === column ? [{ parts, lo: known.lo, hi: known.hi }] : [];
}
