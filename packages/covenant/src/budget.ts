// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import type { Covenant } from "@koplamp/wire";

/** The name under which evaluations by `asker` under one key set are counted. Keyed by data, not by query or analyst. */
export function evaluationBudget(keySet: string, asker: PartyId): string {
  return `evaluations/${keySet}/${asker}`;
}

/** How many padded elements `asker` may have evaluated by `holder` for a purpose in one epoch; 0 when not agreed. */
export function evaluationQuota(covenant: Covenant, holder: PartyId, asker: PartyId, purpose: string): number {
  const quota = covenant.quotas.find((row) => row.asker === asker && row.holder === holder && row.purpose === purpose);
  return quota?.evaluations ?? 0;
}
