// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { dealersOf, type Plan } from "@koplamp/wire";

/** Every party that has to agree to a plan: contributors, recipients, whoever deals, and the proposer. Sorted. */
export function partiesOf({ ask, proposer, inputs, recipients }: Plan): readonly PartyId[] {
  const named = [proposer, ...inputs, ...recipients].map(({ party }) => party);
  return [...new Set([...named, ...dealersOf(ask)])].sort();
}
