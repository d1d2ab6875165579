// SPDX-License-Identifier: Apache-2.0

/** The policies that a new node begins with: they permit counts for analysts, and forbid what is secret. */
export const EXAMPLE_POLICY: string = `// Policies of this node alone. They can only narrow the covenant; what none permits is refused.
//   koplamp policy check policy/     form, names and types
//   koplamp policy test policy/      the cases in cases.yaml
// Each has an @id and the @article that it serves; a refusal names both to the other agencies.
// action     "match" "overlap-count" "aggregate" "join-aggregate" "trend", or "class-A" … "class-F", or both: "match/F"
// principal  in Agency::"kmar", in Role::"analyst"; .task, .regimes
// resource   in DataClass::"kmar.vessels"; .name, .sensitivity, .columns, .registerSize
// context    purpose, bases, columns, recipient (one at a time), recipients, contributors, protocol, rows, minCount, now

@id("counts") @article("LED 4")
permit (principal in Role::"analyst", action in [Action::"class-A", Action::"class-B"], resource)
when { context.minCount >= 5 };

@id("no-secrets") @article("LED 10")
forbid (principal, action, resource)
when { resource.sensitivity == "secret" };
`;

/** The cases that `koplamp policy test` tries on them. */
export const EXAMPLE_CASES: string = `koplamp: policy-cases/v1
cases:
  - name: an analyst may ask how many
    expect: allow
    by: counts
    request: { asker: kmar, kind: overlap-count, class: B, owner: us, dataset: vessels, purpose: sanctions, columns: [imo], recipient: kmar, minCount: 10 }
  - name: counts may not be small
    expect: refuse
    request: { asker: kmar, kind: overlap-count, class: B, owner: us, dataset: vessels, purpose: sanctions, columns: [imo], recipient: kmar, minCount: 4 }
  - name: nobody may ask which
    expect: refuse
    request: { asker: kmar, kind: match, class: F, owner: us, dataset: vessels, purpose: sanctions, columns: [imo], recipient: kmar }
  - name: what is secret stays here
    expect: refuse
    by: no-secrets
    request: { asker: kmar, kind: overlap-count, class: B, owner: us, dataset: vessels, sensitivity: secret, purpose: sanctions, columns: [imo], recipient: kmar, minCount: 10 }
`;
