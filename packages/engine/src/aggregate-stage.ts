// SPDX-License-Identifier: Apache-2.0
import {
  addedColumns,
  type Cube,
  type CubeLayout,
  cubeLayout,
  cubeOf,
  cubeResult,
  type Hidden,
  type OpenedSum,
  openedCells,
  openedLines,
  spreadOf,
  sumMasked,
  sumMaskedNode,
  sumNode,
} from "@koplamp/aggregate";
import type { ReleaseRules } from "@koplamp/covenant";
import { parameterSet } from "@koplamp/he";
import type { Party } from "@koplamp/protocol";
import type {
  AggregateAsk,
  AggregateCell,
  AggregateResult,
  Input,
  OtherCells,
  WithheldTotal,
} from "@koplamp/wire";
import { cellCosts, repeatCosts, withRoom } from "./budgets.ts";
import { contributionOf } from "./contribution.ts";
import { type EarlierTable, earlierTables, overlaysOf } from "./earlier.ts";
import { expectApart, keepRelease } from "./history.ts";
import { releaseOfCube } from "./history-rows.ts";
import type { Release } from "./history-rule.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { linesOf } from "./release-lines.ts";
import { auditCells, type OpenTable, type OwnCell, releaseTable } from "./release-table.ts";
import { releaseTogether } from "./release-together.ts";
import { runSession, type SessionFacts } from "./session.ts";
import type { StageResult } from "./stage.ts";
import { sumInputs, sumTicket } from "./sum-session.ts";

/** The one session of a sum. */
const LABEL = "0/1";

/** One node's side of a sum. */
export async function aggregateStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  // Safe because matches and counts have a stage of their own.
  const ask = run.plan.ask as AggregateAsk;
  const { cells, lines = [], others, ...stage } = await releasedCube(node, run, ask);
  if (cells === undefined) return stage;
  const { minCount, rounding } = run.plan.release;
  const result = {
    ...cubeResult(cells, ask, minCount),
    ...totalsIn(lines),
    ...(others === undefined ? {} : { others }),
    ...(rounding === undefined ? {} : { rounding }),
  };
  return { ...stage, result };
}

/** The line over all cells is the total; the others are margins. */
function totalsIn(lines: readonly AggregateCell[]): Pick<AggregateResult, "total" | "margins"> {
  const all = lines.find(({ group }) => Object.keys(group).length === 0);
  const margins = lines.filter((line) => line !== all);
  return {
    ...(all === undefined ? {} : { total: "withheld" in all ? withheldTotal(all) : all.measures }),
    ...(margins.length === 0 ? {} : { margins }),
  };
}

function withheldTotal({
  group: _group,
  ...rules
}: Extract<AggregateCell, { withheld: unknown }>): WithheldTotal {
  return rules;
}

/** A cube's cells as they may be shown, at a recipient, and the session that made them. */
export interface ReleasedCube extends Omit<StageResult, "result"> {
  readonly cells?: readonly AggregateCell[];
  /** Totals and margins. */
  readonly lines?: readonly AggregateCell[];
  /** In a table of very many cells, those that are not among `cells`. */
  readonly others?: OtherCells;
}

/**
 * One node's side of a cube: its numbers in the public order, one session of `sum-threshold/1` or `sum-masked/1`, and at
 * a recipient the cells that pass the rules. A node that neither contributes nor receives takes part in none of it.
 */
export async function releasedCube(
  node: NodePorts,
  run: QuestionRun,
  ask: AggregateAsk,
): Promise<ReleasedCube> {
  const layout = layoutOf(run, ask);
  const receives = run.recipients.includes(node.me);
  const brought = await numbersOf(node, run, ask, layout);
  if (brought === undefined && !receives) return { withheld: [] };
  const earlier = receives ? earlierTables(node, run, ask) : []; // a no comes before anything is opened

  if (brought !== undefined) expectApart(node, run, brought.release); // and again just before anything is told
  const session = await sumSession(node, run, layout, brought);
  if (session.output === undefined) return { withheld: [], session };
  const own = receives && brought !== undefined ? brought.cube : undefined;
  const opened = { opened: session.output, ask, layout, contributors: run.contributors.length };
  if (layout.together) return { ...(await together(node, run, opened, own)), session };
  const table = openTable(run, opened, earlier);
  const cells = own === undefined ? undefined : ownCells(run, ask, layout, own);
  return { ...releaseTable({ ...table, ...(cells === undefined ? {} : { own: cells }) }), session };
}

/** A sum as it was opened. */
type Opened = Required<Omit<OpenedSum, "minRows" | "ask">> & {
  readonly opened: Float64Array;
  readonly ask: AggregateAsk;
};

/** What may be shown of more cells than are told one by one. */
async function together(
  node: NodePorts,
  run: QuestionRun,
  sum: Opened,
  own: Cube | undefined,
): Promise<Omit<ReleasedCube, "session">> {
  const { minCount, rounding } = run.plan.release;
  return await releaseTogether(node, {
    sum: { ...sum, minRows: minCount },
    rules: rulesOf(run, sum.layout),
    columns: columnsOf(run, sum.ask),
    ...(own === undefined ? {} : { own }),
    ...(rounding === undefined ? {} : { rounding }),
  });
}

/** This node's own part of each cell, as a recipient takes it away. */
function ownCells(
  { plan }: QuestionRun,
  ask: AggregateAsk,
  layout: CubeLayout,
  { values }: Cube,
): readonly OwnCell[] | undefined {
  if (plan.release.noise !== null) return undefined; // what is exact of a noisy sum is not told
  return openedCells(values, ask, layout, 1).map(({ count, sums }) => ({ count, sums }));
}

