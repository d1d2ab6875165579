// SPDX-License-Identifier: Apache-2.0
import { type Fact, type Item, type PartyId, rankOf } from "@koplamp/protocol";
import { counterOf, countsSingles, tablesFrom } from "@koplamp/psi";
import {
  type Ask,
  type Covenant,
  dealersOf,
  isUndealt,
  type Plan,
  type QueryClass,
  type Roster,
} from "@koplamp/wire";
import { BULK } from "./bulk.ts";
import { COUNTS } from "./choices.ts";
import type { Described } from "./describe-plan.ts";
import { QueryError } from "./errors.ts";

/** The most that each class may tell (evidence.md, section 3). */
const HIGHEST: Readonly<Record<QueryClass, Fact>> = {
  A: "cell",
  B: "pair-count",
  C: "cell",
  D: "alarm",
  E: "holders-of-own",
  F: "holders-of-own",
};

/** What a relay learns in any protocol. Nobody has to allow it. */
export const RELAY: readonly Fact[] = ["took-part", "timing", "ledger-growth", "size-padded", "vocabulary"];

/**
 * Refuses a plan whose contract tells a party more than its class allows. What a party gains by leaving the protocol,
 * and allowances, are shown in the contract and not refused.
 * @throws {QueryError} `above-class`, naming the party and the fact.
 */
export function checkClass(plan: Plan, { outputs, views, allowances }: Described): void {
  const highest = HIGHEST[plan.class];
  const told = [
    ...outputs.filter(({ id }) => !allowances.has(id)).map(({ to, item }) => ({ who: to, item })),
    ...views
      .filter(({ who }) => who !== "coordinator" && who !== "witnesses")
      .flatMap(({ who, learns }) => learns.map((item) => ({ who, item }))),
  ];
  const above = told.find(({ item }) => rankOf(item.fact) > rankOf(highest));
  if (above === undefined) return;
  const { who, item } = above;
  const message = `${who} would learn "${item.fact}", and class ${plan.class} tells at most "${highest}"`;
  throw new QueryError("above-class", message, { party: who, hint: hintFor(plan) });
}

/** Whether a node counts that could show which of its own keys are held elsewhere. */
function countsInMemory(ask: Ask): boolean {
  return ask.kind === "overlap-count" && (ask.mode === "recipient" || ask.mode === "pairs.local");
}

function counterAmong(ask: Ask, recipients: Plan["recipients"]): PartyId {
  const named = recipients.map(({ party }) => party);
  if (ask.kind !== "overlap-count" || ask.mode === "recipient") return named[0] ?? "";
  const parties = ask.from.map(({ party }) => party);
  return counterOf(parties, named);
}

/**
 * A recipient that counts by itself could see the holders of its own keys: that needs the ground that a match needs,
 * whatever the class of the question.
 * @throws {QueryError} `above-class`.
 */
export function checkPersonLevel({ ask, recipients }: Plan, { personLevel, id }: Covenant): void {
  if (!countsInMemory(ask) || personLevel.allowed) return;
  const party = counterAmong(ask, recipients);
  const message = `the node of ${party} could see which of its keys others hold, and covenant "${id}" allows nothing at the level of persons`;
  throw new QueryError("above-class", message, {
    party,
    hint: "leave `mode` out: the coordinator counts pseudonyms",
  });
}

function hintFor({ ask }: Plan): string {
  if (countsInMemory(ask)) return "leave `mode` out: the coordinator counts pseudonyms";
  return "ask a question of a class that allows it, with its own approvals";
}

/** What the coordinator learns beyond sizes and times. */
export function beyondRelay({ views }: Pick<Described, "views">): readonly Item[] {
  return views
    .filter(({ who }) => who === "coordinator")
    .flatMap(({ learns }) => learns)
    .filter(({ fact }) => !RELAY.includes(fact));
}

/** How the same could be counted without the fact that the coordinator may not learn. */
function withoutFact({ ask, protocol }: Plan, fact: Fact): string {
  if (ask.kind !== "overlap-count") return "";
  if (ask.shape === "pairs") return "mode: pairs.blind or pairs.local shows it none; or ";
  if (protocol.id === COUNTS.atLeast.protocol && fact === "count")
    return "`atLeast: 2` leaves out what one party holds, and shows it no such number; or ";
  const rest = countsSingles(ask) ? ", and how many keys there are in all" : "";
  const tables = `mode: atLeast shows it what at least ${tablesFrom(ask)} parties hold only${rest}, `;
  return `${protocol.id === COUNTS.atLeast.protocol ? "" : tables}mode: recipient shows it none (the recipient sees it), shape: pairs counts each pair by itself; or `;
}

/**
 * Where the coordinator sees more than sizes, the covenant must say so and no party of the question may run it
 * (threats.md, section 1, A7).
 * @throws {QueryError} `coordinator`.
 */
export function checkCoordinator(covenant: Covenant, roster: Roster, plan: Plan, described: Described): void {
  checkPattern(covenant, plan, described);
  if (beyondRelay(described).length === 0 && !isDealtByCoordinator(plan)) return;
  const involved = [...plan.inputs.map(({ party }) => party), ...plan.recipients.map(({ party }) => party)];
  const { operator } = roster.coordinator;
  if (!involved.includes(operator)) return;
  const message = `${operator} runs the coordinator and takes part in the question; in ${plan.protocol.id} nobody may do both`;
  throw new QueryError("coordinator", message, {
    party: operator,
    hint: "let another organisation run the coordinator",
  });
}

/** Whoever deals and a party together break the other's list, so that nobody may be both. */
function isDealtByCoordinator({ ask, protocol }: Plan): boolean {
  return protocol.id === BULK.protocol && dealersOf(ask).length === 0 && !isUndealt(ask);
}

/** Whether the covenant says all that the coordinator sees beyond sizes. @throws {QueryError} `coordinator`. */
export function checkPattern(covenant: Covenant, plan: Plan, described: Described): void {
  const beyond = beyondRelay(described);
  const admitted = covenant.protocols.find(({ id }) => id === plan.protocol.id)?.coordinatorLearns ?? [];
  const unlisted = beyond.find(({ fact }) => !admitted.includes(fact));
  if (unlisted !== undefined) {
    const message = `in ${plan.protocol.id} the coordinator learns "${unlisted.fact}", and covenant "${covenant.id}" does not allow it that`;
    throw new QueryError("coordinator", message, {
      hint: `${withoutFact(plan, unlisted.fact)}add it to \`coordinatorLearns\` of the protocol, by a new covenant version`,
    });
  }
}
