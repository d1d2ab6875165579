// SPDX-License-Identifier: Apache-2.0
// What both ends of the wire hold each other to (channel.md, section 1; performance.md, section 5). Nothing is left to
// a default: a server would accept 2^32 streams and a client send any size.
import type { ChannelOptions } from "@grpc/grpc-js";

/** The largest gRPC message: one frame, or one control message, with what names it. */
const MESSAGE_BYTES = 1_048_576;
export const METADATA_BYTES = 8_192;
const STREAMS = 64;
/** For downloads. */
const WINDOW_BYTES = 4 * 1_048_576;
/** For uploads, of each connection: at 20 ms of round trip one alone carries some 50 MiB/s. */
export const UPLOAD_WINDOW_BYTES = 1_048_576;

/** A call that is not done by then is ended and begun again where it was. */
export const PUSH_DEADLINE_MS = 30_000;
export const PULL_DEADLINE_MS = 60_000;
export const ATTACH_DEADLINE_MS = 3_600_000;
/** How long the relay keeps a `Pull` open for which nothing has come. */
export const PULL_WAIT_MS = 25_000;
/** How long the relay keeps a `Push` waiting for room before it says how far it came. */
export const ROOM_WAIT_MS = 2_000;
/** Signs of life on `Attach`, and after how many that did not come each side gives the connection up. */
export const ALIVE_MS = 5_000;
export const SILENT_BEATS = 3;

/** Control messages of one line to one recipient that the relay has not confirmed: no more may be under way. */
export const LETTER_WINDOW_BYTES = 1_048_576;
/** About so many bytes are sent in one `Push`, and read in one `Pull`. */
export const PUSH_BYTES = 1_048_576;
export const PULL_BYTES = 8_388_608;

const both: ChannelOptions = {
  "grpc.max_receive_message_length": MESSAGE_BYTES,
  "grpc.max_send_message_length": MESSAGE_BYTES,
  "grpc.max_concurrent_streams": STREAMS,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.default_compression_algorithm": 0,
  "grpc.enable_channelz": 0,
};

export const SERVER_OPTIONS: ChannelOptions = { ...both };

export const CLIENT_OPTIONS: ChannelOptions = {
  ...both,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.use_local_subchannel_pool": 1,
  "grpc-node.flow_control_window": WINDOW_BYTES,
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 5_000,
};
