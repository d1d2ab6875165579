// SPDX-License-Identifier: Apache-2.0

export {
  type CertificateRequest,
  createAuthority,
  issueCertificate,
  type KeyedCertificate,
} from "./certificates.ts";
export {
  type ChannelParts,
  type ChannelRequest,
  openSessionChannel,
  type SessionChannel,
} from "./channel.ts";
export { type DialParts, dialRelay } from "./client.ts";
export { TransportError, type TransportErrorCode } from "./errors.ts";
export { type HttpsAnswer, type HttpsAsk, httpsJson } from "./https-json.ts";
export type { LogTransport, TransportEvent } from "./log.ts";
export { openPost, type PostParts } from "./post.ts";
export { Relay, type RelayLimits } from "./relay.ts";
export { type RelayServer, type RelayServerParts, startRelayServer } from "./server.ts";
export { spkiPin, type TlsFiles } from "./tls.ts";
