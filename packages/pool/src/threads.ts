// SPDX-License-Identifier: Apache-2.0
import type { Job } from "@koplamp/protocol";
import { JobError, PoolError } from "./errors.ts";
import { compact } from "./messages.ts";
import { Thread } from "./thread.ts";
import type { Backends, SessionPool, Workers } from "./workers.ts";

/** How threads are run. */
export interface ThreadOptions {
  /** The module whose `table()` binds jobs to code; each thread imports it. */
  readonly registry: URL;
  /** Threads at one time; one starts when a session finds all others taken. */
  readonly size: number;
  readonly backends?: Backends;
  /** A thread whose heap and external memory exceed this at the end of a session is replaced. Default: 1 GiB. */
  readonly memoryBytes?: number;
  /** Told each time a thread is replaced, with the reason: a sentence for one line of the log. */
  readonly replaced?: (reason: string) => void;
}

const MEMORY_BYTES = 2 ** 30;
/** Sessions over ciphertexts of others before a thread is replaced (aggregation.md, section 4). */
const MOST_SERVED = 64;
/** Names of jobs that hand ciphertexts of others to a library outside our fences. */
const ENCRYPTED = /^(he|sum)[.]/;

/**
 * Worker threads. A session's vault stays on the thread that had the fewest sessions when it began; its jobs run there,
 * so that the event loop of the process keeps answering. A thread that dies fails its sessions with `lost` and is
 * replaced. One that has worked on others' ciphertexts in 64 sessions, whose encryption library failed, or that has
 * grown too large takes no new session, and ends with its last.
 */
export function startThreads(options: ThreadOptions): Workers {
  return new ThreadPool(options);
}

class ThreadPool implements Workers {
  readonly size: number;
  readonly #options: ThreadOptions;
  readonly #threads = new Set<Thread>();
  #sessions = 0;
  #closed = false;

  constructor(options: ThreadOptions) {
    this.size = options.size;
    this.#options = options;
  }

  async session(secrets: Readonly<Record<string, Uint8Array>>): Promise<SessionPool> {
    if (this.#closed) throw new PoolError("closed", "the workers are closed: no session can begin");
    const thread = this.#freest();
    this.#sessions += 1;
    const session = new ThreadSession(thread, this.#sessions, {
      failed: () => this.#retire(thread, "its encryption library failed"),
      released: (bytes) => this.#released(thread, bytes),
    });
    await session.open(secrets);
    return session;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  #start(): Thread {
    const { registry, backends = "auto" } = this.#options;
    const thread = new Thread({ registry: registry.href, backends }, (ended) => this.#ended(ended));
    this.#threads.add(thread);
    return thread;
  }

  #freest(): Thread {
    const able = [...this.#threads].filter(({ retired }) => retired === undefined);
    const best = able.reduce<Thread | undefined>(
      (freest, thread) => (freest === undefined || isFreer(thread, freest) ? thread : freest),
      undefined,
    );
    return best === undefined || (best.sessions > 0 && able.length < this.size) ? this.#start() : best;
  }

  #released(thread: Thread, bytes: number): void {
    const { memoryBytes = MEMORY_BYTES } = this.#options;
    if (thread.served >= MOST_SERVED) this.#retire(thread, `it has served ${MOST_SERVED} encrypted sessions`);
    if (bytes > memoryBytes) this.#retire(thread, `it has grown to ${Math.ceil(bytes / 2 ** 20)} MiB`);
    if (thread.retired !== undefined && thread.sessions === 0) void thread.stop();
  }

  #retire(thread: Thread, reason: string): void {
    if (thread.retired !== undefined || this.#closed) return;
    thread.retired = reason;
    this.#options.replaced?.(`a worker is replaced: ${reason}`);
  }

  #ended(thread: Thread): void {
    this.#threads.delete(thread);
    // One that never got ready would not get ready now: the next session tries again, and says why.
    if (!thread.ready || thread.retired !== undefined) return;
    this.#retire(thread, "it ended by itself");
  }
}

/** What a session tells its pool. */
interface Hooks {
  readonly failed: () => void;
  readonly released: (memoryBytes: number) => void;
}

class ThreadSession implements SessionPool {
  readonly #thread: Thread;
  readonly #session: number;
  readonly #hooks: Hooks;
  #encrypted = false;
  #over: Promise<void> | undefined;

  constructor(thread: Thread, session: number, hooks: Hooks) {
    this.#thread = thread;
    this.#session = session;
    this.#hooks = hooks;
  }

  async open(secrets: Readonly<Record<string, Uint8Array>>): Promise<void> {
    this.#thread.sessions += 1;
    // Copies of their own, which are moved: what reaches the thread leaves no trace in between.
    const copies = Object.entries(secrets).map(
      ([handle, secret]) => [handle, new Uint8Array(secret)] as const,
    );
    const moved = copies.map(([, copy]) => copy.buffer);
    await this.#thread
      .ask({ kind: "open", session: this.#session, secrets: Object.fromEntries(copies) }, moved)
      .catch((reason) => {
        this.#thread.sessions -= 1;
        throw reason;
      });
  }

  async run(job: Job<readonly unknown[], unknown>, args: readonly unknown[]): Promise<unknown> {
    if (this.#over !== undefined) throw new PoolError("over", "the session is over: its secrets are wiped");
    this.#encrypted ||= ENCRYPTED.test(job.name);
    return this.#thread
      .ask({ kind: "run", session: this.#session, job: job.name, args: compact(args) })
      .catch((reason) => {
        if (reason instanceof JobError && reason.name === "HeError") this.#hooks.failed();
        throw reason;
      });
  }

  wipe(): Promise<void> {
    this.#over ??= this.#end();
    return this.#over;
  }

  async #end(): Promise<void> {
    const bytes = await this.#thread.ask({ kind: "wipe", session: this.#session }).catch(wipedWithItsThread);
    this.#thread.sessions -= 1;
    if (this.#encrypted) this.#thread.served += 1;
    this.#hooks.released(Number(bytes));
  }
}

function isFreer(left: Thread, right: Thread): boolean {
  return left.sessions < right.sessions || (left.sessions === right.sessions && left.load < right.load);
}

function wipedWithItsThread(reason: unknown): number {
  if (reason instanceof PoolError) return 0;
  throw reason;
}
