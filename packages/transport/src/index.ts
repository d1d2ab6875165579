// SPDX-License-Identifier: Apache-2.0
export { TransportError, type TransportErrorCode } from "./errors.ts";
export type { LogTransport, TransportEvent } from "./log.ts";
export { Relay, type RelayLimits } from "./relay.ts";
