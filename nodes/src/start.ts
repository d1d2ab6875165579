// SPDX-License-Identifier: Apache-2.0
import { randomFillSync } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { admitCharter, type Membership } from "@koplamp/covenant";
import type { Primitives } from "@koplamp/crypto";
import {
  type Clock,
  type DaemonEvent,
  type NodeKeys,
  type NodePorts,
  openLedger,
  Presence,
  type Progress,
  scriptPeople,
  startNode,
} from "@koplamp/engine";
import { nodePrimitives, startThreads } from "@koplamp/pool";
import { openScratch, openSources, readSourceIn } from "@koplamp/sources";
import { openStore, readCharter, readKeys } from "@koplamp/store";
import { dialRelay, openPost, openSessionChannel, type TlsFiles } from "@koplamp/transport";
import { admitAnybody } from "./caller.ts";
import { type NodeConfig, readPrivate } from "./config.ts";
import { type DeskPorts, openDesk } from "./desk.ts";
import { StartError } from "./errors.ts";
import { type OwnPolicy, openOwnPolicy } from "./own-policy.ts";
import { admitSignedIn } from "./sign-in.ts";
import { scratchFolder } from "./source-reader.ts";

/** A node at work. */
export interface RunningNode {
  /** The path of its desk's socket. */
  readonly address: string;
  /** Reads the node's own policies again; gives how many. @throws {StartError} `policy`: those in force stay. */
  reloadPolicy(): number;
  /** Takes no more questions, waits at most `drainMs` for those that run, closes its line and wipes its keys. */
  close(drainMs: number): Promise<void>;
}

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => void (await sleep(ms, undefined, { ref: false })),
};
const rng = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

