// SPDX-License-Identifier: Apache-2.0
// Standing questions on disk: which run is next, so that none is begun twice, whenever this node stops.
import {
  canonicalBytes,
  dueAt,
  type Hash,
  type Plan,
  parseCanonical,
  readDocument,
  type Time,
  timeText,
} from "@koplamp/wire";
import { z } from "zod";
import { putAtRest, readAtRest } from "./at-rest.ts";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Offers } from "./offer.ts";
import { admitKept } from "./proposal.ts";
import type { QuestionRun } from "./question-run.ts";

const PREFIX = "standing/";

/** `next`: the first run that has not begun here. */
const STATE = z.strictObject({ next: z.int().min(0), paused: z.boolean() });

type State = z.infer<typeof STATE>;

/** A standing question, as the people of the own agency see it. */
export interface Standing {
  readonly planHash: Hash;
  readonly query: string;
  /** How many runs there are in all, and how many of them are past. */
  readonly runs: number;
  readonly past: number;
  /** When the next one is due. */
  readonly due: Time;
  readonly expires: Time;
  /** Whether this node sits out what falls due. */
  readonly paused: boolean;
}

/** Remembers a question from now on, unless it is known already. */
export function keepStanding(node: NodePorts, planHash: Hash): void {
  if (node.store.sealed(nameOf(planHash)) === undefined) put(node, planHash, { next: 0, paused: false });
}

/** Forgets a question whose series is over. */
export function dropStanding({ store }: Pick<NodePorts, "store">, planHash: Hash): void {
  store.dropSealed(nameOf(planHash));
}

/** The questions that stood when this node stopped. */
export function standingQuestions({ store }: Pick<NodePorts, "store">): readonly Hash[] {
  return store.sealedNames(PREFIX).map((name) => `sha256:${name.slice(PREFIX.length)}`);
}

/** A question that stood, checked as if it came now. @throws as `admitProposal`. */
export function admitStanding(node: NodePorts, offers: Offers, planHash: Hash): QuestionRun {
  return admitKept(node, offers, planHash);
}

/**
 * The run that is to begin next, and when it is due: the last one whose time has come, if it has not begun here, or else
 * the one after. What fell due while this node was away is not made up for. Undefined when all are past.
 */
export function nextRun(
  node: NodePorts,
  planHash: Hash,
  { schedule }: Plan,
): { readonly number: number; readonly due: Time } | undefined {
  if (schedule === null) return undefined;
  const { next } = stateOf(node, planHash);
  const now = timeText(node.clock.now());
  let number = next;
  while (number + 1 < schedule.runs && dueAt(schedule, number + 1) <= now) number += 1;
  return number < schedule.runs ? { number, due: dueAt(schedule, number) } : undefined;
}

/**
 * Takes a run, on disk before anything of it begins: nobody takes it again, in this process or another.
 * @throws {EngineError} `integrity` for one that was taken.
 */
export function takeRun(node: NodePorts, planHash: Hash, number: number): void {
  const { next, paused } = stateOf(node, planHash);
  if (number < next) {
    throw new EngineError("integrity", node.me, "expected a run that has not begun, got one that has", "");
  }
  put(node, planHash, { next: number + 1, paused });
}

/** Whether this node sits out what falls due. */
export function isPaused(node: NodePorts, planHash: Hash): boolean {
  return stateOf(node, planHash).paused;
}

/** Sits out what falls due from now on, or takes part again. @throws {EngineError} `refused` for what does not stand. */
export function pauseStanding(node: NodePorts, planHash: Hash, paused: boolean): void {
  if (node.store.sealed(nameOf(planHash)) === undefined) {
    const hint = "koplamp query list shows those that do";
    throw new EngineError("refused", node.me, "no such standing question is at this node", hint);
  }
  put(node, planHash, { ...stateOf(node, planHash), paused });
  node.log({ event: paused ? "series.paused" : "series.resumed", party: node.me, plan: planHash });
}

/** What stands at this node, in order of what is due first. */
export function standingAt(node: NodePorts): readonly Standing[] {
  const all = standingQuestions(node).flatMap((planHash): Standing[] => {
    const signed = node.store.document(planHash);
    const plan = signed === undefined ? undefined : readDocument("plan/v1", signed.bytes);
    const next = plan === undefined ? undefined : nextRun(node, planHash, plan);
    if (plan?.schedule == null || next === undefined) return [];
    const { id: query, expires, schedule } = plan;
    const { number: past, due } = next;
    return [{ planHash, query, runs: schedule.runs, past, due, expires, paused: isPaused(node, planHash) }];
  });
  return all.sort((a, b) => (a.due < b.due ? -1 : 1));
}

function stateOf(node: NodePorts, planHash: Hash): State {
  const bytes = readAtRest(node, nameOf(planHash));
  if (bytes instanceof Uint8Array) return STATE.parse(parseCanonical(bytes, { maxBytes: 1024 }));
  throw new EngineError("integrity", node.me, "a standing question is not what was written");
}

function put(node: NodePorts, planHash: Hash, state: State): void {
  putAtRest(node, nameOf(planHash), canonicalBytes(state));
}

function nameOf(planHash: Hash): string {
  return `${PREFIX}${planHash.slice(7)}`;
}
