// SPDX-License-Identifier: Apache-2.0
import { type Case, type Decision, decide } from "./decide.ts";
import type { PolicyAnswer, PolicyLanguage } from "./policy-language.ts";
import {
  type PolicyCase,
  type PolicyFacts,
  type PolicyRequest,
  policyFacts,
  policyRequest,
} from "./policy-request.ts";
import { POLICY_SCHEMA } from "./policy-schema.ts";
import { type LocalPolicy, type PolicyFile, type PolicyFinding, readPolicies } from "./policy-set.ts";

/** What a node's policies say to one request, and which of them say so. */
export interface PolicyVerdict {
  readonly outcome: "allow" | "refuse";
  /** `forbidden` by a policy, permitted by `none`, or an `error`: each but `permitted` is a no. */
  readonly why: "permitted" | "forbidden" | "none" | "error";
  readonly policies: readonly LocalPolicy[];
  readonly detail: string;
}

/** The policies of a node, read and valid, or with what is wrong with them; then they refuse everything. */
export interface NodePolicy {
  readonly policies: readonly LocalPolicy[];
  readonly findings: readonly PolicyFinding[];
  judge(facts: PolicyFacts): PolicyVerdict;
}

/** Reads a folder's policies once, and gives a way to ask them. It never throws, and neither does what it gives. */
export function nodePolicy(files: readonly PolicyFile[], language: PolicyLanguage): NodePolicy {
  const { policies, texts, findings } = readPolicies(files, language);
  const all = [...policies.values()];
  const [first] = findings;
  if (first !== undefined) {
    const detail = `${first.file}:${first.line}:${first.column}: ${first.message}`;
    return { policies: all, findings, judge: () => refusal("error", [], detail) };
  }
  let evaluate: ((request: PolicyRequest) => PolicyAnswer) | undefined;
  const judge = (facts: PolicyFacts): PolicyVerdict => {
    try {
      evaluate ??= language.evaluator(texts, POLICY_SCHEMA);
      return verdictOf(evaluate(policyRequest(facts)), policies);
    } catch {
      evaluate = undefined;
      return refusal("error", [], "the policies could not be evaluated");
    }
  };
  return { policies: all, findings, judge };
}

function verdictOf(answer: PolicyAnswer, known: ReadonlyMap<string, LocalPolicy>): PolicyVerdict {
  const named = (ids: readonly string[]): readonly LocalPolicy[] =>
    [...ids].sort().flatMap((id) => known.get(id) ?? []);
  const [fault] = answer.faults;
  // Cedar skips a policy that fails: a forbid that fails would be no forbid.
  if (fault !== undefined)
    return refusal("error", named(answer.faults.map(({ policy }) => policy ?? "")), fault.message);
  if (answer.allowed)
    return { outcome: "allow", why: "permitted", policies: named(answer.policies), detail: "" };
  return refusal(answer.policies.length === 0 ? "none" : "forbidden", named(answer.policies), "");
}

function refusal(
  why: "forbidden" | "none" | "error",
  policies: readonly LocalPolicy[],
  detail: string,
): PolicyVerdict {
  return { outcome: "refuse", why, policies, detail };
}

/** The covenant's case, with the roles of the asker. */
export type LocalPolicyCase = Case & Pick<PolicyCase, "roles">;

/**
 * The most restrictive of covenant and own policies: what either refuses is refused. Without a folder of policies the
 * covenant decides alone; with one, what no policy permits is refused.
 */
export function decideLocally(question: LocalPolicyCase, policy: NodePolicy | undefined): Decision {
  const agreed = decide(question);
  if (agreed.outcome === "refuse" || policy === undefined) return agreed;
  return decideByPolicy(question, policy);
}

/** What the policies alone say of a question: the first no, in order of dataset and recipient. */
export function decideByPolicy(question: PolicyCase, policy: NodePolicy): Decision {
  for (const facts of policyFacts(question)) {
    const verdict = policy.judge(facts);
    if (verdict.outcome === "refuse") return policyDecision(facts, verdict);
  }
  return { outcome: "allow" };
}

/** A policy's no, in the form of the covenant's. */
export function policyDecision(facts: PolicyFacts, verdict: PolicyVerdict): Decision {
  if (verdict.outcome === "allow") return { outcome: "allow" };
  const { owner: me, letter, dataset, purpose, recipient } = facts;
  const what = `class ${letter} on dataset ${dataset} of ${me} for purpose "${purpose}", recipient ${recipient}`;
  const [first] = verdict.policies;
  const by = first === undefined ? "" : ` "${first.id}" (${first.article})`;
  const where = first === undefined ? "" : `${first.file}:${first.line}: `;
  if (verdict.why === "forbidden") {
    const hint = `${where}ask ${me} whether another class, purpose or recipient would do`;
    return {
      outcome: "refuse",
      rule: `policy/${first?.id ?? "forbid"}`,
      message: `policy${by} of ${me} forbids ${what}`,
      hint,
    };
  }
  if (verdict.why === "none") {
    const hint = "what no policy permits is refused: koplamp policy explain shows why, at that node";
    return { outcome: "refuse", rule: "policy", message: `no policy of ${me} permits ${what}`, hint };
  }
  return {
    outcome: "refuse",
    rule: "policy/error",
    message: `the policies of ${me} cannot be evaluated, so they permit nothing`,
    hint: `${where}at that node, koplamp policy check says more`,
  };
}
