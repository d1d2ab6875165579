// SPDX-License-Identifier: Apache-2.0
import { base64, fromBase64 } from "@koplamp/wire";
import type { Outcome } from "./outcome.ts";

/** Marks a whole number that JSON cannot say exactly. No column or measure can have this name. */
const BIG = "$bigint";

/** Texts of outcomes: each is kept at rest, in memory and told, and none ever changes. */
const TEXTS = new WeakMap<Outcome, string>();

/** An outcome as one line of JSON, for the way from a node to its own agency's people. */
export function outcomeText(outcome: Outcome): string {
  const text = TEXTS.get(outcome) ?? textOf(outcome);
  TEXTS.set(outcome, text);
  return text;
}

function textOf(outcome: Outcome): string {
  if (outcome.status !== "released") return JSON.stringify(outcome);
  const { result, bundle, ...rest } = outcome;
  const text = JSON.stringify({ ...rest, ...(bundle === undefined ? {} : { bundle: base64(bundle) }) });
  return result === undefined ? text : `${text.slice(0, -1)},"result":${resultText(result)}}`;
}

/** Nothing but a result has numbers that JSON cannot say, and one that lists keys has none. */
function resultText(result: unknown): string {
  const lists = typeof result === "object" && result !== null && ("matches" in result || "answers" in result);
  if (lists) return JSON.stringify(result);
  return JSON.stringify(result, (_, value: unknown) =>
    typeof value === "bigint" ? { [BIG]: String(value) } : value,
  );
}

/** The outcome that a line of a node's own says. The caller's own node is trusted for its form. */
export function readOutcome<Result>(text: string): Outcome<Result> {
  const big = text.includes(BIG); // a walk over every value of a long list costs ten times what reading it does
  const read: Outcome<Result> & { readonly bundle?: unknown } = JSON.parse(text, big ? withBig : undefined);
  return typeof read.bundle === "string"
    ? ({ ...read, bundle: fromBase64(read.bundle) } as Outcome<Result>)
    : read;
}

function withBig(_: string, value: unknown): unknown {
  const big: unknown = value !== null && typeof value === "object" ? Reflect.get(value, BIG) : undefined;
  return typeof big === "string" ? BigInt(big) : value;
}
