// SPDX-License-Identifier: Apache-2.0
// What the format knows and this release cannot answer yet: each refusal names what exists instead.
import type { QueryError } from "./errors.ts";
import { failAt, type YamlValue } from "./yaml-source.ts";

/** The refusal of alternatives in a match at a threshold. */
export function refuseAlternatives(at: YamlValue): QueryError {
  return failAt(
    at,
    "not-yet",
    '"anyKey" cannot be answered at a threshold yet: match-threshold/1 takes one key',
    "ask one match for each key, with `key`, or leave `flaggedBy` and mode: threshold out",
  );
}

/** The refusal of a count of pairs among more than two parties by `match-pair/1`. */
export function refusePairs(at: YamlValue, mode: string, parties: number): QueryError {
  return failAt(
    at,
    "not-yet",
    `mode "${mode}" of overlap-count takes two parties so far, got ${parties}`,
    "ask for each pair by itself, or leave `mode` out: mode hub counts all pairs at the coordinator",
  );
}
