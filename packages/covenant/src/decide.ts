// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import {
  type Contract,
  type Covenant,
  type DataClass,
  dealersOf,
  dominanceFloor,
  evaluationCeiling,
  type Input,
  measuredColumns,
  type Plan,
  type Time,
} from "@koplamp/wire";

/**
 * A yes, or a no with the id of the clause that says so, in words, and the smallest change that would pass. A clause of
 * the covenant is named as in `clausesOf`; what the question says of itself, as `plan/…`.
 */
export type Decision =
  | { readonly outcome: "allow" }
  | { readonly outcome: "refuse"; readonly rule: string; readonly message: string; readonly hint: string };

const ALLOW: Decision = { outcome: "allow" };

/** The question as one node judges it. */
export interface Case {
  readonly covenant: Covenant;
  readonly plan: Plan;
  readonly contract: Contract;
  readonly me: PartyId;
  readonly now: Time;
  /** A node outside a lab refuses covenants whose id begins with `lab/`. */
  readonly lab: boolean;
}

/**
 * Whether this node may contribute. Default closed: what no clause allows is refused. The same case gives the same
 * decision anywhere; everything that a person may read is in the covenant or in the plan.
 */
export function decide(question: Case): Decision {
  for (const rule of RULES) {
    const decision = rule(question);
    if (decision.outcome === "refuse") return decision;
  }
  return ALLOW;
}

/** In this order: the first clause that says no is the one that is named. */
const RULES: readonly ((question: Case) => Decision)[] = [
  labOnly,
  inForce,
  members,
  purpose,
  classes,
  personLevel,
  data,
  protocolAdmitted,
  floors,
  dominance,
  protectedUnit,
  quotas,
];

function refuse(rule: string, message: string, hint: string): Decision {
  return { outcome: "refuse", rule, message, hint };
}

function labOnly({ covenant, lab }: Case): Decision {
  if (!covenant.id.startsWith("lab/") || lab) return ALLOW;
  return refuse("id", `covenant "${covenant.id}" is for the lab alone`, "sign a covenant of your own");
}

function inForce({ covenant, plan, now }: Case): Decision {
  if (now < covenant.validFrom) {
    const message = `covenant "${covenant.id}" is not in force before ${covenant.validFrom}`;
    return refuse("validFrom", message, "wait, or sign a new version");
  }
  if (now >= covenant.validUntil) {
    const message = `covenant "${covenant.id}" was in force until ${covenant.validUntil}`;
    return refuse("validUntil", message, "sign a new version: koplamp covenant amend");
  }
  if (now >= plan.expires) {
    return refuse(
      "plan/expires",
      `the question expired at ${plan.expires}`,
      "ask again with a later `expires`",
    );
  }
  if (now < plan.notBefore) {
    return refuse(
      "plan/notBefore",
      `the question may not run before ${plan.notBefore}`,
      "wait, or ask again",
    );
  }
  return ALLOW;
}

function members({ covenant, plan }: Case): Decision {
  const parts = new Map(covenant.parties.map(({ id, part }) => [id, part]));
  const contributors = plan.inputs.map(({ party }) => party);
  const recipients = plan.recipients.map(({ party }) => party);
  const all = [plan.proposer.party, ...contributors, ...recipients, ...dealersOf(plan.ask)];
  const stranger = all.find((party) => !parts.has(party));
  if (stranger !== undefined) {
    const message = `${stranger} is not a party to covenant "${covenant.id}"`;
    return refuse("parties", message, "leave it out, or amend the covenant");
  }
  const silent = contributors.find((party) => parts.get(party) === "result-only");
  const deaf = recipients.find((party) => parts.get(party) === "input-only");
  if (silent === undefined && deaf === undefined) return ALLOW;
  const message = silent === undefined ? `${deaf} only brings data` : `${silent} only receives answers`;
  return refuse(
    `parties/${silent ?? deaf}/part`,
    `${message} under covenant "${covenant.id}"`,
    "leave it out, or amend the covenant",
  );
}

function purpose({ covenant, plan, now }: Case): Decision {
  const found = covenant.purposes.find(({ id }) => id === plan.purpose);
  if (found === undefined) {
    const known = covenant.purposes.map(({ id }) => id).join(", ");
    return refuse(
      "purposes",
      `covenant "${covenant.id}" has no purpose "${plan.purpose}"`,
      `purposes: ${known}`,
    );
  }
  if (now < found.until) return ALLOW;
  return refuse(
    `purposes/${found.id}/until`,
    `purpose "${plan.purpose}" ended at ${found.until}`,
    "amend the covenant",
  );
}

function classes({ covenant, plan }: Case): Decision {
  const allowed = covenant.purposes.find(({ id }) => id === plan.purpose)?.classes ?? [];
  if (allowed.includes(plan.class)) return ALLOW;
  return refuse(
    `purposes/${plan.purpose}/classes`,
    `covenant "${covenant.id}" does not allow class ${plan.class} for purpose "${plan.purpose}"`,
    lesserClass(plan, allowed),
  );
}

