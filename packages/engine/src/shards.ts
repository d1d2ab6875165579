// SPDX-License-Identifier: Apache-2.0
// A match over long lists is run shard by shard, each in a query session of its own (protocols.md, section 5, Shards).
import { shardRows } from "@koplamp/psi";
import { dealersOf } from "@koplamp/wire";
import { EngineError } from "./errors.ts";
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

/**
 * Runs the session of each shard, one after the other. One that is lost is repeated alone, with fresh secrets; `took` gets
 * what each gave once it has come to its end at every party.
 * @throws {EngineError} where one fails for good: it says how many shards have told what they tell.
 */
export async function inShards<Output>(
  node: NodePorts,
  run: QuestionRun,
  session: (turn: Turn) => Promise<SessionResult<Output>>,
  took: (output: Output) => void = () => {},
): Promise<readonly SessionResult<undefined>[]> {
  const taken = ({ output, ...result }: SessionResult<Output>): SessionResult<undefined> => {
    took(output);
    return { ...result, output: undefined };
  };
  const { me } = node;
  const { plan, contributors } = run;
  const { shards } = plan.protocol;
  const parties = [...contributors, ...dealersOf(plan.ask)];
  if (shards === 1) {
    node.progress({ party: me, phase: "match" });
    return [taken(await session({ shard: 0, label: "0/1" }))];
  }
  const done: SessionResult<undefined>[] = [];
  for (let shard = 0; shard < shards; shard += 1) {
    node.progress({ party: me, phase: `match, shard ${shard + 1} of ${shards}`, done: shard / shards });
    const label = `${shard}/${shards}`;
    try {
      const attempt = (name: string): Promise<SessionResult<Output>> => session({ shard, label: name });
      done.push(taken(await repeated(node, run, { label, first: label, parties, attempt })));
    } catch (reason) {
      throw afterSome(reason, shard, shards);
    }
  }
  return done;
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
