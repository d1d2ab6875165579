// SPDX-License-Identifier: Apache-2.0
import type { FederationParty } from "@koplamp/query";
import { bucket } from "@koplamp/wire";
import type { Terms } from "./charter.ts";
import { labTerms } from "./lab-terms.ts";

/**
 * What a trial on real nodes agrees on: every class and column for these purposes, and quotas as large as a covenant
 * may give to registers of this size.
 */
export function trialTerms(
  parties: readonly FederationParty[],
  purposes: readonly string[],
  registerSize: number,
): Terms {
  const open = labTerms(parties, purposes);
  return {
    ...open,
    title: { en: "Agreement of a trial", nl: "Afspraken van een proef" },
    dataClasses: open.dataClasses.map((dataClass) => ({ ...dataClass, registerSize })),
    quotas: open.quotas.map((quota) => ({ ...quota, evaluations: 4 * bucket(registerSize) })),
  };
}
