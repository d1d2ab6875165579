// SPDX-License-Identifier: Apache-2.0
// An audit on its way: what is withheld so far, in the order that decides (sizes, then keys), whatever order it came in.
import type { AuditCell, Audited, AuditLine, AuditTable } from "./audit-table.ts";
import { NO_PART, type OwnPart, type Word } from "./hiding.ts";
import { type ReleaseRule, type ReleaseRules, withheldBy } from "./release.ts";

/** The cells and lines of a table, and what withholds them. It only ever withholds more. */
export class AuditState {
  readonly table: AuditTable;
  /** Numbers of cells in the order of their keys. */
  readonly cellOrder: readonly number[];
  /** Numbers of lines, those of fewer cells first. */
  readonly lineOrder: readonly number[];
  readonly #cells: (readonly ReleaseRule[])[];
  readonly #withdrawn: boolean[];
  /** Cells whose rules are not told: they would say too much. */
  readonly #muted = new Set<number>();

  constructor(table: AuditTable) {
    this.table = table;
    this.#cells = table.cells.map((cell) => rulesAlone(cell, table.rules));
    this.#withdrawn = table.lines.map(() => false);
    this.cellOrder = [...table.cells.keys()].sort((a, b) => compared(this.cell(a).key, this.cell(b).key));
    this.lineOrder = [...table.lines.keys()].sort(
      (a, b) =>
        this.line(a).cells.length - this.line(b).cells.length || compared(this.line(a).key, this.line(b).key),
    );
  }

  cell(at: number): AuditCell {
    return this.table.cells[at] ?? NO_CELL;
  }

  line(at: number): AuditLine {
    return this.table.lines[at] ?? NO_LINE;
  }

  rulesOf(cell: number): readonly ReleaseRule[] {
    return this.#cells[cell] ?? [];
  }

  isWithheld(cell: number): boolean {
    return this.rulesOf(cell).length > 0;
  }

  /** What everybody can tell of the rows of a withheld cell. */
  wordOf(cell: number): Word {
    if (this.#muted.has(cell)) return "nothing";
    return this.rulesOf(cell).includes("minCount") ? "small" : "large";
  }

  /** Tells of some withheld cells no more than that they are, and says whether more was told before. */
  mute(cells: readonly number[]): boolean {
    const told = cells.filter((cell) => this.isWithheld(cell) && !this.#muted.has(cell));
    for (const cell of told) this.#muted.add(cell);
    return told.length > 0;
  }

  /** Whether there is something to hide: what is below a floor of 1 is 0, and everybody knows. */
  isSecret(cell: number): boolean {
    return this.isWithheld(cell) && (this.table.rules.minCount > 1 || this.wordOf(cell) !== "small");
  }

  /** How many rows a cell has, or one of its sums. */
  valueOf(cell: number, column: number | undefined): bigint {
    const { facts, sums } = this.cell(cell);
    return column === undefined ? facts.count : (sums[column] ?? 0n);
  }

  /** What the reader brought to some cells, as rows and as one of the sums; nothing where nobody in particular reads. */
  ownIn(cells: readonly number[], column: number | undefined): OwnPart {
    return cells.reduce((total, at) => {
      const { own } = this.cell(at);
      if (own === undefined) return total;
      const value = column === undefined ? own.count : (own.sums[column] ?? 0n);
      return { rows: total.rows + own.count, value: total.value + value };
    }, NO_PART);
  }

  /** Whether its reader, who takes his own rows away, is left with those of enough other parties in one of these cells. */
  leavesOthers(cells: readonly number[]): boolean {
    return cells.some((at) => leavesOthers(this.cell(at), this.table.rules));
  }

  countOf(cells: readonly number[]): bigint {
    return cells.reduce((total, cell) => total + this.cell(cell).facts.count, 0n);
  }

  /** Whether the reader brought something himself. */
  get hasOwn(): boolean {
    return this.table.cells.some(({ own }) => own !== undefined);
  }

  /** Whether only one line was asked for: nothing else can be combined with it. */
  get isOneLine(): boolean {
    return this.table.lines.length === 1;
  }

  /** Lines that are still to be shown, those of fewer cells first. */
  get lines(): readonly number[] {
    return this.lineOrder.filter((at) => this.#withdrawn[at] === false);
  }

  /** Withheld cells, in the order of their keys. */
  get withheld(): readonly number[] {
    return this.cellOrder.filter((at) => this.isWithheld(at));
  }

  /** Of these cells the one that is shown and has the fewest rows. */
  leastShown(cells: readonly number[]): number | undefined {
    const shown = cells.filter((at) => !this.isWithheld(at));
    return shown.sort((a, b) => this.#compareCells(a, b))[0];
  }

  withhold(cell: number): void {
    this.#cells[cell] = ["derivable"];
  }

  withdraw(line: number): void {
    this.#withdrawn[line] = true;
  }

  get audited(): Audited {
    return {
      cells: this.#cells.map((rules, at): readonly ReleaseRule[] =>
        this.#muted.has(at) ? ["derivable"] : rules,
      ),
      lines: this.#withdrawn.map((gone): readonly ReleaseRule[] => (gone ? ["derivable"] : [])),
    };
  }

  #compareCells(a: number, b: number): number {
    const [one, other] = [this.cell(a), this.cell(b)];
    if (one.facts.count !== other.facts.count) return one.facts.count < other.facts.count ? -1 : 1;
    return compared(one.key, other.key);
  }
}

const NO_CELL: AuditCell = { key: "", facts: { count: 0n, contributors: 0n }, sums: [] };
const NO_LINE: AuditLine = { key: "", cells: [] };

/** The rules that withhold a cell; besides, whether its reader could take his own rows away and see one party's. */
function rulesAlone(cell: AuditCell, rules: ReleaseRules): readonly ReleaseRule[] {
  const broken = withheldBy(cell.facts, rules);
  return broken.length > 0 || leavesOthers(cell, rules) ? broken : ["derivable"];
}

function leavesOthers({ facts, own }: AuditCell, { minOthers = 0 }: ReleaseRules): boolean {
  if (own === undefined) return true;
  return facts.contributors - (own.count > 0n ? 1n : 0n) >= BigInt(minOthers);
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
