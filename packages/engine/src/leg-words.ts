// SPDX-License-Identifier: Apache-2.0
// How the parties of a question in several shards agree where its next leg begins (ADR 0013).
import type { PartyId } from "@koplamp/protocol";
import { partiesOf } from "@koplamp/query";
import { dealersOf, type Hash } from "@koplamp/wire";
import { asEngineError, EngineError, forOthers, unreachable } from "./errors.ts";
import { dropShards, keepLeg, keptShards, lastLeg } from "./legs-kept.ts";
import { decodeMessage, encodeMessage, type LegWord, legForm, MOST_LEGS, type Stop } from "./messages.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Outcome } from "./outcome.ts";
import { keptOutcome } from "./outcome-kept.ts";
import type { Leg, QuestionRun } from "./question-run.ts";
import { MOST_REPEATS } from "./repeated.ts";

/** How long the others wait for a party that is away: an hour, or until the question expires. */
const AWAY_MS = 3_600_000;
/** How often a node asks for what may have been lost on the way. */
const ASK_MS = 5000;

/** The post topic of these words. */
function legTopic(planHash: Hash): string {
  return `leg/${planHash.slice(7, 39)}`;
}

/** The label of a query session: shard, shards, and the number of a repeat. */
const QUERY = /^(\d+)\/\d+(?:\/(\d+))?$/;

/**
 * What one party says of its legs, and hears of the others'. A leg begins when all have said that they are ready for it;
 * each says one thing about each leg, for its number is on disk before anybody hears it. So a word that comes late, twice
 * or after a restart changes nothing. Whoever names a later leg ends the one that runs.
 */
export class LegWords {
  readonly #node: NodePorts;
  readonly #run: QuestionRun;
  readonly #takers: readonly PartyId[];
  readonly #theirs = new Map<PartyId, LegWord>();
  #mine: LegWord | undefined;
  #changed = Promise.withResolvers<void>();
  #running: QuestionRun | undefined;

  constructor(node: NodePorts, run: QuestionRun) {
    this.#node = node;
    this.#run = run;
    this.#takers = [...run.contributors, ...dealersOf(run.plan.ask)];
  }

  get run(): QuestionRun {
    return this.#run;
  }

