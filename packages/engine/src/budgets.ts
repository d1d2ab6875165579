// SPDX-License-Identifier: Apache-2.0
// What the agreement's budgets hold of one dataset of this node, and what is charged to them (evidence.md, section 5).
import { substanceOf } from "@koplamp/query";
import {
  addPeriod,
  type Budget,
  canonicalBytes,
  hex,
  type Input,
  type Plan,
  periodStart,
  type Time,
  timeText,
  utf8,
} from "@koplamp/wire";
import type { Line } from "./contract-lines.ts";
import type { Cost } from "./cost.ts";
import { EngineError } from "./errors.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Refusal } from "./outcome.ts";
import type { QuestionRun } from "./question-run.ts";

/** A cost with the clause that bounds it, in the words of a refusal. */
interface BudgetCost extends Cost {
  readonly clause: string;
  /** Why there is no room, given what is left. */
  readonly told: (left: bigint) => string;
  /** When the next period begins. */
  readonly until: Time;
}

/** A row of the agreement over a dataset, with its clause and the period that runs now. */
interface Row extends Budget {
  readonly clause: string;
  readonly since: Time;
  readonly until: Time;
}

function rowsOf({ me, membership, clock }: NodePorts, { dataset }: Input): readonly Row[] {
  const now = timeText(clock.now());
  return membership.covenant.budgets.flatMap((row, at) => {
    if (row.party !== me || row.dataset !== dataset) return [];
    const since = periodStart(now, row.period);
    return [{ ...row, clause: `budgets/${at + 1}`, since, until: addPeriod(since, row.period) }];
  });
}

/**
 * What lines of a sum cost, for each row of the agreement over the dataset: exact cells, or the ρ that noise leaves to be
 * learned. Keyed by dataset and period, cells by purpose too: neither another analyst nor another plan, roster or
 * coordinator makes another budget.
 */
export function cellCosts(
  node: NodePorts,
  { plan, contract, own }: QuestionRun,
  which: (line: Pick<Line, "id" | "to">) => boolean = () => true,
): readonly BudgetCost[] {
  if (own === undefined) return [];
  const { input } = own;
  const lines = contract.disclosures.filter((line) => line.from === node.me && which(line));
  const debits = contract.debits.filter(
    ({ holder, asker, unit }) =>
      holder === node.me &&
      (unit === "exactCells" || unit === "rhoMicro") &&
      lines.some((line) => line.to === asker),
  );
  return debits.flatMap(({ unit, amount }) =>
    rowsOf(node, input).map((row) =>
      unit === "rhoMicro" ? noiseCost(node, row, amount) : exactCost(node, row, plan.purpose, amount),
    ),
  );
}

function exactCost({ me }: NodePorts, row: Row, purpose: string, amount: number): BudgetCost {
  const { exactCells, dataset, period, clause, until } = row;
  return {
    charge: { budget: nameOf("exactCells", row, purpose), amount: BigInt(amount) },
    limit: BigInt(exactCells),
    clause,
    told: (left) =>
      `${me} allows ${exactCells} exact cells of ${dataset} for purpose "${purpose}" in ${period}; ${left} are left, and the question takes ${amount}`,
    until,
  };
}

/** One budget for every question about a dataset, whatever its purpose: what noise leaves to be learned adds up. */
function noiseCost({ me }: NodePorts, row: Row, amount: number): BudgetCost {
  const { rhoMicro, dataset, period, clause, until } = row;
  return {
    charge: { budget: nameOf("rhoMicro", row, "noise"), amount: BigInt(amount) },
    limit: BigInt(rhoMicro),
    clause,
    told: (left) =>
      `${me} allows noise of ${rhoMicro} µρ in all about ${dataset} in ${period}; ${left} are left, and the question takes ${amount}`,
    until,
  };
}

/**
 * What the beginning of a question costs: one run of what it is about, in whatever words. The first run counts too, so a
 * budget of three repeats holds four. A look-up costs none: its plan hides what is asked, so that others look the same,
 * and its bound is its quota.
 */
export function repeatCosts(node: NodePorts, { plan, own }: QuestionRun): readonly BudgetCost[] {
  if (own === undefined || plan.ask.kind === "lookup") return [];
  const { input } = own;
  const key = substanceKey(node, plan);
  return rowsOf(node, input).map((row) => ({
    charge: { budget: nameOf("repeats", row, key), amount: 1n },
    limit: BigInt(row.repeats) + 1n,
    clause: row.clause,
    told: () =>
      `${node.me} allows ${row.repeats} repeats of one question about ${input.dataset} in ${row.period}, and they have run`,
    until: row.until,
  }));
}

function nameOf(unit: string, { dataset, unit: of, period, since }: Row, key: string): string {
  return [unit, dataset, key, of, period, since.slice(0, 10)].join("/");
}

/** Names what a question is about, under a key that only this node has: the name says nothing once the plan is erased. */
function substanceKey({ primitives, keys }: NodePorts, plan: Plan): string {
  const extracted = primitives.hkdfExtract(utf8("repeats"), keys.storage);
  const key = primitives.hkdfExpand(extracted, utf8("koplamp.repeats/v1"), 32);
  const name = hex(primitives.hmacSha256(key, canonicalBytes(substanceOf(plan)))).slice(0, 32);
  extracted.fill(0);
  key.fill(0);
  return name;
}

/** Why a budget has no room for these costs, if one has not. */
export function spentBudget(
  { me, store }: Pick<NodePorts, "me" | "store">,
  costs: readonly BudgetCost[],
): Refusal | undefined {
  const after = new Map<string, bigint>();
  for (const { charge, limit, clause, told, until } of costs) {
    const { budget, amount } = charge;
    const before = after.get(budget) ?? store.spent(budget);
    after.set(budget, before + amount);
    if (before + amount <= limit) continue;
    const hint = `wait until ${until}, or amend the covenant`;
    return { party: me, rule: clause, message: told(limit - before), hint };
  }
  return undefined;
}

/** The costs, if every budget has room for them; otherwise the question ends here, by its clause, at every party. */
export function withRoom(
  node: NodePorts,
  run: QuestionRun,
  costs: readonly BudgetCost[],
): readonly BudgetCost[] {
  const refusal = spentBudget(node, costs);
  if (refusal === undefined) return costs;
  run.refuse(refusal);
  throw new EngineError("refused", node.me, refusal.message, refusal.hint);
}
