// SPDX-License-Identifier: Apache-2.0
// Signing in at the own node, and out again.
import { dropSignIn, writeSignIn } from "@koplamp/store";
import { nodeClient } from "./client.ts";
import { type DeviceCode, deviceGrant } from "./device-grant.ts";
import { SdkError } from "./errors.ts";
import { type HomeEnv, signInPlace } from "./sign-in-place.ts";

/** Whose node, where the sign-in is kept, and how the person is told what to do. */
export interface SignInRequest {
  readonly dir: string;
  readonly env: HomeEnv;
  readonly show: (code: DeviceCode) => void;
  readonly signal: AbortSignal;
}

/** A sign-in that the node takes. The token itself is told to nobody. */
export interface KeptSignIn {
  readonly file: string;
  readonly party: string;
}

/**
 * Signs in by the identity provider that the node names, keeps the token in a file of the person's own, and asks the
 * node whether it takes it.
 * @throws {SdkError} `sign-in`; {@link ClientError} when the node does not take it: nothing is kept then.
 */
export async function signIn({ dir, env, show, signal }: SignInRequest): Promise<KeptSignIn> {
  const client = nodeClient(dir, env);
  const place = await client.signInPlace();
  if (place === undefined) {
    const message = "this node asks for no sign-in: whoever may open its socket is at its desk";
    throw new SdkError("sign-in", message, "its operator may set people: { oidc: … } in node.yaml");
  }
  const token = await deviceGrant(place, show, signal);
  const file = signInPlace(dir, env);
  writeSignIn(file, token);
  try {
    const { party } = await client.status();
    return { file, party };
  } catch (reason) {
    dropSignIn(file);
    throw reason;
  }
}

/** Forgets the sign-in at a node. Says whether there was one. */
export function signOut(dir: string, env: HomeEnv): boolean {
  return dropSignIn(signInPlace(dir, env));
}
