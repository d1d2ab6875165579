// SPDX-License-Identifier: Apache-2.0
// Questions to a node's own policies, of which a decision reads a few fields only.
import { loadCedar } from "@koplamp/pool";
import type { Contract, Covenant, DataClass, Plan, QueryClass } from "@koplamp/wire";
import { type LocalPolicyCase, type NodePolicy, nodePolicy } from "../src/index.ts";
import { charter, documentOf } from "./charter.ts";

export const cedar = loadCedar();
const base = documentOf("covenant/v1", charter.covenant);

/** Policies in one file, without anything wrong. */
export function policyOf(text: string): NodePolicy {
  const policy = nodePolicy([{ name: "base.cedar", text }], cedar);
  if (policy.findings.length > 0) throw new Error(JSON.stringify(policy.findings));
  return policy;
}

/** What a question may differ in. */
export interface Wish {
  readonly kind?: Plan["ask"]["kind"];
  readonly letter?: QueryClass;
  readonly purpose?: string;
  readonly recipients?: readonly string[];
  readonly columns?: readonly string[];
  readonly roles?: readonly string[];
  readonly now?: string;
  readonly sensitivity?: DataClass["sensitivity"];
  readonly asker?: string;
  readonly rows?: number;
}

/** A question that the covenant allows, at the node of `bert`, whose register it is about. */
export function questionOf(wish: Wish = {}): LocalPolicyCase {
  const { letter = "B", purpose = "ports", recipients = ["anna"], asker = "anna" } = wish;
  const covenant: Covenant = {
    ...base,
    purposes: [purpose].map((id) => ({
      id,
      text: { en: id },
      classes: ["A", "B", "C", "F"],
      until: "2031-01-01T00:00:00Z",
      bases: [],
    })),
    validFrom: "2026-01-01T00:00:00Z",
    validUntil: "2031-01-01T00:00:00Z",
    personLevel: { allowed: true, ground: null, external: [] },
    dataClasses: [
      {
        id: "bert.list",
        party: "bert",
        dataset: "list",
        columns: ["id", "kind", "amount"],
        registerSize: 1000,
        sensitivity: wish.sensitivity ?? "ordinary",
        allow: [{ purpose, classes: ["A", "B", "C", "F"], recipients: [...recipients] }],
      },
    ],
    floors: { ...base.floors, minCount: 1, minContributors: 1 },
    protocols: [{ id: "overlap-hub/1", paramSets: ["set"], coordinatorLearns: [] }],
  };
  const plan = {
    class: letter,
    purpose,
    ask: { kind: wish.kind ?? "overlap-count" },
    proposer: { party: asker },
    bases: [{ party: asker, basis: "basis-1" }],
    inputs: [
      {
        party: "bert",
        dataset: "list",
        dataClass: "bert.list",
        columns: wish.columns ?? ["id"],
        rowsPadded: wish.rows ?? 256,
      },
    ],
    recipients: recipients.map((party) => ({ party, roles: ["analyst"] })),
    protocol: { id: "overlap-hub/1", params: "set" },
    release: { minCount: 5, minContributors: 1, noise: null },
    notBefore: "2026-01-01T00:00:00Z",
    expires: "2030-01-01T00:00:00Z",
  } as unknown as Plan; // the fields that decisions read
  const contract = { views: [], debits: [] } as unknown as Contract; // as above
  const { roles = ["analyst"], now = "2026-11-24T12:00:00Z" } = wish;
  return { covenant, plan, contract, me: "bert", now, lab: true, roles };
}
