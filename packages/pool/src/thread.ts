// SPDX-License-Identifier: Apache-2.0
import { Worker } from "node:worker_threads";
import { PoolError } from "./errors.ts";
import { errorOf } from "./failure.ts";
import type { Reply, Request, Start } from "./messages.ts";

const fromSource = import.meta.url.endsWith(".ts");
const WORKER = new URL(fromSource ? "./worker.ts" : "./worker.js", import.meta.url);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** One worker thread: requests go in, replies come out in the same order, and its end fails what is left. */
export class Thread {
  /** Why it takes no new session: a sentence for the log. It ends with its last session. */
  retired: string | undefined;
  /** Sessions that are on it. */
  sessions = 0;
  /** Sessions that ended here and had worked on ciphertexts of others. */
  served = 0;
  /** Whether its registry has loaded. */
  ready = false;
  /** Set when it has ended. */
  ended: PoolError | undefined;
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #error: unknown;
  #stopping = false;

  constructor(start: Start, onEnd: (thread: Thread) => void) {
    this.#worker = new Worker(WORKER, {
      workerData: start,
      env: {},
      execArgv: fromSource ? ["--conditions=source"] : [],
    });
    this.#worker.on("message", (reply: Reply) => this.#take(reply));
    this.#worker.on("messageerror", () => void this.#worker.terminate());
    this.#worker.on("error", (error) => {
      this.#error = error; // "exit" follows
    });
    this.#worker.on("exit", () => {
      this.#end();
      onEnd(this);
    });
  }

  /** Requests without a reply. */
  get load(): number {
    return this.#waiting.length;
  }

  /** @throws {PoolError} `lost` or `start` when the thread ends first; and what the job threw. */
  ask(request: Request, moved: readonly ArrayBuffer[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.ended);
      try {
        this.#worker.postMessage(request, moved);
        this.#waiting.push({ resolve, reject });
      } catch {
        reject(new PoolError("clone", "the arguments of a job cannot be sent to a worker")); // the cause may quote them
      }
    });
  }

  /** Lets it finish what it was asked, wipe all its vaults and end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.ask({ kind: "stop" }).catch(endedAlready);
    await this.#worker.terminate();
  }

  #take(reply: Reply): void {
    if (reply.kind === "ready") {
      this.ready = true;
      return;
    }
    const waiting = this.#waiting.shift();
    if (reply.kind === "done") waiting?.resolve(reply.value);
    else waiting?.reject(errorOf(reply.failure));
  }

  #end(): void {
    this.ended = this.#reason();
    for (const { reject } of this.#waiting.splice(0)) reject(this.ended);
  }

  #reason(): PoolError {
    if (this.#stopping) return new PoolError("closed", "the workers are closed: no session goes on");
    if (this.ready) {
      return new PoolError("lost", "the worker of this session ended, and the session's secrets with it");
    }
    return new PoolError("start", `the workers' registry of jobs does not load: ${messageOf(this.#error)}`);
  }
}

function endedAlready(reason: unknown): void {
  if (!(reason instanceof PoolError)) throw reason;
}

/** Before any job has run there is no payload that a message could hold. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "it ended";
}
