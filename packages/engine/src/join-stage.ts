// SPDX-License-Identifier: Apache-2.0
import {
  distinctNode,
  distinctSum,
  distinctTerms,
  type JoinHubSetup,
  type JoinLayout,
  type JoinOpened,
  joinedCells,
  joinHub,
  joinHubNode,
  joinLayout,
  joinPairNode,
  joinSumPair,
  joinTerms,
} from "@koplamp/aggregate";
import { parameterSet } from "@koplamp/he";
import type { Party, PartyId } from "@koplamp/protocol";
import { inputRoot, type MeterRequest, meter } from "@koplamp/psi";
import {
  type AggregateAsk,
  type AggregateResult,
  type Input,
  type JoinAsk,
  listOf,
  type Plan,
} from "@koplamp/wire";
import { cellCosts, repeatCosts, withRoom } from "./budgets.ts";
import { contributionOf, freshSalt, inputsEntry } from "./contribution.ts";
import { earlierSelected, entangledCells } from "./entangled.ts";
import { type Cache, evaluated } from "./evaluations.ts";
import { expectApart, keepRelease } from "./history.ts";
import { releaseOfCube, releaseOfJoin } from "./history-rows.ts";
import type { Release } from "./history-rule.ts";
import { type KeyedRows, keyedRows } from "./join-rows.ts";
import { inputContext } from "./match-stage.ts";
import type { NodePorts } from "./node-ports.ts";
import { evaluationsFor } from "./pair-stage.ts";
import type { QuestionRun } from "./question-run.ts";
import { releaseTable, withoutCells } from "./release-table.ts";
import { runSession, type SessionFacts, type SessionResult, type SessionTicket } from "./session.ts";
import type { StageResult } from "./stage.ts";

/** Whether a plan is answered by sums over selected rows. */
export function selectsRows({ protocol: { id } }: Plan): boolean {
  return [joinSumPair.id, joinHub.id, distinctSum.id].includes(id);
}

/** The one session of sums over selected rows; evaluations and the key ceremony have labels of their own. */
const LABEL = "0/1";

/**
 * One node's side of sums over selected rows: those whose key every party holds, or those of events that count once. Its
 * rows under their keys, their s_x where the coordinator selects, and one session. A node that neither brings rows nor
 * receives takes part in none of it.
 */
export async function joinStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  // Safe because every other kind has a stage of its own.
  const ask = run.plan.ask as JoinAsk | AggregateAsk;
  const layout = joinLayout(ask, run.plan.inputs);
  const brought = await rowsOf(node, run, ask, layout);
  if (brought === undefined && !run.recipients.includes(node.me)) return { withheld: [] };
  const session = await selectedSession(node, run, layout, brought);
  if (session.output === undefined) return { withheld: [], session };
  const { minCount, minContributors, rounding } = run.plan.release;
  const rounded = rounding === undefined ? {} : { rounding };
  const rules = { minCount, minContributors };
  const opened = joinedCells(session.output, ask, layout, run.contributors.length);
  const table = releaseTable({ cells: opened, rules, ...rounded });
  const gone = entangledCells({ ask, cells: table.cells }, earlierSelected(node, run, ask));
  const { cells, withheld } = withoutCells(table, gone, rules);
  const result: AggregateResult = { kind: ask.kind, cells, ...rounded };
  return { result, withheld, session };
}

/** A contributor's rows, and where they come from. */
interface Brought {
  readonly input: Input;
  readonly rows: KeyedRows;
  /** Where the coordinator selects: what its pseudonyms are made of. */
  readonly cache?: Cache;
  /** What the difference with other answers could tell. */
  readonly release: Release;
}

async function rowsOf(
  node: NodePorts,
  run: QuestionRun,
  ask: JoinAsk | AggregateAsk,
  layout: JoinLayout,
): Promise<Brought | undefined> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined) return undefined;
  const { input } = contribution;
  const context = inputContext(node, run.plan, input);
  const rows = await keyedRows(contribution, ask, layout, context, () => node.clock.sleep(0));
  const release =
    ask.kind === "aggregate"
      ? await releaseOfCube(node, run, ask, contribution)
      : await releaseOfJoin(node, run, ask, { input, rows });
  expectApart(node, run, release); // before an evaluation is spent on it
  if (isPair(run)) return { input, rows, release };
  return { input, rows, release, cache: await evaluated(node, run, listOf(rows.inputs)) };
}

