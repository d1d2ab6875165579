// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Ask, DataClass, Input, Plan, QueryClass, Time } from "@koplamp/wire";
import type { Case } from "./decide.ts";

/** A thing that policies name. */
export interface PolicyEntity {
  readonly type: string;
  readonly id: string;
}

/** An attribute, as Cedar's JSON has it. */
export type PolicyValue =
  | string
  | number
  | readonly string[]
  | { readonly __entity: PolicyEntity }
  | { readonly __extn: { readonly fn: "datetime"; readonly arg: string } };

/** A thing with its attributes and what it belongs to. */
export interface PolicyObject {
  readonly uid: PolicyEntity;
  readonly attrs: Readonly<Record<string, PolicyValue>>;
  readonly parents: readonly PolicyEntity[];
}

/** One request to a node's own policies: one dataset of ours, one recipient. */
export interface PolicyRequest {
  readonly principal: PolicyEntity;
  readonly action: PolicyEntity;
  readonly resource: PolicyEntity;
  readonly context: Readonly<Record<string, PolicyValue>>;
  readonly entities: readonly PolicyObject[];
}

/** A question as a node's policies see it: the covenant's case, and the roles that the asker has on its card. */
export type PolicyCase = Pick<Case, "covenant" | "plan" | "me" | "now"> & {
  readonly roles: readonly string[];
};

/** What policies can know of one dataset, asked for on behalf of one recipient. */
export interface PolicyFacts {
  readonly asker: PartyId;
  readonly task: string;
  readonly regimes: readonly string[];
  readonly roles: readonly string[];
  readonly kind: Ask["kind"];
  readonly letter: QueryClass;
  readonly owner: PartyId;
  readonly dataset: string;
  readonly dataClass: string;
  readonly sensitivity: DataClass["sensitivity"];
  /** The columns that the data class covers. */
  readonly covered: readonly string[];
  readonly registerSize: number;
  readonly purpose: string;
  readonly bases: readonly string[];
  /** The columns that the question uses. */
  readonly columns: readonly string[];
  readonly recipient: PartyId;
  readonly recipients: readonly PartyId[];
  readonly contributors: readonly PartyId[];
  readonly protocol: string;
  readonly rows: number;
  readonly minCount: number;
  readonly now: Time;
}

/**
 * What the policies of `me` are asked about a question: every dataset of ours for every recipient. All must be
 * permitted.
 */
export function policyFacts(question: PolicyCase): readonly PolicyFacts[] {
  const { plan, me } = question;
  const own = plan.inputs.filter(({ party }) => party === me);
  return own.flatMap((input) => plan.recipients.map(({ party }) => factsOf(question, input, party)));
}

function factsOf({ covenant, plan, now, roles }: PolicyCase, input: Input, recipient: PartyId): PolicyFacts {
  const { party: asker } = plan.proposer;
  const member = covenant.parties.find(({ id }) => id === asker);
  const data = covenant.dataClasses.find(({ party, id }) => party === input.party && id === input.dataClass);
  return {
    asker,
    task: member?.task ?? "other",
    regimes: member?.regimes ?? [],
    roles,
    kind: plan.ask.kind,
    letter: plan.class,
    owner: input.party,
    dataset: input.dataset,
    dataClass: input.dataClass,
    sensitivity: data?.sensitivity ?? "secret", // the strictest: the covenant refuses it besides
    covered: data?.columns ?? [],
    registerSize: data?.registerSize ?? 0,
    purpose: plan.purpose,
    bases: basesOf(plan),
    columns: input.columns,
    recipient,
    recipients: plan.recipients.map(({ party }) => party),
    contributors: [...new Set(plan.inputs.map(({ party }) => party))],
    protocol: plan.protocol.id,
    rows: input.rowsPadded,
    minCount: plan.release.minCount,
    now,
  };
}

function basesOf({ bases, proposer }: Plan): readonly string[] {
  return bases.filter(({ party }) => party === proposer.party).map(({ basis }) => basis);
}

/** The request to Cedar. Names are data in fields of their own: no text of a policy is ever made of them. */
export function policyRequest(facts: PolicyFacts): PolicyRequest {
  const { asker, owner, recipient, recipients, contributors, purpose, bases, columns } = facts;
  const { protocol, rows, minCount, now } = facts;
  const [who, what] = [askerOf(facts), datasetOf(facts)];
  return {
    principal: who.uid,
    action: { type: "Action", id: `${facts.kind}/${facts.letter}` },
    resource: what.uid,
    context: {
      ...{ purpose, bases, columns, recipient, recipients, contributors, protocol, rows, minCount },
      now: { __extn: { fn: "datetime", arg: now } },
    },
    entities: [who, what, ...bare([...who.parents, ...what.parents, agency(owner), agency(asker)])],
  };
}

function askerOf({ asker, task, regimes, roles }: PolicyFacts): PolicyObject {
  return {
    uid: { type: "Asker", id: asker },
    attrs: { agency: { __entity: agency(asker) }, task, regimes },
    parents: [agency(asker), ...roles.map((id) => ({ type: "Role", id }))],
  };
}

function datasetOf({
  owner,
  dataset,
  dataClass,
  sensitivity,
  covered,
  registerSize,
}: PolicyFacts): PolicyObject {
  return {
    uid: { type: "Dataset", id: `${owner}/${dataset}` },
    attrs: { owner: { __entity: agency(owner) }, name: dataset, sensitivity, columns: covered, registerSize },
    parents: [{ type: "DataClass", id: dataClass }],
  };
}

function agency(id: PartyId): PolicyEntity {
  return { type: "Agency", id };
}

/** Things without attributes, each once. */
function bare(entities: readonly PolicyEntity[]): readonly PolicyObject[] {
  const unique = new Map(entities.map((uid) => [JSON.stringify([uid.type, uid.id]), uid]));
  return [...unique.values()].map((uid) => ({ uid, attrs: {}, parents: [] }));
}
