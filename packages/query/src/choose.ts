// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import {
  type Ask,
  type Covenant,
  dealersOf,
  type Input,
  isUndealt,
  type JoinAsk,
  keyOf,
  type MatchAsk,
  measuredColumn,
  ownColumn,
  type Plan,
} from "@koplamp/wire";
import { BULK, bulkBy, UNDEALT } from "./bulk.ts";
import {
  AS_ASKED,
  BLIND_ALARMS,
  type Choice,
  DISTINCT,
  JOIN_HUB,
  JOIN_PAIR,
  MASKED,
  ONE_OFF,
  PAIR,
  SUMS,
  stricterMatch,
  TOKENS,
} from "./choices.ts";
import { type CountTerms, counting, countTerms, countWording } from "./counting.ts";
import { QueryError } from "./errors.ts";
import { LOOKUP } from "./lookups.ts";
import { passesSession } from "./sums.ts";
import { THRESHOLD, takesThreshold, thresholdPassedOver } from "./thresholds.ts";
import { canBeBlind } from "./trends.ts";

/** What a choice depends on beside the question itself. */
export interface Circumstances {
  /** Whether some of the data are of sensitivity `special`, `criminal` or `secret`. */
  readonly sensitive: boolean;
  /** Whether a key set lives for one plan only. */
  readonly once: boolean;
  /** Whether the covenant admits a protocol. */
  readonly admits: (protocol: string) => boolean;
  /** Who gets the answer. */
  readonly recipients: readonly PartyId[];
  /** Whether there is more to sum than one session under a collective key takes. */
  readonly large: boolean;
  /** Whether alarms can be told without anybody holding the series. */
  readonly blind: boolean;
  /** What the coordinator of a count may do. */
  readonly count: CountTerms;
}

/** What a plan says that a choice depends on. */
interface Terms {
  readonly ask: Ask;
  readonly release: Plan["release"];
  readonly inputs: readonly Input[];
  readonly epoch: string | null;
  readonly recipients: readonly PartyId[];
}

/** What a covenant says of the data of a plan, the epoch of its keys, and who gets the answer. */
export function circumstances(
  covenant: Covenant,
  { ask, inputs, release, epoch, recipients }: Terms,
): Circumstances {
  const { dataClasses, protocols } = covenant;
  const classes = dataClasses.filter(({ id }) => inputs.some(({ dataClass }) => dataClass === id));
  return {
    sensitive: classes.some(({ sensitivity }) => sensitivity !== "ordinary"),
    once: epoch?.startsWith("once:") ?? false,
    recipients,
    large: passesSession(ask, inputs, { params: SUMS.params, release }),
    blind: canBeBlind(ask, inputs, { release, recipients }),
    count: countTerms(covenant, ask, inputs),
    admits: (protocol) => protocols.some(({ id }) => id === protocol),
  };
}

const ORDINARY: Circumstances = {
  sensitive: false,
  once: false,
  admits: () => true,
  recipients: [],
  large: false,
  blind: false,
  count: { hub: true, tables: true },
};

/**
 * The protocol for an ask (protocols.md, section 5), by what stands in plan and covenant alone: every node makes the
 * same choice again. Never a silent fallback: what is passed over is named in `refused`.
 * @throws {QueryError} `invalid-value` when the mode that was asked for cannot be had, or keeps less than it must.
 */
export function choose(ask: Ask, circumstance: Circumstances = ORDINARY): Choice {
  return wording(ask, chosenFor(ask, circumstance));
}

/** The choice that a plan states, in words. */
export function choiceOf({ ask, protocol }: Plan): Choice {
  return wording(ask, protocol.id);
}

/**
 * Refuses a plan whose protocol does not answer its question, or keeps less than the one that its covenant would have
 * chosen: a node does not take a proposer's word for it.
 * @throws {QueryError} `invalid-value`.
 */
export function checkProtocol(plan: Plan, covenant: Covenant): void {
  const { ask, inputs, release, protocol } = plan;
  const recipients = plan.recipients.map(({ party }) => party);
  const { epoch } = protocol;
  const { protocol: chosen } = choose(
    ask,
    circumstances(covenant, { ask, inputs, release, epoch, recipients }),
  );
  if (protocol.id === chosen || isStricter(ask, protocol.id)) return;
  const hint = `the protocol for it is ${chosen}`;
  throw new QueryError("invalid-value", `no protocol "${protocol.id}" answers this question`, { hint });
}

