// SPDX-License-Identifier: Apache-2.0
// A node's own policies, for those who write them: without a node, and without any data of a question.
import { readFileSync } from "node:fs";
import {
  type Decision,
  decide,
  type LocalPolicy,
  type NodePolicy,
  nodePolicy,
  type PolicyFacts,
  type PolicyVerdict,
  policyDecision,
  policyFacts,
} from "@koplamp/covenant";
import { loadCedar } from "@koplamp/pool";
import { readPolicyFolder } from "@koplamp/store";
import { timeText } from "@koplamp/wire";
import { labPlan } from "./check-lab.ts";
import { SdkError } from "./errors.ts";
import { type PolicyExample, readPolicyCases, readPolicyRequest } from "./policy-request.ts";
import { policySpace } from "./policy-space.ts";
import { readFederationFile } from "./read-lab.ts";

/** Reads a folder of policies, with what is wrong with them. @throws {StoreError} when it cannot be read. */
export function openPolicy(folder: string): NodePolicy {
  return nodePolicy(readPolicyFolder(folder), loadCedar());
}

/** What the policies say to one request, and why. */
export interface PolicyExplanation {
  readonly facts: PolicyFacts;
  readonly decision: Decision;
  readonly verdict: PolicyVerdict;
  /** What the covenant says first; absent for a request that belongs to none. */
  readonly covenant?: Decision;
}

/** One case of a file, and whether it came out as expected. */
export interface PolicyTrial extends PolicyExample {
  readonly verdict: PolicyVerdict;
  readonly passed: boolean;
}

/** Tries every case of a file. @throws {SdkError} when the policies are not valid. */
export function testPolicy(folder: string, cases: string): readonly PolicyTrial[] {
  const policy = validPolicy(folder);
  return readPolicyCases(textOf(cases), cases).map((example) => {
    const verdict = policy.judge(example.facts);
    const named = example.by === undefined || verdict.policies.some(({ id }) => id === example.by);
    return { ...example, verdict, passed: verdict.outcome === example.expect && named };
  });
}

/** Explains a request file, or a question against a federation file as the node of `party` would see it. */
export async function explainPolicy(
  folder: string,
  {
    file,
    federation,
    party,
  }: { readonly file: string; readonly federation?: string; readonly party?: string },
): Promise<readonly PolicyExplanation[]> {
  const policy = validPolicy(folder);
  const explained = (facts: PolicyFacts): PolicyExplanation => {
    const verdict = policy.judge(facts);
    return { facts, verdict, decision: policyDecision(facts, verdict) };
  };
  if (federation === undefined) return [explained(readPolicyRequest(textOf(file), file))];
  const { covenant, plan, contract } = await labPlan({ federation, query: file });
  const now = timeText(Date.now());
  const owners = [...new Set(plan.inputs.map((input) => input.party))];
  return owners
    .filter((owner) => party === undefined || owner === party)
    .flatMap((me) => {
      const agreed = decide({ covenant, plan, contract, me, now, lab: true });
      return policyFacts({ covenant, plan, me, now, roles: ["analyst"] }).map((facts) => ({
        ...explained(facts),
        covenant: agreed,
      }));
    });
}

/** What one request became. */
export interface PolicyChange {
  readonly facts: PolicyFacts;
  readonly became: "allow" | "refuse";
  readonly by: readonly LocalPolicy[];
}

/** What two folders answer differently among the requests that were tried. */
export interface PolicyDifference {
  readonly changes: readonly PolicyChange[];
  readonly tried: number;
  readonly total: number;
}

/** Compares two folders over every combination of the values that either names. */
export async function diffPolicies(
  before: string,
  after: string,
  federation?: string,
): Promise<PolicyDifference> {
  const [old, fresh] = [validPolicy(before), validPolicy(after)];
  const known = federation === undefined ? undefined : await readFederationFile(federation);
  const { requests, total } = policySpace([...readPolicyFolder(before), ...readPolicyFolder(after)], known);
  const changes = requests.flatMap((facts) => {
    const [was, now] = [old.judge(facts), fresh.judge(facts)];
    if (was.outcome === now.outcome) return [];
    return [{ facts, became: now.outcome, by: now.policies.length > 0 ? now.policies : was.policies }];
  });
  return { changes, tried: requests.length, total };
}

function validPolicy(folder: string): NodePolicy {
  const policy = openPolicy(folder);
  const [first] = policy.findings;
  if (first === undefined) return policy;
  const where = `${folder}/${first.file}:${first.line}:${first.column}`;
  throw new SdkError("file", `${where}: ${first.message}`, `koplamp policy check ${folder}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new SdkError("file", `"${file}" cannot be read`, "check the path");
  }
}
