// SPDX-License-Identifier: Apache-2.0
import { type Description, type Item, type PartyId, rankOf, type View } from "@koplamp/protocol";
import {
  bulkPair,
  COORDINATOR,
  describePreparation,
  MOST_ELEMENTS,
  matchPair,
  matchTokens,
  overlapHub,
  overlapRecipient,
  overlapThreshold,
  pairCountBlind,
  pairCountLocal,
} from "@koplamp/psi";
import { type Covenant, dealersOf, isUndealt, type OverlapAsk, type Plan } from "@koplamp/wire";
import { JOIN_PAIR } from "./choices.ts";
import { checkProtocol } from "./choose.ts";
import { describeJoin, selectingAsk } from "./joins.ts";
import { checkLimits } from "./limits.ts";
import { describeLookup } from "./lookups.ts";
import { evaluationQuota } from "./quotas.ts";
import { checkShards } from "./shards.ts";
import { describeSum } from "./sums.ts";
import { describeThreshold, THRESHOLD } from "./thresholds.ts";
import { describeTrend } from "./trends.ts";

/** All sessions that a plan may bring, as one description. */
export interface Described extends Description {
  /** Outputs that are rights to evaluate: shown in the contract, not held against the class. */
  readonly allowances: ReadonlySet<string>;
  /** Lines that stand once for each of several sessions, such as those of shards: line to number of sessions. */
  readonly sessions: ReadonlyMap<string, number>;
}

/** The description of a plan: its query session, and what has to go before it when nothing is there yet. */
export function describePlan(plan: Plan, covenant: Covenant): Described {
  const described = describeSessions(plan, covenant);
  const named = [...plan.inputs, ...plan.recipients].map(({ party }) => party);
  const parties = [...new Set([...named, ...dealersOf(plan.ask)])].sort();
  const grew: Item = { fact: "ledger-growth", about: parties, bound: "size, root and time" };
  return { ...described, views: [...described.views, { who: "witnesses", learns: [grew], atMost: [] }] };
}

function describeSessions(plan: Plan, covenant: Covenant): Described {
  checkProtocol(plan, covenant);
  checkLimits(plan.ask, plan.protocol.id, plan.inputs); // a node does not take a proposer's word for it
  checkShards(plan);
  const selecting = selectingAsk(plan);
  if (plan.ask.kind === "aggregate" && selecting === undefined) {
    return { ...describeSum(plan, plan.ask), allowances: new Set(), sessions: new Map() };
  }
  if (plan.ask.kind === "trend") {
    return { ...describeTrend(plan, plan.ask), allowances: new Set(), sessions: new Map() };
  }
  if (plan.ask.kind === "lookup") {
    const { questions, before } = describeLookup(plan, plan.ask, covenant);
    const allowances = new Set(before.outputs.map(({ id }) => id));
    return { ...joined(questions, before), allowances, sessions: new Map() };
  }
  const parties = plan.inputs.map(({ party }) => party);
  const rowsPadded = Object.fromEntries(plan.inputs.map((input) => [input.party, input.rowsPadded]));
  const pair = describePair(plan, parties, rowsPadded);
  const { shards } = plan.protocol;
  if (pair !== undefined) {
    const sessions = new Map(pair.disclosures.map(({ id }) => [id, shards]));
    return { ...pair, allowances: new Set(), sessions };
  }
  const quota = (asker: PartyId, holder: PartyId): number =>
    evaluationQuota(covenant, plan.purpose, asker, holder);
  const before = describePreparation({ parties, rowsPadded, quota });
  const most = quotas(parties, quota);
  const session =
    selecting === undefined
      ? describeTokens(plan, parties, rowsPadded, most)
      : describeJoin(plan, selecting, most);
  return {
    ...joined(session, before),
    allowances: new Set(before.outputs.map(({ id }) => id)),
    sessions: new Map([
      ...session.disclosures.map(({ id }) => [id, shards] as const),
      ...before.disclosures.map(
        ({ id, to }) => [id, Math.ceil((rowsPadded[to] ?? 0) / MOST_ELEMENTS)] as const,
      ),
    ]),
  };
}

