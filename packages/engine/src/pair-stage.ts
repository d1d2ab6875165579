// SPDX-License-Identifier: Apache-2.0
import type { Party, PartyId } from "@koplamp/protocol";
import {
  bulkPair,
  bulkPairDealer,
  bulkPairParty,
  COORDINATOR,
  countBlindNode,
  countLocalNode,
  cutParty,
  inputRoot,
  listBulk,
  type Matched,
  type MeterRequest,
  matchPairParty,
  meter,
  type OverlapCounts,
  pairCountBlind,
  shardRows,
} from "@koplamp/psi";
import {
  dealersOf,
  type Input,
  isUndealt,
  type MatchAsk,
  type OverlapAsk,
  type PackedInputs,
} from "@koplamp/wire";
import type { RecordItems } from "./alternatives.ts";
import { repeatCosts, withRoom } from "./budgets.ts";
import { contributionOf, freshSalt, inputsEntry } from "./contribution.ts";
import type { Cost } from "./cost.ts";
import { CutList, type Part, wholePart } from "./cut-list.ts";
import { expectApart, keepRelease } from "./history.ts";
import { releaseOfKeys } from "./history-rows.ts";
import type { Release } from "./history-rule.ts";
import { type Items, inputsOf, type LongItems, type Stretches } from "./items.ts";
import { countsResult, longItemsAsked, matchedIn, recordsIn, setupOf, stretchesIn } from "./match-stage.ts";
import { MatchTold } from "./match-told.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { checkQuota, elementsCost, Meter } from "./quota.ts";
import { repeated } from "./repeated.ts";
import { runSession, type SessionFacts, type SessionResult, type SessionTicket } from "./session.ts";
import { cutAgain, cutBefore, expectFits, inShards, onFirst, shardsLeft, type Turn } from "./shards.ts";
import type { StageResult } from "./stage.ts";

/**
 * One node's side of a match of two or a count of pairs under keys for this question only: no key set, no cache, one
 * session of all pairs, or one for each shard of a match of long lists. Whoever evaluates for another charges its whole
 * padded list, or that of the shard, with the beginning of the session, before anything leaves.
 */
export async function pairStage(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  const { ask, protocol } = run.plan;
  if (dealersOf(ask).includes(node.me)) return await deal(node, run);
  const held = await heldKeys(node, run);
  if (ask.kind === "match") return held === undefined ? { withheld: [] } : await match(node, run, ask, held);
  if (held === undefined && !run.recipients.includes(node.me)) return { withheld: [] };
  const role = protocol.id === pairCountBlind.id ? countBlindNode : countLocalNode;
  node.progress({ party: node.me, phase: "count" });
  const brought = held === undefined ? undefined : { ...held, inputs: inputsOf(held.items) };
  const session = await pairSession<OverlapCounts | undefined>(node, run, brought, {
    label: "0/1",
    repeats: () => repeatCosts(node, run),
    party: (facts) => {
      const setup = { ...setupOf(node, run, facts), minCount: run.plan.release.minCount };
      return role(brought === undefined ? setup : { ...setup, inputs: brought.inputs }, node.rng);
    },
  });
  if (session.output === undefined) return { withheld: [], session };
  return countsResult(session.output, ask as OverlapAsk, session); // safe because a pair answers no sum
}

async function match(node: NodePorts, run: QuestionRun, ask: MatchAsk, held: Held): Promise<StageResult> {
  expectQuota(node, run);
  const cut = await cutTogether(node, run, held.items);
  try {
    if (cut !== undefined) expectFits(node, run, cut.sizes);
    const repeats = () => onFirst(node, run, () => repeatCosts(node, run));
    const told = new MatchTold(ask, node.me, recordsIn(held.items));
    const partOf = (shard: number): Part =>
      cut === undefined ? wholePart(inputsOf(held.items)) : cut.part(shard);
    const session = async ({ shard, label }: Turn): Promise<SessionResult<Matched>> => {
      const { inputs } = partOf(shard);
      return await pairSession(
        node,
        run,
        { ...held, inputs },
        {
          label,
          repeats,
          party: (facts) => {
            const setup = { ...setupOf(node, run, facts), inputs };
            if (!isBulk(run)) return matchPairParty(setup, node.rng);
            return bulkPairParty({ ...setup, dealer: dealerOf(run) }, node.rng);
          },
        },
      );
    };
    const took = (matched: Matched, shard: number): void => told.take({ matched, part: partOf(shard) });
    return matchedIn(node, run, told, await inShards(node, run, session, took));
  } finally {
    cut?.close();
  }
}

