// SPDX-License-Identifier: Apache-2.0
export {
  type ChannelParts,
  type ChannelRequest,
  openSessionChannel,
  type SessionChannel,
} from "./channel.ts";
export { TransportError, type TransportErrorCode } from "./errors.ts";
export type { LogTransport, TransportEvent } from "./log.ts";
export { openPost, type PostParts } from "./post.ts";
export { Relay, type RelayLimits } from "./relay.ts";
