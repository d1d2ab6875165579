// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Contract, Covenant, Input, Plan, Time } from "@koplamp/wire";

/** A yes, or a no with the rule, whose it is, and the smallest change that would pass. */
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
  for (const rule of [inForce, members, purpose, classes, personLevel, ownData, protocolAdmitted, floors]) {
    const decision = rule(question);
    if (decision.outcome === "refuse") return decision;
  }
  return ALLOW;
}

function refuse(rule: string, message: string, hint: string): Decision {
  return { outcome: "refuse", rule, message, hint };
}

function inForce({ covenant, plan, now, lab }: Case): Decision {
  if (covenant.id.startsWith("lab/") && !lab) {
    return refuse(
      "covenant.id",
      `covenant "${covenant.id}" is for the lab alone`,
      "sign a covenant of your own",
    );
  }
  if (now < covenant.validFrom || now >= covenant.validUntil) {
    return refuse(
      "covenant.validUntil",
      `covenant "${covenant.id}" is not in force now`,
      "sign a new version",
    );
  }
  if (now >= plan.expires) {
    return refuse(
      "plan.expires",
      `the question expired at ${plan.expires}`,
      "ask again with a later `expires`",
    );
  }
  if (now < plan.notBefore) {
    return refuse(
      "plan.notBefore",
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
  const stranger = [plan.proposer.party, ...contributors, ...recipients].find((party) => !parts.has(party));
  if (stranger !== undefined) {
    const message = `${stranger} is not a party to covenant "${covenant.id}"`;
    return refuse("parties", message, "leave it out, or amend the covenant");
  }
  const silent = contributors.find((party) => parts.get(party) === "result-only");
  const deaf = recipients.find((party) => parts.get(party) === "input-only");
  if (silent === undefined && deaf === undefined) return ALLOW;
  const message = silent === undefined ? `${deaf} only brings data` : `${silent} only receives answers`;
  return refuse(
    "parties.part",
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
  return refuse("purposes.until", `purpose "${plan.purpose}" ended at ${found.until}`, "amend the covenant");
}

function classes({ covenant, plan }: Case): Decision {
  const allowed = covenant.purposes.find(({ id }) => id === plan.purpose)?.classes ?? [];
  if (allowed.includes(plan.class)) return ALLOW;
  return refuse(
    "purposes.classes",
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
    "personLevel.allowed",
    `covenant "${covenant.id}" does not allow questions at the level of persons (class ${plan.class})`,
    'class B (kind "overlap-count") answers "how many" without keys',
  );
}

function ownData({ covenant, plan, me }: Case): Decision {
  for (const input of plan.inputs.filter(({ party }) => party === me)) {
    const decision = dataClass(covenant, plan, input);
    if (decision.outcome === "refuse") return decision;
  }
  return ALLOW;
}

function dataClass(covenant: Covenant, plan: Plan, input: Input): Decision {
  const found = covenant.dataClasses.find(({ id, party }) => id === input.dataClass && party === input.party);
  const column = input.columns.find((name) => !found?.columns.includes(name));
  if (found === undefined || found.dataset !== input.dataset || column !== undefined) {
    const what = column === undefined ? `dataset ${input.dataset}` : `column ${column} of ${input.dataset}`;
    return refuse(
      "dataClasses",
      `no data class of ${input.party} covers ${what}`,
      "ask for declared columns only",
    );
  }
  const allowed = found.allow.find(
    ({ purpose: id, classes: ids }) => id === plan.purpose && ids.includes(plan.class),
  );
  const stranger = plan.recipients.find(({ party }) => !allowed?.recipients.includes(party));
  if (allowed !== undefined && stranger === undefined) return ALLOW;
  const what =
    stranger === undefined || allowed === undefined ? `class ${plan.class}` : `recipient ${stranger.party}`;
  return refuse(
    `dataClasses/${found.id}`,
    `dataset ${input.dataset} of ${input.party}: ${what} is not allowed for purpose "${plan.purpose}"`,
    "ask for a class or a recipient that the data class lists, or amend the covenant",
  );
}

function protocolAdmitted({ covenant, plan, contract }: Case): Decision {
  const protocol = covenant.protocols.find(({ id }) => id === plan.protocol.id);
  if (protocol === undefined || !protocol.paramSets.includes(plan.protocol.params)) {
    const listed = covenant.protocols.map(({ id }) => id).join(", ");
    return refuse(
      "protocols",
      `covenant "${covenant.id}" does not list ${plan.protocol.id}`,
      `listed: ${listed}`,
    );
  }
  const beyond = contract.views
    .filter(({ who }) => who.includes("coordinator"))
    .flatMap(({ learns }) => learns)
    .find(({ fact }) => !SIZES.has(fact) && !protocol.coordinatorLearns.includes(fact));
  if (beyond === undefined) return ALLOW;
  return refuse(
    "protocols.coordinatorLearns",
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
    return refuse("floors.minCount", message, `ask with release.minCount ${minCount} or more`);
  }
  const contributors = new Set(plan.inputs.map(({ party }) => party)).size;
  const wanted = Math.max(minContributors, plan.release.minContributors);
  if (contributors >= wanted && plan.release.minContributors >= minContributors) return ALLOW;
  return refuse(
    "floors.minContributors",
    `expected at least ${wanted} contributing parties, got ${contributors}`,
    "ask more parties, or lower `release.minContributors` where the covenant's floor admits it",
  );
}
