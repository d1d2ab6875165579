// SPDX-License-Identifier: Apache-2.0
import { type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { TransportError, type TransportErrorCode } from "./errors.ts";

/** How an error that ends something for good crosses the wire. Any other status means: try again. */
const FATAL: readonly (readonly [TransportErrorCode, status])[] = [
  ["equivocation", status.ABORTED],
  ["expired", status.NOT_FOUND],
  ["invalid-frame", status.INVALID_ARGUMENT],
  ["limit", status.RESOURCE_EXHAUSTED],
  ["refused", status.PERMISSION_DENIED],
  ["too-large", status.OUT_OF_RANGE],
];

/** The status of an error. What is not ours says nothing but that it happened. */
export function statusOf(error: unknown): Pick<StatusObject, "code" | "details"> {
  if (!(error instanceof TransportError))
    return { code: status.UNAVAILABLE, details: "the call was cut off" };
  const code = FATAL.find(([known]) => known === error.code)?.[1] ?? status.UNAVAILABLE;
  return { code, details: error.message };
}

/** The error of a status after which the call is not to be tried again. */
export function fatalError(error: unknown): TransportError | undefined {
  if (error instanceof TransportError) return error;
  if (!isServiceError(error)) return undefined;
  const code = FATAL.find(([, known]) => known === error.code)?.[0];
  return code === undefined ? undefined : new TransportError(code, error.details);
}

/** Why a connection did not come about, for a person. */
export function reasonOf(error: unknown): string {
  if (isServiceError(error)) return error.details;
  return error instanceof Error ? error.message : "an unknown reason";
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error;
}
