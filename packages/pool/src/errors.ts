// SPDX-License-Identifier: Apache-2.0

/** What can go wrong between a session and its worker. */
export type PoolErrorCode = "start" | "lost" | "over" | "closed" | "job" | "clone" | "backend";

/**
 * A worker or a backend does not serve. The message names the job at most: never an argument, a result or what a
 * library said about one.
 */
export class PoolError extends Error {
  override readonly name = "PoolError";
  readonly code: PoolErrorCode;

  constructor(code: PoolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A job's own refusal, as it came out of a worker: name, code, message and party of the error, not its class. */
export class JobError extends Error {
  override readonly name: string;
  readonly code: string;
  /** Whom the refusal names, where it names one. */
  readonly party: string | undefined;

  constructor(name: string, code: string, message: string, party?: string) {
    super(message);
    this.name = name;
    this.code = code;
    this.party = party;
  }
}