/** What was opened, with all that its release depends on. */
function openTable(run: QuestionRun, sum: Opened, earlier: readonly EarlierTable[]): OpenTable {
  const { opened, ask, layout, contributors } = sum;
  const { minCount, rounding, known } = run.plan.release;
  const cells = openedCells(opened, ask, layout, contributors, minCount);
  const lines = linesOf(ask);
  const totals = openedLines({ ...sum, minRows: minCount }, lines);
  const columns = columnsOf(run, ask);
  const summed = addedColumns(ask);
  const judged = { cells: auditCells(cells), columns };
  return {
    cells,
    rules: rulesOf(run, layout),
    lines: totals.map((total, at) => ({ ...total, cells: lines[at]?.cells ?? [] })),
    columns,
    overlays: overlaysOf(judged, { ask, summed, ...(known === undefined ? {} : { known }) }, earlier),
    ...(rounding === undefined ? {} : { rounding }),
  };
}

/** For each summed column what one row can bring. */
function columnsOf({ plan }: QuestionRun, ask: AggregateAsk): NonNullable<OpenTable["columns"]> {
  return addedColumns(ask).map((column) => rangeOf(column, plan.inputs));
}

/** What one row of any party can bring to a sum. */
function rangeOf(column: string, inputs: readonly Input[]): { readonly lo: bigint; readonly hi: bigint } {
  const bounds = inputs.flatMap((input) => input.bounds.filter((own) => own.column === column));
  return {
    lo: BigInt(Math.min(...bounds.map(({ min }) => min))),
    hi: BigInt(Math.max(...bounds.map(({ max }) => max))),
  };
}

/** A contributor's numbers, and where they come from. */
interface Brought {
  readonly input: Input;
  readonly cube: Cube;
  /** What the difference with other answers could tell. */
  readonly release: Release;
}

function layoutOf({ plan }: QuestionRun, ask: AggregateAsk): CubeLayout {
  const { inputs, protocol, release } = plan;
  const each = plan.ask.kind === "trend" ? { each: true as const } : {};
  return cubeLayout({ ask, inputs, release, params: protocol.params, ...each });
}

async function numbersOf(
  node: NodePorts,
  run: QuestionRun,
  ask: AggregateAsk,
  layout: CubeLayout,
): Promise<Brought | undefined> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined) return undefined;
  const { input, table } = contribution;
  const cube = cubeOf(table, ask, input, layout, hiddenAt(node, run, input));
  return { input, cube, release: await releaseOfCube(node, run, ask, contribution) };
}

/** What the plan's noise hides of this node's data. */
function hiddenAt({ me, sources }: NodePorts, { plan }: QuestionRun, { dataset }: Input): Hidden {
  const { noise } = plan.release;
  if (noise === null) return {};
  const { subject } = sources.specs[dataset] ?? {};
  const most = noise.most.find(({ party }) => party === me)?.rows ?? 1;
  return noise.unit === "row" || subject === undefined ? { most: 1 } : { most, subject };
}

async function sumSession(
  node: NodePorts,
  run: QuestionRun,
  layout: CubeLayout,
  brought: Brought | undefined,
): ReturnType<typeof runSession<Float64Array | undefined>> {
  node.progress({ party: node.me, phase: "sum" });
  return await runSession(node, run, {
    parties: [...new Set([...run.contributors, ...run.recipients])].sort(),
    ticket: sumTicket(run, layout.cells, layout.columns.length),
    label: LABEL,
    line: () => true,
    prefix: "",
    costOf: (line) => {
      const costs = cellCosts(node, run, ({ id }) => id === line.id);
      const paid = withRoom(node, run, costs);
      if (brought !== undefined) keepRelease(node, run, brought.release);
      return paid;
    },
    beginCosts: () => withRoom(node, run, repeatCosts(node, run)),
    secrets: () => ({}), // the exporters of the channel are all that a sum takes; its keys are made inside
    start: (facts) => {
      if (brought !== undefined) node.ledger.append([sumInputs(node, run, brought)]);
      return partyOf(node, run, layout, brought, facts);
    },
  });
}

/** This node's side of the protocol that the plan names. */
function partyOf(
  { me, rng }: NodePorts,
  { plan, contributors, recipients }: QuestionRun,
  { cells, columns }: CubeLayout,
  brought: Brought | undefined,
  { transcript }: SessionFacts,
): Party<Float64Array | undefined> {
  const setup = {
    me,
    contributors,
    recipients: [...recipients].sort(),
    transcript,
    numbers: cells * columns.length,
    ranges: columns.map(({ ranges }) => ranges),
    noises: columns.map(({ noise }) => noise),
  };
  const cube = brought?.cube;
  if (plan.protocol.id === sumMasked.id) {
    const values = cube && ((from: number, to: number) => cube.range(from, to)); // a chunk at a time, and never all
    return sumMaskedNode({ ...setup, bits: 64, ...(values === undefined ? {} : { values }) }, rng);
  }
  const values = cube === undefined ? {} : { values: cube.values };
  return sumNode({ ...setup, ...values, set: parameterSet(plan.protocol.params) }, rng);
}

/** The plan's rules. A noisy count must be above the floor by as much as the noise may have raised it. */
function rulesOf({ plan: { release }, contributors }: QuestionRun, { columns }: CubeLayout): ReleaseRules {
  const { minCount, minContributors } = release;
  const noise = columns.find(({ kind }) => kind === "count")?.noise;
  const raised = noise === undefined ? 0 : spreadOf(noise, contributors.length);
  const { dominance } = release;
  // Of two parties each knows the other's part, and the contract says so; of more, nobody is to be left with one.
  const minOthers = minContributors > 1 && contributors.length > 2 ? 2 : 0;
  return {
    minCount: minCount + raised,
    minContributors,
    minOthers,
    ...(dominance === undefined ? {} : { dominance }),
  };
}
