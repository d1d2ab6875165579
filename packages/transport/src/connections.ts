// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";
import type { SessionServiceClient } from "./gen/koplamp/session/v1/SessionService.ts";
import { CLIENT_OPTIONS } from "./limits.ts";
import { hostAndPort } from "./listener.ts";
import { sessionService } from "./service.ts";
import { dialCredentials, type TlsFiles } from "./tls.ts";

/** A connection for one call, and the signal that ends the call when its connection is given up. */
export interface Connection {
  readonly client: SessionServiceClient;
  readonly gone: AbortSignal;
}

/** Where the relay is, and what is shown and asked of it. */
export interface Target {
  /** `host:port` or an https address. */
  readonly url: string;
  /** The relay's pins, as the roster has them. */
  readonly pins: readonly string[];
  readonly tls: TlsFiles;
}

/**
 * A line's connections. Each client has its own. When one is found to be dead all are replaced: a cut mostly hits all
 * of them, and a socket that was reset while HTTP/2 waited for a write may never say so by itself.
 */
export class Connections {
  readonly #make: () => SessionServiceClient;
  readonly #closed: AbortSignal;
  #clients: readonly SessionServiceClient[];
  #giving = new AbortController();

  constructor({ url, tls, pins }: Target, count: number, closed: AbortSignal) {
    const { host, port } = hostAndPort(url);
    const credentials = dialCredentials(tls, host, pins);
    const target = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
    // An address is no server name (RFC 6066, section 3); what is checked is `host` all the same.
    const name = isIP(host) === 0 ? {} : { "grpc.ssl_target_name_override": "relay" };
    this.#make = () => new sessionService(target, credentials, { ...CLIENT_OPTIONS, ...name });
    this.#closed = closed;
    this.#clients = Array.from({ length: count }, this.#make);
    closed.addEventListener("abort", () => this.#giving.abort());
  }

  get count(): number {
    return this.#clients.length;
  }

  /** The connection with this number, counted round. */
  at(number: number): Connection {
    const client = this.#clients[number % this.#clients.length];
    if (client === undefined) throw new RangeError("expected at least one connection");
    return { client, gone: this.#giving.signal };
  }

  /** Gives up every connection and the calls on it, and makes new ones. */
  renew(): void {
    if (this.#closed.aborted) return;
    const { length } = this.#clients;
    this.close();
    this.#giving = new AbortController();
    this.#clients = Array.from({ length }, this.#make);
  }

  close(): void {
    this.#giving.abort();
    for (const client of this.#clients) client.close();
  }
}
