// SPDX-License-Identifier: Apache-2.0
// A thread of a pool. It holds vaults and runs jobs of one registry, one after the other, until it is told to stop.
import { parentPort, workerData } from "node:worker_threads";
import { type JobTable, MemoryVault, ProtocolError, runJob, type Vault } from "@koplamp/protocol";
import { failureOf } from "./failure.ts";
import { compact, type Reply, type Request, type Start } from "./messages.ts";
import type { Registry } from "./workers.ts";

/** A session's vault, and the buffers that stand or stood in it: these never leave, and are never moved. */
interface Seat {
  readonly secrets: MemoryVault;
  readonly vault: Vault;
  readonly kept: WeakSet<ArrayBufferLike>;
}

const seats = new Map<number, Seat>();
const start = workerData as Start; // written by thread.ts and nobody else
const table = await load(start);
parentPort?.on("message", answer);
post({ kind: "ready" });

async function load({ registry, backends }: Start): Promise<JobTable> {
  // The wiring names its own module; what it exports is checked here.
  const module = (await import(registry)) as Partial<Registry>;
  if (typeof module.table !== "function") {
    throw new ProtocolError("unknown-job", "expected the registry module to export table(), it does not");
  }
  return module.table(backends);
}

function answer(request: Request): void {
  try {
    const moved = new Set<ArrayBuffer>();
    const value = serve(request, moved);
    post({ kind: "done", value }, [...moved]);
  } catch (error) {
    post({ kind: "failed", failure: failureOf(error, request.kind === "run" ? request.job : request.kind) });
  }
  if (request.kind === "stop") parentPort?.close();
}

function serve(request: Request, moved: Set<ArrayBuffer>): unknown {
  if (request.kind === "open") return void seats.set(request.session, seatOf(request.secrets));
  if (request.kind === "run") return run(request, moved);
  if (request.kind === "wipe") return wipe(request.session);
  return [...seats.keys()].map(wipe).at(-1);
}

function run({ session, job, args }: Extract<Request, { kind: "run" }>, moved: Set<ArrayBuffer>): unknown {
  const seat = seats.get(session);
  if (seat === undefined) throw new ProtocolError("vault", "the session is over: its secrets are wiped");
  // An array, as thread.ts sent it.
  const value = runJob(table, seat.vault, job, args as readonly unknown[]);
  return compact(value, moved, (buffer) => !seat.kept.has(buffer));
}

/** Overwrites the session's secrets. Gives the memory of this thread, in bytes, for the pool to judge. */
function wipe(session: number): number {
  seats.get(session)?.secrets.wipe();
  seats.delete(session);
  const { heapTotal, external } = process.memoryUsage(); // both of this thread; rss would be the process's
  return heapTotal + external;
}

function seatOf(initial: Readonly<Record<string, Uint8Array>>): Seat {
  const secrets = new MemoryVault(initial);
  const kept = new WeakSet<ArrayBufferLike>();
  const keep = (secret: Uint8Array): Uint8Array => {
    kept.add(secret.buffer);
    return secret;
  };
  const vault: Vault = {
    get: (handle) => keep(secrets.get(handle)),
    has: (handle) => secrets.has(handle),
    put: (handle, secret) => secrets.put(handle, keep(secret)),
    drop: (handle) => secrets.drop(handle),
  };
  return { secrets, vault, kept };
}

function post(reply: Reply, moved: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, moved);
}
