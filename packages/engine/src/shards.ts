// SPDX-License-Identifier: Apache-2.0
// A match over long lists is run shard by shard, each in a query session of its own (protocols.md, section 5, Shards).
import type { PartyId } from "@koplamp/protocol";
import { type Matched, shardRows } from "@koplamp/psi";
import { dealersOf } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
import { dropShards, keepCut, keepShard, keptCut } from "./legs-kept.ts";
import { encodeMessage } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";
import { repeated } from "./repeated.ts";
import type { SessionResult } from "./session.ts";

/** Which shard a session is of. */
export interface Turn {
  /** From 0. */
  readonly shard: number;
  /** `shard/shards`; a repeat of it adds its own number. */
  readonly label: string;
}

/**
 * Refuses a cut of the own list of which a part is over the size that it is padded to, before the first query session:
 * every party takes part in every session, so no token of any shard has left then.
 * @throws {EngineError} `limits`.
 */
export function expectFits({ me }: NodePorts, { plan, own }: QuestionRun, sizes: Uint32Array): void {
  const { shards } = plan.protocol;
  const most = shardRows(own?.input.rowsPadded ?? 0, shards);
  const over = sizes.findIndex((size) => size > most);
  if (over < 0) return;
  throw new EngineError(
    "limits",
    me,
    `shard ${over + 1} of ${shards} of ${me} has more keys than the ${most} that it is padded to: nothing was told`,
    "ask again: another plan cuts the lists otherwise",
  );
}

/** How the own list was cut, as the shard of each input, where shards of it were finished before an interruption. */
export function cutBefore(node: NodePorts, { leg, planHash }: QuestionRun): Uint16Array | undefined {
  return leg === undefined || leg.kept.length === 0 ? undefined : keptCut(node, planHash).shardAt;
}

/**
 * Keeps how the own list was cut, where the question goes on after an interruption; one that was is to be cut as it was, or
 * else what the finished shards gave would be of other inputs than those that are left.
 * @throws {EngineError} `integrity`.
 */
export function cutAgain(node: NodePorts, run: QuestionRun, shardAt: Uint16Array): void {
  const before = cutBefore(node, run);
  if (before === undefined) {
    if (run.leg !== undefined) keepCut(node, run.planHash, shardAt, run.accounts);
    return;
  }
  if (before.length === shardAt.length && before.every((shard, at) => shard === shardAt[at])) return;
  throw new EngineError(
    "integrity",
    node.me,
    `the list of ${node.me} is cut otherwise than before the interruption`,
    "ask again",
  );
}

/** How many query sessions of a question are still to come. */
export function shardsLeft({ plan, leg }: QuestionRun): number {
  return plan.protocol.shards - (leg?.kept.length ?? 0);
}

/** What a session of a question in shards gives: a match at those who bring data, and nothing where it is dealt. */
type Given = SessionResult<Matched | undefined>;

/**
 * Runs the session of each shard that is not finished, one after the other. One that is lost is repeated alone, with fresh
 * secrets; what each gave is on disk where the question goes on after a restart. `took` gets what each shard gave, once it
 * has come to its end at every party.
 * @throws {EngineError} where one fails for good: it says how many shards have told what they tell.
 */
export async function inShards(
  node: NodePorts,
  run: QuestionRun,
  session: (turn: Turn) => Promise<Given>,
  took: (matched: Matched, shard: number) => void = () => {},
): Promise<readonly SessionResult<undefined>[]> {
  const done: SessionResult<undefined>[] = [];
  const take = ({ output, ...result }: Given): void => {
    if (output !== undefined) took(output, done.length);
    done.push({ ...result, output: undefined });
  };
  const { me } = node;
  const { plan, leg } = run;
  const { shards } = plan.protocol;
  if (shards === 1) {
    node.progress({ party: me, phase: "match" });
    take(await session({ shard: 0, label: "0/1" }));
    return done;
  }
  for (const { result } of leg?.kept ?? []) take(result);
  for (let shard = done.length; shard < shards; shard += 1) {
    node.progress({ party: me, phase: `match, shard ${shard + 1} of ${shards}`, done: shard / shards });
    try {
      take(await oneShard(node, run, shard, session));
    } catch (reason) {
      throw afterSome(reason, shard, shards);
    }
  }
  if (leg !== undefined) await tellFinished(node, run);
  return done;
}

/** One shard, until it has come to its end at every party. */
async function oneShard(
  node: NodePorts,
  run: QuestionRun,
  shard: number,
  session: (turn: Turn) => Promise<Given>,
): Promise<Given> {
  const { plan, planHash, leg } = run;
  const label = `${shard}/${plan.protocol.shards}`;
  return await repeated(node, run, {
    label,
    first: label,
    parties: runningIn(run),
    ...(leg?.kept.length === shard ? { begun: leg.begun } : {}),
    attempt: async (name) => {
      if (leg !== undefined) dropShards(node, planHash, shard); // of an attempt that others did not finish
      const result = await session({ shard, label: name });
      if (leg !== undefined) keepShard(node, planHash, shard, { label: name, result });
      return result;
    },
  });
}

/** Whoever takes part in no session waits for this, and so does not close its books before the others. */
async function tellFinished({ post }: NodePorts, run: QuestionRun): Promise<void> {
  const running = runningIn(run);
  const waiting = run.others.filter((party) => !running.includes(party));
  await run.until(Promise.all(waiting.map((to) => post.send(to, run.topic(FINISHED), encodeMessage({})))));
}

/** Waits, at a party that takes part in no session, until all others have finished theirs. */
export async function untilFinished({ post, me }: NodePorts, run: QuestionRun): Promise<void> {
  const parties = runningIn(run);
  if (parties.includes(me) || run.leg?.alone === true) return;
  await run.until(Promise.all(parties.map((from) => post.receive(from, run.topic(FINISHED)))));
}

const FINISHED = "finished";

/** Who takes part in the sessions of a question in shards. */
function runningIn({ contributors, plan }: QuestionRun): readonly PartyId[] {
  return [...contributors, ...dealersOf(plan.ask)];
}

/** An answer is whole or not there; what earlier shards have told stays told, and whoever reads the error is to know it. */
function afterSome(reason: unknown, shard: number, shards: number): unknown {
  if (shard === 0 || !(reason instanceof EngineError)) return reason;
  const { code, party, message, hint } = reason;
  const told = `in shard ${shard + 1} of ${shards}; what ${shard} of them told is told, and there is no answer`;
  return new EngineError(code, party, `${message} (${told})`, hint);
}

/** A label of a query session: evaluations, the key ceremony and the cut have others. */
const QUERY = /^\d+\/\d+/;

/** What only the first query session of a question is charged, by what the ledger has: one that never began paid nothing. */
export function onFirst<Value>(
  { ledger }: NodePorts,
  run: QuestionRun,
  costs: () => readonly Value[],
): readonly Value[] {
  const begun = ledger
    .entriesOf(run.planHash)
    .some(
      ({ index, entry }) =>
        entry.type === "begin" && run.isOwn(index) && QUERY.test(String(entry.body["shard"])),
    );
  return begun ? [] : costs();
}
