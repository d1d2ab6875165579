// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { PartyId } from "@koplamp/protocol";
import { Admission, type Pins } from "./admission.ts";
import { Attachment, type LineState } from "./attach.ts";
import { TransportError } from "./errors.ts";
import { Pulls, servePush } from "./frames.ts";
import type { SessionServiceHandlers } from "./gen/koplamp/session/v1/SessionService.ts";
import { ALIVE_MS, SERVER_OPTIONS } from "./limits.ts";
import { Listener } from "./listener.ts";
import type { LogTransport } from "./log.ts";
import type { Relay } from "./relay.ts";
import { sessionService } from "./service.ts";
import { statusOf } from "./status.ts";
import type { TlsFiles } from "./tls.ts";
import { widenUploads } from "./windows.ts";

/** What a relay needs to be reached from outside. */
export interface RelayServerParts {
  readonly relay: Relay;
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly tls: TlsFiles;
  readonly pins: Pins;
  readonly limits?: {
    /** Connections of one party at a time: one for `Attach`, and those for its stripes. */
    readonly connectionsPerParty?: number;
    /** How often each side of `Attach` gives a sign of life; three missing ones end a connection. */
    readonly aliveMs?: number;
  };
  readonly log?: LogTransport;
}

/** A relay that nodes can reach. */
export interface RelayServer {
  readonly port: number;
  /** A changed roster: connections of whoever is no longer on it are cut. */
  replacePins(pins: Pins): void;
  /** Cuts every connection. The relay itself stays. */
  close(): Promise<void>;
}

/** Lets nodes reach a relay over gRPC and mutual TLS 1.3. Who somebody is, the certificate says and nothing else. */
export async function startRelayServer(parts: RelayServerParts): Promise<RelayServer> {
  const { relay, listen, tls, pins, limits, log = () => {} } = parts;
  const admission = new Admission(pins, (tag) => relay.isLocal(tag), log);
  const attachments = new Set<Attachment>();
  const aliveMs = limits?.aliveMs ?? ALIVE_MS;
  const server = new Server(SERVER_OPTIONS);
  server.addService(sessionService.service, handlers({ relay, admission, attachments, aliveMs, log }));
  // Safe because the listener hands over only connections that TLS and the roster let in.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = new Listener(tls, {
    partyOf: (certificate) => admission.partyOf(certificate),
    enter: (socket) => injector.injectConnection(socket),
    connectionsPerParty: limits?.connectionsPerParty ?? 64,
    log,
  });
  const port = await listener.listen(listen);
  const endWidening = widenUploads();
  return {
    port,
    replacePins(changed) {
      admission.replace(changed);
      listener.recheck();
    },
    async close() {
      for (const attachment of attachments) attachment.end();
      endWidening();
      injector.destroy();
      await listener.close();
      server.forceShutdown();
    },
  };
}

interface HandlerParts {
  readonly relay: Relay;
  readonly admission: Admission;
  readonly attachments: Set<Attachment>;
  readonly aliveMs: number;
  readonly log: LogTransport;
}

function handlers({ relay, admission, attachments, aliveMs, log }: HandlerParts): SessionServiceHandlers {
  const parts = { relay, admission, aliveMs, epoch: randomBytes(16), stateOf: stateIn(new Map()) };
  const pulls = new Pulls(relay);
  const failed = (error: unknown): ReturnType<typeof statusOf> => {
    const name = error instanceof Error ? error.name : "unknown";
    if (!(error instanceof TransportError)) log({ event: "relay.call-failed", code: name });
    return statusOf(error);
  };
  return {
    Attach(call) {
      call.on("error", () => {}); // its end is told by `close`
      try {
        const attachment = new Attachment(call, { ...parts, party: admission.admit(call) });
        attachments.add(attachment);
        call.on("close", () => attachments.delete(attachment));
      } catch (error) {
        call.emit("error", failed(error));
      }
    },
    Push(call, callback) {
      call.on("error", () => {});
      const push = async (): Promise<number> => servePush(call, relay, admission, admission.admit(call));
      push().then(
        (taken) => callback(null, { taken }),
        (error: unknown) => callback(failed(error)),
      );
    },
    Pull(call) {
      call.on("error", () => {});
      const pull = async (): Promise<void> => pulls.serve(call, admission.admit(call));
      pull().then(
        () => call.end(),
        (error: unknown) => call.emit("error", failed(error)),
      );
    },
  };
}

function stateIn(lines: Map<PartyId, LineState>): (party: PartyId, line: string) => LineState {
  return (party, line) => {
    const known = lines.get(party);
    if (known?.line === line) return known;
    known?.attachment?.end();
    const state = {
      line,
      received: new Map(),
      placed: new Map(),
      pendingBytes: new Map(),
      attachment: undefined,
    };
    lines.set(party, state);
    return state;
  };
}