function lesserClass({ class: asked }: Plan, allowed: readonly string[]): string {
  if (asked === "F" && allowed.includes("B"))
    return 'class B (kind "overlap-count") answers "how many" without keys';
  if (allowed.length === 0) return "no class is allowed for this purpose";
  return `allowed for this purpose: class ${allowed.join(", ")}`;
}

function personLevel({ covenant, plan }: Case): Decision {
  if (!["E", "F"].includes(plan.class) || covenant.personLevel.allowed) return ALLOW;
  return refuse(
    "personLevel/allowed",
    `covenant "${covenant.id}" does not allow questions at the level of persons (class ${plan.class})`,
    'class B (kind "overlap-count") answers "how many" without keys',
  );
}

/** Everybody's inputs: the clauses are the same at every node, so each refuses for all. */
function data({ covenant, plan }: Case): Decision {
  for (const input of plan.inputs) {
    const decision = dataClass(covenant, plan, input);
    if (decision.outcome === "refuse") return decision;
  }
  return ALLOW;
}

function dataClass(covenant: Covenant, plan: Plan, input: Input): Decision {
  const found = covenant.dataClasses.find(({ id, party }) => id === input.dataClass && party === input.party);
  if (found === undefined || found.dataset !== input.dataset) {
    return refuse(
      "dataClasses",
      `no data class of ${input.party} covers dataset ${input.dataset} under this name`,
      "what is not listed is denied: ask for a dataset that the covenant lists",
    );
  }
  const column = input.columns.find((name) => !found.columns.includes(name));
  if (column === undefined) return allowed(found, plan);
  return refuse(
    `dataClasses/${found.id}/columns`,
    `no data class of ${input.party} covers column ${column} of ${input.dataset}`,
    "ask for declared columns only",
  );
}

/** What a data class allows for a purpose: classes, and recipients of each. */
function allowed({ id, party, dataset, allow }: DataClass, plan: Plan): Decision {
  const forPurpose = allow.filter(({ purpose: own }) => own === plan.purpose);
  const forClass = forPurpose.filter(({ classes: own }) => own.includes(plan.class));
  const wanted = plan.recipients.map((recipient) => recipient.party);
  const stranger = wanted.find((one) => !forClass.some(({ recipients }) => recipients.includes(one)));
  if (forClass.length > 0 && stranger === undefined) return ALLOW;
  const what = forClass.length === 0 ? `class ${plan.class}` : `recipient ${stranger}`;
  return refuse(
    forPurpose.length === 0 ? `dataClasses/${id}/allow` : `dataClasses/${id}/allow/${plan.purpose}`,
    `dataset ${dataset} of ${party}: ${what} is not allowed for purpose "${plan.purpose}"`,
    "ask for a class or a recipient that the data class lists, or amend the covenant",
  );
}

function protocolAdmitted({ covenant, plan, contract }: Case): Decision {
  const protocol = covenant.protocols.find(({ id }) => id === plan.protocol.id);
  if (protocol === undefined) {
    const listed = covenant.protocols.map(({ id }) => id).join(", ");
    const message = `covenant "${covenant.id}" does not list ${plan.protocol.id}`;
    return refuse("protocols", message, `listed: ${listed}`);
  }
  if (!protocol.paramSets.includes(plan.protocol.params)) {
    return refuse(
      `protocols/${protocol.id}/paramSets`,
      `covenant "${covenant.id}" does not list ${plan.protocol.params} for ${protocol.id}`,
      `listed: ${protocol.paramSets.join(", ")}`,
    );
  }
  const dealer = dealersOf(plan.ask).find((party) => !protocol.dealers?.includes(party));
  if (dealer !== undefined) {
    return refuse(
      `protocols/${protocol.id}/dealers`,
      `covenant "${covenant.id}" does not let ${dealer} deal in ${protocol.id}`,
      `may deal: ${["the coordinator", ...(protocol.dealers ?? [])].join(", ")}`,
    );
  }
  const beyond = contract.views
    .filter(({ who }) => who.includes("coordinator"))
    .flatMap(({ learns }) => learns)
    .find(({ fact }) => !SIZES.has(fact) && !protocol.coordinatorLearns.includes(fact));
  if (beyond === undefined) return ALLOW;
  return refuse(
    `protocols/${protocol.id}/coordinatorLearns`,
    `in ${plan.protocol.id} the coordinator learns "${beyond.fact}", which the covenant does not allow it`,
    "ask for another mode, or amend the covenant",
  );
}

/** What a relay learns in any protocol: nobody has to allow it. */
const SIZES: ReadonlySet<string> = new Set([
  "took-part",
  "timing",
  "ledger-growth",
  "size-padded",
  "vocabulary",
]);

