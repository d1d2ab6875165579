// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type ColumnKind, type Covenant, type Plan, quotaCeiling } from "@koplamp/wire";

/**
 * How many padded elements `asker` may have evaluated by `holder` for a purpose under one key set, as the covenant
 * says; 0 where it says nothing. Where several rows fit (`*` stands for every party) the largest is the bound.
 */
export function evaluationQuota(
  { quotas }: Pick<Covenant, "quotas">,
  purpose: string,
  asker: PartyId,
  holder: PartyId,
): number {
  const fitting = quotas.filter(
    (row) =>
      row.purpose === purpose && ["*", asker].includes(row.asker) && ["*", holder].includes(row.holder),
  );
  return Math.max(0, ...fitting.map(({ evaluations }) => evaluations));
}

/** The quota of a plan under one key set: what the covenant says, and never more than the identifier's domain bears. */
export function evaluationLimit(
  covenant: Covenant,
  { purpose, inputs }: Plan,
  asker: PartyId,
  holder: PartyId,
): number {
  const agreed = evaluationQuota(covenant, purpose, asker, holder);
  if (covenant.id.startsWith("lab/")) return agreed;
  // Safe because the plan's reader admits these kinds only.
  const kinds = (inputs[0]?.kinds ?? []) as readonly ColumnKind[];
  return Math.min(agreed, quotaCeiling(covenant, asker, kinds));
}