/** Starts a node from its file: every port that the engine takes, made real. Wiring, and no decisions. */
export async function startDaemon(
  config: NodeConfig,
  log: (event: DaemonEvent) => void,
): Promise<RunningNode> {
  const primitives = nodePrimitives();
  const membership = admitted(config, primitives);
  await mkdir(config.state, { recursive: true, mode: 0o700 });
  await using parts = new AsyncDisposableStack();
  const watchers = new Set<(progress: Progress) => void>();
  const policy = openOwnPolicy(config);
  const ports = await openPorts(config, membership, policy, parts, log);
  const reloadPolicy = (): number => {
    const count = policy.reload();
    log({ event: "policy.read", party: config.party, count });
    return count;
  };
  const progress = (step: Progress): void => {
    for (const watcher of watchers) watcher(step);
  };
  const node = startNode({ ...ports, progress });
  if (config.people === "generated") scriptPeople(node, { ...ports, people: ports.keys.people });
  const path = join(config.state, "desk.sock");
  const desk = await openDesk({
    path,
    node,
    status: () => statusOf(config, membership, ports.presence),
    reloadPolicy,
    ...deskSignIn(config, membership, log),
    onProgress: (listener) => {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
  });
  const owned = parts.move(); // from here on the caller closes
  return {
    address: path,
    reloadPolicy,
    close: async (drainMs) => {
      const closed = desk.close(); // takes nothing new, and waits for those who wait for an answer
      await node.close(drainMs);
      desk.hangUp();
      await closed;
      await owned.disposeAsync();
    },
  };
}

/** The node's ports; each is closed with `parts`, the last one first. */
async function openPorts(
  config: NodeConfig,
  membership: Membership,
  policy: OwnPolicy,
  parts: AsyncDisposableStack,
  log: (event: DaemonEvent) => void,
): Promise<Omit<NodePorts, "progress">> {
  const { party: me, federation, limits } = config;
  const primitives = nodePrimitives();
  const keys = machineKeys(config);
  parts.defer(() => wipe(keys));
  const store = openStore(join(config.state, "node.db"));
  parts.defer(() => store.close());
  const { url, pins } = federation.coordinator;
  const said = (event: DaemonEvent): void => log({ party: me, ...event });
  const line = await dialRelay({ party: me, url: url.origin, pins, tls: await tlsOf(config), log: said });
  parts.defer(() => line.close());
  const { identity, sealX25519, sealMlKem } = keys;
  const machine = { line, me, identity, addresses: membership.addresses, primitives, rng };
  const onRefused = (peer: string): void => log({ event: "letter.refused", party: me, peer });
  const post = openPost({ ...machine, sealX25519, sealMlKem, onRefused });
  parts.defer(() => post.close());
  const origin = `${membership.covenant.id}/${me}`;
  const ledger = openLedger({ me, origin, store, post, membership, keys, primitives, clock, log });
  const workers = startThreads({ registry: registry(), size: sizeOf(config), backends: limits.backend });
  parts.defer(() => workers.close());
  const presence = new Presence(line, post, clock, limits.graceMs);
  parts.defer(() => presence.close());
  const folder = scratchFolder(config);
  const scratch = openScratch(folder);
  const sources = openSources(config.sources, readSourceIn(folder));
  const openChannel: NodePorts["openChannel"] = (request) =>
    openSessionChannel({ ...machine, post }, request);
  const common = { me, lab: false, clock, rng, primitives, membership, keys, store, ledger, log };
  const local = policy.inForce === undefined ? {} : { policy: policy.inForce };
  return { ...common, ...local, post, presence, sources, scratch, workers, openChannel };
}

/** The machine's keys; the keys of people who ask and approve are beside them in a trial only. */
export function machineKeys({ identity, people }: NodeConfig): NodeKeys {
  const keys = readKeys(identity.keys);
  const held = Object.keys(keys.people).length > 0;
  if (held === (people === "generated")) return keys;
  wipe(keys);
  throw new StartError(
    "files",
    held
      ? `${identity.keys} holds keys of people who ask or approve: a machine must not have them`
      : `${identity.keys} holds no generated keys of people, as "people: generated" wants`,
    held ? "people keep their own: koplamp key new; in a trial: people: generated" : "leave that line out",
  );
}

/** The federation's documents, checked, under the covenant that the node's own people named. */
export function admitted(config: NodeConfig, primitives: Primitives): Membership {
  const { federation, party, file } = config;
  const membership = admitCharter(readCharter(federation.charter), primitives);
  if (membership.covenantHash !== federation.covenant) {
    throw new StartError(
      "covenant",
      `${file} names covenant ${federation.covenant}, got ${membership.covenantHash} in ${federation.charter}`,
      "compare the hash by telephone with the other agencies before changing it",
    );
  }
  if (membership.covenant.id.startsWith("lab/")) {
    throw new StartError(
      "covenant",
      `covenant "${membership.covenant.id}" is for the lab alone: nobody has agreed to it`,
      "real nodes need a covenant that the agencies sign",
    );
  }
  if (membership.cards.has(party)) return membership;
  const members = [...membership.cards.keys()].sort().join(", ");
  throw new StartError(
    "covenant",
    `"${party}" is no party of covenant "${membership.covenant.id}"`,
    `parties: ${members}`,
  );
}

async function tlsOf({ identity }: NodeConfig): Promise<TlsFiles> {
  const [certificate, key, ca] = await Promise.all([
    readFile(identity.certificate, "utf8"),
    readPrivate(identity.key),
    readFile(identity.ca, "utf8"),
  ]);
  return { certificate, key, ca };
}

function sizeOf({ limits }: NodeConfig): number {
  return limits.workers === "auto" ? availableParallelism() : limits.workers;
}

/** How people come to the desk: signed in where the node's file asks for it, and by its socket in any case. */
function deskSignIn(
  { signIn, party }: NodeConfig,
  { cards }: Membership,
  log: (event: DaemonEvent) => void,
): Pick<DeskPorts, "signIn" | "admit"> {
  if (signIn === undefined) return { signIn: null, admit: admitAnybody };
  const { issuer, client, scope, ca } = signIn;
  return {
    signIn: { issuer, client, scope, ...(ca === undefined ? {} : { ca }) },
    admit: admitSignedIn({
      config: signIn,
      people: () => cards.get(party)?.people ?? [],
      now: clock.now,
      log: (event) => log({ party, ...event }),
    }),
  };
}

function statusOf(
  { party, federation }: NodeConfig,
  { covenantHash, cards }: Membership,
  presence: Presence,
): object {
  const online = [...cards.keys()].filter((id) => id !== party && presence.online(id)).sort();
  return { party, federation: federation.id, covenant: covenantHash, online };
}

function registry(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./jobs.ts" : "./jobs.js", import.meta.url);
}

function wipe(keys: NodeKeys): void {
  const { people, ...machine } = keys;
  for (const secret of [...Object.values(machine), ...Object.values(people)]) secret.fill(0);
}
