// SPDX-License-Identifier: Apache-2.0
import type { PartyId } from "@koplamp/protocol";
import { type NodeClient, nodeClient } from "./client.ts";
import { DemoError } from "./demo-error.ts";
import type { Folders } from "./demo-folder.ts";
import { type Daemon, type Programs, startProcess } from "./demo-processes.ts";
import { eachOf } from "./read-lab.ts";

/** A federation as real processes on this machine. */
export interface RunningFederation {
  readonly coordinator: Daemon;
  readonly nodes: ReadonlyMap<PartyId, Daemon>;
  /** The desk of a party's node. */
  client(party: PartyId): NodeClient;
  /** Starts a node again that has ended, or the coordinator. */
  restart(party: PartyId): Promise<void>;
  /** Stops every process, nodes first. Gives the exit statuses by name. */
  stop(insistMs?: number): Promise<ReadonlyMap<string, number | null>>;
}

const ONLINE_MS = 20_000;

/** Starts relay and nodes, and waits until every node sees all the others. On failure nothing stays behind. */
export async function startFederation(folders: Folders, programs: Programs): Promise<RunningFederation> {
  const started: Daemon[] = [];
  try {
    const coordinator = await startProcess("coordinator", programs.coordinator, folders.coordinator);
    started.push(coordinator);
    const nodes = new Map<PartyId, Daemon>();
    const start = async ([party, dir]: readonly [PartyId, string]): Promise<void> => {
      const daemon = await startProcess(party, programs.node, dir);
      started.push(daemon);
      nodes.set(party, daemon);
    };
    const results = await eachOf([...folders.nodes], (node) => Promise.allSettled([start(node)]));
    const failed = results.flat().find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const running = new Running(folders, programs, coordinator, nodes);
    await running.allOnline();
    return running;
  } catch (reason) {
    await Promise.all(started.map((daemon) => daemon.stop()));
    throw reason;
  }
}

class Running implements RunningFederation {
  coordinator: Daemon;
  readonly nodes: Map<PartyId, Daemon>;
  readonly #folders: Folders;
  readonly #programs: Programs;

  constructor(folders: Folders, programs: Programs, coordinator: Daemon, nodes: Map<PartyId, Daemon>) {
    this.#folders = folders;
    this.#programs = programs;
    this.coordinator = coordinator;
    this.nodes = nodes;
  }

  client(party: PartyId): NodeClient {
    return nodeClient(this.#dirOf(party));
  }

  async restart(party: PartyId): Promise<void> {
    const { node, coordinator } = this.#programs;
    if (party === this.coordinator.name)
      this.coordinator = await startProcess(party, coordinator, this.#folders.coordinator);
    else this.nodes.set(party, await startProcess(party, node, this.#dirOf(party)));
    await this.allOnline();
  }

  async stop(insistMs?: number): Promise<ReadonlyMap<string, number | null>> {
    const nodes = await Promise.all(
      [...this.nodes].map(async ([party, daemon]) => [party, await daemon.stop(insistMs)] as const),
    );
    return new Map([...nodes, ["coordinator", await this.coordinator.stop(insistMs)]]);
  }

  /** Waits until every node's line and everybody's presence are up. */
  async allOnline(): Promise<void> {
    const until = Date.now() + ONLINE_MS;
    const all = [...this.nodes.keys()];
    for (const party of all) {
      while ((await this.client(party).status()).online.length < all.length - 1) {
        if (Date.now() > until)
          throw new DemoError(`${party} does not see all the others within ${ONLINE_MS / 1000} s`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  #dirOf(party: PartyId): string {
    const dir = this.#folders.nodes.get(party);
    if (dir === undefined) throw new DemoError(`there is no party "${party}"`);
    return dir;
  }
}
