// SPDX-License-Identifier: Apache-2.0
import { createRequire } from "node:module";
import type * as CedarWasm from "@cedar-policy/cedar-wasm/nodejs";
import { PoolError } from "./errors.ts";

/** What Cedar says is wrong, and where: bytes of UTF-8 before the place. */
export interface CedarFault {
  readonly policy: string | null;
  readonly message: string;
  readonly hint: string;
  readonly start: number;
}

/** A request to policies, in the terms of their schema. */
export interface CedarRequest {
  readonly principal: CedarEntity;
  readonly action: CedarEntity;
  readonly resource: CedarEntity;
  readonly context: Readonly<Record<string, unknown>>;
  readonly entities: readonly object[];
}

interface CedarEntity {
  readonly type: string;
  readonly id: string;
}

/** Cedar, the language of a node's own policies. Each call throws {@link PoolError} `backend` when the library traps. */
export interface Cedar {
  split(text: string): {
    readonly policies: readonly string[];
    readonly templates: number;
    readonly faults: readonly CedarFault[];
  };
  annotationsOf(policy: string): Readonly<Record<string, string>>;
  validate(policies: Readonly<Record<string, string>>, schema: string): readonly CedarFault[];
  evaluator(
    policies: Readonly<Record<string, string>>,
    schema: string,
  ): (request: CedarRequest) => {
    readonly allowed: boolean;
    readonly policies: readonly string[];
    readonly faults: readonly CedarFault[];
  };
}

type Wasm = typeof CedarWasm;
const NAME = "@cedar-policy/cedar-wasm/nodejs";

/** Loads Cedar. After a trap an instance answers nothing any more, so that one is left and a new one is taken. */
export function loadCedar(): Cedar {
  const slot: Slot = { number: 0 };
  return {
    split: (text) => using(slot, (cedar) => split(cedar, text)),
    annotationsOf: (policy) => using(slot, (cedar) => annotationsOf(cedar, policy)),
    validate: (policies, schema) => using(slot, (cedar) => validate(cedar, policies, schema)),
    evaluator: (policies, schema) => evaluator(slot, policies, schema),
  };
}

interface Slot {
  wasm?: Wasm | undefined;
  /** Of the instance: what was read into an older one is gone. */
  number: number;
}

function using<Value>(slot: Slot, use: (cedar: Wasm) => Value): Value {
  try {
    slot.wasm ??= freshInstance();
    return use(slot.wasm);
  } catch (reason) {
    if (reason instanceof PoolError) throw reason;
    slot.wasm = undefined;
    slot.number += 1;
    throw new PoolError("backend", "Cedar could not read or evaluate the policies");
  }
}

function freshInstance(): Wasm {
  const require = createRequire(import.meta.url);
  delete require.cache[require.resolve(NAME)];
  return require(NAME) as Wasm; // the module's own types
}

function split(cedar: Wasm, text: string): ReturnType<Cedar["split"]> {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === "failure")
    return { policies: [], templates: 0, faults: parts.errors.map(faultOf(null)) };
  return { policies: parts.policies, templates: parts.policy_templates.length, faults: [] };
}

function annotationsOf(cedar: Wasm, policy: string): Readonly<Record<string, string>> {
  const answer = cedar.policyToJson(policy);
  return answer.type === "success" ? (answer.json.annotations ?? {}) : {};
}

function validate(
  cedar: Wasm,
  policies: Readonly<Record<string, string>>,
  schema: string,
): readonly CedarFault[] {
  const answer = cedar.validate({
    validationSettings: { mode: "strict" },
    schema,
    policies: { staticPolicies: { ...policies } },
  });
  if (answer.type === "failure") return answer.errors.map(faultOf(null));
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  return found.map(({ policyId, error }) => faultOf(policyId)(error));
}

function evaluator(
  slot: Slot,
  policies: Readonly<Record<string, string>>,
  schema: string,
): ReturnType<Cedar["evaluator"]> {
  let read = -1;
  const name = `koplamp/${crypto.randomUUID()}`;
  return (request) =>
    using(slot, (cedar) => {
      if (read !== slot.number) readInto(cedar, name, policies, schema);
      read = slot.number;
      return asked(cedar, name, request);
    });
}

function readInto(
  cedar: Wasm,
  name: string,
  policies: Readonly<Record<string, string>>,
  schema: string,
): void {
  const set = cedar.preparsePolicySet(name, { staticPolicies: { ...policies } });
  const form = cedar.preparseSchema(name, schema);
  if (set.type === "failure" || form.type === "failure")
    throw new PoolError("backend", "Cedar does not take the policies");
}

function asked(
  cedar: Wasm,
  name: string,
  { principal, action, resource, context, entities }: CedarRequest,
): ReturnType<ReturnType<Cedar["evaluator"]>> {
  const call = { principal, action, resource, context, entities };
  const answer = cedar.statefulIsAuthorized({
    ...(call as unknown as Pick<CedarWasm.StatefulAuthorizationCall, keyof typeof call>), // JSON by construction
    preparsedSchemaName: name,
    preparsedPolicySetId: name,
    validateRequest: true,
  });
  if (answer.type === "failure")
    return { allowed: false, policies: [], faults: answer.errors.map(faultOf(null)) };
  const { decision, diagnostics } = answer.response;
  const faults = diagnostics.errors.map(({ policyId, error }) => faultOf(policyId)(error));
  return { allowed: decision === "allow", policies: diagnostics.reason, faults };
}

function faultOf(policy: string | null): (error: CedarWasm.DetailedError) => CedarFault {
  return ({ message, help, sourceLocations }) => ({
    policy,
    message,
    hint: help ?? sourceLocations?.[0]?.label ?? "",
    start: sourceLocations?.[0]?.start ?? 0,
  });
}
