// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { bucket } from "./bucket.ts";
import { alternativesOf } from "./documents/alternatives.ts";
import { keyOf } from "./documents/asks.ts";
import type { Covenant } from "./documents/covenant-types.ts";
import type { Plan } from "./documents/types.ts";
import type { ColumnKind } from "./table.ts";

/** How many identifiers a kind can have at all, where that is few enough to be searched. */
export const DOMAIN_SIZES: Readonly<Partial<Record<ColumnKind, number>>> = {
  bsn: 90_900_000,
  rsin: 90_900_000,
  kvk: 100_000_000,
  imo: 1_000_000,
  "imo-company": 1_000_000,
};

/**
 * The most evaluations that a quota may give an asker in one key set: room for its register, one repeat after a fault
 * and increments, and never more than a part of the identifier's domain (evidence.md, section 2; protocols.md,
 * section 4). A covenant knows no kinds of columns, so its reader passes none; whoever knows the key passes its kinds.
 */
export function quotaCeiling(
  { dataClasses, floors }: Pick<Covenant, "dataClasses" | "floors">,
  asker: PartyId,
  keyKinds: readonly ColumnKind[],
): number {
  const registers = dataClasses
    .filter(({ party }) => party === asker)
    .map(({ registerSize }) => registerSize);
  const room = 4 * bucket(Math.max(0, ...registers));
  return Math.min(room, domainCeiling(keyKinds, floors.maxDomainPermille));
}

/**
 * The most that `asker` may have evaluated for a plan under one key set, whatever its quota says. Of several keys the one
 * with the smallest domain bounds all: what is evaluated does not show of which key it is. The agreement of a lab bounds
 * nothing.
 */
export function evaluationCeiling(
  covenant: Pick<Covenant, "id" | "dataClasses" | "floors">,
  { ask, inputs }: Pick<Plan, "ask" | "inputs">,
  asker: PartyId,
): number {
  if (covenant.id.startsWith("lab/")) return Number.POSITIVE_INFINITY;
  const { columns = [], kinds = [] } = inputs[0] ?? {};
  const keys = ask.kind === "match" ? alternativesOf(ask) : [keyOf(ask)];
  const ceilings = keys.map((key) => {
    // Safe because the plan's reader admits these kinds only.
    const own = key.flatMap((column) => kinds[columns.indexOf(column)] ?? []) as readonly ColumnKind[];
    return quotaCeiling(covenant, asker, own);
  });
  return Math.min(...ceilings);
}

/** A key of several columns has the domain of all of them together: unknown as soon as one is. */
function domainCeiling(kinds: readonly ColumnKind[], permille: number): number {
  const sizes = kinds.map((kind) => DOMAIN_SIZES[kind] ?? Number.POSITIVE_INFINITY);
  const domain =
    sizes.length === 0 ? Number.POSITIVE_INFINITY : sizes.reduce((product, size) => product * size, 1);
  const part = Math.ceil((domain * permille) / 1000);
  return part <= 2 ** 52 ? bucket(part) : Number.POSITIVE_INFINITY; // NaN and infinity bound nothing
}
