// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from "node:crypto";
import type { Metadata, ServerDuplexStream, ServerReadableStream, ServerWritableStream } from "@grpc/grpc-js";
import type { PartyId } from "@koplamp/protocol";
import { TransportError } from "./errors.ts";
import { METADATA_BYTES } from "./limits.ts";
import type { LogTransport } from "./log.ts";
import { partyTag, routeOf } from "./route.ts";
import { partyIn, spkiPin } from "./tls.ts";

/** The pins of each party's machines, as their cards have them. */
export type Pins = ReadonlyMap<PartyId, readonly string[]>;

/** Whether the party behind a tag is in this process, beside those who connect. */
export type IsLocal = (tag: string) => boolean;

type AnyCall =
  | Pick<ServerDuplexStream<unknown, unknown>, "getAuthContext" | "metadata">
  | Pick<ServerReadableStream<unknown, unknown>, "getAuthContext" | "metadata">
  | Pick<ServerWritableStream<unknown, unknown>, "getAuthContext" | "metadata">;

/** The one place where it is decided who somebody is and what he may reach. */
export class Admission {
  #pins: Pins = new Map();
  #tags: ReadonlySet<string> = new Set();
  /** Parties by certificate fingerprint, as long as the roster stands. */
  readonly #known = new Map<string, PartyId>();
  readonly #isLocal: IsLocal;
  readonly #log: LogTransport;

  constructor(pins: Pins, isLocal: IsLocal, log: LogTransport) {
    this.#isLocal = isLocal;
    this.#log = log;
    this.replace(pins);
  }

  /** From now on these pins count, also for calls that are under way. */
  replace(pins: Pins): void {
    this.#pins = pins;
    this.#known.clear();
    this.#tags = new Set([...pins.keys()].map(partyTag));
  }

  /** The party to which a certificate is pinned, if its name says the same. */
  partyOf(certificate: X509Certificate): PartyId | undefined {
    const party = partyIn(certificate);
    const pinned = party === undefined ? undefined : this.#pins.get(party);
    return pinned?.includes(spkiPin(certificate)) === true ? party : undefined;
  }

  /** The party of a call, from its connection's certificate. @throws {TransportError} `refused` or `limit`. */
  admit(call: AnyCall): PartyId {
    const party = this.#partyBehind(call);
    if (party === undefined) {
      this.#log({ event: "relay.certificate-refused", code: "call" });
      throw new TransportError("refused", "expected a certificate on the roster, got one that is not");
    }
    const bytes = sizeOf(call.metadata);
    if (bytes > METADATA_BYTES) {
      this.#log({ event: "relay.metadata-refused", peer: party, bytes });
      throw new TransportError("limit", `expected at most ${METADATA_BYTES} B of metadata from ${party}`);
    }
    return party;
  }

  /** @throws {TransportError} `refused` unless `to` is somebody else who takes part. */
  expectRecipient(from: PartyId, to: PartyId): void {
    if (to !== from && (this.#pins.has(to) || this.#isLocal(partyTag(to)))) return;
    this.#refuse(from, "recipient", `expected a recipient on the roster from ${from}`);
  }

  /** @throws {TransportError} `refused` unless a frame goes from `from` to somebody else who takes part. */
  expectFrame(from: PartyId, frame: Uint8Array): void {
    const route = routeOf(frame);
    if (route.from !== partyTag(from)) {
      this.#refuse(from, "sender", `expected frames of ${from} itself, got one in another name`);
    }
    if (route.to === route.from || !(this.#tags.has(route.to) || this.#isLocal(route.to))) {
      this.#refuse(from, "recipient", `expected a recipient on the roster from ${from}`);
    }
  }

  #partyBehind(call: AnyCall): PartyId | undefined {
    const peer = call.getAuthContext().sslPeerCertificate;
    if (peer === undefined) return undefined;
    const known = this.#known.get(peer.fingerprint256);
    if (known !== undefined) return known;
    const party = this.partyOf(new X509Certificate(peer.raw));
    if (party !== undefined) this.#known.set(peer.fingerprint256, party);
    return party;
  }

  #refuse(peer: PartyId, code: string, message: string): never {
    this.#log({ event: "relay.refused", peer, code });
    throw new TransportError("refused", message);
  }
}

function sizeOf(metadata: Metadata): number {
  return Object.entries(metadata.toHttp2Headers())
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `${name}${one ?? ""}`))
    .reduce((sum, text) => sum + text.length + 32, 0); // as RFC 9113, section 6.5.2, counts
}
