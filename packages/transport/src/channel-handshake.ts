// SPDX-License-Identifier: Apache-2.0
import {
  decapsulate,
  encapsulate,
  makeHello,
  type OwnHello,
  type PairKeys,
  type Primitives,
  pairKeys,
  readHello,
  type SessionBinding,
  wipeHello,
  wipePairKeys,
} from "@koplamp/crypto";
import type { PartyId, Rng } from "@koplamp/protocol";
import { hex, type Post } from "@koplamp/wire";
import { TransportError } from "./errors.ts";

/** Who shakes hands here, and over what. */
export interface HandshakeParts {
  readonly post: Post;
  readonly me: PartyId;
  /** 32-byte seed of the identity key. */
  readonly identity: Uint8Array;
  /** The identity keys of the roster: admitted, 32 bytes each. */
  readonly addresses: ReadonlyMap<PartyId, { readonly identity: Uint8Array }>;
  readonly primitives: Primitives;
  readonly rng: Rng;
}

/** The post topics of a session's channel begin with this: `fail` it, and an opening that waits ends. */
export function channelTopic({ session }: SessionBinding): string {
  return `channel/${hex(session)}/`;
}

/**
 * Fresh keys with every peer. The ephemeral secrets are wiped when it settles.
 * @throws what a wait was failed with; {@link CryptoError} naming the peer whose handshake does not hold.
 */
export async function shakeHands(
  parts: HandshakeParts,
  binding: SessionBinding,
  peers: readonly PartyId[],
): Promise<ReadonlyMap<PartyId, PairKeys>> {
  const { primitives, rng, me, identity } = parts;
  const own = makeHello(primitives, rng, me, identity, binding);
  const pairs = peers.map(async (peer) => [peer, await pairWith(parts, binding, own, peer)] as const);
  try {
    return new Map(await Promise.all(pairs));
  } catch (reason) {
    for (const pair of pairs) pair.then(([, keys]) => wipePairKeys(keys)).catch(() => {}); // the first failure stands
    throw reason;
  } finally {
    wipeHello(own);
  }
}

/** The admitted identity key of a party. @throws {TransportError} `refused` when the roster has none. */
export function identityOf({ addresses, me }: HandshakeParts, peer: PartyId): Uint8Array {
  const address = addresses.get(peer);
  if (address !== undefined && peer !== me) return address.identity;
  throw new TransportError("refused", `expected a session with parties on the roster, got ${peer}`);
}

async function pairWith(
  parts: HandshakeParts,
  binding: SessionBinding,
  own: OwnHello,
  peer: PartyId,
): Promise<PairKeys> {
  const { post, primitives, me, identity } = parts;
  const theirs = identityOf(parts, peer);
  const [hello, encaps] = [`${channelTopic(binding)}hello`, `${channelTopic(binding)}encaps`];
  const [message] = await Promise.all([post.receive(peer, hello), post.send(peer, hello, own.message)]);
  const other = readHello(primitives, peer, theirs, binding, message); // attacker-controlled
  if (me > peer) {
    const answer = await post.receive(peer, encaps);
    const shared = decapsulate(primitives, own, other, theirs, binding, answer); // attacker-controlled
    return pairKeys(primitives, own, other, binding, shared);
  }
  const made = encapsulate(primitives, own, other, identity, binding);
  const keys = pairKeys(primitives, own, other, binding, made);
  await post.send(peer, encaps, made.message);
  return keys;
}
