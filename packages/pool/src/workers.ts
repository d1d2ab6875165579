// SPDX-License-Identifier: Apache-2.0
import type { Job, JobTable, Pool } from "@koplamp/protocol";

/** The secrets of one session, in one place: jobs run against them until `wipe`, which may be called again. */
export interface SessionPool extends Pool {
  run(job: Job<readonly unknown[], unknown>, args: readonly unknown[]): Promise<unknown>;
  /** Overwrites the secrets. After it `run` refuses. */
  wipe(): Promise<void>;
}

/** Workers, shared by all sessions of a process. Structurally the port of the engine. */
export interface Workers {
  /** How many jobs run at one time. */
  readonly size: number;
  /** A fresh vault on some worker, filled with `secrets`; the caller's copies may be wiped when it resolves. */
  session(secrets: Readonly<Record<string, Uint8Array>>): Promise<SessionPool>;
  /** Waits for what runs, then wipes every vault. */
  close(): Promise<void>;
}

/** Which group backend may serve: as `chooseGroup` finds one, or one by name. */
export type Backends = "auto" | "kernel" | "wasm" | "native";

/** What a registry module exports: the code of every job that a worker may be asked for. */
export interface Registry {
  table(backends: Backends): Promise<JobTable>;
}
