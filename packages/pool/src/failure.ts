// SPDX-License-Identifier: Apache-2.0
import { CryptoError, type CryptoErrorCode } from "@koplamp/crypto";
import { ProtocolError, type ProtocolErrorCode } from "@koplamp/protocol";
import { JobError, PoolError } from "./errors.ts";

/** What leaves a worker of an error: without `code`, only the kind of it. */
export interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly party?: string;
}

/** Codes of our own packages. Node's look like `ERR_ASSERTION`, and their messages quote values. */
const OUR_CODES = /^[a-z]+(-[a-z]+)*$/;
/** An id of a party, and nothing longer: no payload leaves by this field. */
const PARTY = /^[a-z][a-z0-9-]{0,31}$/;

/** The error of a job as it may leave the worker: our own packages' messages hold no payload, others' may. */
export function failureOf(error: unknown, job: string): Failure {
  if (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    OUR_CODES.test(error.code)
  ) {
    const failure = { name: error.name, code: error.code, message: error.message };
    const party = "party" in error ? error.party : undefined;
    return typeof party === "string" && PARTY.test(party) ? { ...failure, party } : failure;
  }
  const kind = error instanceof Error ? error.name : typeof error;
  return { name: kind, message: `the job "${job}" failed (${kind})` };
}

/** The error again. Its class is that of the package where this one can see it, else `JobError`. */
export function errorOf({ name, code, message, party }: Failure): Error {
  if (code === undefined) return new PoolError("job", message);
  // Safe because the worker took name and code from an error of that class.
  if (name === "CryptoError") return new CryptoError(code as CryptoErrorCode, message);
  if (name === "ProtocolError") return new ProtocolError(code as ProtocolErrorCode, message, party);
  return new JobError(name, code, message, party);
}
