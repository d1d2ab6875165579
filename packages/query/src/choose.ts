// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import {
  type Ask,
  type Covenant,
  type Input,
  type JoinAsk,
  keyOf,
  measuredColumn,
  type OverlapAsk,
  ownColumn,
  type Plan,
} from "@koplamp/wire";
import {
  BLIND_ALARMS,
  BLIND_PASSED_OVER,
  type Choice,
  COUNTS,
  DISTINCT,
  JOIN_HUB,
  JOIN_PAIR,
  MASKED,
  PAIR,
  SENSITIVE,
  SUMS,
  stricterMatch,
  TOKENS,
} from "./choices.ts";
import { QueryError } from "./errors.ts";
import { passesSession } from "./sums.ts";
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
  { dataClasses, protocols }: Covenant,
  { ask, inputs, release, epoch, recipients }: Terms,
): Circumstances {
  const classes = dataClasses.filter(({ id }) => inputs.some(({ dataClass }) => dataClass === id));
  return {
    sensitive: classes.some(({ sensitivity }) => sensitivity !== "ordinary"),
    once: epoch?.startsWith("once:") ?? false,
    recipients,
    large: passesSession(ask, inputs, { params: SUMS.params, release }),
    blind: canBeBlind(ask, inputs, { release, recipients }),
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
};

/**
 * The protocol for an ask, in the order of building of protocols.md, section 5. Never a silent fallback: what a
 * stricter protocol would have kept is named in `refused`. A match of two over sensitive data takes a key for one
 * question, unless its keys live for one plan anyway or the covenant does not admit it (section 4).
 */
export function choose(ask: Ask, circumstance: Circumstances = ORDINARY): Choice {
  const { sensitive, once, admits } = circumstance;
  const strict = sensitive && !once && ask.from.length === 2 && admits(PAIR.protocol);
  return wording(ask, ask.kind === "match" && strict ? PAIR.protocol : usual(ask, circumstance));
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
  const circumstance = circumstances(covenant, { ask, inputs, release, epoch, recipients });
  const { protocol: chosen } = choose(ask, circumstance);
  const stricter = ask.kind === "match" && protocol.id === PAIR.protocol && ask.from.length === 2;
  if (protocol.id === chosen || stricter) return;
  const hint = `the protocol for it is ${chosen}`;
  if (chosen === PAIR.protocol && protocol.id === usual(ask, circumstance)) {
    const message = `over sensitive data two parties match under a key for one question, and the plan takes ${protocol.id}`;
    throw new QueryError("invalid-value", message, { hint });
  }
  throw new QueryError("invalid-value", `no protocol "${protocol.id}" answers this question`, { hint });
}

function usual(ask: Ask, circumstance: Circumstances): string {
  const { recipients } = circumstance;
  if (ask.kind === "join-aggregate") return joining(ask, recipients).protocol;
  if (ask.kind === "aggregate" || ask.kind === "trend")
    return keyOf(ask).length > 0 ? DISTINCT.protocol : summing(circumstance).protocol;
  if (ask.kind === "match") return ask.mode === "pair" ? PAIR.protocol : TOKENS.protocol;
  return COUNTS[ask.mode ?? "hub"].protocol;
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
  if (ask.kind === "overlap-count") return countWording(ask);
  if (protocol === PAIR.protocol)
    return ask.kind === "match" && ask.mode === "pair" ? PAIR : { ...PAIR, reason: SENSITIVE };
  return { ...TOKENS, refused: [stricterMatch(ask)] };
}

function countWording(ask: OverlapAsk): Choice {
  const choice = COUNTS[ask.mode ?? "hub"];
  const ofTwo = ask.shape === "pairs" && ask.from.length === 2;
  return choice === COUNTS.hub && ofTwo ? { ...choice, refused: [BLIND_PASSED_OVER] } : choice;
}
