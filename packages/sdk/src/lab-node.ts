// SPDX-License-Identifier: Apache-2.0
// One party of a lab: the engine of a real node over a relay in memory.
import type { Membership } from "@koplamp/covenant";
import type { Primitives } from "@koplamp/crypto";
import {
  type Clock,
  type EngineNode,
  type LogEvent,
  memoryScratch,
  type NodeKeys,
  openLedger,
  Presence,
  type Progress,
  type Sources,
  type Store,
  scriptPeople,
  startCoordinator,
  startNode,
  type Workers,
} from "@koplamp/engine";
import type { PartyId, Rng } from "@koplamp/protocol";
import type { CoordinatorKeys } from "@koplamp/store";
import { openPost, openSessionChannel, type Relay } from "@koplamp/transport";

/** What all machines of a lab share. */
export interface LabWorld {
  readonly relay: Relay;
  readonly membership: Membership;
  readonly primitives: Primitives;
  readonly rng: Rng;
  readonly clock: Clock;
  readonly workers: Workers;
  readonly log: (event: LogEvent) => void;
  readonly progress: (progress: Progress) => void;
}

/** A machine that runs. `close` waits for what it is doing, at most `ms`. */
export interface LabNode {
  readonly node: EngineNode;
  close(ms: number): Promise<void>;
}

/** A party gone for so long is given up. Lines of a lab do not go down by themselves. */
const GRACE_MS = 5_000;

/** Starts the node of one party. */
export function startLabNode(
  world: LabWorld,
  me: PartyId,
  keys: NodeKeys,
  { store, sources }: { readonly store: Store; readonly sources: Sources },
): LabNode {
  const machine = openMachine(world, me, keys);
  const { post, presence } = machine;
  const { membership, primitives, rng, clock, workers, log, progress } = world;
  const ledger = openLedger({
    me,
    origin: `${membership.covenant.id}/${me}`,
    store,
    post,
    membership,
    keys,
    primitives,
    clock,
    log,
  });
  const node = startNode({
    me,
    lab: true,
    clock,
    rng,
    primitives,
    membership,
    keys,
    store,
    ledger,
    post,
    presence,
    sources,
    scratch: memoryScratch(),
    workers,
    openChannel: machine.openChannel,
    log,
    progress,
  });
  scriptPeople(node, { me, people: keys.people, clock, rng, primitives }); // a lab has nobody to ask
  return {
    node,
    close: async (ms) => {
      await node.close(ms);
      await machine.close();
      store.close();
    },
  };
}

/** Starts the relay's own machine: it adds, counts and passes on, and holds nothing. */
export function startLabCoordinator(
  world: LabWorld,
  keys: CoordinatorKeys,
): { readonly close: () => Promise<void> } {
  const machine = openMachine(world, "coordinator", keys);
  const { membership, primitives, rng, clock, workers, log, progress } = world;
  const coordinator = startCoordinator({
    me: "coordinator",
    identity: keys.identity,
    clock,
    rng,
    primitives,
    membership,
    post: machine.post,
    presence: machine.presence,
    workers,
    openChannel: machine.openChannel,
    log,
    progress,
  });
  return {
    close: async () => {
      await coordinator.close();
      await machine.close();
    },
  };
}

/** A line into the relay, with a sealed post and sealed channels on it. */
function openMachine(
  { relay, membership, primitives, rng, clock }: LabWorld,
  me: PartyId,
  keys: CoordinatorKeys,
) {
  const line = relay.line(me);
  const { identity, sealX25519, sealMlKem } = keys;
  const { addresses } = membership;
  const post = openPost({ line, me, identity, sealX25519, sealMlKem, addresses, primitives, rng });
  const presence = new Presence(line, post, clock, GRACE_MS);
  return {
    post,
    presence,
    openChannel: (request: Parameters<typeof openSessionChannel>[1]) =>
      openSessionChannel({ line, post, me, identity, addresses, primitives, rng }, request),
    close: async () => {
      presence.close();
      post.close();
      await line.close();
    },
  };
}
