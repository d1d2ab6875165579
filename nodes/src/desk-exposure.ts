// SPDX-License-Identifier: Apache-2.0
// At the desk: what others could have learned about our data.
import type { ExposureRequest } from "@koplamp/engine";
import { PARTY_ID, QueryError } from "@koplamp/query";
import { isTime } from "@koplamp/wire";

/** A request for an exposure. @throws {QueryError}. */
export function exposureIn(body: string): ExposureRequest {
  const { who, dataset, from, to } = Object(JSON.parse(body)) as Readonly<Record<string, unknown>>;
  const parties = Array.isArray(who) ? who.filter((party) => typeof party === "string") : [];
  const named = parties.length > 0 && parties.every((party) => PARTY_ID.test(party));
  if (named && typeof from === "string" && typeof to === "string" && isTime(from) && isTime(to))
    return { who: parties, from, to, ...(typeof dataset === "string" ? { dataset } : {}) };
  throw new QueryError("invalid-value", "expected an exposure as {who, dataset, from, to}");
}
