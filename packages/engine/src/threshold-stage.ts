// SPDX-License-Identifier: Apache-2.0
import { type CachedItems, inputRoot, matchThresholdParty, type ThresholdMatched } from "@koplamp/psi";
import {
  type Condition,
  fromHex,
  type Input,
  keyAt,
  type MatchAsk,
  type MatchResult,
  type Table,
} from "@koplamp/wire";
import { repeatCosts, withRoom } from "./budgets.ts";
import { contributionOf, freshSalt, inputsEntry } from "./contribution.ts";
import { evaluated } from "./evaluations.ts";
import { combinations, type Items, inputsOf, itemsOf } from "./items.ts";
import { inputContext, setupOf } from "./match-stage.ts";
import type { NodePorts } from "./node-ports.ts";
import { passes } from "./predicate.ts";
import type { QuestionRun } from "./question-run.ts";
import { runSession, type SessionFacts, type SessionResult, type SessionTicket } from "./session.ts";
import type { StageResult } from "./stage.ts";

/** Rows between two pauses: a few milliseconds of work. */
const STRETCH = 2048;
/** The query session: evaluations and the key ceremony have labels of their own. */
const LABEL = "0/1";

/**
 * One node's side of a match at a threshold: its keys, their s_x (from the cache, or evaluated now), and one session in
 * which its tables go to the coordinator part by part. A node that brings no keys takes no part.
 */
export async function thresholdStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined) return { withheld: [] };
  const { input, table } = contribution;
  const ask = run.plan.ask as MatchAsk; // safe because this protocol answers matches only
  const items = await itemsOf(table, ask.key, inputContext(node, run.plan, input), () => node.clock.sleep(0));
  const flags = await flagsOf(node, ask, table, items);
  const { scope, chunks } = await evaluated(node, run, items.list);
  const cached = { inputs: inputsOf(items), scope, chunks: chunks() };
  const session = await thresholdSession(node, run, { input, cached, flags });
  return run.recipients.includes(node.me) ? told(session, items) : { withheld: [], session };
}

/** What a party brings to the session. */
interface Brought {
  readonly input: Input;
  readonly cached: CachedItems;
  readonly flags: Uint8Array;
}

/** One byte for each key: 1 where one of its rows meets all conditions. None where the question asks for no flags. */
async function flagsOf(
  node: NodePorts,
  { key, flaggedBy }: MatchAsk,
  table: Table,
  { list }: Items,
): Promise<Uint8Array> {
  if (flaggedBy === undefined) return new Uint8Array();
  const flagged = new Set<string>();
  const columns = key.map((name) => table.columns[name] ?? []);
  for (let row = 0; row < table.rows; row += 1) {
    if (row % STRETCH === STRETCH - 1) await node.clock.sleep(0);
    if (!flaggedBy.every((condition) => meets(table, row, condition))) continue;
    for (const values of combinations(columns.map((column) => column.at(row) ?? null)))
      flagged.add(nameOf(values));
  }
  return Uint8Array.from(list.ends, (_, at) => (flagged.has(nameOf(keyAt(list, at))) ? 1 : 0));
}

/** A null never passes. */
function meets({ columns }: Table, row: number, condition: Condition): boolean {
  const cell = columns[condition.column]?.at(row) ?? null;
  const values = cell === null ? [] : typeof cell === "string" ? [cell] : cell;
  return values.some((value) => passes(value, condition));
}

function nameOf(values: readonly string[]): string {
  return values.join("\u0000"); // safe because canonical values hold no control characters
}

async function thresholdSession(
  node: NodePorts,
  run: QuestionRun,
  { input, cached, flags }: Brought,
): Promise<SessionResult<ThresholdMatched>> {
  const { salt, text } = freshSalt(node);
  const { plan, planHash, contributors } = run;
  const { atLeast, tell, flaggedBy } = plan.ask as MatchAsk; // safe because this protocol answers matches only
  node.progress({ party: node.me, phase: "match" });
  return await runSession(node, run, {
    label: LABEL,
    parties: contributors,
    ticket: ticketOf(run, plan.ask as MatchAsk),
    line: ({ id }) => !id.startsWith("tests."),
    prefix: "",
    beginCosts: () => withRoom(node, run, repeatCosts(node, run)),
    secrets: () => ({ cacheKey: node.keys.storage.slice(), salt }),
    start: async (facts: SessionFacts, pool) => {
      const root = (await pool.run(inputRoot, [cached.inputs])) as Uint8Array; // safe because the job says so
      node.ledger.append([inputsEntry(planHash, input, root, text)]);
      const shape = { atLeast, tell, flagged: flaggedBy !== undefined, planHash: fromHex(planHash.slice(7)) };
      return matchThresholdParty({ ...setupOf(node, run, facts), ...shape, items: cached, flags }, node.rng);
    },
  });
}

/** What the coordinator needs to search: who sends, who is told what, from how many on, and nothing about keys. */
function ticketOf({ plan, contributors, recipients }: QuestionRun, ask: MatchAsk): SessionTicket {
  return {
    protocol: plan.protocol.id,
    parties: contributors,
    contributors,
    recipients,
    rowsPadded: plan.inputs.map(({ rowsPadded }) => rowsPadded),
    params: plan.protocol.params,
    shape: ask.tell,
    atLeast: ask.atLeast,
    minCount: 0,
    cells: 0,
    columns: ask.flaggedBy === undefined ? 0 : 1,
    groupOwner: "",
    ranges: [],
  };
}

/** What a recipient's node shows: all that it was told, and that is what the question lets it tell. */
function told(session: SessionResult<ThresholdMatched>, { list }: Items): StageResult {
  const matches = (session.output.told ?? []).map(({ item, holders, count }) => {
    const more = holders ?? count;
    return { key: keyAt(list, item), ...(more === undefined ? {} : { holders: more }) };
  });
  const result: MatchResult = { kind: "match", matches };
  return { result, withheld: [], session };
}