function floors({ covenant, plan }: Case): Decision {
  const { minCount, minContributors } = covenant.floors;
  if (plan.release.minCount < minCount) {
    const message = `the question gives counts from ${plan.release.minCount}, and the covenant from ${minCount}`;
    return refuse("floors/minCount", message, `ask with release.minCount ${minCount} or more`);
  }
  const contributors = contributorsOf(plan).size;
  const wanted = Math.max(minContributors, plan.release.minContributors);
  if (contributors >= wanted && plan.release.minContributors >= minContributors) return ALLOW;
  return refuse(
    "floors/minContributors",
    `expected at least ${wanted} contributing parties, got ${contributors}`,
    "ask more parties, or lower `release.minContributors` where the covenant's floor admits it",
  );
}

/** Whoever brings a list; of a look-up also who asks, since its questions are what is answered. */
function contributorsOf({ inputs, ask }: Plan): ReadonlySet<PartyId> {
  return new Set([...inputs.map(({ party }) => party), ...(ask.kind === "lookup" ? [ask.asker] : [])]);
}

/** Where sums are told, the question's rule about dominance is at least as strict as the covenant's. */
function dominance({ covenant, plan }: Case): Decision {
  const floor = dominanceFloor(covenant.floors);
  if (floor === undefined || !("measures" in plan.ask)) return ALLOW;
  const own = plan.release.dominance;
  const met = own !== undefined && own.largest >= floor.largest && own.percent <= floor.percent;
  if (met || plan.ask.measures.every((measure) => measuredColumns(measure).length === 0)) return ALLOW;
  const wanted = `the largest ${floor.largest} make at most ${floor.percent} % of a sum`;
  return refuse(
    "floors/dominancePercent",
    `under covenant "${covenant.id}" ${wanted}, and the question does not test it`,
    "ask with release.dominance as the covenant has it, or for counts",
  );
}

/** Noise that hides a row does not hide a subject with several: an agreement that protects subjects is not met by it. */
function protectedUnit({ covenant, plan }: Case): Decision {
  const { noise } = plan.release;
  if (noise === null) return ALLOW;
  const at = covenant.budgets.findIndex(
    (row) =>
      row.unit !== noise.unit &&
      plan.inputs.some(({ party, dataset }) => row.party === party && row.dataset === dataset),
  );
  const row = covenant.budgets[at];
  if (row === undefined) return ALLOW;
  return refuse(
    `budgets/${at + 1}`,
    `the covenant protects each ${row.unit} of ${row.dataset} of ${row.party}, and the question's noise each ${noise.unit}`,
    "leave `release.noise` out where exact cells are allowed, or amend the covenant",
  );
}

/** A list that is larger than the quota of its asker, or than the domain bears, cannot be evaluated, however it is cut. */
function quotas({ covenant, plan, contract }: Case): Decision {
  const rows = covenant.quotas.map((row, at) => ({ ...row, clause: `quotas/${at + 1}` }));
  for (const { asker, holder, unit, amount } of contract.debits) {
    if (unit !== "evaluations" && unit !== "lookups") continue;
    const fitting = rows.filter(
      (row) => row.purpose === plan.purpose && fits(row.asker, asker) && fits(row.holder, holder),
    );
    const most = Math.max(0, ...fitting.map((row) => boundOf(row, unit)));
    if (unit === "evaluations" && amount > evaluationCeiling(covenant, plan, asker) && amount <= most)
      return aboveDomain({ covenant, plan }, { asker, holder, amount });
    if (amount <= most) continue;
    const clause = fitting.find((row) => boundOf(row, unit) === most)?.clause ?? "quotas";
    const [what, much] =
      unit === "lookups"
        ? [`look up ${amount} elements at`, `${most} a day`]
        : [`have ${amount} elements evaluated by`, `${most}`];
    const message = `${asker} would ${what} ${holder} for purpose "${plan.purpose}", and its quota is ${much}`;
    return refuse(clause, message, "ask over fewer items, or amend the covenant");
  }
  return ALLOW;
}

function aboveDomain(
  { covenant, plan }: Pick<Case, "covenant" | "plan">,
  { asker, holder, amount }: { readonly asker: PartyId; readonly holder: PartyId; readonly amount: number },
): Decision {
  const { maxDomainPermille } = covenant.floors;
  const most = evaluationCeiling(covenant, plan, asker);
  const message = `${asker} would have ${amount} elements evaluated by ${holder}, and ${maxDomainPermille} thousandths of all identifiers of the kind are ${most}`;
  return refuse("floors/maxDomainPermille", message, "ask over fewer items, or amend the covenant");
}

function boundOf({ evaluations, lookupsPerDay }: Covenant["quotas"][number], unit: string): number {
  return unit === "lookups" ? lookupsPerDay : evaluations;
}

function fits(row: PartyId, party: PartyId): boolean {
  return row === "*" || row === party;
}
