// SPDX-License-Identifier: Apache-2.0
import type { Job } from "./effects.ts";
import { ProtocolError } from "./errors.ts";

/** Names secret bytes in a vault. Generators hold handles, never secrets. */
export type Handle = string;

/** The secrets of one party in one session. Jobs read and write it; nothing else does. */
export interface Vault {
  /** @throws {ProtocolError} `vault` when nothing is kept under `handle`. */
  get(handle: Handle): Uint8Array;
  has(handle: Handle): boolean;
  /** Keeps `secret` itself, not a copy. What stood under the handle is wiped first. */
  put(handle: Handle, secret: Uint8Array): void;
  /** Overwrites with zeros and forgets what stands under `handle`, if anything does. */
  drop(handle: Handle): void;
}

/** A vault in memory. `wipe` overwrites every secret with zeros: the session is over. */
export class MemoryVault implements Vault {
  readonly #secrets = new Map<Handle, Uint8Array>();

  constructor(initial: Readonly<Record<Handle, Uint8Array>> = {}) {
    for (const [handle, secret] of Object.entries(initial)) this.#secrets.set(handle, secret);
  }

  get(handle: Handle): Uint8Array {
    const secret = this.#secrets.get(handle);
    if (secret === undefined) throw new ProtocolError("vault", `the vault holds nothing under "${handle}"`);
    return secret;
  }

  has(handle: Handle): boolean {
    return this.#secrets.has(handle);
  }

  put(handle: Handle, secret: Uint8Array): void {
    if (this.#secrets.get(handle) !== secret) this.drop(handle);
    this.#secrets.set(handle, secret);
  }

  drop(handle: Handle): void {
    this.#secrets.get(handle)?.fill(0);
    this.#secrets.delete(handle);
  }

  wipe(): void {
    for (const secret of this.#secrets.values()) secret.fill(0);
    this.#secrets.clear();
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }
}

type Code = (vault: Vault, ...args: readonly unknown[]) => unknown;

/** The code behind job names. */
export type JobTable = ReadonlyMap<string, Code>;

/** One row of a job table. */
export type JobEntry = readonly [name: string, code: Code];

/** Binds a job's name to code of exactly its type. */
export function bind<Args extends readonly unknown[], Value>(
  work: Job<Args, Value>,
  code: (vault: Vault, ...args: Args) => Value,
): JobEntry {
  // Safe because only `compute` calls it, with the arguments of the same job.
  return [work.name, code as unknown as Code];
}

/** Runs a job of the table. @throws {ProtocolError} `unknown-job` when the table lacks it. */
export function runJob(table: JobTable, vault: Vault, name: string, args: readonly unknown[]): unknown {
  const code = table.get(name);
  if (code === undefined) throw new ProtocolError("unknown-job", `no code is bound to the job "${name}"`);
  return code(vault, ...args);
}
