// SPDX-License-Identifier: Apache-2.0
import type { Party, PartyId } from "@koplamp/protocol";
import {
  type CachedItems,
  hubNode,
  inEachShard,
  inputRoot,
  type Matched,
  matchTokensParty,
  type OverlapCounts,
  overlapHub,
  overlapThreshold,
  overlapThresholdNode,
  type QuerySession,
  recipientNode,
} from "@koplamp/psi";
import type { Counted, Input, InputContext, MatchAsk, OverlapAsk, OverlapResult, Plan } from "@koplamp/wire";
import { fromHex, NORM_VERSION } from "@koplamp/wire";
import { type RecordItems, recordItems } from "./alternatives.ts";
import { repeatCosts, withRoom } from "./budgets.ts";
import { type Contribution, contributionOf, freshSalt, inputsEntry } from "./contribution.ts";
import { wholePart } from "./cut-list.ts";
import { evaluated } from "./evaluations.ts";
import { expectApart, keepRelease } from "./history.ts";
import { releaseOfKeys } from "./history-rows.ts";
import type { Release } from "./history-rule.ts";
import { type Items, inputsOf, keySpecOf, type LongItems, type Pause, type Stretches } from "./items.ts";
import { itemsLoader } from "./items-loader.ts";
import { evaluatedShards } from "./long-evaluations.ts";
import { longKeys, stretchesOf } from "./long-keys.ts";
import { MatchTold } from "./match-told.ts";
import type { NodePorts } from "./node-ports.ts";
import type { SessionPool } from "./ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { itemsAgain } from "./remembered-table.ts";
import {
  runSession,
  type SessionFacts,
  type SessionResult,
  type SessionSpec,
  type SessionTicket,
} from "./session.ts";
import { cutAgain, expectFits, inShards, onFirst, type Turn } from "./shards.ts";
import type { StageResult } from "./stage.ts";

/**
 * One node's side of a match or of a count: its keys, their s_x (from the cache, or evaluated now), and one session of
 * symmetric operations only. A node that brings no keys takes part in the session of a count if it is a recipient, and
 * otherwise in none.
 */
export async function matchStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  const { ask } = run.plan;
  if (ask.kind === "match" && run.plan.protocol.shards > 1) return await matchInShards(node, run, ask);
  const held = await heldItems(node, run);
  const result = await inOneSession(node, run, held);
  held?.remember();
  return result;
}

async function inOneSession(
  node: NodePorts,
  run: QuestionRun,
  held: HeldItems | undefined,
): Promise<StageResult> {
  const { ask } = run.plan;
  if (ask.kind === "match") return held === undefined ? { withheld: [] } : await match(node, run, ask, held);
  const takesPart = held !== undefined || run.recipients.includes(node.me);
  // Safe because sums have a stage of their own.
  return takesPart ? await count(node, run, ask as OverlapAsk, held) : { withheld: [] };
}

/** A party's keys with all that a query session needs of them. */
interface Held {
  readonly input: Input;
  readonly cached: CachedItems;
  /** Puts s_x of the inputs in a session's vault, where the session does not look them up itself. */
  readonly load?: (pool: SessionPool) => Promise<void>;
  /** In a count: what the difference with other counts could tell. A match tells of single keys in any case. */
  readonly release?: Release;
}

/** A list that goes into one session. */
interface HeldItems extends Held {
  readonly items: Items | RecordItems;
  /** Keeps what was found of it for the next question: this one ended well. */
  readonly remember: () => void;
}

async function heldItems(node: NodePorts, run: QuestionRun): Promise<HeldItems | undefined> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined) return undefined;
  const { input, table } = contribution;
  const items = await itemsAsked(node, run, { input, table });
  const release = await releaseOfKeys(node, run, input, items);
  if (release !== undefined) expectApart(node, run, release); // before an evaluation is spent on it
  const inputs = inputsOf(items);
  const cache = await evaluated(node, run, items.list);
  const { load, remember } = itemsLoader(node, cache, items.list, inputs);
  const held = { input, items, cached: { inputs, scope: cache.scope }, load, remember };
  return release === undefined ? held : { ...held, release };
}

