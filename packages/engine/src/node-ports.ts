// SPDX-License-Identifier: Apache-2.0
import type { Membership, NodePolicy } from "@koplamp/covenant";
import type { Primitives } from "@koplamp/crypto";
import type { PartyId, Rng } from "@koplamp/protocol";
import type { Post } from "@koplamp/wire";
import type { NodeLedger } from "./ledger.ts";
import type {
  ChannelRequest,
  Clock,
  LogEvent,
  NodeKeys,
  Progress,
  Scratch,
  SessionChannel,
  Sources,
  Store,
  Workers,
} from "./ports.ts";
import type { Presence } from "./presence.ts";

/** Everything that a node's engine takes from its surroundings. */
export interface NodePorts {
  readonly me: PartyId;
  readonly lab: boolean;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly primitives: Primitives;
  readonly membership: Membership;
  readonly keys: NodeKeys;
  readonly store: Store;
  readonly ledger: NodeLedger;
  readonly post: Post;
  readonly presence: Presence;
  readonly sources: Sources;
  readonly scratch: Scratch;
  readonly workers: Workers;
  /** The node's own policies; absent where no folder is configured: the covenant decides alone. */
  readonly policy?: NodePolicy;
  readonly openChannel: (request: ChannelRequest) => Promise<SessionChannel>;
  readonly log: (event: LogEvent) => void;
  readonly progress: (progress: Progress) => void;
}
