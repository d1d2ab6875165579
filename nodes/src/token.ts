// SPDX-License-Identifier: Apache-2.0
// Reads an ID token: signed by the issuer with an asymmetric key, for our client, now.
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from "jose";
import type { SignInConfig } from "./config-people.ts";
import { SignInError } from "./errors.ts";
import { IssuerKeys } from "./issuer-keys.ts";

/** Who the issuer says that somebody is. Neither goes to a log or into an error. */
export interface Claims {
  readonly subject: string;
  readonly groups: readonly string[];
}

/** Signatures that count: by keys that only the issuer has. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const MOST_AGE = "12 h";
const SKEW = "60 s";
const MOST_CHARACTERS = 12_288;
const MOST_GROUPS = 1024;
const HINT = "koplamp login --node DIR";

/** Reads the tokens of one issuer for one client. */
export class Tokens {
  readonly #config: SignInConfig;
  readonly #keys: IssuerKeys;
  readonly #now: () => number;

  constructor(config: SignInConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
    this.#keys = new IssuerKeys(config, now);
  }

  /** @throws {SignInError} `absent`, `expired`, `refused`, `provider`; it holds nothing of the token. */
  async read(authorization: string | undefined): Promise<Claims> {
    const token = bearerIn(authorization);
    const { payload } = await this.#verified(token);
    expectOurs(payload, this.#config.client);
    return { subject: payload.sub ?? "", groups: groupsIn(payload[this.#config.roleClaim]) };
  }

  async #verified(token: string): Promise<JWTVerifyResult> {
    try {
      return await this.#verify(token, await this.#keys.current());
    } catch (reason) {
      if (!(reason instanceof errors.JWKSNoMatchingKey)) throw refusalOf(reason);
      const keys = await this.#keys.again(); // the issuer may have new ones
      if (keys === undefined) throw refusalOf(reason);
      return await this.#verify(token, keys).catch((again: unknown) => {
        throw refusalOf(again);
      });
    }
  }

  #verify(token: string, keys: JWTVerifyGetKey): Promise<JWTVerifyResult> {
    const { issuer, client } = this.#config;
    return jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience: client,
      requiredClaims: ["sub", "iat", "exp"],
      maxTokenAge: MOST_AGE,
      clockTolerance: SKEW,
      currentDate: new Date(this.#now()),
    }).then((verified) => {
      const { typ = "JWT" } = verified.protectedHeader;
      if (typ !== "JWT") throw refused("another kind of token"); // an access token or a logout token is none
      return verified;
    });
  }
}

function bearerIn(authorization: string | undefined): string {
  if (authorization === undefined)
    throw new SignInError("absent", "this node wants its people to sign in, and nobody has", HINT);
  const token = /^Bearer ([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2})$/i.exec(authorization)?.[1];
  if (token === undefined || token.length > MOST_CHARACTERS) throw refused("something else");
  return token;
}

/** A token for several clients must have been issued to ours. */
function expectOurs({ aud, azp }: JWTPayload, client: string): void {
  const several = Array.isArray(aud) && aud.length > 1;
  if (several ? azp === client : azp === undefined || azp === client) return;
  throw refused("one that was issued to another client");
}

function groupsIn(claim: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const groups = all.filter((group) => typeof group === "string");
  if (groups.length <= MOST_GROUPS) return groups;
  throw refused(`one with more than ${MOST_GROUPS} groups`);
}

/** What is wrong with a token, by what was checked and never by what stands in it. */
function refusalOf(reason: unknown): SignInError {
  if (reason instanceof SignInError) return reason;
  if (reason instanceof errors.JWTExpired)
    return new SignInError("expired", "your sign-in has expired", HINT);
  if (reason instanceof errors.JWTClaimValidationFailed)
    return refused(WRONG.get(reason.claim) ?? "another one");
  if (reason instanceof errors.JOSEAlgNotAllowed) return refused("one signed in a way that does not count");
  if (reason instanceof errors.JWKSNoMatchingKey || reason instanceof errors.JWKSMultipleMatchingKeys)
    return refused("one by a key that the issuer does not name");
  if (reason instanceof errors.JWSSignatureVerificationFailed) return refused("one that is not signed by it");
  return refused("something else");
}

const WRONG: ReadonlyMap<string, string> = new Map([
  ["aud", "one for another client"],
  ["iss", "another issuer's"],
  ["nbf", "one that is not valid yet"],
  ["iat", "one that is dated in the future, or not at all"],
  ["exp", "one without an end"],
]);

function refused(got: string): SignInError {
  return new SignInError(
    "refused",
    `expected an ID token of this node's issuer for its client, got ${got}`,
    HINT,
  );
}
