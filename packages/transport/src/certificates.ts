// SPDX-License-Identifier: Apache-2.0
// Certificates for a federation without a PKI of its own: the demo, a trial, a test. Keys are ECDSA P-256, which every
// agency's PKI can issue; what counts is the pin on the party's card, not who signed.
import { webcrypto } from "node:crypto";
import type { PartyId } from "@koplamp/protocol";
import { spkiPin } from "./tls.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
/** Clocks of two machines may differ by so much. */
const SKEW_MS = 300_000;

/** A certificate and its private key (PKCS #8), both as PEM text. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** How long a certificate holds; times in milliseconds since 1970. */
interface Validity {
  readonly fromMs?: number;
  readonly days?: number;
}

/** Whose certificate it is, and under which names it answers. */
export interface CertificateRequest extends Validity {
  readonly federation: string;
  readonly party: PartyId;
  /** DNS names or IP addresses besides those of the loopback. */
  readonly hosts?: readonly string[];
}

/** A fresh authority of one federation. Who holds its key can let machines in, but read nothing. */
export async function createAuthority(
  federation: string,
  validity: Validity = {},
): Promise<KeyedCertificate> {
  const x509 = await loadX509();
  const keys = await freshKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [`${federation} authority`] }],
    keys,
    signingAlgorithm: ALGORITHM,
    ...dates({ days: 3650, ...validity }),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await keyText(keys.privateKey) };
}

/** A machine's certificate and fresh key, and the pin that its party's card is to carry. */
export async function issueCertificate(
  authority: KeyedCertificate,
  request: CertificateRequest,
): Promise<KeyedCertificate & { readonly pin: string }> {
  const x509 = await loadX509();
  const keys = await freshKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const names = request.hosts?.map(
    (host) => ({ type: /^[\d.]+$|:/.test(host) ? "ip" : "dns", value: host }) as const,
  );
  const made = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [request.party] }],
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    signingAlgorithm: ALGORITHM,
    ...dates({ days: 365, ...request }),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        { type: "url", value: `spiffe://${request.federation}/party/${request.party}` },
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
        { type: "ip", value: "::1" },
        ...(names ?? []),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  const certificate = made.toString("pem");
  return { certificate, key: await keyText(keys.privateKey), pin: spkiPin(certificate) };
}

/** Only those who issue pay for loading it. Its container wants the polyfill first. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

function freshKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  return webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]);
}

async function keyText(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

function dates({ fromMs = Date.now() - SKEW_MS, days = 365 }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(fromMs), notAfter: new Date(fromMs + days * DAY_MS) };
}
