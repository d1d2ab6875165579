// SPDX-License-Identifier: Apache-2.0
// How many elements this node evaluates for another party, and what of that is spent (protocols.md, section 4).
import type { PartyId } from "@koplamp/protocol";
import type { MeterRequest } from "@koplamp/psi";
import { evaluationLimit } from "@koplamp/query";
import { canonicalBytes, hex, timeText } from "@koplamp/wire";
import type { Cost } from "./cost.ts";
import { EngineError } from "./errors.ts";
import { keySetScope, scopeName } from "./key-set.ts";
import type { NodePorts } from "./node-ports.ts";
import type { QuestionRun } from "./question-run.ts";

/**
 * The name under which this node counts what `asker` had evaluated for a purpose, in an epoch, with these holders: under
 * whatever key, of the epoch or of one session.
 */
function budgetOf(node: NodePorts, run: QuestionRun, asker: PartyId): string {
  return `elements/${scopeName(node, keySetScope(run.plan))}/${asker}`;
}

/** How many elements this node evaluates for `asker` under one key set, by covenant and by the size of the domain. */
function quotaOf({ me, membership }: NodePorts, { plan }: QuestionRun, asker: PartyId): bigint {
  return BigInt(evaluationLimit(membership.covenant, plan, asker, me));
}

/**
 * Refuses before anything is spent what would not fit. It is refused again in the transaction that pays.
 * @throws {EngineError} `quota`.
 */
export function checkQuota(node: NodePorts, run: QuestionRun, asker: PartyId, elements: number): void {
  const limit = quotaOf(node, run, asker);
  const spent = node.store.spent(budgetOf(node, run, asker));
  if (elements === 0 || spent + BigInt(elements) <= limit) return;
  throw new EngineError(
    "quota",
    node.me,
    `${asker} wants ${elements} elements evaluated by ${node.me}, and ${limit - spent} of its quota of ${limit} are left`,
    "ask over fewer new items, wait for the next epoch, or amend the covenant",
  );
}

/** What so many elements cost `asker`, charged with an entry before the first answer; it is never given back. */
export function elementsCost(node: NodePorts, run: QuestionRun, asker: PartyId, elements: number): Cost {
  const budget = budgetOf(node, run, asker);
  const limit = quotaOf(node, run, asker);
  alarm(node, asker, { spent: node.store.spent(budget), more: BigInt(elements), limit });
  return { charge: { budget, amount: BigInt(elements) }, limit, asker };
}

/** The name under which this node counts what `asker` looks up for a purpose in a day, whatever it asks about. */
function lookupsBudget(
  { membership, primitives }: NodePorts,
  { plan }: QuestionRun,
  { asker, day }: { readonly asker: PartyId; readonly day: string },
): string {
  const scope = canonicalBytes({ covenant: membership.covenant.id, purpose: plan.purpose });
  return `lookups/${hex(primitives.sha256(scope))}/${day}/${asker}`;
}

/**
 * Refuses a look-up that is above what is left of the day, before anything is published or answered.
 * @throws {EngineError} `quota`.
 */
export function checkLookups(node: NodePorts, run: QuestionRun, asker: PartyId, elements: number): void {
  const day = timeText(node.clock.now()).slice(0, 10);
  const limit = quotaOf(node, run, asker);
  const spent = node.store.spent(lookupsBudget(node, run, { asker, day }));
  if (spent + BigInt(elements) <= limit) return;
  alarmSpent(node, asker);
  throw new EngineError(
    "quota",
    node.me,
    `${asker} looks up ${elements} elements at ${node.me}, and ${limit - spent} of its ${limit} a day are left`,
    "ask fewer questions, wait until tomorrow, or amend the covenant",
  );
}

/** What a look-up costs `asker`, with the entry of its allowance: before the first answer, and never given back. */
export function lookupsCost(
  node: NodePorts,
  run: QuestionRun,
  { asker, elements, day }: { readonly asker: PartyId; readonly elements: number; readonly day: string },
): Cost {
  const budget = lookupsBudget(node, run, { asker, day });
  const limit = quotaOf(node, run, asker);
  alarm(node, asker, { spent: node.store.spent(budget), more: BigInt(elements), limit });
  return { charge: { budget, amount: BigInt(elements) }, limit, asker };
}

/** Whoever asks beyond its quota is heard of, also where it had asked for nothing before. */
function alarmSpent({ me, log }: NodePorts, asker: PartyId): void {
  log({ event: "quota.alarm", party: me, peer: asker, count: 100 });
}

function alarm(
  { me, log }: NodePorts,
  asker: PartyId,
  { spent, more, limit }: { readonly spent: bigint; readonly more: bigint; readonly limit: bigint },
): void {
  for (const percent of [50n, 80n, 100n]) {
    const mark = (limit * percent) / 100n;
    if (spent >= mark || spent + more < mark) continue;
    log({ event: "quota.alarm", party: me, peer: asker, count: Number(percent) });
  }
}

/**
 * The meter of one session: draws on what was paid for, durably, before its first answer. A block that does not fit is
 * refused whole.
 */
export class Meter {
  readonly #holder: PartyId;
  readonly #asker: PartyId;
  #left: number;

  constructor(holder: PartyId, asker: PartyId, ceiling: number) {
    this.#holder = holder;
    this.#asker = asker;
    this.#left = ceiling;
  }

  draw({ asker, elements }: MeterRequest): void {
    if (asker !== this.#asker || elements > this.#left) {
      throw new EngineError("quota", this.#holder, `${asker} has no allowance for ${elements} more elements`);
    }
    this.#left -= elements;
  }
}
