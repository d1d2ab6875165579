// SPDX-License-Identifier: Apache-2.0
// The public keys of an identity provider: found through its issuer, kept for a bounded time.
import { httpsJson } from "@koplamp/transport";
import { createLocalJWKSet, type JWTVerifyGetKey } from "jose";
import { SignInError } from "./errors.ts";

/** Whose keys, and over which authority's TLS. */
export interface Issuer {
  /** Exactly as its tokens name it. */
  readonly issuer: string;
  /** PEM text of the authority of its certificate; absent: those that the runtime knows. */
  readonly ca?: string;
}

/** Keys are asked for again after ten minutes, and used for an hour at most while the provider does not answer. */
const FRESH_MS = 600_000;
const KEPT_MS = 3_600_000;
/** A key that nobody knows has the keys read again, and a provider that is down asked again, no sooner than this. */
const AGAIN_MS = 10_000;

interface Kept {
  readonly keys: JWTVerifyGetKey;
  readonly readAt: number;
}

/** Reads and keeps the keys of one provider. */
export class IssuerKeys {
  readonly #issuer: Issuer;
  readonly #now: () => number;
  #kept: Kept | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Kept> | undefined;

  constructor(issuer: Issuer, now: () => number) {
    this.#issuer = issuer;
    this.#now = now;
  }

  /** The keys in force. @throws {SignInError} `provider` when they cannot be read, and those kept are too old. */
  async current(): Promise<JWTVerifyGetKey> {
    const age = this.#now() - (this.#kept?.readAt ?? Number.NEGATIVE_INFINITY);
    if (this.#kept !== undefined && age < FRESH_MS) return this.#kept.keys;
    const usable = age < KEPT_MS ? this.#kept : undefined;
    if (this.#now() - this.#failedAt < AGAIN_MS) {
      if (usable !== undefined) return usable.keys;
      throw silent();
    }
    try {
      return (await this.#read()).keys;
    } catch (reason) {
      if (usable !== undefined) return usable.keys;
      throw reason;
    }
  }

  /** The keys read anew, for a token by a key that is not among them; undefined when they were read just now. */
  async again(): Promise<JWTVerifyGetKey | undefined> {
    const last = Math.max(this.#failedAt, this.#kept?.readAt ?? Number.NEGATIVE_INFINITY);
    if (this.#now() - last < AGAIN_MS) return undefined;
    const read = await this.#read().catch(() => undefined); // those that are kept go on to hold
    return read?.keys;
  }

  /** Reads them once, however many wait. */
  #read(): Promise<Kept> {
    this.#reading ??= this.#fetch().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #fetch(): Promise<Kept> {
    const readAt = this.#now();
    try {
      const kept = { keys: await fetchKeys(this.#issuer), readAt };
      this.#kept = kept;
      return kept;
    } catch {
      this.#failedAt = this.#now();
      throw silent();
    }
  }
}

async function fetchKeys({ issuer, ca }: Issuer): Promise<JWTVerifyGetKey> {
  const over = ca === undefined ? {} : { ca };
  const found = await httpsJson({ url: new URL(`${issuer.replace(/\/$/, "")}${DISCOVERY}`), ...over });
  const { issuer: said, jwks_uri: place } = Object(found.body) as Readonly<Record<string, unknown>>;
  if (found.status !== 200 || said !== issuer || typeof place !== "string") throw new Error("another issuer");
  const { status, body } = await httpsJson({ url: new URL(place), ...over });
  if (status !== 200) throw new Error("no keys");
  return createLocalJWKSet(body as Parameters<typeof createLocalJWKSet>[0]); // it checks the form
}

const DISCOVERY = "/.well-known/openid-configuration";

function silent(): SignInError {
  return new SignInError(
    "provider",
    "the identity provider does not give its keys, so nobody can be let in",
    "try again when it answers; the operator checks: koplamp node doctor",
  );
}
