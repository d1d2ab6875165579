// SPDX-License-Identifier: Apache-2.0
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { PartyId } from "@koplamp/protocol";
import { TransportError } from "./errors.ts";
import type { LogTransport } from "./log.ts";
import { listenerOptions, type TlsFiles } from "./tls.ts";

/** Connections over all parties, the unknown ones included. */
const MOST_CONNECTIONS = 1024;

/** What stands behind the listener. */
interface Doors {
  partyOf(certificate: X509Certificate): PartyId | undefined;
  /** Takes a connection whose party is known. */
  enter(socket: TLSSocket): void;
  readonly connectionsPerParty: number;
  readonly log: LogTransport;
}

/** Takes TLS connections, counts them by party, and lets in none whose certificate is not on the roster. */
export class Listener {
  readonly #server: Server;
  readonly #doors: Doors;
  readonly #raw = new Set<Socket>();
  readonly #connections = new Map<
    TLSSocket,
    { readonly party: PartyId; readonly certificate: X509Certificate }
  >();

  constructor(tls: TlsFiles, doors: Doors) {
    this.#doors = doors;
    this.#server = createServer(listenerOptions(tls));
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on("connection", (socket: Socket) => {
      this.#raw.add(socket);
      socket.on("close", () => this.#raw.delete(socket));
    });
    this.#server.on("tlsClientError", (error: NodeJS.ErrnoException) => {
      doors.log({ event: "relay.handshake-refused", code: codeOf(error) });
    });
    this.#server.on("secureConnection", (socket) => this.#admit(socket));
  }

  /** Resolves to the port. */
  listen(address: string): Promise<number> {
    const { host, port } = hostAndPort(address);
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error: NodeJS.ErrnoException) => {
          this.#doors.log({ event: "relay.listener-error", code: codeOf(error) });
        });
        const bound = this.#server.address();
        resolve(typeof bound === "object" && bound !== null ? bound.port : port);
      });
    });
  }

  /** Cuts the connections of whoever is not on the roster any more. */
  recheck(): void {
    for (const [socket, { party, certificate }] of this.#connections) {
      if (this.#doors.partyOf(certificate) === party) continue;
      this.#doors.log({ event: "relay.certificate-refused", peer: party, code: "roster" });
      socket.destroy();
    }
  }

  /** Takes no more connections and cuts those that there are. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#connections.keys()) socket.destroy();
    for (const socket of this.#raw) socket.destroy();
    await closed;
  }

  #admit(socket: TLSSocket): void {
    socket.on("error", () => socket.destroy());
    const certificate = socket.getPeerX509Certificate();
    const party = certificate === undefined ? undefined : this.#doors.partyOf(certificate);
    if (certificate === undefined || party === undefined || socket.alpnProtocol !== "h2") {
      this.#doors.log({ event: "relay.certificate-refused", code: party === undefined ? "roster" : "alpn" });
      socket.destroy();
      return;
    }
    const open = [...this.#connections.values()].filter((other) => other.party === party).length;
    if (open >= this.#doors.connectionsPerParty) {
      this.#doors.log({ event: "relay.connection-refused", peer: party, count: open });
      socket.destroy();
      return;
    }
    this.#connections.set(socket, { party, certificate });
    socket.on("close", () => this.#connections.delete(socket));
    this.#doors.enter(socket);
  }
}

/** `host:port`, `[v6]:port` or an https address. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const url = URL.parse(address.includes("://") ? address : `https://${address}`);
  if (url === null || url.protocol !== "https:") {
    throw new TransportError("unreachable", "expected host:port or an https address");
  }
  return { host: url.hostname.replaceAll(/^\[|\]$/g, ""), port: url.port === "" ? 443 : Number(url.port) };
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? "unknown";
}
