// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { admitCharter, type Membership } from "@koplamp/covenant";
import type { Primitives } from "@koplamp/crypto";
import { type Clock, type DaemonEvent, Presence, startCoordinator } from "@koplamp/engine";
import { nodePrimitives, startThreads } from "@koplamp/pool";
import { readCharter, readCoordinatorKeys } from "@koplamp/store";
import { openPost, openSessionChannel, Relay, startRelayServer } from "@koplamp/transport";
import type { CoordinatorConfig } from "./config.ts";
import { StartError } from "./errors.ts";

/** A relay at work. */
export interface RunningRelay {
  /** `host:port`, where nodes dial in. */
  readonly address: string;
  close(): Promise<void>;
}

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => void (await sleep(ms, undefined, { ref: false })),
};
/** A party whose line is down for so long is given up in a session. */
const GRACE_MS = 30_000;
const rng = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

/**
 * Starts a relay from its file: the store-and-forward core, the door for nodes, and the coordinator's part in the
 * protocols, under its own name and keys. It holds no key that opens an agency's data. Wiring, and no decisions.
 */
export async function startDaemon(
  config: CoordinatorConfig,
  log: (event: DaemonEvent) => void,
): Promise<RunningRelay> {
  const { identity, listen } = config;
  const primitives = nodePrimitives();
  const membership = admitted(config, primitives);
  const keys = readCoordinatorKeys(identity.keys);
  await using parts = new AsyncDisposableStack();
  parts.defer(() => {
    for (const secret of Object.values(keys)) secret.fill(0);
  });
  const said = (event: DaemonEvent): void => log({ party: "coordinator", ...event });
  const relay = new Relay({}, said);
  parts.defer(() => relay.close());
  const line = relay.line("coordinator");
  parts.defer(() => line.close());
  const address = {
    me: "coordinator",
    line,
    identity: keys.identity,
    addresses: membership.addresses,
    primitives,
    rng,
  };
  const { sealX25519, sealMlKem } = keys;
  const onRefused = (peer: string): void => said({ event: "letter.refused", peer });
  const post = openPost({ ...address, sealX25519, sealMlKem, onRefused });
  parts.defer(() => post.close());
  const size = config.workers === "auto" ? availableParallelism() : config.workers;
  const registry = new URL(import.meta.url.endsWith(".ts") ? "./jobs.ts" : "./jobs.js", import.meta.url);
  const workers = startThreads({ registry, size });
  parts.defer(() => workers.close());
  const presence = new Presence(line, post, clock, GRACE_MS);
  parts.defer(() => presence.close());
  const coordinator = startCoordinator({
    me: "coordinator",
    identity: keys.identity,
    membership,
    primitives,
    rng,
    clock,
    post,
    workers,
    openChannel: (request) => openSessionChannel({ ...address, post }, request),
    presence,
    log: said,
    progress: () => {}, // nobody watches a relay
  });
  parts.defer(() => coordinator.close());
  const server = await startRelayServer({
    relay,
    listen: `${listen.host}:${listen.port}`,
    tls: {
      certificate: await readFile(identity.certificate, "utf8"),
      key: await readFile(identity.key, "utf8"),
      ca: await readFile(identity.ca, "utf8"),
    },
    pins: new Map([...membership.cards].map(([party, card]) => [party, card.tlsPins])),
    log: said,
  });
  parts.defer(() => server.close());
  const owned = parts.move(); // from here on the caller closes
  return { address: `${listen.host}:${server.port}`, close: () => owned.disposeAsync() };
}

/** The federation's documents, checked, under the covenant that the operator was given. It grants nothing else. */
function admitted({ federation }: CoordinatorConfig, primitives: Primitives): Membership {
  const membership = admitCharter(readCharter(federation.charter), primitives);
  if (membership.covenantHash === federation.covenant) return membership;
  throw new StartError(
    "covenant",
    `expected covenant ${federation.covenant}, got ${membership.covenantHash} in ${federation.charter}`,
    "ask an agency for the charter of the covenant that is in force",
  );
}
