// SPDX-License-Identifier: Apache-2.0
// The outer skin: TLS 1.3 only, both sides show a certificate, and what counts is the pin of its public key.
import { constants, createHash, X509Certificate } from "node:crypto";
import { checkServerIdentity, createSecureContext, type PeerCertificate, type TlsOptions } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import type { PartyId } from "@koplamp/protocol";
import { TransportError } from "./errors.ts";

/** A machine's own certificate and key, and the authorities that it accepts. All PEM text. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

const HANDSHAKE_MS = 10_000;

/** `sha256:` and the hash of a certificate's SubjectPublicKeyInfo: what a party's card pins. */
export function spkiPin(certificate: string | Uint8Array | X509Certificate): string {
  const parsed = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  const spki = parsed.publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
}

/** The party that a certificate names in `spiffe://<federation>/party/<id>`, if it names exactly one. */
export function partyIn(certificate: X509Certificate): PartyId | undefined {
  const uris = (certificate.subjectAltName ?? "")
    .split(", ")
    .filter((name) => name.startsWith("URI:spiffe://"));
  const [only, ...others] = uris;
  return others.length > 0
    ? undefined
    : /^URI:spiffe:\/\/[^/]+\/party\/([a-z][a-z0-9-]{0,31})$/.exec(only ?? "")?.[1];
}

/** The relay's side. A session is never resumed, so that every connection shows its certificate. */
export function listenerOptions({ certificate, key, ca }: TlsFiles): TlsOptions {
  return {
    cert: certificate,
    key,
    ca,
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["h2"],
    handshakeTimeout: HANDSHAKE_MS,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** A node's side. The relay's certificate must be in order, bear the name or address `host`, and have one of `pins`. */
export function dialCredentials(
  { certificate, key, ca }: TlsFiles,
  host: string,
  pins: readonly string[],
): ChannelCredentials {
  const context = createSecureContext({
    cert: certificate,
    key,
    ca,
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
  });
  return ChannelCredentials.createFromSecureContext(context, {
    checkServerIdentity: (_, peer) => checkServerIdentity(host, peer) ?? checkPin(peer, pins),
  });
}

function checkPin(peer: PeerCertificate, pins: readonly string[]): Error | undefined {
  if (pins.includes(spkiPin(peer.raw))) return undefined;
  return new TransportError("invalid-certificate", "expected the relay's pinned key, got another one");
}
