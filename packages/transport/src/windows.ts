// SPDX-License-Identifier: Apache-2.0
import { channel } from "node:diagnostics_channel";
import type { Http2Stream } from "node:http2";
import { UPLOAD_WINDOW_BYTES } from "./limits.ts";

/** Told once for each stream that a peer opens at an HTTP/2 server of this process. */
const opened = channel("http2.server.stream.created");

/**
 * Lets every connection to a relay in this process carry more than HTTP/2's first 65,535 bytes a round trip. The gRPC
 * server has no option for it and keeps its sessions to itself; Node tells of them here. RFC 9113, sections 6.9.2
 * (a changed first window holds for open streams too) and 6.9.1 (the connection's own window). Gives what ends it.
 */
export function widenUploads(): () => void {
  const widened = new WeakSet<object>();
  const widen = (message: unknown): void => {
    const { session } = (message as { readonly stream: Http2Stream }).stream;
    if (session === undefined || session.destroyed || widened.has(session)) return;
    widened.add(session);
    // Not while nghttp2 reads what brought the stream: connections stood still when both windows changed in there.
    setImmediate(() => {
      if (session.destroyed) return;
      session.settings({ initialWindowSize: UPLOAD_WINDOW_BYTES });
      session.setLocalWindowSize(UPLOAD_WINDOW_BYTES);
    });
  };
  opened.subscribe(widen);
  return () => void opened.unsubscribe(widen);
}
