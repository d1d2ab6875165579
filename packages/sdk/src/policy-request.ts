// SPDX-License-Identifier: Apache-2.0
// Requests to policies as people write them: one to explain, or many with what they expect.
import { CLASSES, KINDS, type PolicyFacts } from "@koplamp/covenant";
import {
  field,
  integerOf,
  listOf,
  mapOf,
  oneOf,
  readYaml,
  required,
  textOf,
  type YamlMap,
  type YamlValue,
} from "@koplamp/query";

/** A request, what is expected of it, and which policy should decide, if that matters. */
export interface PolicyExample {
  readonly name: string;
  readonly facts: PolicyFacts;
  readonly expect: "allow" | "refuse";
  readonly by?: string;
}

const FIELDS = [
  ...["asker", "task", "regimes", "roles", "kind", "class", "owner", "dataset", "dataClass", "sensitivity"],
  ...["covered", "registerSize", "purpose", "bases", "columns", "recipient", "recipients", "contributors"],
  ...["protocol", "rows", "minCount", "now"],
];
const NEEDED = "asker, kind, class, owner, dataset, purpose, columns and recipient must be given";
const SENSITIVITIES = ["ordinary", "special", "criminal", "secret"] as const;

/** Reads `policy-cases/v1`. @throws {QueryError} with file, line and column. */
export function readPolicyCases(text: string, file: string): readonly PolicyExample[] {
  const root = mapOf(readYaml(text, file), ["koplamp", "cases"]);
  oneOf(required(root, "koplamp", "a file of cases begins with: koplamp: policy-cases/v1"), [
    "policy-cases/v1",
  ]);
  return listOf(required(root, "cases"), 1, 10_000).items.map((item) => {
    const map = mapOf(item, ["name", "expect", "by", "request"]);
    const by = field(map, "by");
    return {
      name: textOf(required(map, "name"), 200),
      expect: oneOf(required(map, "expect"), ["allow", "refuse"]),
      facts: factsOf(required(map, "request")),
      ...(by === undefined ? {} : { by: textOf(by, 64) }),
    };
  });
}

/** Reads `policy-request/v1`. @throws {QueryError} with file, line and column. */
export function readPolicyRequest(text: string, file: string): PolicyFacts {
  const root = mapOf(readYaml(text, file), ["koplamp", "request"]);
  oneOf(required(root, "koplamp", "a request begins with: koplamp: policy-request/v1"), [
    "policy-request/v1",
  ]);
  return factsOf(required(root, "request"));
}

function factsOf(value: YamlValue): PolicyFacts {
  const map = mapOf(value, FIELDS);
  const text = (name: string): string => textOf(required(map, name, NEEDED), 256);
  const [asker, owner, dataset, recipient] = [
    text("asker"),
    text("owner"),
    text("dataset"),
    text("recipient"),
  ];
  const columns = listOf(required(map, "columns", NEEDED)).items.map((item) => textOf(item, 256));
  const sensitivity = field(map, "sensitivity");
  return {
    ...{ asker, owner, dataset, recipient, columns },
    kind: oneOf(required(map, "kind", NEEDED), KINDS),
    letter: oneOf(required(map, "class", NEEDED), CLASSES),
    purpose: text("purpose"),
    task: textIn(map, "task", "other"),
    regimes: textsIn(map, "regimes", []),
    roles: textsIn(map, "roles", ["analyst"]),
    dataClass: textIn(map, "dataClass", `${owner}.${dataset}`),
    sensitivity: sensitivity === undefined ? "ordinary" : oneOf(sensitivity, SENSITIVITIES),
    covered: textsIn(map, "covered", columns),
    registerSize: numberIn(map, "registerSize", 0),
    bases: textsIn(map, "bases", []),
    recipients: textsIn(map, "recipients", [recipient]),
    contributors: textsIn(map, "contributors", [owner]),
    protocol: textIn(map, "protocol", "none"),
    rows: numberIn(map, "rows", 256),
    minCount: numberIn(map, "minCount", 1),
    now: textIn(map, "now", "2026-01-01T00:00:00Z"),
  };
}

function textIn(map: YamlMap, name: string, otherwise: string): string {
  const value = field(map, name);
  return value === undefined ? otherwise : textOf(value, 256);
}

function textsIn(map: YamlMap, name: string, otherwise: readonly string[]): readonly string[] {
  const value = field(map, name);
  return value === undefined ? otherwise : listOf(value).items.map((item) => textOf(item, 256));
}

function numberIn(map: YamlMap, name: string, otherwise: number): number {
  const value = field(map, name);
  return value === undefined ? otherwise : integerOf(value, 0, 2 ** 40);
}
