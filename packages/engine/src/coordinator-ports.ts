// SPDX-License-Identifier: Apache-2.0
import type { NodePorts } from "./node-ports.ts";

/** What the coordinator's engine takes from its surroundings: no store, no ledger and no data. */
export interface CoordinatorPorts
  extends Pick<
    NodePorts,
    | "clock"
    | "rng"
    | "primitives"
    | "membership"
    | "post"
    | "presence"
    | "workers"
    | "openChannel"
    | "log"
    | "progress"
  > {
  readonly me: "coordinator";
  /** The seed of its identity key on the roster: it signs receipts. */
  readonly identity: Uint8Array;
}