/** A key for one question keeps more than keys of an epoch, which a covenant may name alone. */
function isStricter(ask: Ask, protocol: string): boolean {
  const matches = ask.kind === "match" && ask.mode !== "tokens" && ask.from.length === 2;
  return matches && protocol === PAIR.protocol;
}

function chosenFor(ask: Ask, circumstance: Circumstances): string {
  const { recipients } = circumstance;
  if (ask.kind === "lookup") return LOOKUP.protocol;
  if (ask.kind === "join-aggregate") return joining(ask, recipients).protocol;
  if (ask.kind === "aggregate" || ask.kind === "trend")
    return keyOf(ask).length > 0 ? DISTINCT.protocol : summing(circumstance).protocol;
  if (ask.kind === "match") return matching(ask, circumstance).protocol;
  return counting(ask, { ...circumstance.count, admits: circumstance.admits }).protocol;
}

/**
 * Nobody can see from a plan whether a match will be asked again, so two parties take a key for this question unless
 * they ask for keys of the epoch; a match has no schedule. Over sensitive data they may not ask for those, but where
 * the keys live for one plan anyway or the covenant knows no other (protocols.md, section 4).
 * @throws {QueryError} `invalid-value`.
 */
function matching(ask: MatchAsk, { sensitive, once, admits }: Circumstances): Choice {
  if (takesThreshold(ask, admits)) return THRESHOLD;
  const { from, mode } = ask;
  const strict = from.length === 2 && admits(PAIR.protocol);
  if (mode === "bulk") return BULK;
  if (mode === "pair" || (mode === undefined && strict)) return PAIR;
  if (mode === undefined || !strict || !sensitive || once) return TOKENS;
  throw new QueryError(
    "invalid-value",
    `over sensitive data two parties match under a key for one question, and the question takes ${TOKENS.protocol}`,
    { hint: `leave \`mode\` out: the protocol for it is ${PAIR.protocol}` },
  );
}

/** Under masks alone only what a collective key does not take, and only where the covenant admits it. */
function summing({ large, blind, admits }: Circumstances): Choice {
  if (blind && admits(BLIND_ALARMS.protocol)) return BLIND_ALARMS;
  return (large || !admits(SUMS.protocol)) && admits(MASKED.protocol) ? MASKED : SUMS;
}

/**
 * Between two, if one of them is the only recipient and brings every value: then nobody else sees a pattern.
 * @throws {QueryError} `invalid-value` when `mode: pair` was asked for and cannot be.
 */
function joining(ask: JoinAsk, recipients: readonly PartyId[]): Choice {
  const owners = ask.measures.map(measuredColumn).filter((column) => column !== "");
  const [recipient = "", ...more] = recipients;
  const fits =
    ask.from.length === 2 &&
    more.length === 0 &&
    ask.from.some(({ party }) => party === recipient) &&
    owners.every((column) => ownColumn(column, recipient) !== undefined);
  if (fits) return ask.mode === "hub" ? JOIN_HUB : JOIN_PAIR;
  if (ask.mode !== "pair") return JOIN_HUB;
  throw new QueryError(
    "invalid-value",
    "mode: pair takes two parties, of which one is the only recipient and brings every value that is summed",
    { hint: "leave `mode` out: the coordinator selects by pseudonyms" },
  );
}

const BY_ID: readonly Choice[] = [SUMS, MASKED, BLIND_ALARMS, DISTINCT, JOIN_PAIR, JOIN_HUB];

function wording(ask: Ask, protocol: string): Choice {
  const summed = BY_ID.find((choice) => choice.protocol === protocol);
  if (summed !== undefined) return summed;
  if (ask.kind === "lookup") return LOOKUP;
  if (ask.kind === "overlap-count") return countWording(ask, protocol);
  return ask.kind === "match" ? matchWording(ask, protocol) : SUMS;
}

function matchWording(ask: MatchAsk, protocol: string): Choice {
  const { mode, from } = ask;
  if (protocol === THRESHOLD.protocol) return THRESHOLD;
  if (protocol === BULK.protocol) return isUndealt(ask) ? UNDEALT : bulkBy(dealersOf(ask));
  if (protocol === PAIR.protocol) return mode === "pair" ? PAIR : { ...PAIR, reason: ONE_OFF };
  const asked = mode === "tokens" && from.length === 2 ? { reason: AS_ASKED } : {};
  return {
    ...TOKENS,
    ...asked,
    refused: [from.length === 2 ? stricterMatch(ask) : thresholdPassedOver(ask)],
  };
}