/** The keys of a question at this node: of one key, or of all its alternatives, with the records that they are of. */
async function itemsAsked(
  node: NodePorts,
  { plan }: QuestionRun,
  { input, table }: Contribution,
): Promise<Items | RecordItems> {
  const context = inputContext(node, plan, input);
  const pause: Pause = () => node.clock.sleep(0);
  const { ask } = plan;
  if (ask.kind !== "match" || ask.anyKey === undefined)
    return itemsAgain(table, input.columns, context, pause);
  return recordItems(table, ask.anyKey, { input, context, pause });
}

/** The same where a list goes in several sessions: it is made a stretch at a time, but for records, which have several keys. */
export async function longItemsAsked(
  node: NodePorts,
  run: QuestionRun,
  { input, table }: Contribution,
): Promise<Items | RecordItems | LongItems> {
  const { ask, protocol } = run.plan;
  const several = ask.kind === "match" && ask.anyKey !== undefined;
  if (protocol.shards === 1 || several) return await itemsAsked(node, run, { input, table });
  const context = inputContext(node, run.plan, input);
  const pause: Pause = () => node.clock.sleep(0);
  return { keys: await longKeys(table, input.columns, context, { scratch: node.scratch, pause }) };
}

/** A list to be gone through. */
export function stretchesIn(items: Items | LongItems): Stretches {
  return "keys" in items ? items.keys : stretchesOf(items.list);
}

/** Own records, where each has keys under several alternatives. */
export function recordsIn(items: Items | RecordItems | LongItems): RecordItems | undefined {
  return "records" in items ? items : undefined;
}

/** What stands in every OPRF input of a question beside the values of a key. */
export function inputContext(
  { membership }: NodePorts,
  { ask, purpose, protocol }: Plan,
  input: Input,
): InputContext {
  return {
    covenantId: membership.covenant.id,
    purposeId: purpose,
    epoch: protocol.epoch ?? "",
    keySpec: keySpecOf(ask, input),
    normVersion: NORM_VERSION,
  };
}

async function match(
  node: NodePorts,
  run: QuestionRun,
  ask: MatchAsk,
  held: HeldItems,
): Promise<StageResult> {
  const told = new MatchTold(ask, node.me, recordsIn(held.items));
  const part = wholePart(held.cached.inputs);
  const session = ({ label }: Turn) => matchSession(node, run, held, label);
  const took = (matched: Matched): void => told.take({ matched, part });
  return matchedIn(node, run, told, await inShards(node, run, session, took));
}

async function matchInShards(node: NodePorts, run: QuestionRun, ask: MatchAsk): Promise<StageResult> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined) return { withheld: [] };
  const { input } = contribution;
  const items = await longItemsAsked(node, run, contribution);
  const cut = await evaluatedShards(node, run, stretchesIn(items));
  try {
    cutAgain(node, run, cut.shardAt);
    expectFits(node, run, cut.sizes);
    const told = new MatchTold(ask, node.me, recordsIn(items));
    const session = ({ shard, label }: Turn) => {
      const load = (pool: SessionPool): Promise<void> => cut.load(pool, shard);
      const cached = { inputs: cut.part(shard).inputs, scope: cut.scope };
      return matchSession(node, run, { input, cached, load }, label);
    };
    const took = (matched: Matched, shard: number): void => told.take({ matched, part: cut.part(shard) });
    return matchedIn(node, run, told, await inShards(node, run, session, took));
  } finally {
    cut.close();
  }
}

async function matchSession(
  node: NodePorts,
  run: QuestionRun,
  held: Held,
  label: string,
): Promise<SessionResult<Matched>> {
  return await querySession(node, run, held, {
    label,
    costs: () => onFirst(node, run, () => repeatCosts(node, run)),
    parties: run.contributors,
    party: (facts) => matchTokensParty({ ...setupOf(node, run, facts), items: held.cached }, node.rng),
  });
}

/** What a node shows of a match whose sessions have all come to their end: at a recipient, what was gathered. */
export function matchedIn(
  { me }: NodePorts,
  { recipients }: QuestionRun,
  told: MatchTold,
  sessions: readonly SessionResult<undefined>[],
): StageResult {
  const before = sessions.slice(0, -1);
  const last = sessions.at(-1);
  const parts = { withheld: [], before, ...(last === undefined ? {} : { session: last }) };
  return recipients.includes(me) ? { ...parts, result: told.result() } : parts;
}

/** A node's side of a count that the coordinator makes. */
const ROLES: ReadonlyMap<string, typeof overlapThresholdNode> = new Map<string, typeof overlapThresholdNode>([
  [overlapHub.id, hubNode],
  [overlapThreshold.id, overlapThresholdNode],
]);

