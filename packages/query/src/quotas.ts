// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import {
  alternativesOf,
  type ColumnKind,
  type Covenant,
  keyOf,
  type Plan,
  quotaCeiling,
} from "@koplamp/wire";

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
 * than the identifier's domain bears. Of several keys the one with the smallest domain bounds all: what is evaluated does
 * not show of which key it is.
 */
export function evaluationLimit(
  covenant: Covenant,
  { purpose, inputs, ask }: Plan,
  asker: PartyId,
  holder: PartyId,
): number {
  if (ask.kind === "lookup") return lookupQuota(covenant, purpose, asker, holder);
  const agreed = evaluationQuota(covenant, purpose, asker, holder);
  if (covenant.id.startsWith("lab/")) return agreed;
  const { columns = [], kinds = [] } = inputs[0] ?? {};
  const keys = ask.kind === "match" ? alternativesOf(ask) : [keyOf(ask)];
  const ceilings = keys.map((key) => {
    // Safe because the plan's reader admits these kinds only.
    const own = key.flatMap((column) => kinds[columns.indexOf(column)] ?? []) as readonly ColumnKind[];
    return quotaCeiling(covenant, asker, own);
  });
  return Math.min(agreed, ...ceilings);
}
