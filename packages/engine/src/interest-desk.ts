// SPDX-License-Identifier: Apache-2.0
// The register of interests, as the own people have it.
import type { SignedBytes } from "@koplamp/covenant";
import type { OwnInterest } from "@koplamp/wire";
import { type AuditedAct, interestAudit } from "./interest-audit.ts";
import { addInterest, interestsOf, type KeptInterest, withdrawInterest } from "./interest-book.ts";
import type { NodePorts } from "./node-ports.ts";

/** The register, as the own people have it. */
export interface InterestDesk {
  /** What the own desks look at, with whom they met over it: all that is and was in the register. */
  interests(): readonly KeptInterest[];
  /**
   * Puts in what a desk looks at, until it expires, by the word of an analyst; in a trial the node signs with its own
   * analyst's key. Gives its name. @throws {EngineError} `refused`.
   */
  addInterest(own: OwnInterest, signed?: SignedBytes): string;
  /**
   * Takes it back, by such a word of an analyst or officer: from now on it meets nobody.
   * @throws {EngineError} `refused` for what does not run.
   */
  withdrawInterest(id: string, by: string, signed?: SignedBytes): void;
  /** All that was done with the register, who signed it, and whether the own ledger has it. */
  interestAudit(): readonly AuditedAct[];
}

/** The register of a node. */
export function interestDesk(node: NodePorts): InterestDesk {
  return {
    interests: () => interestsOf(node),
    addInterest: (own, signed) => addInterest(node, own, signed),
    withdrawInterest: (id, by, signed) => withdrawInterest(node, id, by, signed),
    interestAudit: () => interestAudit(node),
  };
}