function isPair({ plan }: QuestionRun): boolean {
  return plan.protocol.id === joinSumPair.id;
}

async function selectedSession(
  node: NodePorts,
  run: QuestionRun,
  layout: JoinLayout,
  brought: Brought | undefined,
): Promise<SessionResult<JoinOpened | undefined>> {
  node.progress({ party: node.me, phase: "join" });
  const { salt, text } = freshSalt(node);
  const evaluation = isPair(run) ? evaluationsFor(node, run) : undefined;
  return await runSession(node, run, {
    parties: [...new Set([...run.contributors, ...run.recipients])].sort(),
    ...(isPair(run) ? {} : { ticket: ticketOf(run, layout) }),
    label: LABEL,
    line: ({ id }) => !id.startsWith("tests."),
    prefix: "",
    costOf: (line) => {
      const costs = cellCosts(node, run, ({ id }) => id === line.id);
      const paid = withRoom(node, run, costs);
      if (brought !== undefined) keepRelease(node, run, brought.release);
      return paid;
    },
    beginCosts: () => [...withRoom(node, run, repeatCosts(node, run)), ...(evaluation?.costs() ?? [])],
    ...(evaluation === undefined
      ? {}
      : { hostJobs: { [meter.name]: (request: MeterRequest) => evaluation.draw(request) } }),
    secrets: () => (brought === undefined ? {} : { cacheKey: node.keys.storage.slice(), salt }),
    start: async (facts, pool) => {
      if (brought === undefined) return roleOf(node, run, { layout, facts });
      const root = (await pool.run(inputRoot, [brought.rows.inputs])) as Uint8Array; // safe because the job says so
      node.ledger.append([inputsEntry(run.planHash, brought.input, root, text)]);
      return roleOf(node, run, { layout, facts, brought });
    },
  });
}

interface RoleParts {
  readonly layout: JoinLayout;
  readonly facts: SessionFacts;
  readonly brought?: Brought;
}

function roleOf(
  { me, rng }: NodePorts,
  { plan }: QuestionRun,
  { layout, facts: { transcript }, brought }: RoleParts,
): Party<JoinOpened | undefined> {
  const set = parameterSet(plan.protocol.params);
  const own = { set, transcript, me, ...(brought === undefined ? {} : ownPart(me, layout, brought)) };
  if (plan.protocol.id === distinctSum.id) {
    const groupOf = brought === undefined ? {} : { groupOf: brought.rows.groupOf };
    return distinctNode({ ...distinctTerms(plan, layout), ...own, ...groupOf }, rng);
  }
  const terms = { ...joinTerms(plan, layout), ...own };
  return plan.protocol.id === joinSumPair.id ? joinPairNode(terms, rng) : joinHubNode(terms, rng);
}

/** What this node brings, in the form of the protocols. */
function ownPart(
  me: PartyId,
  { groupOwner }: JoinLayout,
  { rows: { inputs, groupOf, values }, cache }: Brought,
): Pick<JoinHubSetup, "inputs" | "values" | "groupOf" | "cache"> {
  return {
    inputs,
    values,
    ...(groupOwner === me ? { groupOf } : {}),
    ...(cache === undefined ? {} : { cache: { scope: cache.scope, chunks: cache.chunks() } }),
  };
}

/** What the coordinator needs to select: who sends how much, whose rows carry groups, and what sums may come to. */
function ticketOf({ plan, contributors, recipients }: QuestionRun, layout: JoinLayout): SessionTicket {
  const { groups, columns, groupOwner } = layout;
  const padded = new Map(plan.inputs.map(({ party, rowsPadded }) => [party, rowsPadded]));
  return {
    protocol: plan.protocol.id,
    parties: [...new Set([...contributors, ...recipients])].sort(),
    contributors,
    recipients,
    rowsPadded: contributors.map((party) => padded.get(party) ?? 0),
    params: plan.protocol.params,
    shape: "",
    atLeast: plan.release.minContributors,
    minCount: plan.release.minCount,
    cells: groups.length,
    columns: columns.length,
    groupOwner: groupOwner ?? "",
    ranges: columns.map(({ ranges }) =>
      Object.entries(ranges).map(([party, { least, most }]) => ({ party, least, most })),
    ),
  };
}