async function count(
  node: NodePorts,
  run: QuestionRun,
  ask: OverlapAsk,
  held: Held | undefined,
): Promise<StageResult> {
  const { plan, contributors, recipients } = run;
  const { shape, atLeast } = ask;
  const role = ROLES.get(plan.protocol.id) ?? recipientNode;
  node.progress({ party: node.me, phase: "count" });
  const session = await querySession<OverlapCounts | undefined>(node, run, held, {
    label: "0/1",
    parties: [...new Set([...contributors, ...recipients])].sort(),
    ...(role === recipientNode ? {} : { ticket: ticketOf(run, ask) }),
    party: (facts) => {
      const { minCount } = plan.release;
      const planHash = fromHex(run.planHash.slice(7));
      const setup = { ...setupOf(node, run, facts), shape, atLeast, minCount, planHash };
      return role(held === undefined ? setup : { ...setup, items: held.cached }, node.rng);
    },
  });
  return session.output === undefined
    ? { withheld: [], session }
    : countsResult(session.output, ask, session);
}

/** The counts as an answer has them. */
export function countsResult(
  { cells, counts }: OverlapCounts,
  { shape }: OverlapAsk,
  session: SessionResult<unknown>,
): StageResult {
  const named = cells.map((name, at): readonly [string, Counted] => {
    return [name, counts[at] ?? { withheld: "minCount" }];
  });
  const result: OverlapResult = { kind: "overlap-count", [shape]: Object.fromEntries(named) };
  const withheld = counts.filter((number) => number === null).length;
  return { result, withheld: withheld === 0 ? [] : [{ rule: "minCount", cells: withheld }], session };
}

/** What the coordinator needs to count: who sends, who is told, how much, and nothing about keys. */
function ticketOf({ plan, contributors, recipients }: QuestionRun, ask: OverlapAsk): SessionTicket {
  return {
    protocol: plan.protocol.id,
    parties: [...new Set([...contributors, ...recipients])].sort(),
    contributors,
    recipients,
    rowsPadded: contributors.map((party) => rowsPaddedOf(plan)[party] ?? 0),
    params: plan.protocol.params,
    shape: ask.shape,
    atLeast: ask.atLeast ?? 0,
    minCount: plan.release.minCount,
    cells: 0,
    columns: 0,
    groupOwner: "",
    ranges: [],
  };
}

/** What a query session of this question is about, at this node. */
export function setupOf(
  { me }: NodePorts,
  run: QuestionRun,
  { transcript, sid }: SessionFacts,
): QuerySession {
  const { contributors, recipients, plan } = run;
  const rowsPadded = inEachShard(rowsPaddedOf(plan), plan.protocol.shards);
  return { me, parties: contributors, recipients, transcript, sid, rowsPadded };
}

function rowsPaddedOf({ inputs }: Plan): Readonly<Record<PartyId, number>> {
  return Object.fromEntries(inputs.map(({ party, rowsPadded }) => [party, rowsPadded]));
}

/** Runs a query session, its inputs fixed in the ledger before it begins. */
async function querySession<Output>(
  node: NodePorts,
  run: QuestionRun,
  held: Held | undefined,
  {
    party,
    costs: charged = () => repeatCosts(node, run),
    ...parts
  }: Pick<SessionSpec<Output>, "parties" | "ticket" | "label"> & {
    readonly party: (facts: SessionFacts) => Party<Output>;
    readonly costs?: () => ReturnType<typeof repeatCosts>;
  },
): Promise<SessionResult<Output>> {
  const { salt, text } = freshSalt(node);
  return await runSession(node, run, {
    ...parts,
    line: ({ id }) => !id.startsWith("tests."),
    prefix: "",
    beginCosts: () => {
      const costs = withRoom(node, run, charged());
      if (held?.release !== undefined) keepRelease(node, run, held.release);
      return costs;
    },
    secrets: () => (held === undefined ? {} : { cacheKey: node.keys.storage.slice(), salt }),
    start: async (facts, pool) => {
      if (held === undefined) return party(facts);
      await held.load?.(pool);
      const root = (await pool.run(inputRoot, [held.cached.inputs])) as Uint8Array; // safe because the job says so
      node.ledger.append([inputsEntry(run.planHash, held.input, root, text)]);
      return party(facts);
    },
  });
}
