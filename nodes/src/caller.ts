// SPDX-License-Identifier: Apache-2.0
// Who stands at the desk. Sign-in lets a person in and says for which roles; the person's key signs.
import type { Card, PublicKey } from "@koplamp/wire";
import { DESK_ROLES, type DeskRole, type Route } from "./desk-routes.ts";
import { SignInError } from "./errors.ts";

/** Whoever sent a request. */
export interface Caller {
  /**
   * Whether they may hand in what this key has signed, or is to sign, in this role.
   * @throws {SignInError} `role`.
   */
  expectActing(role: string, key: PublicKey): void;
}

/** Says who comes by a route. @throws {SignInError} when they may not. */
export type Admit = (route: Route, authorization: string | undefined) => Promise<Caller>;

/** At a node that asks for no sign-in: whoever may open its socket. */
export const admitAnybody: Admit = () => Promise.resolve(ANYBODY);

/** Someone about whom nothing more is known. */
export const ANYBODY: Caller = { expectActing: () => {} };

/** Somebody who has signed in. */
export class SignedIn implements Caller {
  readonly #roles: ReadonlySet<DeskRole>;
  readonly #people: Card["people"];
  /** Their number on the card, where the node's file binds subjects to people. */
  readonly #person: string | undefined;

  constructor(roles: ReadonlySet<DeskRole>, people: Card["people"], person: string | undefined) {
    this.#roles = roles;
    this.#people = people;
    this.#person = person;
  }

  /** @throws {SignInError} `role` unless they have one of the roles of the route. */
  expectRoute({ roles }: Route): void {
    if (roles === "open" || roles.some((role) => this.#roles.has(role))) return;
    throw new SignInError(
      "role",
      `expected somebody who is ${either(roles)} at this node's desk, got somebody who is ${either([...this.#roles])}`,
      "ask whoever keeps the groups and roles of this node",
    );
  }

  /** The role must hold in the sign-in; that it holds on the card is the engine's to check. */
  expectActing(role: string, key: PublicKey): void {
    const inside = DESK_ROLES.find((one) => one === role);
    if (inside === undefined) return; // of an approver outside all parties: whoever may decide here hands it in
    if (!this.#roles.has(inside)) {
      throw new SignInError(
        "role",
        `expected somebody who signed in as ${role}, got somebody who is ${either([...this.#roles])}`,
        "sign in as the person who signs",
      );
    }
    if (this.#person === undefined) return;
    const owner = this.#people.find((person) => person.key === key);
    if (owner?.person === this.#person) return;
    throw new SignInError(
      "role",
      "expected the key of the person who signed in, got another person's",
      "each person signs in, and signs with a key of their own",
    );
  }
}

function either(roles: readonly DeskRole[]): string {
  return roles.length === 0 ? "nothing" : roles.join(" or ");
}