/**
 * Cuts an own list into the shards of a question, under a secret that the parties make in a session of its own before
 * all others; undefined where there is one shard.
 */
async function cutTogether(
  node: NodePorts,
  run: QuestionRun,
  items: Items | LongItems,
): Promise<CutList | undefined> {
  const { me, rng, scratch } = node;
  const { plan, contributors } = run;
  const { shards } = plan.protocol;
  if (shards === 1) return undefined;
  node.progress({ party: me, phase: "cut" });
  const list = stretchesIn(items);
  const before = cutBefore(node, run);
  if (before !== undefined) return cutAs(before, node, run, list);
  const shardAt = new Uint16Array(list.count);
  let made: CutList | undefined;
  const attempt = async (label: string): Promise<CutList> => {
    made?.close();
    const cut = new CutList(scratch, list.head, shards);
    made = cut;
    await runSession(node, run, {
      label,
      parties: contributors,
      line: () => false,
      prefix: "cut.",
      secrets: () => ({}),
      start: ({ transcript }) =>
        cutParty(
          { me, parties: contributors, transcript },
          list.stretches(),
          shards,
          (stretch, some) => {
            shardAt.set(some, cut.count);
            cut.put(stretch, some);
          },
          rng,
        ),
    });
    cut.end();
    return cut;
  };
  try {
    const cut = await repeated(node, run, { label: "cut", parties: contributors, attempt });
    cutAgain(node, run, shardAt);
    return cut;
  } catch (reason) {
    made?.close();
    throw reason;
  }
}

/** A list cut as it was before an interruption: the secret of the parties is gone, and how it cut was kept. */
function cutAs(
  shardAt: Uint16Array,
  { scratch }: NodePorts,
  { plan }: QuestionRun,
  list: Stretches,
): CutList {
  const cut = new CutList(scratch, list.head, plan.protocol.shards);
  for (const stretch of list.stretches())
    cut.put(stretch, shardAt.subarray(cut.count, cut.count + stretch.ends.length));
  cut.end();
  return cut;
}

/** A dealer brings no data and gets no answer: it knows sizes, and forgets what it dealt. */
async function deal(node: NodePorts, run: QuestionRun): Promise<StageResult> {
  const sessions = await inShards(node, run, ({ label }) =>
    pairSession(node, run, undefined, {
      label,
      repeats: () => [],
      party: (facts) => bulkPairDealer({ ...setupOf(node, run, facts), dealer: node.me }, node.rng),
    }),
  );
  const last = sessions.at(-1);
  return { withheld: [], before: sessions.slice(0, -1), ...(last === undefined ? {} : { session: last }) };
}

/** Whether somebody deals a correlation in place of a key of one party. */
function isBulk({ plan }: QuestionRun): boolean {
  return plan.protocol.id === bulkPair.id;
}

/** A party that the plan names, or the coordinator; nobody where the two make the correlation themselves. */
function dealerOf({ plan }: QuestionRun): PartyId | undefined {
  return isUndealt(plan.ask) ? undefined : (dealersOf(plan.ask)[0] ?? COORDINATOR);
}

/** What the coordinator needs to deal: who sends to whom, and sizes. */
function dealingTicket({ plan, contributors, recipients }: QuestionRun): SessionTicket {
  return {
    protocol: plan.protocol.id,
    parties: contributors,
    contributors,
    recipients,
    rowsPadded: plan.inputs.map(({ rowsPadded }) => shardRows(rowsPadded, plan.protocol.shards)),
    params: plan.protocol.params,
    shape: "holders",
    atLeast: 2,
    minCount: 0,
    cells: 0,
    columns: 0,
    groupOwner: "",
    ranges: [],
  };
}