/** A session of two with a key of its own: nothing has to go before it, and nothing of it can be used after. */
function describePair(
  plan: Plan,
  parties: readonly PartyId[],
  rowsPadded: Readonly<Record<PartyId, number>>,
): Description | undefined {
  const { protocol, recipients } = plan;
  const selecting = selectingAsk(plan);
  if (protocol.id === JOIN_PAIR.protocol && selecting !== undefined) return describeJoin(plan, selecting, {});
  const common = { parties, recipients: recipients.map(({ party }) => party), rowsPadded };
  const { shards } = protocol;
  if (protocol.id === matchPair.id) return matchPair.describe({ ...common, shards });
  if (protocol.id === bulkPair.id) {
    const [dealer = isUndealt(plan.ask) ? undefined : COORDINATOR] = dealersOf(plan.ask);
    return bulkPair.describe({ ...common, dealer, shards });
  }
  if (protocol.id === pairCountBlind.id) return pairCountBlind.describe(common);
  if (protocol.id === pairCountLocal.id) return shownOnlyByOtherSoftware(pairCountLocal.describe(common));
  return undefined;
}

function describeTokens(
  plan: Plan,
  parties: readonly PartyId[],
  rowsPadded: Readonly<Record<PartyId, number>>,
  most: Readonly<Record<PartyId, number>>,
): Description {
  const recipients = plan.recipients.map(({ party }) => party);
  const common = { parties, recipients, rowsPadded, quotas: most };
  if (plan.ask.kind === "match" && plan.protocol.id === THRESHOLD.protocol)
    return describeThreshold(plan, plan.ask, most);
  const { shards } = plan.protocol;
  if (plan.ask.kind === "match") return matchTokens.describe({ ...common, shards });
  // Safe because a sum has its own description and a match has just returned.
  const { shape, atLeast } = plan.ask as OverlapAsk;
  const counted = { ...common, shape, atLeast };
  if (plan.protocol.id === overlapHub.id) return overlapHub.describe(counted);
  if (plan.protocol.id === overlapThreshold.id) return overlapThreshold.describe(counted);
  return shownOnlyByOtherSoftware(overlapRecipient.describe(counted));
}

/**
 * A recipient that counts holds tokens from which its node could make the whole pattern; its software shows counts.
 * That is something a party gains by leaving the protocol unnoticed: `atMost`, and a warning of its own.
 */
function shownOnlyByOtherSoftware(description: Description): Description {
  const views = description.views.map(({ who, learns, atMost }): View => {
    const beyond = learns.filter(({ fact }) => rankOf(fact) > rankOf("pair-count"));
    return { who, learns: learns.filter((item) => !beyond.includes(item)), atMost: [...atMost, ...beyond] };
  });
  return { ...description, views };
}

/** An evaluation takes every holder, so the smallest quota is the bound. */
function quotas(
  parties: readonly PartyId[],
  quota: (asker: PartyId, holder: PartyId) => number,
): Readonly<Record<PartyId, number>> {
  return Object.fromEntries(
    parties.map((asker) => {
      const holders = parties.filter((party) => party !== asker);
      return [asker, Math.min(...holders.map((holder) => quota(asker, holder)))];
    }),
  );
}

/** Two descriptions as one; what one party learns from both stands in one view. */
function joined(session: Description, before: Description): Description {
  const views = new Map<PartyId, View>();
  for (const { who, learns, atMost } of [...session.views, ...before.views]) {
    const found = views.get(who) ?? { who, learns: [], atMost: [] };
    views.set(who, { who, learns: [...found.learns, ...learns], atMost: [...found.atMost, ...atMost] });
  }
  return {
    disclosures: [...session.disclosures, ...before.disclosures],
    outputs: [...session.outputs, ...before.outputs],
    egress: [...session.egress, ...before.egress],
    debits: [...session.debits, ...before.debits],
    views: [...views.values()],
    together: [...session.together, ...before.together],
    assumptions: [...session.assumptions, ...before.assumptions],
  };
}
