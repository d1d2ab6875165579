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