  /** The leg that runs from now on: another word than those about it ends it. */
  begin(leg: QuestionRun): void {
    this.#running = leg;
    for (const [party, { leg: number }] of this.#theirs) this.#leave(party, number);
  }

  hear(from: PartyId, word: LegWord): void {
    const run = this.#run;
    if (!run.others.includes(from)) return;
    const before = this.#theirs.get(from);
    if (before === undefined || word.leg > before.leg || word.over) this.#theirs.set(from, word);
    if (word.ask && this.#mine !== undefined) this.#tell([from], false);
    if (!word.over) this.#leave(from, word.leg);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /**
   * Waits until every party is ready for the same leg, and gives where it begins: at the first shard that not all have
   * finished. @throws {EngineError} `unreachable` when somebody stays away, `stopped` when that shard was begun too often.
   */
  async meet(): Promise<Leg> {
    const { clock } = this.#node;
    const run = this.#run;
    this.#running = undefined;
    this.#say(lastLeg(this.#node, run.planHash) + 1);
    const end = clock.now() + AWAY_MS;
    for (;;) {
      this.#catchUp();
      const away = this.#away();
      if (away.length === 0) return this.#agreed();
      if (clock.now() >= end) throw gone(away[0] ?? "");
      this.#show(away);
      const changed = this.#changed.promise;
      const first = await run.until(Promise.race([changed, clock.sleep(ASK_MS).then(() => "asked")]));
      if (first === "asked") this.#ask(away);
    }
  }

  /** Is ready for the latest leg that anybody has named. */
  #catchUp(): void {
    const heard = Math.max(...[...this.#theirs.values()].map(({ leg }) => leg));
    if (heard > (this.#mine?.leg ?? 0)) this.#say(heard);
  }

  #ask(away: readonly PartyId[]): void {
    this.#tell(
      away.filter((party) => this.#node.presence.online(party)),
      true,
    );
  }

  /** Says that this node is ready for a leg, once it is on disk that it said so. */
  #say(leg: number): void {
    const { me } = this.#node;
    const { planHash, plan, others } = this.#run;
    if (leg > MOST_LEGS)
      throw new EngineError("limits", me, "the question was interrupted too often", "ask again");
    keepLeg(this.#node, planHash, leg);
    const takesPart = this.#takers.includes(me);
    const at = takesPart ? keptShards(this.#node, planHash).length : plan.protocol.shards;
    this.#mine = { planHash, leg, at, begun: this.#begun(), ask: false, over: false };
    this.#tell(others, true);
  }

  /** The last query session that began here, by the ledger. */
  #begun(): LegWord["begun"] {
    const labels = this.#node.ledger
      .entriesOf(this.#run.planHash)
      .flatMap(({ entry }) => (entry.type === "begin" ? [QUERY.exec(String(entry.body["shard"]))] : []));
    const last = labels.findLast((label) => label !== null);
    if (last === undefined || last === null) return null;
    const [, shard, repeat = "0"] = last;
    return { shard: Number(shard), repeat: Number(repeat) };
  }

  #tell(to: readonly PartyId[], ask: boolean): void {
    if (this.#mine === undefined) return;
    const body = encodeMessage({ ...this.#mine, ask, over: this.#run.isAnswered });
    const topic = legTopic(this.#run.planHash);
    for (const party of to) this.#node.post.send(party, topic, body).catch(() => {}); // it asks when it is back
  }

  /** A party that names a later leg has left the one that runs. */
  #leave(party: PartyId, leg: number): void {
    if (this.#running !== undefined && leg > this.#running.turn) {
      this.#running.lose(party, `${party} has left, and begins again`);
    }
  }

  /** Who is not ready for this leg. Whoever takes part in no session may have ended before. */
  #away(): readonly PartyId[] {
    return this.#run.others.filter((party) => {
      const word = this.#theirs.get(party);
      return word === undefined || (!word.over && word.leg !== this.#mine?.leg);
    });
  }

  #show(away: readonly PartyId[]): void {
    if (this.#mine?.leg === 1 && away.every((party) => this.#node.presence.online(party))) return; // about to come
    const phase = `waiting for ${away.join(", ")} to come back`;
    this.#node.progress({ party: this.#node.me, phase });
  }

  #agreed(): Leg {
    const { planHash, plan } = this.#run;
    const { shards } = plan.protocol;
    const words = [...this.#theirs].filter(([party]) => this.#takers.includes(party)).map(([, word]) => word);
    const mine = this.#mine;
    if (mine === undefined) throw new Error("expected a word of our own");
    const alone = words.some(({ over }) => over);
    if (alone && mine.at < shards) throw endedAt(this.#overAt());
    const all = this.#takers.includes(this.#node.me) ? [mine, ...words] : words;
    const at = alone ? shards : Math.min(...all.map((word) => word.at));
    const begun = Math.max(0, ...all.map((word) => (word.begun?.shard === at ? word.begun.repeat + 1 : 0)));
    if (begun > MOST_REPEATS && at < shards) throw worn(this.#node.me, at, shards);
    dropShards(this.#node, planHash, at);
    return { number: mine.leg, kept: keptShards(this.#node, planHash), begun, alone };
  }

  #overAt(): PartyId {
    return [...this.#theirs].find(([, { over }]) => over)?.[0] ?? "";
  }
}

/** Hears a word about a question that lives here, or tells whoever still asks how it ended. */
export function hearLeg(
  node: NodePorts,
  live: ReadonlyMap<Hash, LegWords>,
  from: PartyId,
  topic: string,
  body: Uint8Array,
): void {
  const words = [...live.values()].find(({ run }) => legTopic(run.planHash) === topic);
  try {
    const word = decodeMessage(legForm, from, body);
    if (words !== undefined) words.hear(from, word);
    else if (word.ask) tellEnd(node, from, word);
  } catch (reason) {
    const error = asEngineError(reason, from);
    node.log({ event: "leg.refused", party: node.me, peer: from, code: error.code });
    if (words?.run.others.includes(from)) words.run.stop(error);
  }
}

function tellEnd(node: NodePorts, from: PartyId, word: LegWord): void {
  const { me, post } = node;
  const { planHash } = word;
  const kept = keptOutcome(node, planHash);
  // Whoever takes no part hears what anybody hears of a question that never was.
  const outcome = kept?.plan !== undefined && partiesOf(kept.plan).includes(from) ? kept : undefined;
  const over: LegWord = { ...word, ask: false, over: true };
  const told =
    outcome?.status === "released"
      ? post.send(from, legTopic(planHash), encodeMessage(over))
      : post.send(from, `q/${planHash.slice(7, 39)}/stop`, encodeMessage(stopOf(outcome, me)));
  told.catch(() => {}); // it asks again
}

/** Why a question has no answer at this node, as its other parties may read it. */
function stopOf(outcome: Exclude<Outcome, { readonly status: "released" }> | undefined, me: PartyId): Stop {
  if (outcome?.status === "refused") {
    const { party, rule, message, hint } = outcome;
    return { code: "refused", party, message, hint, rule };
  }
  const error = outcome === undefined ? endedAt(me) : errorOf(outcome);
  const { code, party, message, hint } = forOthers(error, me);
  return { code, party, message, hint, rule: null };
}

function errorOf({ code, party, message, hint }: Outcome & { readonly status: "failed" }): EngineError {
  return new EngineError(code, party, message, hint);
}

function endedAt(party: PartyId): EngineError {
  return new EngineError("stopped", party, `the question has ended at ${party}`, "ask again");
}

function gone(party: PartyId): EngineError {
  return unreachable(party, `${party} has not come back in ${AWAY_MS / 60_000} minutes`);
}

function worn(me: PartyId, shard: number, shards: number): EngineError {
  const message = `shard ${shard + 1} of ${shards} was interrupted ${MOST_REPEATS + 1} times; what ${shard} of them told is told, and there is no answer`;
  return new EngineError("stopped", me, message, "ask again");
}
