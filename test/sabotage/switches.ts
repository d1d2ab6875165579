// SPDX-License-Identifier: Apache-2.0
import { AGREEMENT } from "./agreement.ts";
import { ALTERNATIVES } from "./alternatives.ts";
import { BUDGETS } from "./budgets.ts";
import { BULK_PAIR } from "./bulk.ts";
import { CHANNEL } from "./channel.ts";
import { COORDINATOR } from "./coordinator.ts";
import { DEALERS } from "./dealer.ts";
import { DECONFLICTION } from "./deconflict.ts";
import { DERIVATION, HALTED_SERIES } from "./derivation.ts";
import { DISCLOSURE } from "./disclosure.ts";
import { FOUR_EYES } from "./four-eyes.ts";
import { GOVERNANCE } from "./governance.ts";
import { HOSTILE_BYTES } from "./hostile-bytes.ts";
import { JOIN_HUB } from "./join-hub.ts";
import { JOIN_PAIR } from "./join-pair.ts";
import { JOINED_RELEASE } from "./joined-release.ts";
import { KERNEL } from "./kernel.ts";
import { LEGS } from "./legs.ts";
import { LIMITS } from "./limits.ts";
import { LISTED } from "./listed.ts";
import { LOOKUPS } from "./lookup.ts";
import { MASKED_SUMS } from "./masked-sums.ts";
import { MATCHING } from "./matching.ts";
import { MOMENTS } from "./moments.ts";
import { OPEN_LOOKUPS } from "./open-lookup.ts";
import { PAIR } from "./pair.ts";
import { PAIRS } from "./pairs.ts";
import { PEOPLE } from "./people.ts";
import { POLICIES, QUOTAS } from "./policy.ts";
import { SCRATCH } from "./scratch.ts";
import { SELECTED_ROWS } from "./selected-rows.ts";
import { STANDING } from "./series.ts";
import { SHARDS } from "./shards.ts";
import { UNDEALT } from "./silent.ts";
import { SINGLE_HOLDERS } from "./singles.ts";
import { PICTURES, STATISTICAL } from "./statistics.ts";
import { NOISES, SUMS } from "./sums.ts";
import { SUSPENSION } from "./suspension.ts";
import type { Switch } from "./switch.ts";
import { THRESHOLD } from "./threshold.ts";
import { BLIND_TESTS, TRENDS } from "./trends.ts";
import { VERIFIER } from "./verifier.ts";
import { VIEWED } from "./views.ts";

/** Every switch, by guarantee. */
export const SWITCHES: readonly Switch[] = [
  ...MATCHING,
  ...KERNEL,
  ...LISTED,
  ...ALTERNATIVES,
  ...PAIR,
  ...PAIRS,
  ...SHARDS,
  ...SCRATCH,
  ...LEGS,
  ...BULK_PAIR,
  ...UNDEALT,
  ...DEALERS,
  ...LOOKUPS,
  ...OPEN_LOOKUPS,
  ...DECONFLICTION,
  ...MOMENTS,
  ...THRESHOLD,
  ...VIEWED,
  ...SINGLE_HOLDERS,
  ...SUMS,
  ...DISCLOSURE,
  ...DERIVATION,
  ...NOISES,
  ...STATISTICAL,
  ...PICTURES,
  ...MASKED_SUMS,
  ...HOSTILE_BYTES,
  ...TRENDS,
  ...BLIND_TESTS,
  ...STANDING,
  ...HALTED_SERIES,
  ...JOIN_HUB,
  ...JOIN_PAIR,
  ...SELECTED_ROWS,
  ...JOINED_RELEASE,
  ...CHANNEL,
  ...COORDINATOR,
  ...GOVERNANCE,
  ...FOUR_EYES,
  ...PEOPLE,
  ...SUSPENSION,
  ...AGREEMENT,
  ...POLICIES,
  ...QUOTAS,
  ...LIMITS,
  ...BUDGETS,
  ...VERIFIER,
].sort((a, b) => Number(a.guarantee.slice(1)) - Number(b.guarantee.slice(1)));