/** A party's distinct keys. */
interface Held {
  readonly input: Input;
  readonly items: Items | RecordItems | LongItems;
  /** In a count: what the difference with other counts could tell. */
  readonly release?: Release;
}

/** What a party brings to one session. */
type Brought = Held & { readonly inputs: PackedInputs };

async function heldKeys(node: NodePorts, run: QuestionRun): Promise<Held | undefined> {
  const contribution = await contributionOf(node, run);
  if (contribution === undefined) return undefined;
  const { input, table } = contribution;
  const items = await longItemsAsked(node, run, { input, table });
  const release = "keys" in items ? undefined : await releaseOfKeys(node, run, input, items);
  if (release === undefined) return { input, items };
  expectApart(node, run, release);
  return { input, items, release };
}

/** What a query session is called and charged, and how a party plays it. */
interface PairTurn<Output> {
  readonly label: string;
  readonly repeats: () => ReturnType<typeof repeatCosts>;
  readonly party: (facts: SessionFacts) => Party<Output>;
}

async function pairSession<Output>(
  node: NodePorts,
  run: QuestionRun,
  held: Brought | undefined,
  { label, repeats, party }: PairTurn<Output>,
): Promise<SessionResult<Output>> {
  const { plan, planHash, contributors, recipients } = run;
  const counts = plan.ask.kind === "overlap-count";
  const { salt, text } = freshSalt(node);
  const evaluation = evaluationsFor(node, run);
  return await runSession(node, run, {
    label,
    ...(isBulk(run) && dealerOf(run) === COORDINATOR ? { ticket: dealingTicket(run) } : {}),
    parties: [...new Set([...contributors, ...(counts ? recipients : []), ...dealersOf(plan.ask)])].sort(),
    line: () => true,
    prefix: "",
    beginCosts: () => {
      const costs = [...withRoom(node, run, repeats()), ...evaluation.costs()];
      if (held?.release !== undefined) keepRelease(node, run, held.release);
      return costs;
    },
    hostJobs: { [meter.name]: evaluation.draw },
    secrets: () => (held === undefined ? {} : { salt }),
    start: async (facts, pool) => {
      if (held === undefined) return party(facts);
      const { inputs } = held;
      const listed = isBulk(run) ? pool.run(listBulk, [inputs, facts.sid]) : pool.run(inputRoot, [inputs]);
      const root = (await listed) as Uint8Array; // safe because the jobs say so
      node.ledger.append([inputsEntry(planHash, held.input, root, text)]);
      return party(facts);
    },
  });
}

/** What this node evaluates for others in this session, and who pays for it. */
export interface Evaluated {
  readonly costs: () => readonly Cost[];
  readonly draw: (request: MeterRequest) => void;
}

/** What this node evaluates for each of the others in all sessions, as the contract lists it. */
function evaluationsDue({ me }: NodePorts, { contract }: QuestionRun): QuestionRun["contract"]["debits"] {
  return contract.debits.filter(({ holder, unit }) => holder === me && unit === "evaluations");
}

/** @throws {EngineError} `quota`, before anything is spent, when another's has no room for all that is left of its list. */
function expectQuota(node: NodePorts, run: QuestionRun): void {
  const left = shardsLeft(run) / run.plan.protocol.shards;
  for (const { asker, amount } of evaluationsDue(node, run)) checkQuota(node, run, asker, amount * left);
}

/**
 * What this node evaluates for each of the others in one session, all of which are alike: no element more is answered.
 * @throws {EngineError} `quota`, before anything is spent, when another's quota has no room for it.
 */
export function evaluationsFor(node: NodePorts, run: QuestionRun): Evaluated {
  const { shards } = run.plan.protocol;
  const due = evaluationsDue(node, run).map((debit) => ({ ...debit, amount: debit.amount / shards }));
  for (const { asker, amount } of due) checkQuota(node, run, asker, amount);
  const meters = new Map(due.map(({ asker, amount }) => [asker, new Meter(node.me, asker, amount)]));
  const nothing = new Meter(node.me, "", 0);
  return {
    costs: () => due.map(({ asker, amount }) => elementsCost(node, run, asker, amount)),
    draw: (request) => (meters.get(request.asker) ?? nothing).draw(request),
  };
}
