// SPDX-License-Identifier: Apache-2.0
import type { PolicyRequest } from "./policy-request.ts";

/** What the language says is wrong, in one policy or in a whole text. */
export interface PolicyFault {
  readonly policy: string | null;
  readonly message: string;
  readonly hint: string;
  /** Bytes of UTF-8 before the place. */
  readonly start: number;
}

/** What all policies together say to one request. A policy that could not be evaluated is a fault, never silence. */
export interface PolicyAnswer {
  readonly allowed: boolean;
  /** The policies that decided; none where nothing permits. */
  readonly policies: readonly string[];
  readonly faults: readonly PolicyFault[];
}

/** The language of local policies, behind a port: whoever calls it takes whatever it throws for a no. */
export interface PolicyLanguage {
  /** A file's policies, each as its own text, and how many templates stand in it. */
  split(text: string): {
    readonly policies: readonly string[];
    readonly templates: number;
    readonly faults: readonly PolicyFault[];
  };
  annotationsOf(policy: string): Readonly<Record<string, string>>;
  /** Strict validation of policies by id. */
  validate(policies: Readonly<Record<string, string>>, schema: string): readonly PolicyFault[];
  /** A way to ask these policies, read once. */
  evaluator(
    policies: Readonly<Record<string, string>>,
    schema: string,
  ): (request: PolicyRequest) => PolicyAnswer;
}
