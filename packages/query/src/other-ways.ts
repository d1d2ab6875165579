// SPDX-License-Identifier: Apache-2.0
// The other ways in which a question could be answered: how to ask for them, what others would learn, and at what cost.
import type { PartyId } from "@koplamp/protocol";
import type { Ask, ContractItem, Covenant, Plan, Text } from "@koplamp/wire";
import { BULK, bulkPassedOver } from "./bulk.ts";
import { checkClass, checkPattern, checkPersonLevel, RELAY } from "./ceilings.ts";
import { type Choice, COUNTS, JOIN_HUB, JOIN_PAIR, PAIR, TOKENS } from "./choices.ts";
import { choiceOf, choose, circumstances } from "./choose.ts";
import { type Cost, costOf } from "./cost.ts";
import { type Described, describePlan } from "./describe-plan.ts";
import { QueryError } from "./errors.ts";
import { apart, compare, implies, merged } from "./knowledge.ts";
import { checkLimits } from "./limits.ts";
import { shardsOf } from "./shards.ts";
import { THRESHOLD, thresholdPassedOver } from "./thresholds.ts";

/** Another way to answer a question. */
export interface OtherWay {
  readonly protocol: string;
  /** The mode by which a question asks for it. */
  readonly mode: string;
  /** Why it is not what is taken. */
  readonly why: Text;
  /** What some would learn that they do not learn now. */
  readonly more: readonly Difference[];
  /** What some learn now and would not. */
  readonly less: readonly Difference[];
  readonly cost: Cost;
}

/** A way that the covenant or the question itself rules out, and by what. */
export interface RuledOut {
  readonly protocol: string;
  readonly mode: string;
  readonly refusal: string;
}

/** What somebody learns in one way and not in another. */
export interface Difference {
  readonly who: PartyId;
  readonly learns: readonly ContractItem[];
}

/** Every other way to answer a plan's question, and those that there would be under another covenant. */
export function otherWaysOf(
  plan: Plan,
  covenant: Covenant,
): { readonly possible: readonly OtherWay[]; readonly ruledOut: readonly RuledOut[] } {
  const now = describePlan(plan, covenant);
  const possible: OtherWay[] = [];
  const ruledOut: RuledOut[] = [];
  for (const { mode, choice } of waysFor(plan.ask)) {
    if (choice.protocol === plan.protocol.id) continue;
    try {
      possible.push(otherWay(plan, covenant, mode, now));
    } catch (reason) {
      if (!(reason instanceof QueryError)) throw reason;
      ruledOut.push({ protocol: choice.protocol, mode, refusal: reason.message });
    }
  }
  return { possible, ruledOut };
}

/** A mode, and what it stands for. */
interface Way {
  readonly mode: string;
  readonly choice: Choice;
}

/** What two can match by, and more than two cannot. */
const BETWEEN_TWO: readonly Way[] = [
  { mode: "pair", choice: PAIR },
  { mode: "bulk", choice: BULK },
];

/** The modes that can be named for a question like this one. */
function waysFor(ask: Ask): readonly Way[] {
  if (ask.kind === "join-aggregate") {
    return [
      { mode: "pair", choice: JOIN_PAIR },
      { mode: "hub", choice: JOIN_HUB },
    ];
  }
  if (ask.kind === "overlap-count") {
    const modes = Object.entries(COUNTS).map(([mode, choice]) => ({ mode, choice }));
    const pairs = ask.shape === "pairs";
    return modes.filter(({ mode }) => mode === "hub" || mode.startsWith("pairs.") === pairs);
  }
  if (ask.kind !== "match") return [];
  const ways = [
    ...(ask.from.length === 2 ? BETWEEN_TWO : []),
    { mode: "tokens", choice: TOKENS },
    ...(ask.anyKey === undefined ? [{ mode: "threshold", choice: THRESHOLD }] : []),
  ];
  return ask.flaggedBy === undefined ? ways : ways.filter(({ mode }) => mode === "threshold");
}

/** @throws {QueryError} where covenant or limits rule it out: by what a plan of it would be refused for. */
function otherWay(plan: Plan, covenant: Covenant, mode: string, now: Described): OtherWay {
  const other = inMode(plan, covenant, mode);
  const described = describePlan(other, covenant);
  checkClass(other, described);
  checkPersonLevel(other, covenant);
  checkPattern(covenant, other, described);
  const { id } = other.protocol;
  return {
    protocol: id,
    mode,
    why: whyNot(plan, other),
    more: differences(described, now),
    less: differences(now, described),
    cost: costOf(other, described),
  };
}

function inMode(plan: Plan, covenant: Covenant, mode: string): Plan {
  const ask = inAnother(plan.ask, mode);
  const { inputs, release, protocol } = plan;
  const recipients = plan.recipients.map(({ party }) => party);
  const { epoch } = protocol;
  const choice = choose(ask, circumstances(covenant, { ask, inputs, release, epoch, recipients }));
  if (!covenant.protocols.some(({ id }) => id === choice.protocol)) {
    throw new QueryError("invalid-value", `covenant "${covenant.id}" does not admit ${choice.protocol}`);
  }
  checkLimits(ask, choice.protocol, inputs);
  const { protocol: id, params } = choice;
  return { ...plan, ask, protocol: { ...protocol, id, params, shards: shardsOf(id, inputs, null) } };
}

/** The ask with another mode, in which nobody deals but the coordinator. */
function inAnother(ask: Ask, mode: string): Ask {
  const { dealer: _, ...rest } = ask.kind === "match" ? ask : { ...ask, dealer: undefined };
  return { ...rest, mode } as Ask; // safe because the mode is one that `waysFor` names for it
}

/** In the words of what is taken, or else in those of any choice that passes it over. */
function whyNot(plan: Plan, other: Plan): Text {
  if (plan.ask.kind === "match" && other.protocol.id === THRESHOLD.protocol)
    return thresholdPassedOver(plan.ask).why;
  if (other.protocol.id === BULK.protocol) return bulkPassedOver(plan);
  const all = [choiceOf(plan), ...Object.values(COUNTS), PAIR, TOKENS, THRESHOLD, JOIN_HUB, JOIN_PAIR];
  const found = all.flatMap(({ refused }) => refused).find(({ protocol }) => protocol === other.protocol.id);
  return found?.why ?? choiceOf(other).reason;
}

/** What the views of one description hold beyond those of another, however it comes to be known. */
function differences(one: Described, other: Described): readonly Difference[] {
  const known = itemsOf(other);
  const beyond = new Map<PartyId, ContractItem[]>();
  for (const { who, item } of itemsOf(one)) {
    if (known.some((entry) => entry.who === who && implies(entry.item, item))) continue;
    beyond.set(who, [...(beyond.get(who) ?? []), item]);
  }
  return [...beyond]
    .map(([who, learns]) => ({ who, learns: merged(learns) }))
    .sort((a, b) => compare([a.who], [b.who]));
}

interface Known {
  readonly who: PartyId;
  readonly item: ContractItem;
}

/** Who takes part, and when, is there in every way, and left out. */
function itemsOf({ views }: Described): readonly Known[] {
  return views.flatMap(({ who, learns, atMost }) =>
    [...learns, ...atMost]
      .filter(({ fact }) => !RELAY.includes(fact))
      .flatMap(({ fact, about, bound }) => apart({ fact, about, bound }))
      .map((item) => ({ who, item })),
  );
}
