// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type Covenant, evaluationCeiling, type Plan } from "@koplamp/wire";

/**
 * How many elements, dummies included, `asker` may look up at `holder` for a purpose in a day, as the covenant says; 0
 * where it says nothing.
 */
export function lookupQuota(
  { quotas }: Pick<Covenant, "quotas">,
  purpose: string,
  asker: PartyId,
  holder: PartyId,
): number {
  return Math.max(
    0,
    ...fittingRows(quotas, purpose, asker, holder).map(({ lookupsPerDay }) => lookupsPerDay),
  );
}

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
  return Math.max(0, ...fittingRows(quotas, purpose, asker, holder).map(({ evaluations }) => evaluations));
}

function fittingRows(
  quotas: Covenant["quotas"],
  purpose: string,
  asker: PartyId,
  holder: PartyId,
): Covenant["quotas"] {
  return quotas.filter(
    (row) =>
      row.purpose === purpose && ["*", asker].includes(row.asker) && ["*", holder].includes(row.holder),
  );
}

/**
 * The quota of a plan: of a look-up in a day, and otherwise under one key set: what the covenant says, and never more
 * than the identifier's domain bears.
 */
export function evaluationLimit(covenant: Covenant, plan: Plan, asker: PartyId, holder: PartyId): number {
  const { purpose, ask } = plan;
  if (ask.kind === "lookup") return lookupQuota(covenant, purpose, asker, holder);
  const agreed = evaluationQuota(covenant, purpose, asker, holder);
  return Math.min(agreed, evaluationCeiling(covenant, plan, asker));
}
