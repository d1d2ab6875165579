// SPDX-License-Identifier: Apache-2.0
// Sign-in at the desk by the agency's own identity provider, where the node's file asks for it.
import type { DaemonEvent } from "@koplamp/engine";
import type { Card } from "@koplamp/wire";
import { type Admit, ANYBODY, SignedIn } from "./caller.ts";
import type { SignInConfig } from "./config-people.ts";
import { DESK_ROLES } from "./desk-routes.ts";
import { SignInError } from "./errors.ts";
import { type Claims, Tokens } from "./token.ts";

/** What sign-in needs of its surroundings. */
export interface SignInParts {
  readonly config: SignInConfig;
  /** The people on our card, as it is now. */
  readonly people: () => Card["people"];
  readonly now: () => number;
  readonly log: (event: DaemonEvent) => void;
}

/**
 * Lets a person in by a route when the issuer says so, for the roles of their groups. Default closed: no token, no group
 * that has a role, or no role that the route takes, and nothing is done.
 */
export function admitSignedIn({ config, people, now, log }: SignInParts): Admit {
  const tokens = new Tokens(config, now);
  return async (route, authorization) => {
    if (route.roles === "open") return ANYBODY;
    try {
      const caller = signedIn(await tokens.read(authorization), config, people());
      caller.expectRoute(route);
      return caller;
    } catch (reason) {
      if (reason instanceof SignInError) log({ event: "sign-in.refused", code: reason.code });
      throw reason;
    }
  };
}

function signedIn({ subject, groups }: Claims, config: SignInConfig, people: Card["people"]): SignedIn {
  const { roles, subjects } = config;
  const held = DESK_ROLES.filter((role) => roles[role].some((group) => groups.includes(group)));
  if (subjects === undefined) return new SignedIn(new Set(held), people, undefined);
  return new SignedIn(new Set(held), people, subjects.get(subject) ?? "");
}
